"""Identifiers and seeded choices as hashes, so that results repeat on every machine and engine."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_DIGEST_BYTES = 20
_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
_BYTE_PLACES = np.arange(32, -1, -8, dtype=np.uint64)
_LETTER_PLACES = np.arange(35, -1, -5, dtype=np.uint64)
"""Five bytes are eight letters."""


def stable_id(prefix: str, *parts: str, length: int = 20) -> str:
    """``prefix_`` + ``length`` lower-case base-32 characters of the BLAKE2b hash of ``parts``."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=_DIGEST_BYTES).digest()
    return f"{prefix}_{b32encode(digest).decode().lower()[:length]}"


def stable_ids(prefix: str, *parts: str | Sequence[str], length: int = 20) -> pa.Array:
    """:func:`stable_id` of many rows at once.

    Args:
        parts: a text stands for all rows; else one a row. At least one of them has one a row.

    Returns: text, (n,).
    """
    rows = next(len(part) for part in parts if not isinstance(part, str))
    columns: list[Iterable[str]] = [repeat(part, rows) if isinstance(part, str) else part for part in parts]
    hashed = hashlib.blake2b
    digests = b"".join(
        [hashed("\x1f".join(row).encode(), digest_size=_DIGEST_BYTES).digest() for row in zip(*columns, strict=True)]
    )
    count = len(digests) // _DIGEST_BYTES
    fives = np.frombuffer(digests, np.uint8).reshape(count, _DIGEST_BYTES // 5, 5).astype(np.uint64)
    numbers = (fives << _BYTE_PLACES).sum(axis=2, dtype=np.uint64)
    places = ((numbers[:, :, None] >> _LETTER_PLACES) & np.uint64(31)).astype(np.intp)
    letters = _LETTERS[places.reshape(count, _DIGEST_BYTES * 8 // 5)[:, :length]]
    head = np.frombuffer(f"{prefix}_".encode(), np.uint8)
    texts = np.hstack([np.broadcast_to(head, (count, len(head))), letters])
    ends = np.arange(count + 1, dtype=np.int32) * np.int32(texts.shape[1])
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(texts))


def seed_of(*parts: str) -> int:
    """A 63-bit seed from names, the same everywhere."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def text_keys(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """A 64-bit number from each text (BLAKE2b), for :func:`unit_intervals`."""
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


def unit_intervals(seed: str, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """One number in [0, 1) per key, from the key and ``seed`` alone (splitmix64 finaliser).

    Args:
        keys: unsigned 64-bit keys, any shape.
    """
    with np.errstate(over="ignore"):
        z = keys + np.uint64(seed_of(seed))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    result: npt.NDArray[np.float64] = (z >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    return result
