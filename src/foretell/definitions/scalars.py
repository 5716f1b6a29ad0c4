"""What a bare word of YAML 1.2 means (core schema), with two deliberate differences.

``yes``, ``no``, ``on`` and ``off`` are text, and so are dates. Different from the core schema: a
number that begins with a needless zero (``01234``) stays text, as postal codes, article numbers and
phone numbers need; numbers that are not finite (``.inf``, ``1e999``) stay text too.
"""

from __future__ import annotations

import math
import re

Scalar = None | bool | int | float | str

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,999})\Z")
_BASED = re.compile(r"0o[0-7]{1,999}\Z|0x[0-9a-fA-F]{1,999}\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")


def bare_value(text: str) -> Scalar:
    """The value of an unquoted scalar."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def described(value: object) -> str:
    """A value as an error message names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value if len(value) <= 40 else value[:39] + '…'!r}"
    return "a mapping" if isinstance(value, dict) else "a list"
