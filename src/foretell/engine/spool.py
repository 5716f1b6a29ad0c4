"""The durable spool: append-only segment files with group commit.

What :meth:`Spool.append` has returned from is on the disk. One thread writes: it takes everything
that waits, writes it in one go and calls ``fdatasync`` once for all. On opening, a torn tail of the
last segment (from a crash in the middle of a write; never acknowledged) is cut off and kept beside
it as ``*.torn``.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path

from foretell.engine.crash_points import reached
from foretell.engine.framing import Frame, Position, pack, read_frames, whole_bytes
from foretell.errors import ForetellError, explain_os_errors

SEGMENT_BYTES = 64 * 1024 * 1024
GROUP_BYTES = 4 * 1024 * 1024

_Waiting = tuple[list[bytes], "Future[Position]"]


class Spool:
    """Segment files in a folder.

    Args:
        folder: made where it is missing.
        segment_bytes: a segment that has grown beyond this is closed and a new one begun.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._file = -1
        with explain_os_errors("spool"):
            folder.mkdir(parents=True, exist_ok=True)
            segments = self.segments()
            for marker in folder.glob("*.failed"):
                self._recover(marker.with_suffix(".seg"))
                marker.unlink()
            self._segment = segments[-1] if segments else 1
            self._length = self._recover(self._path(self._segment)) if segments else 0

    def append(self, frames: Iterable[Frame]) -> Position:
        """Write ``frames`` durably; returns the position behind them.

        Raises:
            ForetellError: ``DISK_FULL`` and the like; nothing of these frames is then kept.
        """
        return self.submit(frames).result()

    def submit(self, frames: Iterable[Frame]) -> Future[Position]:
        """Hand ``frames`` to the writer; the future is done when they are durable."""
        future: Future[Position] = Future()
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_groups, name="spool", daemon=True)
            self._writer.start()
        self._waiting.put(([pack(frame) for frame in frames], future))
        return future

    def read(self, start: Position) -> Iterator[tuple[Frame, Position]]:
        """Frames from ``start`` on, each with the position behind it.

        Raises:
            ForetellError: ``SPOOL_DAMAGED`` where a frame inside the spool is not whole.
        """
        for segment in self.segments():
            if segment < start.segment:
                continue
            offset = start.offset if segment == start.segment else 0
            path = self._path(segment)
            size = self._length if segment == self._segment else path.stat().st_size
            end = offset
            for frame, end in read_frames(path, offset):
                yield frame, Position(segment, end)
            if end < size:
                raise ForetellError(
                    "SPOOL_DAMAGED",
                    "a spooled frame is damaged",
                    where=f"{path.name}, byte {end}",
                    next_step="Restore the segment from a backup, or move it away to go on without it.",
                )

    def segments(self) -> list[int]:
        """Numbers of the segments, oldest first."""
        return sorted(int(path.stem) for path in self._folder.glob("*.seg"))

    def close(self) -> None:
        """Write what waits and stop."""
        if self._writer is not None:
            self._waiting.put(None)
            self._writer.join()
            self._writer = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _path(self, segment: int) -> Path:
        return self._folder / f"{segment:010d}.seg"

    def _recover(self, path: Path) -> int:
        whole = whole_bytes(path)
        size = path.stat().st_size
        if whole < size:
            with path.open("rb") as file:
                file.seek(whole)
                path.with_suffix(f".{whole}.torn").write_bytes(file.read())
            os.truncate(path, whole)
        return whole

    def _write_groups(self) -> None:
        while True:
            group = self._take_group()
            if group is None:
                return
            try:
                with explain_os_errors("spool"):
                    self._write([chunk for chunks, _ in group for chunk in chunks])
            except BaseException as error:  # noqa: BLE001 - every caller is told, whatever it was
                for _, future in group:
                    future.set_exception(error)
            else:
                for _, future in group:
                    future.set_result(Position(self._segment, self._length))

    def _take_group(self) -> list[_Waiting] | None:
        first = self._waiting.get()
        if first is None:
            return None
        group, size = [first], sum(map(len, first[0]))
        while size < GROUP_BYTES and not self._waiting.empty():
            following = self._waiting.get()
            if following is None:
                self._waiting.put(None)
                break
            group.append(following)
            size += sum(map(len, following[0]))
        return group

    def _write(self, chunks: list[bytes]) -> None:
        if self._length >= self._segment_bytes:
            self._open_next()
        elif self._file < 0:
            self._open(self._segment)
        start = self._length
        try:
            for chunk in chunks:
                self._write_whole(chunk)
                reached("spool.after_write")
            os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)
        except BaseException:
            self._give_back(start)
            raise
        reached("spool.after_sync")

    def _write_whole(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            written = os.write(self._file, view)
            self._length += written
            view = view[written:]

    def _give_back(self, start: int) -> None:
        """After a failed write: cut back to what was durable and go on in a new segment, since a
        file whose sync failed cannot be trusted."""
        try:
            os.ftruncate(self._file, start)
        except OSError:
            self._path(self._segment).with_suffix(".failed").touch()
        self._length = start
        if start:
            os.close(self._file)
            self._file = -1
            self._segment, self._length = self._segment + 1, 0

    def _open_next(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._segment, self._length = self._segment + 1, 0
        self._open(self._segment)

    def _open(self, segment: int) -> None:
        self._file = os.open(self._path(segment), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        sync_folder(self._folder)


def sync_folder(folder: Path) -> None:
    """Make new and renamed files of ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
