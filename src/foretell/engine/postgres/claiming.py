"""Claims of frames: rows locked in the transaction that applies them and removes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from foretell.engine.claims import BATCH_BYTES, BATCH_FRAMES
from foretell.engine.crash_points import reached
from foretell.engine.framing import Frame, unpacked
from foretell.engine.ports import ClaimLost, Tx
from foretell.engine.postgres.connecting import Connection
from foretell.engine.postgres.ops import PostgresOps
from foretell.engine.postgres.transaction import PostgresTx

_LOCK = "SELECT id, size FROM spool_waiting WHERE id <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED"
_LOCK_THESE = "SELECT id, size FROM spool_waiting WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED"
_BETWEEN = "SELECT id FROM spool_waiting WHERE id BETWEEN $1 AND $2 ORDER BY id"
_EARLIER = "SELECT id FROM spool_waiting WHERE id < $1 ORDER BY id"
_AWAIT = "SELECT id FROM spool_waiting WHERE id = ANY($1) ORDER BY id FOR UPDATE"
_READ = "SELECT frame FROM spool WHERE id = ANY($1) ORDER BY id, part"
_DONE = "DELETE FROM spool_waiting WHERE id = ANY($1)"


@dataclass
class PostgresClaim:
    """Frames whose rows are locked.

    Args:
        ids: of what waited.
        earlier: ids before them, which others had claimed.
        held: ends the transaction.
    """

    ops: PostgresOps
    tx: PostgresTx
    ids: Sequence[int]
    earlier: Sequence[int]
    frames: Sequence[Frame]
    held: ExitStack

    place: tuple[int, int, int] | None = None

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """See :meth:`~foretell.engine.ports.Claim.writing`; whoever has claimed earlier frames commits before."""
        with self.held:
            connection = self.tx.link.connection
            if self.earlier and connection.execute(_AWAIT, (list(self.earlier),)).fetchone() is not None:
                raise ClaimLost
            self.ops.take_turn(self.tx)
            yield self.tx
            connection.execute(_DONE, (list(self.ids),))
            reached("spool.before_settled")

    def close(self) -> None:
        """Let the rows go where nothing was committed."""
        self.held.close()


@dataclass(frozen=True)
class PostgresTurning:
    """Rows locked in a transaction that takes the writers' turn late."""

    ops: PostgresOps
    tx: PostgresTx

    def claim(self, sql: str, params: Sequence[object] = (), *, of: str = "") -> list[tuple[Any, ...]]:
        """See :meth:`~foretell.engine.ports.Turning.claim`."""
        return self.tx.query(f"{sql} FOR UPDATE {f'OF {of} ' if of else ''}SKIP LOCKED", params)

    def take(self) -> None:
        """See :meth:`~foretell.engine.ports.Turning.take`."""
        reached("turn.wanted")
        self.ops.take_turn_or_yield(self.tx)
        reached("turn.taken")


def claimed(
    ops: PostgresOps, until: object, sharing: Callable[[], AbstractContextManager[None]]
) -> PostgresClaim | None:
    """Claim what comes first up to id ``until``, as much as a batch holds; None where nothing is left."""
    with ExitStack() as opened:
        opened.enter_context(sharing())
        tx = opened.enter_context(ops.claiming())
        connection = tx.link.connection
        ids = _locked(connection, until)
        if not ids:
            return None
        earlier = [number for (number,) in connection.execute(_EARLIER, (ids[0],))]
        rows = connection.execute(_READ, (ids,), binary=True)
        frames = [unpacked(bytes(frame)) for (frame,) in rows]
        reached("spool.claimed")
        return PostgresClaim(ops, tx, ids, earlier, frames, opened.pop_all())


def _locked(connection: Connection, until: object) -> list[int]:
    """Lock as many rows as make a batch; a row that is too large is one by itself.

    Two who lock at the same time get rows in turns; each keeps only what lies one after the other, so that frames
    count in their order.
    """
    connection.execute("SAVEPOINT locking")
    found = connection.execute(_LOCK, (until, BATCH_FRAMES)).fetchall()
    kept: list[int] = []
    size = 0
    for number, own in _unbroken(connection, found):
        if kept and size + own > BATCH_BYTES:
            break
        kept.append(number)
        size += own
    if len(kept) < len(found):  # others may have the rest
        connection.execute("ROLLBACK TO SAVEPOINT locking")
        kept = [number for number, _ in _unbroken(connection, connection.execute(_LOCK_THESE, (kept,)).fetchall())]
    connection.execute("RELEASE SAVEPOINT locking")
    return kept


def _unbroken(connection: Connection, locked: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of locked rows those that lie before the first one in between that is not locked here."""
    if not locked:
        return []
    between = connection.execute(_BETWEEN, (locked[0][0], locked[-1][0]))
    return [row for row, (there,) in zip(locked, between, strict=False) if row[0] == there]
