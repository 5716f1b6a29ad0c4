"""Recorded batches: what every other store has to append, as one file a batch.

A record is written and synced before the operational transaction that names it commits. From then
on the analytics store can be brought up to it at any time, however often; once it has been applied
the file is no longer needed. A record that no committed batch names is the rest of a crash.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from foretell.engine.folders import make_folder, sync_file, sync_folder
from foretell.errors import ForetellError, explain_os_errors

_HEAD = struct.Struct("<II")
_LARGEST = 2**63 - 1
"""Holds the place of a number that is known later: no number is longer."""
_RESTORE = "Restore the data folder from a backup."


class Records:
    """The folder of recorded batches that wait to be applied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, number: int, rows: Mapping[str, pa.Table], tx: object = None) -> int:
        """Write batch ``number`` durably, before the transaction commits that names it; returns its size in bytes."""
        path = self._path(number)
        with explain_os_errors("recorded batch"):
            make_folder(self._folder)
            with path.open("wb") as file:
                write_tables(rows, file)
                file.flush()
                sync_file(file.fileno())
            sync_folder(self._folder)
            return path.stat().st_size

    def read(self, number: int) -> dict[str, pa.Table]:
        """The rows of batch ``number`` by table.

        Raises:
            ForetellError: ``RECORD_MISSING`` where the file is gone, ``RECORD_DAMAGED`` where it is not
                as it was written.
        """
        path = self._path(number)
        try:
            with explain_os_errors("recorded batch"):
                content = memoryview(path.read_bytes())
        except ForetellError as error:
            if error.code != "FILE_MISSING":
                raise
            raise missing(number, str(path)) from error
        return read_tables(content, number, str(path))

    def remove(self, number: int) -> None:
        """Remove an applied record."""
        with explain_os_errors("recorded batch"):
            self._path(number).unlink(missing_ok=True)

    def remove_except(self, applied: int, recorded: int) -> None:
        """Remove the rests of crashes: records that no committed batch waits for."""
        for number in self.numbers():
            if not applied < number <= recorded:
                self.remove(number)

    def numbers(self) -> list[int]:
        """Numbers of the records that lie in the folder, in order."""
        return sorted(int(path.stem) for path in self._folder.glob("*.batch") if path.stem.isdecimal())

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012d}.batch"


def write_tables(rows: Mapping[str, pa.Table], file: BinaryIO) -> None:
    """Write the tables of a record to the beginning of ``file``."""
    room = len(_head([(name, _LARGEST, _LARGEST) for name in rows]))
    file.seek(_HEAD.size + room)
    parts = [(name, *_written(table, file)) for name, table in rows.items()]
    head = _head(parts).ljust(room)
    file.seek(0)
    file.write(_HEAD.pack(len(head), zlib.crc32(head)) + head)


def read_tables(content: memoryview, number: int, where: str) -> dict[str, pa.Table]:
    """The tables of the record of batch ``number``; raises ``RECORD_DAMAGED``."""
    try:
        return _tables(content)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise ForetellError(
            "RECORD_DAMAGED", f"recorded batch {number} is damaged", where=where, next_step=_RESTORE
        ) from error


def missing(number: int, where: str) -> ForetellError:
    """The error for a record that is not there and should be."""
    return ForetellError("RECORD_MISSING", f"recorded batch {number} is gone", where=where, next_step=_RESTORE)


class _Counted:
    """A file to which the parts of a record are written: counts bytes and keeps their checksum."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = self.crc = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self.size += len(data)
        self.crc = zlib.crc32(data, self.crc)
        return self._file.write(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self.closed = True


def _written(table: pa.Table, file: BinaryIO) -> tuple[int, int]:
    """Append ``table`` to ``file``; returns how many bytes it took and their checksum."""
    counted = _Counted(file)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.PythonFile(counted, mode="w") as sink, pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return counted.size, counted.crc


def _head(parts: Sequence[tuple[str, int, int]]) -> bytes:
    """The list of a record's tables: name, bytes, checksum."""
    return json.dumps([list(part) for part in parts]).encode()


def _tables(content: memoryview) -> dict[str, pa.Table]:
    """The tables of a record; raises ValueError and the like where it is not as it was written."""
    length, head_crc = _HEAD.unpack_from(content)
    start = _HEAD.size + length
    head = bytes(content[_HEAD.size : start])
    if zlib.crc32(head) != head_crc:
        raise ValueError("the list of tables is damaged")
    rows = {}
    for name, size, crc in json.loads(head):
        part = content[start : start + size]
        if len(part) < size or zlib.crc32(part) != crc:
            raise ValueError(f"the rows of {name} are damaged")
        rows[name] = pa.ipc.open_stream(pa.py_buffer(part)).read_all()
        start += size
    return rows
