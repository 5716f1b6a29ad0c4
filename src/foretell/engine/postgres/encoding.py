"""Arrow columns in PostgreSQL's binary form, made at once for all rows: for ``COPY … (FORMAT BINARY)`` and for arrays.

A field is its length (int32, big endian; -1 for null) and its bytes (PostgreSQL: "Binary Format" of COPY, and
``array_recv``).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NUL_AS = ("\0", "\N{REPLACEMENT CHARACTER}")
"""PostgreSQL keeps no NUL in a text; what stands for it."""
COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
COPY_TAIL = struct.pack(">h", -1)
_Bytes = npt.NDArray[np.uint8]
_Sizes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """A type of PostgreSQL that columns are handed over in.

    Args:
        sql: its name in SQL.
        oid: its number in PostgreSQL's catalogue (``pg_type``).
        arrow: what a column is cast to before it is encoded.
    """

    sql: str
    oid: int
    arrow: pa.DataType


INTEGER = Kind("int8", 20, pa.int64())
NUMBER = Kind("float8", 701, pa.float64())
TRUTH = Kind("bool", 16, pa.bool_())
TEXT = Kind("text", 25, pa.large_string())
BYTES = Kind("bytea", 17, pa.large_binary())
KINDS = {kind.oid: kind for kind in (INTEGER, NUMBER, TRUTH, TEXT, BYTES)}


def kind_of(column: pa.Field) -> Kind:
    """The type in which ``column`` is handed over."""
    if pa.types.is_integer(column.type):
        return INTEGER
    if pa.types.is_boolean(column.type):
        return TRUTH
    if pa.types.is_floating(column.type):
        return NUMBER
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return BYTES
    return TEXT


def array_of(values: pa.Array, kind: Kind) -> bytes:
    """A one-dimensional array of ``kind``; raises ``pa.ArrowException`` where ``values`` are not of it."""
    if not len(values):
        return struct.pack(">iiI", 0, 0, kind.oid)
    body, _ = _fields(values, kind)
    head = struct.pack(">iiIii", 1, int(values.null_count > 0), kind.oid, len(values), 1)
    return head + body.tobytes()


def array_of_bytes(values: Sequence[bytes]) -> bytes:
    """A one-dimensional array of :data:`BYTES`, for long values: each is copied whole and not byte by byte."""
    if not values:
        return struct.pack(">iiI", 0, 0, BYTES.oid)
    head = struct.pack(">iiIii", 1, 0, BYTES.oid, len(values), 1)
    return b"".join([head, *chain.from_iterable((len(value).to_bytes(4, "big"), value) for value in values)])


def copied_rows(rows: pa.Table, kinds: list[Kind]) -> bytes:
    """``rows`` as COPY takes them, without head and tail."""
    count = rows.num_rows
    heads = np.tile(np.frombuffer(struct.pack(">h", rows.num_columns), np.uint8), count)
    parts = [(heads, np.full(count, 2, np.int64))]
    parts += [_fields(column, kind) for column, kind in zip(rows.columns, kinds, strict=True)]
    if all(len(sizes) == 0 or (sizes == sizes[0]).all() for _, sizes in parts):
        return np.hstack([body.reshape(count, -1) for body, _ in parts]).tobytes()
    return _interleaved(parts).tobytes()


def _fields(column: pa.Array | pa.ChunkedArray, kind: Kind) -> tuple[_Bytes, _Sizes]:
    """The fields of a column one after the other, and the bytes each takes."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    values = values if values.type == kind.arrow else values.cast(kind.arrow)
    if kind in (TEXT, BYTES):
        return _of_bytes(values, texts=kind is TEXT)
    width = 1 if kind is TRUTH else 8
    there = np.ones(len(values), bool) if not values.null_count else pc.is_valid(values).to_numpy(zero_copy_only=False)
    if values.null_count:
        values = pc.fill_null(values, pa.scalar(False if kind is TRUTH else 0, kind.arrow))
    plain = values.to_numpy(zero_copy_only=False)
    fields = np.empty(len(plain), dtype=[("size", ">i4"), ("value", f">{plain.dtype.str[1:]}")])
    fields["size"], fields["value"] = np.where(there, width, -1), plain
    body = fields.view(np.uint8).reshape(len(plain), 4 + width)
    sizes = np.where(there, 4 + width, 4)
    if there.all():
        return body.reshape(-1), sizes
    wanted = np.ones(body.shape, bool)
    wanted[:, 4:] = there[:, None]
    return body[wanted], sizes


def _of_bytes(values: pa.Array, *, texts: bool) -> tuple[_Bytes, _Sizes]:
    there = pc.is_valid(values).to_numpy(zero_copy_only=False)
    if values.null_count:
        values = pc.fill_null(values, "" if texts else b"")
    content, lengths = _content(values)
    if texts and len(content) and not content.min():
        content, lengths = _content(pc.replace_substring(values, *NUL_AS))
    heads = np.where(there, lengths, -1).astype(">i4").view(np.uint8)
    return _interleaved([(heads, np.full(len(values), 4, np.int64)), (content, lengths)]), lengths + 4


def _content(values: pa.Array) -> tuple[_Bytes, _Sizes]:
    """The bytes of all values, and how many each has."""
    offsets = np.frombuffer(values.buffers()[1], np.int64)[values.offset : values.offset + len(values) + 1]
    held = values.buffers()[2]
    content = np.frombuffer(held, np.uint8)[offsets[0] : offsets[-1]] if held is not None else np.empty(0, np.uint8)
    return content, np.diff(offsets)


def _interleaved(parts: list[tuple[_Bytes, _Sizes]]) -> _Bytes:
    """For every row what each part has of it, one after the other."""
    sizes = np.sum([part for _, part in parts], axis=0)
    begins = np.cumsum(sizes) - sizes
    result = np.empty(int(sizes.sum()), np.uint8)
    for body, own in parts:
        shift = begins - (np.cumsum(own) - own)
        result[np.repeat(shift, own) + np.arange(len(body))] = body
        begins = begins + own
    return result
