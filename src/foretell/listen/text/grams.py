"""Words and pieces of words of many texts at once, as numbers.

A text is looked at twice: as its words and pairs of words next to each other, and as the runs of 2 to 5 characters
within its words (a blank at either end belongs to them). Each is hashed to a 64-bit number by a polynomial in its
characters, so that nothing is looped over: the runs of all texts are sums over one array of code points, the words
differences of one running sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.listen.text.cleaning import joined

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
LONGEST_RUN = 5
_BETWEEN, _BLANK = 0x1E, 0x20
_FACTOR = 0x5851F42D4C957F2D
_INVERSE = pow(_FACTOR, -1, 1 << 64)
_CODE_POINTS = 0x30000
"""Beyond them nothing is written."""


@dataclass(frozen=True)
class Found:
    """Where something was found.

    Args:
        text: 0-based place of the text, one each.
        number: the hash, one each.
    """

    text: Ints
    number: Hashes


@dataclass(frozen=True)
class Characters:
    """The characters of texts, one after the other.

    Args:
        codes: code points in small letters; a blank stands before, between and behind the texts.
        text: 0-based place of the text of each.
        count: how many texts there are.
    """

    codes: npt.NDArray[np.uint32]
    text: Ints
    count: int


def characters(texts: pa.Array) -> Characters:
    """Look at plain texts (see :func:`~foretell.listen.text.cleaning.plain`)."""
    whole = "\x1e" + joined(texts).lower() + "\x1e"
    codes = np.frombuffer(whole.encode("utf-32-le", "replace"), np.uint32).copy()
    between = codes == _BETWEEN
    place = np.cumsum(between) - 1
    codes[between] = _BLANK
    return Characters(codes, place.astype(np.int64), len(texts))


def words(seen: Characters) -> tuple[Found, Found]:
    """The words, and the pairs of words that follow each other in a text."""
    inside = _letters()[np.minimum(seen.codes, _CODE_POINTS - 1)]
    edges = np.diff(inside.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    with np.errstate(over="ignore"):
        power = np.cumprod(np.full(len(seen.codes) + 1, _FACTOR, np.uint64))
        running = np.concatenate([[np.uint64(0)], np.cumsum((seen.codes + np.uint64(1)) * power[:-1])])
        back = np.cumprod(np.full(len(seen.codes) + 1, _INVERSE, np.uint64))
        number = _mixed((running[ends] - running[begins]) * back[begins])
        pairs = _mixed(number[:-1] * np.uint64(0x9E3779B97F4A7C15) + number[1:])
    text = seen.text[begins]
    same = text[:-1] == text[1:]
    return Found(text, number), Found(text[:-1][same], pairs[same])


def runs(seen: Characters, length: int, number: Hashes | None = None) -> tuple[Found, Hashes]:
    """The runs of ``length`` characters with no blank inside, and what the next longer ones are made of.

    Args:
        number: what the call for ``length`` - 1 gave back; None for the first.
    """
    codes = seen.codes
    with np.errstate(over="ignore"):
        if number is None:
            number = codes.astype(np.uint64) + np.uint64(1)
            for step in range(1, length):
                number = number[:-1] * np.uint64(_FACTOR) + codes[step:] + np.uint64(1)
        else:
            number = number[:-1] * np.uint64(_FACTOR) + codes[length - 1 :] + np.uint64(1)
        blank = codes == _BLANK
        so_far = np.concatenate([[0], np.cumsum(blank)])
        count = len(number)
        inside = so_far[length - 1 : length - 1 + count] - so_far[1 : 1 + count] if length > 2 else np.zeros(count)
        alone = blank[:count] & blank[length - 1 : length - 1 + count]
        kept = np.flatnonzero((inside == 0) & ~(alone & (length == 2)))
        text = np.where(blank[kept], seen.text[np.minimum(kept + 1, len(codes) - 1)], seen.text[kept])
        return Found(text, _mixed(number[kept] + np.uint64(length))), number


def _mixed(number: Hashes) -> Hashes:
    """splitmix64's last steps: near numbers come far apart."""
    with np.errstate(over="ignore"):
        z = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)


@lru_cache(maxsize=1)
def _letters() -> Bools:
    """For every code point whether it stands in words: letters, digits, marks of letters, the apostrophe."""
    found = np.frombuffer(
        b"".join(b"\x01" if chr(code).isalnum() else b"\x00" for code in range(_CODE_POINTS)), np.bool_
    ).copy()
    found[ord("'")] = True
    for first, last in ((0x300, 0x36F), (0x900, 0x963), (0x5B0, 0x5C7), (0x64B, 0x65F)):
        found[first : last + 1] = True
    return found
