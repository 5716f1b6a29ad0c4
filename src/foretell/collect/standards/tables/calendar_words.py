"""Names of months in many languages (CLDR, by way of babel)."""

from __future__ import annotations

from functools import cache

from babel import Locale

from foretell.collect.standards.tables.country_names import folded

_LISTED = """
en de fr es it pt nl pl sv da nb fi cs sk sl hr hu ro tr ru uk bg el ca
"""
_LANGUAGES = _LISTED.split()


@cache
def months() -> dict[str, int]:
    """Folded name or abbreviation → month; words that mean two months in two languages are left out."""
    found: dict[str, int] = {}
    for language in _LANGUAGES:
        for forms in Locale.parse(language).months.values():
            for width in ("wide", "abbreviated"):
                for month, name in forms[width].items():
                    key = folded(name)
                    if not key.isdigit():
                        found[key] = month if found.get(key, month) == month else 0
    english = Locale.parse("en").months["format"]
    found |= {folded(name): month for width in ("wide", "abbreviated") for month, name in english[width].items()}
    return {key: month for key, month in found.items() if month and key} | {"sept": 9}
