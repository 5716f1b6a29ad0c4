"""The durable spool: append-only segment files with group commit.

What :meth:`Spool.append` has returned from is on the disk. One thread writes: it takes everything
that waits, writes it in one go and syncs once for all. Another one packs what is submitted, so that
the next group is ready when the disk is. Readers see what is durable and nothing beyond it. On
opening, a torn tail of the last segment (from a crash in the middle of a write; never acknowledged)
is cut off and kept beside it as ``*.torn``.
"""

from __future__ import annotations

import os
import queue
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from foretell.engine.crash_points import reached
from foretell.engine.folders import make_folder, sync_file, sync_folder
from foretell.engine.framing import Frame, Position, Waiting, meta_at, pack, read_frames, whole_bytes
from foretell.errors import ForetellError, explain_os_errors

SEGMENT_BYTES = 64 * 1024 * 1024
GROUP_BYTES = 4 * 1024 * 1024
_TRIAL_BYTES = 4096
_WORTH_KEEPING = 1024 * 1024
"""A large frame stays in memory until it is read, which is mostly the next thing that happens."""

START = Position(0, 0)
"""Before everything."""

_Unpacked = tuple[Iterable[Frame], "Future[Position]"]
_Waiting = tuple[Sequence[bytes], "Future[Position]"]
_TURN: Sequence[bytes] = []
"""Stands among what waits where the segment is to end."""


class Spool:
    """Segment files in a folder.

    Args:
        folder: made where it is missing.
        segment_bytes: a segment that has grown beyond this is closed and a new one begun.
        applied: everything before this position was taken by the reader. Writing goes on behind it,
            also where older segments were moved away.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, applied: Position = START) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._unpacked: queue.SimpleQueue[_Unpacked | None] = queue.SimpleQueue()
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._recent: tuple[Frame, Position, int] | None = None
        self._threads: tuple[threading.Thread, ...] = ()
        self._file = -1
        self._untrusted = False
        with explain_os_errors("spool"):
            make_folder(folder)
            self._end = self._recover(applied)

    def append(self, frames: Iterable[Frame]) -> Position:
        """Write ``frames`` durably; returns the position behind them.

        Raises:
            ForetellError: ``DISK_FULL`` and the like. These frames are not acknowledged then; only a
                crash that follows at once can leave some of them in the spool.
        """
        given = list(frames)
        chunks = [pack(frame) for frame in given]
        end = self._hand_over(chunks).result()
        if len(given) == 1 and len(given[0].body) >= _WORTH_KEEPING:
            self._recent = (given[0], end, len(chunks[0]))
        return end

    def submit(self, frames: Iterable[Frame]) -> Future[Position]:
        """Hand ``frames`` over; the future is done when they are durable. Any thread may.

        They are gone through and packed in a thread of their own, so that whoever answers requests is soon free.

        Raises:
            ForetellError: ``SPOOL_CLOSED``; the future: ``FRAME_TOO_LARGE``, ``DISK_FULL`` and the like.
        """
        future = _running()
        with self._door:
            self._begin()
            self._unpacked.put((frames, future))
        return future

    def _hand_over(self, chunks: Sequence[bytes]) -> Future[Position]:
        future = _running()
        with self._door:
            self._begin()
            self._waiting.put((chunks, future))
        return future

    def _begin(self) -> None:
        if self._closed:
            raise _closed()
        if not self._threads:
            self._threads = (
                threading.Thread(target=self._write_groups, name="spool", daemon=True),
                threading.Thread(target=self._pack_waiting, name="packing", daemon=True),
            )
            for thread in self._threads:
                thread.start()

    def turn_over(self) -> Position:
        """Begin a new segment; returns where it begins. What lies before is written to no more."""
        return self._hand_over(_TURN).result()

    @property
    def folder(self) -> Path:
        """Where the segments lie."""
        return self._folder

    def path(self, segment: int) -> Path:
        """The file of a segment."""
        return self._path(segment)

    def read(self, start: Position) -> Iterator[tuple[Frame, Position]]:
        """Frames from ``start`` on, each with the position behind it, up to what is durable now.

        Raises:
            ForetellError: ``SPOOL_DAMAGED`` where a frame inside the spool is not whole.
        """
        end = self._end
        recent, self._recent = self._recent, None
        if recent is not None and recent[1:] == (end, self.bytes_behind(start)):
            yield recent[0], end  # just written by the caller, and all that waits: no need to fetch it
            return
        for segment in self.segments():
            if not start.segment <= segment <= end.segment:
                continue
            path = self._path(segment)
            size = end.offset if segment == end.segment else path.stat().st_size
            whole = start.offset if segment == start.segment else 0
            for frame, behind in read_frames(path, whole, size):
                whole = behind
                yield frame, Position(segment, whole)
            if whole < size:
                raise ForetellError(
                    "SPOOL_DAMAGED",
                    "a spooled frame is damaged",
                    where=f"{path.name}, byte {whole}",
                    next_step="Restore the segment from a backup, or move it away to go on without it.",
                )

    def bytes_behind(self, start: Position) -> int:
        """Bytes from ``start`` up to what is durable now."""
        end = self._end
        behind = 0
        for segment in self.segments():
            if start.segment <= segment <= end.segment:
                size = end.offset if segment == end.segment else self._path(segment).stat().st_size
                behind += size - (start.offset if segment == start.segment else 0)
        return behind

    def waiting(self, applied: Position) -> Waiting:
        """What lies behind ``applied``; of its frames only the description of the first is read."""
        behind = self.bytes_behind(applied)
        if behind == 0:
            return Waiting()
        for segment in self.segments():
            if segment < applied.segment:
                continue
            meta = meta_at(self._path(segment), applied.offset if segment == applied.segment else 0)
            if meta is not None:
                told = meta.get("received_at")
                return Waiting(behind, None if told is None else datetime.fromisoformat(told))
        return Waiting(behind)

    def trial(self) -> None:
        """Look whether something could be written now, without writing it.

        Raises:
            ForetellError: with which it would fail: ``SPOOL_CLOSED``, ``DISK_FULL``, ``DISK_READ_ONLY`` and the like.
        """
        if self._closed:
            raise _closed()
        with explain_os_errors("spool"):
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(b"\0" * _TRIAL_BYTES)
                file.flush()
            if self._threads and not all(thread.is_alive() for thread in self._threads):
                raise ForetellError(
                    "SPOOL_STOPPED",
                    "the thread that writes the spool has ended",
                    next_step="Start the server again; what was acknowledged is kept.",
                )

    def segments(self) -> list[int]:
        """Numbers of the segments, oldest first."""
        return sorted(int(path.stem) for path in self._folder.glob("*.seg") if path.stem.isdecimal())

    def close(self) -> None:
        """Write what waits and stop; what is submitted later is refused."""
        with self._door:
            self._closed = True
            threads, self._threads = self._threads, ()
            if threads:
                self._unpacked.put(None)
        for thread in threads:
            thread.join()
        self._close_file()

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:010d}.seg"

    def _recover(self, applied: Position) -> Position:
        """Cut off a torn tail; returns where writing goes on."""
        segments = self.segments()
        last = segments[-1] if segments else 0
        if last < applied.segment:
            return Position(applied.segment + 1, 0)
        if last == 0:
            return Position(1, 0)
        path = self._path(last)
        size = path.stat().st_size
        taken = applied.offset if last == applied.segment else 0
        if size < taken:
            return Position(last + 1, 0)
        whole = whole_bytes(path, taken)
        if whole < size:
            with path.open("rb") as file:
                file.seek(whole)
                path.with_suffix(f".{whole}.torn").write_bytes(file.read())
            os.truncate(path, whole)
        return Position(last, whole)

    def _pack_waiting(self) -> None:
        while (following := self._unpacked.get()) is not None:
            frames, future = following
            try:
                chunks = [pack(frame) for frame in frames]
            except BaseException as error:  # noqa: BLE001 - the caller is told, whatever it was
                future.set_exception(error)
            else:
                self._waiting.put((chunks, future))
        self._waiting.put(None)

    def _write_groups(self) -> None:
        while True:
            group = self._take_group()
            if group is None:
                return
            try:
                with explain_os_errors("spool"):
                    start = self._write([chunk for chunks, _ in group for chunk in chunks])
                    if any(chunks is _TURN for chunks, _ in group):
                        self._end_segment()
            except BaseException as error:  # noqa: BLE001 - every caller is told, whatever it was
                for _, future in group:
                    future.set_exception(error)
                continue
            for chunks, future in group:
                start = Position(start.segment, start.offset + sum(map(len, chunks)))
                future.set_result(self._end if chunks is _TURN else start)

    def _take_group(self) -> list[_Waiting] | None:
        first = self._waiting.get()
        if first is None:
            return None
        group, size = [first], _bytes_in(first)
        while size < GROUP_BYTES and not self._waiting.empty():
            following = self._waiting.get()
            if following is None:
                self._waiting.put(None)
                break
            group.append(following)
            size += _bytes_in(following)
        return group

    def _write(self, chunks: list[bytes]) -> Position:
        """Write a group durably; returns the position before it."""
        if self._untrusted:
            self._leave_untrusted()
        if self._end.offset >= self._segment_bytes:
            self._end_segment()
        if self._file < 0:
            self._file = self._open(self._end.segment)
        start = self._end
        try:
            for chunk in chunks:
                self._write_whole(chunk)
                reached("spool.after_write")
            sync_file(self._file)
        except BaseException:
            self._untrusted = True
            with suppress(OSError):
                self._leave_untrusted()
            raise
        self._end = Position(start.segment, start.offset + sum(map(len, chunks)))
        reached("spool.after_sync")
        return start

    def _end_segment(self) -> None:
        self._close_file()
        if self._end.offset:
            self._end = Position(self._end.segment + 1, 0)

    def _write_whole(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._file, view) :]

    def _leave_untrusted(self) -> None:
        """After a failed write: cut back to what is durable and go on in a new segment, since a file
        whose sync failed cannot be trusted. Until the cut succeeds nothing more is acknowledged."""
        self._close_file()
        handle = os.open(self._path(self._end.segment), os.O_WRONLY)
        try:
            os.ftruncate(handle, self._end.offset)
            os.fsync(handle)
        finally:
            os.close(handle)
        self._end_segment()
        self._untrusted = False

    def _open(self, segment: int) -> int:
        handle = os.open(self._path(segment), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            sync_folder(self._folder)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _close_file(self) -> None:
        if self._file >= 0:
            handle, self._file = self._file, -1
            os.close(handle)


def _closed() -> ForetellError:
    return ForetellError("SPOOL_CLOSED", "the spool is closed", next_step="Open the workspace again.")


def _running() -> Future[Position]:
    """A future that cannot be cancelled: what is being written cannot be taken back."""
    future: Future[Position] = Future()
    future.set_running_or_notify_cancel()
    return future


def _bytes_in(waiting: _Waiting) -> int:
    return sum(map(len, waiting[0]))
