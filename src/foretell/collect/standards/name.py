"""Names of people: one Unicode form, and capitals where all or none were written.

A name in mixed case is how its owner, or somebody who knew, wrote it: it stays as it is (McDonald, van der Berg,
de la Cruz, bell hooks). Given and family name are not told apart.
"""

from __future__ import annotations

import re

import pyarrow as pa

from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    each_distinct,
)
from foretell.collect.standards.tables.signs import tidy

_PARTICLE_WORDS = """
van von der den dem des de del della dei degli di da das do dos du la las los zu zum zur ten ter te 't 's af av
och und y e bin ibn bint ben el al
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
"""Written small inside of a name; its first and its last word are none."""
_MAC_WORDS = """
macarthur macaulay macdonald macdougall macfarlane macgregor macinnes macintyre mackay mackenzie maclean macleod
macmillan macnamara macneil macpherson macrae
"""
_MAC = frozenset(_MAC_WORDS.split())
"""Beside Macron, Machado and Macy, which are none."""
_UPPER = frozenset({"ii", "iii", "iv", "vi", "vii", "viii", "ix"})
_JOINT = re.compile(r"([-\u2010\u2011/.(\"\u201c\u201e])")
_APOSTROPHE = re.compile(r"(^[^\W\d_]{1,2}['\u2019\u02bc`])")
_WRONG = re.compile(r"[@<>{}\[\]\\|#$%^*=_+~]|://|\d{3}")
_TURKIC = ("TR", "AZ")


def _work(values: pa.Array, context: StandardContext, _options: StandardOptions) -> Standardised:
    return each_distinct(values, lambda text: normal_name(text, context.region))


def normal_name(text: str, region: str = "") -> str | None:
    """``text`` with its white space tidied and its capitals repaired; None where it is no name.

    Args:
        region: alpha-2; it decides the small letter of I (Türkiye), IJ (Netherlands) and Van (Viet Nam).
    """
    word = tidy(text)
    if _WRONG.search(word) or not any(sign.isalpha() for sign in word):
        return None
    if not (word.isupper() or word.islower()) or _initials(word):
        return word
    parts = word.split(" ")
    inner = [_word(part, region, inside=True) for part in parts[1:-1]]
    ends = [_word(part, region, inside=False) for part in (parts[:1] + parts[1:][-1:])]
    return tidy(" ".join([*ends[:1], *inner, *ends[1:]]))


def _initials(word: str) -> bool:
    """One to three capitals without a vowel: JP, DJ, J."""
    return (len(word) <= 3 and word.isupper() and not set(word) & set("AEIOUYÄÖÜÅØÆÉ")) or len(word) == 1


def _word(word: str, region: str, *, inside: bool) -> str:
    small = _small(word, region)
    if inside and small in _PARTICLES and region != "VN":
        return small
    if small.rstrip(".,") in _UPPER:
        return small.upper()
    return "".join(part if _JOINT.fullmatch(part) else _part(part, region) for part in _JOINT.split(small))


def _part(small: str, region: str) -> str:
    """One part without hyphens: O'Neil, McDonald, IJsbrand."""
    found = _APOSTROPHE.match(small)
    if found and len(small) > found.end() + 1:
        return _large(found[1], region) + _part(small[found.end() :], region)
    if small[:2] == "mc" and len(small) > 3:
        return "Mc" + _large(small[2:], region)
    if small in _MAC:
        return "Mac" + _large(small[3:], region)
    if small[:2] == "ij" and region in ("NL", "BE"):
        return "IJ" + small[2:]
    return _large(small, region)


def _small(word: str, region: str) -> str:
    if region in _TURKIC:
        word = word.replace("I", "ı")
    return word.lower().replace("i\u0307", "i")


def _large(small: str, region: str) -> str:
    if region in _TURKIC and small[:1] == "i":
        return "İ" + small[1:]
    first = small[:1].title()
    return (first if len(first) == 1 else small[:1]) + small[1:]


STANDARD = Standard(
    name="name",
    meaning="a person's name, in capitals and small letters where all were large or all small",
    source="Unicode Standard Annex 15 (NFC); conventions of names by language",
    work=_work,
    longest=200,
    examples=(
        Example("RONALD MCDONALD", "Ronald McDonald"),
        Example("ludwig van beethoven", "Ludwig van Beethoven"),
        Example("SINÉAD O'NEIL-SMITH", "Sinéad O'Neil-Smith"),
        Example("bell Hooks", "bell Hooks"),
        Example("ann@example.com", None),
    ),
)
