"""Groups of frames on their way into the schema: one is committed while the next is packed.

Two threads a process. The first packs everything that waits, so that a group is ready, in the form in which the server
takes it, when the one before is committed; the second commits groups in the order in which they were handed over. A
group is one statement: one round trip and one sync of the server.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import pyarrow as pa

from foretell.engine.crash_points import reached
from foretell.engine.framing import Frame, pack
from foretell.engine.postgres.connecting import Connections, Link
from foretell.engine.postgres.encoding import INTEGER, array_of, array_of_bytes
from foretell.engine.postgres.faults import explain_server_errors
from foretell.engine.postgres.own_tables import SPAN, make_part
from foretell.engine.postgres.values import Encoded
from foretell.errors import ForetellError

GROUP_BYTES = 4 * 1024 * 1024
GROUP_FRAMES = 2_000
_Given = tuple[Iterable[Frame], "Future[int]"]
_Listed = tuple[Sequence[Frame], "Future[int]"]


@dataclass(frozen=True)
class _Group:
    """Packed frames that commit together.

    Args:
        columns: the frames and when they arrived, as the statement takes them.
        count: how many frames.
        answers: done when they are durable.
    """

    columns: tuple[Encoded, Encoded]
    count: int
    answers: Sequence[Future[int]]


class SpoolWriter:
    """Makes frames durable; any thread may hand some over.

    Args:
        connections: of the schema; one of them is in use at a time.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._given: queue.SimpleQueue[_Given | None] = queue.SimpleQueue()
        self._packed: queue.Queue[_Group | None] = queue.Queue(maxsize=1)
        self._door = threading.Lock()
        self._closed = False
        self._threads: tuple[threading.Thread, ...] = ()
        self._session, self._mark = str(uuid4()), 0
        self._parts: set[int] = set()

    def submit(self, frames: Iterable[Frame]) -> Future[int]:
        """Hand ``frames`` over; the future is done when they are committed, with the id of the group's last.

        Raises:
            ForetellError: ``SPOOL_CLOSED``; the future: ``STORE_GONE``, ``FRAME_TOO_LARGE`` and the like.
        """
        future: Future[int] = Future()
        future.set_running_or_notify_cancel()
        with self._door:
            self.require_open()
            if not self._threads:
                self._threads = (
                    threading.Thread(target=self._pack_groups, name="packing", daemon=True),
                    threading.Thread(target=self._write_groups, name="spool", daemon=True),
                )
                for thread in self._threads:
                    thread.start()
            self._given.put((frames, future))
        return future

    def require_open(self) -> None:
        """Raise ``SPOOL_CLOSED`` where it is closed."""
        if self._closed:
            raise ForetellError("SPOOL_CLOSED", "the spool is closed", next_step="Open the workspace again.")

    def is_stopped(self) -> bool:
        """True where a thread that was begun has ended, though nobody closed."""
        return any(not thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Make what was handed over durable, and stop."""
        with self._door:
            self._closed = True
            threads, self._threads = self._threads, ()
            if threads:
                self._given.put(None)
        for thread in threads:
            thread.join()

    def _pack_groups(self) -> None:
        while (given := self._take_group()) is not None:
            packed: list[tuple[bytes, datetime | None]] = []
            answers: list[Future[int]] = []
            for frames, future in given:
                try:
                    packed += [(pack(frame), arrived(frame)) for frame in frames]
                except BaseException as error:  # noqa: BLE001 - the caller is told, whatever it was
                    future.set_exception(error)
                else:
                    answers.append(future)
            self._packed.put(_Group(as_columns(packed), len(packed), answers))
        self._packed.put(None)

    def _take_group(self) -> list[_Listed] | None:
        """What commits together; None where nothing comes any more."""
        first = self._take()
        if first is None:
            return None
        group, size, count = [first], _bytes_in(first), len(first[0])
        while size < GROUP_BYTES and count < GROUP_FRAMES and not self._given.empty():
            following = self._take()
            if following is None:
                self._given.put(None)
                break
            group.append(following)
            size += _bytes_in(following)
            count += len(following[0])
        return group

    def _take(self) -> _Listed | None:
        while (given := self._given.get()) is not None:
            frames, future = given
            try:
                return list(frames), future
            except BaseException as error:  # noqa: BLE001 - the caller is told, whatever it was
                future.set_exception(error)
        return None

    def _write_groups(self) -> None:
        while (group := self._packed.get()) is not None:
            try:
                with explain_server_errors(self._connections.where):
                    last = self._write(group) if group.count else 0
            except BaseException as error:  # noqa: BLE001 - every caller is told, whatever it was
                for future in group.answers:
                    future.set_exception(error)
            else:
                for future in group.answers:
                    future.set_result(last)

    def _write(self, group: _Group) -> int:
        """Commit a group; returns its last id. A connection that is lost meanwhile leaves it in or out: what the
        session committed last tells which, and it is written again where it is out."""
        self._mark += 1
        tried = False

        def write(link: Link) -> int:
            nonlocal tried
            if tried:
                known = link.connection.execute(_MARKED, (self._session,)).fetchone()
                if known is not None and known[0] == self._mark:
                    return 0
            self._make_parts(link, group.count)
            tried = True
            found = link.connection.execute(_WRITE, (self._session, self._mark, *group.columns)).fetchone()
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
                    make_part(link, self._connections.schema, number)
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


def _bytes_in(given: _Listed) -> int:
    return sum(len(frame.body) for frame in given[0])
