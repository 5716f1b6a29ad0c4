"""Framing of the spool: ``length, crc32, payload`` one after the other in segment files.

A payload is the frame's description as JSON, its length before it, then the body: as it came, or
packed with LZ4 where that makes it smaller (the description then has ``lz4``, the length before).
The crc covers the payload, so a torn or damaged frame is recognised.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell.errors import ForetellError

_HEAD = struct.Struct("<II")
_META = struct.Struct("<I")
_WORTH_PACKING = 512
MAX_FRAME_BYTES = 256 * 1024 * 1024
"""Longest payload; a length beyond it is no frame but damage."""


@dataclass(frozen=True)
class Frame:
    """One thing that arrived, as it came: a request body, a chunk of a file.

    Args:
        format: which decoder reads it.
        meta: what the decoder needs beside the body (source, revision, received_at, first line);
            plain JSON values.
        body: the bytes.
    """

    format: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Waiting:
    """What is durable and not applied yet.

    Args:
        bytes: how much.
        oldest: when the first of it arrived, UTC; None where nothing waits or it does not say so.
    """

    bytes: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, order=True)
class Position:
    """A place in the spool: segment number and byte offset in it; earlier places compare lower."""

    segment: int
    offset: int


def pack(frame: Frame) -> bytes:
    """The bytes of ``frame`` as they stand in a segment.

    Raises:
        ForetellError: ``FRAME_TOO_LARGE``; written, such a frame could not be told from damage.
    """
    head: dict[str, Any] = {"format": frame.format, "meta": dict(frame.meta)}
    body = frame.body
    if len(body) >= _WORTH_PACKING:
        packed = pa.compress(body, codec="lz4", asbytes=True)
        if len(packed) < len(body):
            head["lz4"], body = len(body), packed
    meta = json.dumps(head).encode()
    size = _META.size + len(meta) + len(body)
    if size > MAX_FRAME_BYTES:
        raise ForetellError(
            "FRAME_TOO_LARGE",
            f"{size:,} bytes are too many for one spooled frame",
            next_step=f"Send them in parts of at most {MAX_FRAME_BYTES:,} bytes.",
        )
    start = _META.pack(len(meta)) + meta
    return b"".join((_HEAD.pack(size, zlib.crc32(body, zlib.crc32(start))), start, body))


def unpack(payload: bytes) -> Frame:
    """A frame from its payload."""
    (length,) = _META.unpack_from(payload)
    head = json.loads(payload[_META.size : _META.size + length])
    body = payload[_META.size + length :]
    if "lz4" in head:
        body = pa.decompress(body, head["lz4"], codec="lz4", asbytes=True)
    return Frame(head["format"], head["meta"], body)


def read_frames(path: Path, offset: int = 0, until: int | None = None) -> Iterator[tuple[Frame, int]]:
    """The whole frames from ``offset`` on, each with the offset behind it.

    Stops at the first frame that is not whole or whose crc is wrong; the caller compares the last
    offset with the file's size. Zeros, which a power cut can leave, are no frame.

    Args:
        until: bytes from here on are not looked at, where given.
    """
    for head, payload in _whole(path, offset, until):
        offset += len(head) + len(payload)
        yield unpack(payload), offset


def meta_at(path: Path, offset: int) -> dict[str, Any] | None:
    """The ``meta`` of the frame at ``offset``, without its body; None where no frame begins there."""
    with path.open("rb") as file:
        file.seek(offset)
        head = file.read(_HEAD.size + _META.size)
        if len(head) < _HEAD.size + _META.size:
            return None
        length = _META.unpack_from(head, _HEAD.size)[0]
        if length > MAX_FRAME_BYTES:
            return None
        try:
            found: dict[str, Any] = json.loads(file.read(length))["meta"]
        except (ValueError, KeyError):
            return None
        return found


def read_packed(path: Path, offset: int = 0, until: int | None = None) -> Iterator[bytes]:
    """Like :func:`read_frames`, each frame as its bytes stand there."""
    for head, payload in _whole(path, offset, until):
        yield head + payload


def _whole(path: Path, offset: int, until: int | None) -> Iterator[tuple[bytes, bytes]]:
    """Head and payload of the whole frames."""
    with path.open("rb") as file:
        file.seek(offset)
        while until is None or offset < until:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            length, crc = _HEAD.unpack(head)
            if not _META.size <= length <= MAX_FRAME_BYTES:
                return
            payload = file.read(length)
            if len(payload) < length or zlib.crc32(payload) != crc:
                return
            offset += _HEAD.size + length
            yield head, payload


def unpacked(packed: bytes) -> Frame:
    """The frame whose bytes :func:`read_packed` gave."""
    return unpack(packed[_HEAD.size :])


def whole_bytes(path: Path, offset: int = 0) -> int:
    """Length of the part of a segment that holds whole frames, looked at from ``offset`` on."""
    return max((end for _, end in read_frames(path, offset)), default=offset)
