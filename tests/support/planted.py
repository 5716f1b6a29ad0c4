"""Where a text stands in files: a reader of its own, which unpacks what is packed.

It knows formats, not the product: raw bytes of every file (write-ahead logs and free pages are in them), frames of
spool segments (LZ4), every value of SQLite and DuckDB files through SQL (their blocks are packed), Parquet, tar, zip
and gzip, one inside the other.
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as papq


def places(token: str, folder: Path, scratch: Path) -> set[str]:
    """Names of the places under ``folder`` in which ``token`` stands, whatever its case."""
    wanted = token.lower().encode()
    found = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(folder))
            found |= {place for place, data in opened(name, path.read_bytes(), scratch) if wanted in data.lower()}
    return found


def opened(name: str, data: bytes, scratch: Path) -> Iterator[tuple[str, bytes]]:
    """What a file holds, as it lies there and unpacked: (place, bytes)."""
    yield name, data
    if name.endswith(".seg"):
        yield from ((f"{name}#frames", body) for body in frames(data))
    elif name.endswith((".sqlite", ".duckdb")):
        yield from _database(name, data, scratch)
    elif name.endswith(".parquet"):
        yield f"{name}#rows", json.dumps(papq.read_table(io.BytesIO(data)).to_pylist(), default=str).encode()
    for member, content in _members(name, data):
        yield from opened(f"{name}#{member}", content, scratch)


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if name.endswith(".gz"):
        yield Path(name).stem, gzip.decompress(data)
    elif name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            yield from ((member, packed.read(member)) for member in packed.namelist())
    elif name.endswith(".tar"):
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            found = [(entry.name, packed.extractfile(entry)) for entry in packed.getmembers()]
            yield from ((member, file.read()) for member, file in found if file is not None)


def frames(data: bytes) -> Iterator[bytes]:
    """Description and body of each frame: length, crc32, payload; the body may be packed with LZ4."""
    place = 0
    while place + 8 <= len(data):
        length, _ = struct.unpack_from("<II", data, place)
        (size,) = struct.unpack_from("<I", data, place + 8)
        head = data[place + 12 : place + 12 + size]
        body = data[place + 12 + size : place + 8 + length]
        told = json.loads(head)
        yield head + b"\n" + (pa.decompress(body, told["lz4"], codec="lz4", asbytes=True) if "lz4" in told else body)
        place += 8 + length


def _database(name: str, data: bytes, scratch: Path) -> Iterator[tuple[str, bytes]]:
    scratch.mkdir(parents=True, exist_ok=True)
    copy = scratch / Path(name).name
    copy.write_bytes(data)
    read = _sqlite if name.endswith(".sqlite") else _duckdb
    yield from ((f"{name}#{table}", content) for table, content in read(copy))


def _sqlite(path: Path) -> Iterator[tuple[str, bytes]]:
    connection = sqlite3.connect(path)
    try:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield table, repr(connection.execute(f'SELECT * FROM "{table}"').fetchall()).encode()
    finally:
        connection.close()


def _duckdb(path: Path) -> Iterator[tuple[str, bytes]]:
    connection = duckdb.connect(str(path), read_only=True)
    try:
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            yield table, repr(connection.execute(f'SELECT * FROM "{table}"').fetchall()).encode()
    finally:
        connection.close()
