"""What must not stand in a log: secrets, and what tells who somebody is."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHORTEST_SECRET = 6
"""Shorter ones would hide half of every text."""
_SIGNS = (
    (re.compile(r"(?<=://)[^\s/@]+(?=@)"), "[secret]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{6,}"), r"\1 [secret]"),
    (
        re.compile(r"(?i)\b(password|passwd|secret|token|api_key|write_?key)(\s*[=:]\s*)(?!\[)[^\s,;&]+"),
        r"\1\2[secret]",
    ),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[address]"),
    (re.compile(r"\+\d[\d ()./-]{5,}\d"), "[number]"),
)
_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|(?<==)\([^)\n]*\)")


class Hiding:
    """Hides secrets and contact data in texts.

    Args:
        secrets: values that are replaced wherever they stand.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=lambda one: (-len(one), one))
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __repr__(self) -> str:
        return "Hiding()"

    def clean(self, text: str) -> str:
        """``text`` without secrets, e-mail addresses and telephone numbers."""
        if self._secrets is not None:
            text = self._secrets.sub("[secret]", text)
        for sign, put in _SIGNS:
            text = sign.sub(put, text)
        return text

    def clean_foreign(self, text: str) -> str:
        """``text`` of a library, which likes to quote the value that it stumbled on: without what is quoted too."""
        return self.clean(_QUOTED.sub("[value]", text))
