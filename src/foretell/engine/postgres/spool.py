"""The spool in the schema: any number of processes append, and any number claim what waits.

What :meth:`PostgresSpool.append` has returned from is committed (see :mod:`foretell.engine.postgres.spool_writing`). A
frame is claimed by locking its row of ``spool_waiting`` in the very transaction that applies it and removes the row, so
that whoever is killed lets it go. Whoever has claimed later frames commits after whoever has claimed earlier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, LiteralString

import psycopg

from foretell.engine.framing import Frame, Position, Waiting
from foretell.engine.ports import Claim, Turning, Tx
from foretell.engine.postgres.claiming import PostgresTurning, claimed
from foretell.engine.postgres.connecting import Connections, Link, lent, lock_number
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.postgres.ops import PostgresOps
from foretell.engine.postgres.own_tables import ALIVE, make_tables
from foretell.engine.postgres.spool_rewriting import rewrite
from foretell.engine.postgres.spool_writing import SpoolWriter
from foretell.engine.spool_rewriting import Change, Rewritten
from foretell.errors import ForetellError


class PostgresSpool:
    """The spool of a workspace on PostgreSQL.

    Args:
        ops: the store in whose transactions frames are applied.
    """

    shared = True

    def __init__(self, ops: PostgresOps) -> None:
        self._ops = ops
        self._schema = ops.place.schema
        self._connections = Connections(ops.place, "spool", most=3)
        self._locks = Connections(ops.place, "sharing", most=4, settings={"statement_timeout": "0"})
        self._where = self._connections.where
        self._writer = SpoolWriter(self._connections)
        self._alone = False
        with explain_server_errors(self._where):
            self._connections.run(lambda link: make_tables(link, self._schema))

    def append(self, frames: Iterable[Frame]) -> int:
        """Make ``frames`` durable; returns the id of the last.

        Raises:
            ForetellError: ``STORE_GONE``, ``FRAME_TOO_LARGE`` and the like; none of them is acknowledged then.
        """
        return self.submit(frames).result()

    def submit(self, frames: Iterable[Frame]) -> Future[int]:
        """See :meth:`~foretell.engine.ports.Spooling.submit`; what is handed over at the same time commits together."""
        return self._writer.submit(frames)

    def claims(self) -> Iterator[Claim]:
        """What is durable now and not claimed by others, the first first."""
        until = self._asked("SELECT max(id) FROM spool_waiting")[0]
        while until is not None:
            claim = claimed(self._ops, until, self.sharing)
            if claim is None:
                return
            yield claim

    def waiting_bytes(self) -> int:
        """Bytes of frames, packed, that wait."""
        return int(self._asked("SELECT coalesce(sum(size), 0) FROM spool_waiting")[0])

    def waiting(self) -> Waiting:
        """The same, and since when the first of it waits."""
        size, oldest = self._asked(
            "SELECT coalesce(sum(size), 0), (SELECT arrived FROM spool_waiting ORDER BY id LIMIT 1) FROM spool_waiting"
        )
        return Waiting(int(size), oldest)

    def trial(self) -> None:
        """See :meth:`~foretell.engine.ports.Spooling.trial`."""
        self._writer.require_open()
        (reading,) = self._asked("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
        if reading:
            raise ForetellError("STORE_READ_ONLY", "this PostgreSQL only reads", where=self._where, transient=True)
        if self._writer.is_stopped():
            raise ForetellError(
                "SPOOL_STOPPED",
                "a thread that writes the spool has ended",
                next_step="Start the server again; what was acknowledged is kept.",
            )

    def claiming(self) -> AbstractContextManager[Tx]:
        """See :meth:`PostgresOps.claiming`."""
        return self._ops.claiming()

    @contextmanager
    def turning(self) -> Iterator[Turning]:
        """See :meth:`~foretell.engine.ports.Spooling.turning`."""
        with self._ops.claiming() as tx:
            yield PostgresTurning(self._ops, tx)

    def processes(self) -> frozenset[str]:
        """Names of the processes that were heard of lately."""
        (names,) = self._asked(f"SELECT coalesce(array_agg(process), '{{}}') FROM processes WHERE {ALIVE}")
        return frozenset(names)

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """See :meth:`~foretell.engine.ports.Spooling.sharing`."""
        if self._alone:
            yield
            return
        with self._locked("pg_advisory_lock_shared", "pg_advisory_unlock_shared"):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See :meth:`~foretell.engine.ports.Spooling.alone`."""
        with self._locked("pg_advisory_lock", "pg_advisory_unlock"):
            self._alone = True
            try:
                yield
            finally:
                self._alone = False

    def rewrite(
        self, change: Change, settle: Callable[[Position | None], None], progress: Callable[[str], None] | None = None
    ) -> Rewritten:
        """See :meth:`~foretell.engine.ports.Spooling.rewrite`."""
        settle(None)
        with explain_server_errors(self._where), lent(self._connections) as link:
            return rewrite(link.connection, change, progress)

    def close(self) -> None:
        """Make what was handed over durable, and stop; what is submitted later is refused."""
        self._writer.close()
        self._connections.close()
        self._locks.close()

    @contextmanager
    def _locked(self, take: LiteralString, give: LiteralString) -> Iterator[None]:
        number = lock_number(self._schema, "changing")
        with explain_server_errors(self._where):
            link, _ = self._locks.taken(lambda link: link.connection.execute(f"SELECT {take}($1)", (number,)))
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # a lost session has given it back
                link.connection.execute(f"SELECT {give}($1)", (number,))
            self._locks.give_back(link)

    def _asked(self, text: LiteralString) -> tuple[Any, ...]:
        def ask(link: Link) -> tuple[Any, ...]:
            found = link.connection.execute(text).fetchone()
            assert found is not None
            return found

        with explain_server_errors(self._where):
            return self._connections.run(ask)
