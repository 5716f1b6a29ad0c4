"""How many text messages a text is (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

import pytest

from foretell.deliver import sms_size


@pytest.mark.parametrize(
    ("text", "encoding", "parts", "left"),
    [
        ("a" * 160, "gsm", 1, 0),
        ("a" * 161, "gsm", 2, 145),
        ("a" * 306, "gsm", 2, 0),
        ("€" * 80, "gsm", 1, 0),
        ("a" * 152 + "€" * 5, "gsm", 2, 143),
        ("ß" * 70, "gsm", 1, 90),
        ("ć" * 70, "unicode", 1, 0),
        ("ć" * 71, "unicode", 2, 63),
        ("😀" * 35, "unicode", 1, 0),
        ("😀" * 36, "unicode", 2, 61),
    ],
)
def test_parts_of_a_text(text: str, encoding: str, parts: int, left: int) -> None:
    size = sms_size(text)
    assert (size.encoding, size.parts, size.left) == (encoding, parts, left)


def test_what_makes_it_unicode_is_named() -> None:
    assert sms_size("It’s ok … it’s").odd == ("’", "…")
