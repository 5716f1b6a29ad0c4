"""People by the beginning of an identifier."""

from __future__ import annotations

from foretell.engine import Engine
from foretell.identify.lookup import kinds_known

_LAST = "\U0010ffff"


def starting_with(engine: Engine, text: str, *, limit: int = 500) -> list[int]:
    """Keys of people with an identifier of any kind that begins with ``text``; at most ``limit`` of each kind.

    One step in the index for each kind. ``kind:text`` looks at that kind alone.
    """
    known = kinds_known(engine)
    kind, colon, rest = text.partition(":")
    wanted = [(kind, rest)] if colon and kind in known else [(name, text) for name in known]
    found: dict[int, None] = {}
    for name, beginning in wanted:
        begin = beginning.lower() if name == "email" else beginning
        rows = engine.ops.query(
            "SELECT DISTINCT coalesce(m.profile_key, i.node_key) FROM identifiers i "
            "LEFT JOIN merged m ON m.node_key = i.node_key WHERE i.kind = ? AND i.value >= ? AND i.value < ? "
            "ORDER BY 1 LIMIT ?",
            (name, begin, begin + _LAST, limit),
        )
        found.update((int(key), None) for (key,) in rows)
    return list(found)
