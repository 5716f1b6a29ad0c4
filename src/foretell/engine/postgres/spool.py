"""The spool in the schema: any number of processes append, and any number claim what waits.

What :meth:`PostgresSpool.append` has returned from is committed. One thread a process writes: everything that waits
goes in one statement, which is one round trip and one sync of the server. A frame is claimed by locking its row of
``spool_waiting`` in the very transaction that applies it and removes the row, so that whoever is killed lets it go.
Whoever has claimed later frames commits after whoever has claimed earlier ones.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pyarrow as pa

from foretell.engine.crash_points import reached
from foretell.engine.framing import Frame, Position, Waiting, pack
from foretell.engine.ports import Claim, Tx
from foretell.engine.postgres.claiming import claimed
from foretell.engine.postgres.connecting import Connections, Link, lent, lock_number
from foretell.engine.postgres.encoding import INTEGER, array_of, array_of_bytes
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.postgres.ops import PostgresOps
from foretell.engine.postgres.own_tables import ALIVE, SPAN, make_part, make_tables
from foretell.engine.postgres.spool_rewriting import rewrite
from foretell.engine.postgres.values import Encoded
from foretell.engine.spool_rewriting import Change, Rewritten
from foretell.errors import ForetellError

GROUP_BYTES = 4 * 1024 * 1024
GROUP_FRAMES = 2_000
_Given = tuple[Sequence[Frame], "Future[int]"]


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
        self._given: queue.SimpleQueue[_Given | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._session, self._mark = str(uuid4()), 0
        self._parts: set[int] = set()
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
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()
        with self._door:
            if self._closed:
                raise _closed()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_groups, name="spool", daemon=True)
                self._thread.start()
            self._given.put((list(frames), future))
        return future

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
        if self._closed:
            raise _closed()
        (reading,) = self._asked("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
        if reading:
            raise ForetellError("STORE_READ_ONLY", "this PostgreSQL only reads", where=self._where, transient=True)
        if self._thread is not None and not self._thread.is_alive():
            raise ForetellError(
                "SPOOL_STOPPED",
                "the thread that writes the spool has ended",
                next_step="Start the server again; what was acknowledged is kept.",
            )

    def claiming(self) -> AbstractContextManager[Tx]:
        """See :meth:`PostgresOps.claiming`."""
        return self._ops.claiming()

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
        with self._door:
            self._closed = True
            thread, self._thread = self._thread, None
            if thread is not None:
                self._given.put(None)
        if thread is not None:
            thread.join()
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

    def _write_groups(self) -> None:
        while (group := self._take_group()) is not None:
            good: list[tuple[list[tuple[bytes, datetime | None]], Future[int]]] = []
            for frames, future in group:
                try:
                    good.append(([(pack(frame), arrived(frame)) for frame in frames], future))
                except BaseException as error:  # noqa: BLE001 - the caller is told, whatever it was
                    future.set_exception(error)
            try:
                with explain_server_errors(self._where):
                    last = self._write([one for packed, _ in good for one in packed])
            except BaseException as error:  # noqa: BLE001 - every caller is told, whatever it was
                for _, future in good:
                    future.set_exception(error)
                continue
            for _, future in good:
                future.set_result(last)

    def _take_group(self) -> list[_Given] | None:
        first = self._given.get()
        if first is None:
            return None
        group, size, count = [first], _bytes_in(first), len(first[0])
        while size < GROUP_BYTES and count < GROUP_FRAMES and not self._given.empty():
            following = self._given.get()
            if following is None:
                self._given.put(None)
                break
            group.append(following)
            size += _bytes_in(following)
            count += len(following[0])
        return group

    def _write(self, packed: list[tuple[bytes, datetime | None]]) -> int:
        """Commit a group; returns its last id. A connection that is lost meanwhile leaves it in or out: what the
        session committed last tells which, and it is written again where it is out."""
        if not packed:
            return 0
        self._mark += 1
        params = as_columns(packed)
        tried = False

        def write(link: Link) -> int:
            nonlocal tried
            if tried:
                known = link.connection.execute(_MARKED, (self._session,)).fetchone()
                if known is not None and known[0] == self._mark:
                    return 0
            self._make_parts(link, len(packed))
            tried = True
            found = link.connection.execute(_WRITE, (self._session, self._mark, *params)).fetchone()
            assert found is not None
            reached("spool.committed")
            return int(found[0])

        return self._connections.run(write)

    def _make_parts(self, link: Link, count: int) -> None:
        """The part that comes next is there before its first id is drawn, by whichever process."""
        if self._mark % 100 == 1 or not self._parts or count >= GROUP_FRAMES:
            found = link.connection.execute("SELECT last_value FROM spool_ids").fetchone()
            assert found is not None
            for number in (found[0] // SPAN, found[0] // SPAN + 1):
                if number not in self._parts:
                    make_part(link, self._schema, number)
                    self._parts.add(number)


# Whoever asks for the mark waits for a transaction that still changes it.
_MARKED = (
    "INSERT INTO commit_marks (session, mark) VALUES (CAST($1 AS UUID), 0) "
    "ON CONFLICT (session) DO UPDATE SET at = now() RETURNING mark"
)
_WRITE = """
WITH marked AS (
    INSERT INTO commit_marks (session, mark) VALUES (CAST($1 AS UUID), $2)
    ON CONFLICT (session) DO UPDATE SET mark = excluded.mark, at = now()),
given AS (
    SELECT nextval('spool_ids') AS id, g.frame, g.arrived FROM (
        SELECT frame, arrived, place FROM unnest($3::bytea[], $4::int8[]) WITH ORDINALITY AS u (frame, arrived, place)
        ORDER BY place) g),
kept AS (INSERT INTO spool (id, part, frame) SELECT id, 0, frame FROM given),
waits AS (
    INSERT INTO spool_waiting (id, size, arrived)
    SELECT id, octet_length(frame), to_timestamp(arrived / 1e6) FROM given RETURNING id)
SELECT max(id) FROM waits
"""


def as_columns(packed: list[tuple[bytes, datetime | None]]) -> tuple[Encoded, Encoded]:
    """Packed frames and when they arrived, as two arrays."""
    instants = pa.array([arrived for _, arrived in packed], pa.timestamp("us", "UTC")).cast(INTEGER.arrow)
    return Encoded(array_of_bytes([frame for frame, _ in packed])), Encoded(array_of(instants, INTEGER))


def arrived(frame: Frame) -> datetime | None:
    """When a frame arrived, where it says so."""
    told = frame.meta.get("received_at")
    return None if told is None else datetime.fromisoformat(told)


def _bytes_in(given: _Given) -> int:
    return sum(len(frame.body) for frame in given[0])


def _closed() -> ForetellError:
    return ForetellError("SPOOL_CLOSED", "the spool is closed", next_step="Open the workspace again.")
