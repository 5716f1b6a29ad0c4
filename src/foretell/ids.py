"""Identifiers and seeded choices as hashes, so that results repeat on every machine and engine."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def stable_id(prefix: str, *parts: str, length: int = 20) -> str:
    """``prefix_`` + ``length`` lower-case base-32 characters of the BLAKE2b hash of ``parts``."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=20).digest()
    return f"{prefix}_{b32encode(digest).decode().lower()[:length]}"


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
