"""Signs that nobody sees, and text without them."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]"
)
"""Without white space and the two joiners."""
_JOINED = "\u0600-\u08ff\u0900-\u109f\u1780-\u18af\ufb50-\ufeff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_LONE_JOINER = re.compile(f"(?<![{_JOINED}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINED}])")
"""Joiners outside of the scripts, and the emoji, that are written with them."""


def without_hidden(text: str) -> str:
    """``text`` without controls and characters that have no width; white space stays, of any kind."""
    if text.isascii() and text.isprintable():
        return text
    return _LONE_JOINER.sub("", _HIDDEN.sub("", text))


def tidy(text: str, case: str = "keep", *, lines: bool = False) -> str:
    """``text`` in normal form; ``case`` is ``keep``, ``lower`` or ``upper``."""
    seen = without_hidden(text)
    parts = [" ".join(line.split()) for line in seen.splitlines()] if lines else [" ".join(seen.split())]
    whole = unicodedata.normalize("NFC", "\n".join(parts).strip())
    if case == "keep":
        return whole
    return unicodedata.normalize("NFC", whole.lower() if case == "lower" else whole.upper())
