"""Taking something out of what was spooled in the schema, frame by frame, in transactions of some megabytes.

A frame that is kept stays as it is; what takes the place of one has its id. A crash leaves each
transaction done or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

from foretell.engine.crash_points import reached
from foretell.engine.framing import pack, unpacked
from foretell.engine.postgres.connecting import Connection
from foretell.engine.spool_rewriting import Change, Rewritten

_PART_BYTES = 16 * 1024 * 1024
_PART_FRAMES = 5_000
_UNTIL = "SELECT coalesce(max(id), 0) FROM spool"
_NEXT = """
SELECT id FROM (
    SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM (
        SELECT id, sum(octet_length(frame)) AS size FROM spool WHERE id > $1 AND id <= $2
        GROUP BY id ORDER BY id LIMIT $3) s) b
WHERE before < $4 ORDER BY id
"""
_READ = (
    "SELECT s.id, s.part, s.frame FROM spool s WHERE s.id = ANY($1) "
    "AND NOT EXISTS (SELECT 1 FROM spool_waiting w WHERE w.id = s.id) ORDER BY s.id, s.part"
)
_REMOVE = "DELETE FROM spool WHERE id = $1"
_PUT = "INSERT INTO spool (id, part, frame) VALUES ($1, $2, $3)"


def rewrite(connection: Connection, change: Change, progress: Callable[[str], None] | None = None) -> Rewritten:
    """Put what ``change`` says into the place of each frame that does not wait any more."""
    total, done = Rewritten(), 0
    (until,) = _one(connection, _UNTIL)
    while True:
        ids = [number for (number,) in connection.execute(_NEXT, (done, until, _PART_FRAMES, _PART_BYTES))]
        if not ids:
            return total
        with connection.transaction():
            changed = _rewrite(connection, ids, change)
            reached("spool.before_replace")
        reached("spool.after_replace")
        total = total.plus(Rewritten(int(changed > 0), changed))
        done = ids[-1]
        if progress is not None:
            progress(f"frames up to {done:,}")


def _rewrite(connection: Connection, ids: list[int], change: Change) -> int:
    parts: dict[int, list[bytes]] = {}
    touched: dict[int, int] = {}
    for number, _, frame in connection.execute(_READ, (ids,), binary=True).fetchall():
        packed = bytes(frame)
        made = change(unpacked(packed))
        parts.setdefault(number, []).extend([packed] if made is None else [pack(one) for one in made])
        if made is not None:
            touched[number] = touched.get(number, 0) + 1
    for number in touched:
        connection.execute(_REMOVE, (number,))
        for part, packed in enumerate(parts[number]):
            connection.execute(_PUT, (number, part, packed))
    return sum(touched.values())


def _one(connection: Connection, text: LiteralString) -> tuple[int, ...]:
    found = connection.execute(text).fetchone()
    assert found is not None
    return found
