"""Bytes as lines of text, without copying them one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.engine import scratch

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Lines:
    """Lines of a piece of text.

    Args:
        text: one each (large_string), without the newline.
        wrong: ``BAD_UTF8`` or ``TOO_LARGE`` where a line cannot be read, else null; None where all can.
    """

    text: pa.Array
    wrong: pa.Array | None


def split_lines(body: bytes, *, line_bytes: int) -> Lines:
    """Cut ``body`` at its newlines.

    Args:
        line_bytes: longest line that is accepted.
    """
    offsets = _offsets(body)
    sizes = np.diff(offsets)
    codes = np.full(len(sizes), None, np.object_)
    codes[sizes > line_bytes] = "TOO_LARGE"
    text = _strings(body, offsets)
    if not _is_valid(text):
        codes[_undecodable(body, offsets)] = "BAD_UTF8"
        clean = body.decode("utf-8", "replace").encode()
        text = _strings(clean, _offsets(clean))
    wrong = pa.array(codes, pa.string())
    return Lines(text, None if wrong.null_count == len(wrong) else wrong)


def _offsets(body: bytes) -> npt.NDArray[np.int64]:
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == 10) + 1
    if body and body[-1] != 10:
        ends = np.append(ends, len(body))
    return np.concatenate([np.zeros(1, np.int64), ends.astype(np.int64)])


def _strings(body: bytes, offsets: npt.NDArray[np.int64]) -> pa.Array:
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(body))


def _is_valid(text: pa.Array) -> bool:
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _undecodable(body: bytes, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    raw = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(body)]
    )
    found = scratch("SELECT TRY(decode(line)) IS NULL AS bad FROM lines", {"lines": pa.table({"line": raw})})
    result: npt.NDArray[np.bool_] = found["bad"].to_numpy()
    return result


def pieces_of(file: BinaryIO, *, piece_bytes: int, line_bytes: int) -> Iterator[bytes]:
    """Read ``file`` in pieces of whole lines, with bounded memory.

    A line longer than ``line_bytes`` is cut to one byte more than that, so that it is still seen as
    too long; lines keep their number.
    """
    rest, skipping = b"", False
    while chunk := file.read(piece_bytes):
        if skipping:
            end = chunk.find(b"\n")
            if end < 0:
                continue
            chunk, skipping = chunk[end:], False
        data = rest + chunk
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        if len(rest) > line_bytes:
            rest, skipping = rest[: line_bytes + 1], True
        if end:
            yield data[:end]
    if rest:
        yield rest
