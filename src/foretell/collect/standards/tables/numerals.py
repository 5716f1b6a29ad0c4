"""Numbers as people write them: decimal comma or point, groups of three, signs before and behind."""

from __future__ import annotations

import re
import unicodedata

from foretell.money import from_micro, to_micro

_BLANKS = "\u0020\u00a0\u2007\u2009\u202f"
_MARKS = f"{_BLANKS}'\u2019\u02bc"
"""What may stand between groups and never between units and parts."""
_MINUS = str.maketrans("\u2212\u2012\u2013\ufe63\uff0d", "-----")
_PLAIN = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_SHAPE = re.compile(rf"[0-9][0-9.,{_MARKS}]*|[.,][0-9]+")
_THREES = re.compile(r"[0-9]{1,3}(?:([^0-9])[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
"""Groups of three; with commas also of two and three, as in India."""


def plain_number(text: str, decimal: str = "auto", thousands: str = "") -> str | None:
    """``text`` as a JSON number; None where it is none, or may be read in two ways.

    Args:
        decimal: ``.`` or ``,`` where it is declared, else ``auto``: then a lone point is a decimal one, as in
            JSON, and a lone comma is one unless exactly three digits follow.
        thousands: the declared sign between groups; empty: read where there is one way to.
    """
    word = unicodedata.normalize("NFKC", text).strip().translate(_MINUS)
    sign, word = _signed(word)
    if decimal != "," and thousands != "." and _PLAIN.fullmatch(word):
        return sign + word
    if not _SHAPE.fullmatch(word):
        return None
    found = _declared(word, decimal, thousands) if decimal != "auto" or thousands else _guessed(word)
    return None if found is None else sign + found


def micro_of(plain: str) -> int | None:
    """Micro units, rounded half to even, of what :func:`plain_number` gave; None where it is too large."""
    return to_micro(plain)


def shown(micro: int) -> str:
    """The shortest JSON number without exponent for ``micro`` units."""
    text = f"{from_micro(micro):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _signed(word: str) -> tuple[str, str]:
    if len(word) > 2 and word[0] == "(" and word[-1] == ")":
        return "-", word[1:-1].strip()
    if word[:1] in ("+", "-"):
        return word[0].replace("+", ""), word[1:].strip()
    if word[-1:] == "-":
        return "-", word[:-1].strip()
    return "", word


def _declared(word: str, decimal: str, thousands: str) -> str | None:
    if decimal == "auto":
        decimal = "," if thousands == "." else "."
    whole, mark, part = word.partition(decimal)
    between = thousands or ("." if decimal == "," else ",") + _MARKS
    seen = {sign for sign in whole if not sign.isdigit()}
    return _put_together(whole, mark, part, seen, between)


def _guessed(word: str) -> str | None:
    last = max(word.rfind("."), word.rfind(","))
    if last < 0:
        return _put_together(word, "", "", {sign for sign in word if not sign.isdigit()}, _MARKS)
    mark = word[last]
    whole, part = word[:last], word[last + 1 :]
    seen = {sign for sign in whole if not sign.isdigit()}
    if mark in whole:  # it stands more than once: between groups, and there is no other
        return _put_together(word, "", "", {sign for sign in word if not sign.isdigit()}, mark)
    if mark == "," and not seen and len(part) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0":
        return None  # 1,234 is one thousand to some and one to others
    return _put_together(whole, mark, part, seen, ".," + _MARKS)


def _put_together(whole: str, mark: str, part: str, seen: set[str], between: str) -> str | None:
    """The number, where ``whole`` is grouped by at most one sign of ``between`` and ``part`` holds digits alone."""
    if len(seen) > 1 or not seen <= set(between) or (mark and not part.isdigit()):
        return None
    if seen and not _THREES.fullmatch(whole):
        return None
    digits = "".join(sign for sign in whole if sign.isdigit()) or "0"
    return f"{digits}.{part}" if mark else digits
