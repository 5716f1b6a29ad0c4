"""Recorded batches: what every other store has to append, as one file a batch.

A record is written and synced before the operational transaction that names it commits. From then
on the analytics store can be brought up to it at any time, however often; once it has been applied
the file is no longer needed. A record that no committed batch names is the rest of a crash.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from foretell.engine.spool import sync_folder
from foretell.errors import ForetellError, explain_os_errors

_HEAD = struct.Struct("<I")


class Records:
    """The folder of recorded batches that wait to be applied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, number: int, rows: Mapping[str, pa.Table]) -> int:
        """Write batch ``number`` durably; returns its size in bytes."""
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        parts: list[tuple[str, pa.Buffer]] = []
        for name, table in rows.items():
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
                writer.write_table(table)
            parts.append((name, sink.getvalue()))
        head = json.dumps([[name, part.size] for name, part in parts]).encode()
        path = self._path(number)
        with explain_os_errors("recorded batch"):
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(_HEAD.pack(len(head)) + head)
                for _, part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self._folder)
        return path.stat().st_size

    def read(self, number: int) -> dict[str, pa.Table]:
        """The rows of batch ``number`` by table.

        Raises:
            ForetellError: ``RECORD_MISSING`` where the file is gone.
        """
        path = self._path(number)
        try:
            content = memoryview(path.read_bytes())
        except FileNotFoundError as error:
            raise ForetellError(
                "RECORD_MISSING",
                f"recorded batch {number} is gone",
                where=str(path),
                next_step="Restore the data folder from a backup.",
            ) from error
        (length,) = _HEAD.unpack_from(content)
        start = _HEAD.size + length
        rows = {}
        for name, size in json.loads(bytes(content[_HEAD.size : start])):
            rows[name] = pa.ipc.open_stream(pa.py_buffer(content[start : start + size])).read_all()
            start += size
        return rows

    def remove(self, number: int) -> None:
        """Remove an applied record."""
        self._path(number).unlink(missing_ok=True)

    def remove_except(self, wanted: set[int]) -> None:
        """Remove the rests of crashes: records that no committed batch waits for."""
        for path in self._folder.glob("*.batch"):
            if int(path.stem) not in wanted:
                path.unlink()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012d}.batch"
