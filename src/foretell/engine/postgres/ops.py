"""The operational store on PostgreSQL: one writer at a time among all processes, readers beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql as texts

from foretell import telemetry
from foretell.engine.capabilities import Capability, require_capability
from foretell.engine.ports import TurnLost
from foretell.engine.postgres.connecting import PATIENCE_SECONDS, Connections, Link, lock_number
from foretell.engine.postgres.encoding import Kind
from foretell.engine.postgres.faults import explain_server_errors, explained, is_lost
from foretell.engine.postgres.schema import is_made, make_schema
from foretell.engine.postgres.transaction import PostgresTx
from foretell.engine.postgres.values import asked
from foretell.engine.settings import PostgresPlace
from foretell.errors import ForetellError

_READERS, _WRITERS, _LOOKERS = 4, 4, 2
_READING = {"default_transaction_read_only": "on"}
_PLANNING = {"plan_cache_mode": "force_custom_plan", "enable_mergejoin": "off", "random_page_cost": "1.1"}
"""What is asked of many rows is planned for its values: a plan for any of them takes a third of a table to be due. And
few people are looked up among all: merged with them, an index is read to its end where none of its rows passes, and
pages out of order cost what they do on solid-state disks."""
_RESOLVING_SECONDS = 60.0
"""So long whoever lost the answer to a COMMIT tries to learn it."""


class PostgresOps:
    """Operational store in a schema of its own.

    Args:
        read_only: open for reading alone.
        patience_seconds: how long a lost server is awaited.

    Raises:
        ForetellError: ``STORE_GONE``, ``STORE_REFUSED``, ``STORE_MISSING``, ``STORE_READ_ONLY`` and the like.
    """

    kind = "postgresql"
    capabilities: frozenset[Capability] = frozenset({"rebuilds", "shares"})

    def __init__(
        self, place: PostgresPlace, *, read_only: bool = False, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.place = place
        self._read_only = read_only
        self._turn = threading.RLock()
        self._writing: PostgresTx | None = None
        self._kinds: dict[str, tuple[Kind, ...] | None] = {}
        self._lock = lock_number(place.schema, "writer")
        self._session, self._marked = str(uuid4()), 0
        with ExitStack() as opened:

            def connections(purpose: str, most: int, settings: dict[str, str]) -> Connections:
                made = Connections(place, purpose, most=most, settings=settings, patience_seconds=patience_seconds)
                opened.callback(made.close)
                return made

            self._readers = connections("reader", _READERS, _READING | _PLANNING)
            self._lookers = connections("looker", _LOOKERS, _READING)
            self._writers = connections("writer", _WRITERS, _PLANNING)
            # Whoever holds the turn must never wait for those who wait for it.
            self._keepers = connections("keeper", 1, {"statement_timeout": "0"})
            self.where = self._readers.where
            with explain_server_errors(self.where):
                self._require_schema()
            self._closing = opened.pop_all()

    @telemetry.timed_block("operational", "write")
    @contextmanager
    def write(self) -> Iterator[PostgresTx]:
        """A transaction that holds the writers' lock; nested use is refused, since there is one writer."""
        with self.claiming() as tx:
            self.take_turn(tx)
            yield tx

    @contextmanager
    def claiming(self) -> Iterator[PostgresTx]:
        """A transaction that does not hold the writers' lock until :meth:`take_turn`: for claims of rows that others
        pass over, and whatever takes time before anything is changed."""
        if self._read_only:
            raise ForetellError("WORKSPACE_READ_ONLY", "the workspace is opened for reading")
        with ExitStack() as held, explain_server_errors(self.where):
            if self._writing is not None and self._is_mine():
                raise ForetellError("NESTED_TRANSACTION", "a transaction is open already", where=self.where)
            link, _ = self._writers.taken(lambda link: link.connection.execute("BEGIN"))
            held.callback(self._writers.give_back, link)
            tx = PostgresTx(link, self._kinds)
            held.callback(self._end_turn, tx)
            try:
                yield tx
            except BaseException:
                with suppress(psycopg.Error):
                    link.connection.rollback()
                raise
            self._commit(tx)

    def take_turn(self, tx: PostgresTx) -> None:
        """Wait for the writers' lock, which ``tx`` then holds to its end."""
        self._turn.acquire()
        self._writing = tx
        self._mark(tx)

    def take_turn_or_yield(self, tx: PostgresTx) -> None:
        """:meth:`take_turn`, unless whoever has the turn waits for what ``tx`` has locked: raises ``TurnLost`` then."""
        while not self._turn.acquire(timeout=_YIELDING_MS / 1000):
            self._yield(tx)
        self._writing = tx
        connection = tx.link.connection
        with explain_server_errors(self.where):
            while True:
                connection.execute("SAVEPOINT turn")
                try:
                    connection.execute(_WAIT_SHORTLY)
                    connection.execute("SELECT pg_advisory_xact_lock($1)", (self._lock,))
                except psycopg.errors.LockNotAvailable:
                    connection.execute("ROLLBACK TO SAVEPOINT turn")
                    self._yield(tx)
                else:
                    connection.execute(_WAIT_AS_BEFORE)
                    break
        self._mark(tx)

    def _mark(self, tx: PostgresTx) -> None:
        with explain_server_errors(self.where):
            self._marked += 1
            tx.mark = self._marked
            tx.execute(_MARK, (self._session, tx.mark, self._lock))

    def _yield(self, tx: PostgresTx) -> None:
        (waits,) = tx.link.connection.execute(_WAITS_FOR_US, (self._lock,)).fetchone() or (False,)
        if waits:
            raise TurnLost

    @telemetry.timed("operational", "read")
    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self._read(self._readers, sql, params)

    @telemetry.timed("operational", "read")
    def look_up(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See :meth:`~foretell.engine.OperationalStore.look_up`; by connections that nothing else uses."""
        return self._read(self._lookers, sql, params)

    def copy_to(self, path: Path) -> None:
        """Refused: what would lie at ``path`` were no PostgreSQL."""
        require_capability(self, "copies_to_file", self.where)

    def compact(self) -> None:
        """Write every table anew, so that nothing that was deleted or changed lies in its files.

        What the server keeps beside them (its write-ahead log until it is recycled, archives of it, replicas) is
        the server's.
        """
        if self._read_only:
            raise ForetellError("WORKSPACE_READ_ONLY", "the workspace is opened for reading")

        def anew(link: Link) -> None:
            for name in tables:
                named = texts.Identifier(self.place.schema, name)
                link.connection.execute(texts.SQL("VACUUM (FULL, ANALYZE) {}").format(named))

        with self._turn, explain_server_errors(self.where):
            found = self._readers.run(_asking(_TABLES, (self.place.schema,)))
            tables = [str(name) for (name,) in found]
            self._keepers.run(anew)

    def close(self) -> None:
        self._closing.close()

    def _read(self, connections: Connections, sql: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            return connections.run(_asking(sql, params))
        except psycopg.Error as error:
            raise explained(error, self.where) from error

    def _is_mine(self) -> bool:
        """True where this thread holds this process's turn."""
        mine = self._turn.acquire(blocking=False)
        if mine:
            self._turn.release()
        return mine

    def _end_turn(self, tx: PostgresTx) -> None:
        if self._writing is tx:
            self._writing = None
            self._turn.release()

    def _commit(self, tx: PostgresTx) -> None:
        try:
            done = tx.link.connection.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            if not is_lost(error) or not self._was_committed(tx):
                raise
            return
        if done != "COMMIT":
            raise ForetellError("STORE_FAILED", "a statement of the transaction had failed", where=self.where)
        tx.link.put.update(tx.made())

    def _was_committed(self, tx: PostgresTx) -> bool:
        """What the server made of a transaction whose end it did not tell: its mark is there, or it is not.

        The writers' lock is free only when the session that held it has ended, so that nothing is in progress. The
        number of a transaction would not do: a server that crashed may give it to another.
        """

        def last_mark(link: Link) -> int:
            with link.connection.transaction():
                link.connection.execute("SELECT pg_advisory_xact_lock($1)", (self._lock,))
                found = link.connection.execute(_MARKED, (self._session,)).fetchone()
                return 0 if found is None else int(found[0])

        if tx.mark is None:
            return False
        try:
            return self._keepers.run(last_mark, patience_seconds=_RESOLVING_SECONDS) == tx.mark
        except psycopg.Error as error:
            raise ForetellError(
                "COMMIT_UNKNOWN", "PostgreSQL went while it was committing; what became of it is not known",
                where=self.where, next_step="Start the server; what is waiting is then gone on with.", transient=True,
            ) from error  # fmt: skip

    def _require_schema(self) -> None:
        """Make the schema where it is missing and this process may."""
        if self._readers.run(lambda link: is_made(link, self.place.schema)):
            if not self._read_only:
                self._keepers.run(_asking(_FORGET_MARKS, ()))
            return
        if self._read_only:
            raise ForetellError(
                "STORE_MISSING", "this database holds no such workspace", where=self.where,
                next_step="Check stores.url and stores.schema in foretell.yaml.",
            )  # fmt: skip
        self._keepers.run(lambda link: make_schema(link, self.place.schema))


_MARK = (
    "WITH marked AS (INSERT INTO commit_marks VALUES (CAST(? AS UUID), ?) "
    "ON CONFLICT (session) DO UPDATE SET mark = excluded.mark, at = now()) SELECT pg_advisory_xact_lock(?)"
)
_YIELDING_MS = 50
_WAIT_SHORTLY = f"SET LOCAL lock_timeout = {_YIELDING_MS}"
_WAIT_AS_BEFORE = "SET LOCAL lock_timeout = '120s'"
_WAITS_FOR_US = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND (classid::bigint << 32) + objid::bigint = $1 AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
)
"""Whether the session that has the writers' turn stands still for a lock of this one."""
_FORGET_MARKS = "DELETE FROM commit_marks WHERE at < now() - INTERVAL '30 days' RETURNING 1"
_MARKED = "SELECT mark FROM commit_marks WHERE session = CAST($1 AS UUID)"
_TABLES = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = ? AND c.relkind = 'r' ORDER BY c.relname"
)


def _asking(sql: str, params: Sequence[object]) -> Callable[[Link], list[tuple[Any, ...]]]:
    return lambda link: asked(link.connection, sql, params).fetchall()
