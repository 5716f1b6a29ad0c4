"""How many text messages a text is: GSM 7-bit (3GPP TS 23.038) or UCS-2, and into how many parts it is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Two places each."""
_ONE = {"gsm": 160, "unicode": 70}
_PART = {"gsm": 153, "unicode": 67}
"""In a part of several, since each says which it is."""


@dataclass(frozen=True)
class SmsSize:
    """A text as phones get it.

    Args:
        places: of the encoding: GSM septets, or UTF-16 units.
        left: places to spare in the last part.
        odd: the characters that GSM does not have, each once.
    """

    encoding: Literal["gsm", "unicode"]
    characters: int
    places: int
    parts: int
    left: int
    odd: tuple[str, ...] = ()


def sms_size(text: str) -> SmsSize:
    """Parts and encoding of ``text``; an extended character or an emoji is never cut in two."""
    odd = tuple(dict.fromkeys(mark for mark in text if mark not in _BASIC and mark not in _EXTENDED))
    encoding: Literal["gsm", "unicode"] = "unicode" if odd else "gsm"
    widths = [2 if (mark in _EXTENDED if encoding == "gsm" else ord(mark) > 0xFFFF) else 1 for mark in text]
    places = sum(widths)
    if places <= _ONE[encoding]:
        return SmsSize(encoding, len(text), places, 1, _ONE[encoding] - places, odd)
    parts, room = 1, _PART[encoding]
    for width in widths:
        if width > room:
            parts, room = parts + 1, _PART[encoding]
        room -= width
    return SmsSize(encoding, len(text), places, parts, room, odd)
