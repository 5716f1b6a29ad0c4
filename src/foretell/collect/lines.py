"""Bytes as lines of text, without copying them one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import scratch

BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Lines:
    """Lines of a piece of text.

    Args:
        text: one each (large_string), with its newline.
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


def without(body: bytes, text: str) -> tuple[int, pa.Table]:
    """How many lines ``body`` has, and those that ``text`` does not occur in: ``i`` from 0, ``line``."""
    offsets = _offsets(body)
    raw = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(body)]
    )
    missing = pc.invert(pc.match_substring(raw, text))
    places = np.flatnonzero(missing.to_numpy(zero_copy_only=False))
    return len(raw), pa.table({"i": places, "line": raw.filter(missing)})


def replaced(body: bytes, lines: Mapping[int, bytes]) -> bytes:
    """``body`` with other ``lines`` (place from 0 → text, empty for none); the rest keeps its bytes and numbers."""
    offsets = _offsets(body)
    parts: list[bytes] = []
    done = 0
    for place in sorted(lines):
        start, end = int(offsets[place]), int(offsets[place + 1])
        parts += [body[done:start], lines[place], b"\n" if body[end - 1 : end] == b"\n" else b""]
        done = end
    return b"".join([*parts, body[done:]])


def _offsets(body: bytes) -> npt.NDArray[np.int64]:
    """Where lines begin, and the end. It looks block by block, so that the memory it uses is warm."""
    text = np.frombuffer(body, np.uint8)
    ends = [np.zeros(1, np.int64)]
    for start in range(0, len(text), _BLOCK_BYTES):
        ends.append(np.flatnonzero(text[start : start + _BLOCK_BYTES] == 10) + (start + 1))
    if body and body[-1] != 10:
        ends.append(np.array([len(body)]))
    return np.concatenate(ends).astype(np.int64, copy=False)


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

    Of a line that is longer than ``line_bytes`` and reaches over the end of a piece, the rest is passed
    over once it is plain that it is too long; lines keep their number.
    """
    while piece := file.read(piece_bytes):
        if piece.endswith(b"\n"):
            yield piece
            continue
        rest = file.readline(line_bytes + 1)
        if len(rest) > line_bytes and not rest.endswith(b"\n"):
            rest += _after_newline(file, line_bytes)
        yield piece + rest


def _after_newline(file: BinaryIO, step: int) -> bytes:
    """Pass over the rest of a line; returns its newline, where it has one."""
    while part := file.readline(step):
        if part.endswith(b"\n"):
            return b"\n"
    return b""
