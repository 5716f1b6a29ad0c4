"""Postal codes of countries in their normal form, by the addressing guides of the Universal Postal Union."""

from __future__ import annotations

import re

_DIGITS = {
    3: "IS LS MG PG FO",
    4: "AT AU BE BG CH CY DK GE HU LI LU MD MK NO NZ PH SI TN ZA",
    5: "BA CR DE DZ EE EG ES FI FR HR ID IT KE KR MA MC ME MX MY PE RS SM TH TR TW UA US UY VA XK ZM",
    6: "BY CN CO EC IN KG KZ MN NG RO RU SG TJ TM UZ VN",
    7: "CL IL",
}
"""Countries whose codes are so many digits and nothing else."""
_PARTED = {
    "BR": (r"(\d{5})(\d{3})", "-"),
    "CA": (r"([ABCEGHJ-NPR-TVXY]\d[ABCEGHJ-NPR-TV-Z])(\d[ABCEGHJ-NPR-TV-Z]\d)", " "),
    "CZ": (r"(\d{3})(\d{2})", " "),
    "GB": (r"([A-Z]{1,2}\d[A-Z\d]?)(\d[ABD-HJLNP-UW-Z]{2})|(GIR)(0AA)", " "),
    "GR": (r"(\d{3})(\d{2})", " "),
    "IE": (r"([AC-FHKNPRTV-Y]\d[\dW])([\dAC-FHKNPRTV-Y]{4})", " "),
    "JP": (r"(\d{3})(\d{4})", "-"),
    "LT": (r"(LT)?(\d{5})", "-"),
    "LV": (r"(LV)?(\d{4})", "-"),
    "MT": (r"([A-Z]{3})(\d{4})", " "),
    "NL": (r"([1-9]\d{3})((?!SA|SD|SS)[A-Z]{2})", " "),
    "PL": (r"(\d{2})(\d{3})", "-"),
    "PT": (r"(\d{4})(\d{3})", "-"),
    "SE": (r"(\d{3})(\d{2})", " "),
    "SK": (r"(\d{3})(\d{2})", " "),
    "US": (r"(\d{5})(\d{4})?", "-"),
}
"""Country → its code without signs between, in two parts, and what stands between them."""
_OLD_SIGNS = {
    "AT": "A", "BE": "B", "DE": "D", "ES": "E", "FI": "FIN", "FR": "F", "HU": "H", "IT": "I", "LU": "L", "NO": "N",
    "PT": "P", "SE": "S",
}  # fmt: skip
"""Signs of motor cars, once written before the code: D-10115."""
_DUE = {"LT": "LT", "LV": "LV"}
"""A first part that belongs to the code even where it is left out."""
_FORMS = {code: (rf"(\d{{{count}}})", "") for count, codes in _DIGITS.items() for code in codes.split()} | _PARTED
_MARKS = re.compile(r"[ \-\u2013]+")
_OTHERS = re.compile(r"[A-Z0-9](?:[A-Z0-9 -]{0,10}[A-Z0-9])?")
COUNTRIES = frozenset(_FORMS)
"""Whose codes are checked."""


def normal_code(text: str, country: str) -> str | None:
    """``text`` as a postal code of ``country`` (alpha-2); None where it cannot be one.

    Codes of countries that are not in :data:`COUNTRIES` are put into capitals and not checked further.
    """
    word = " ".join(text.upper().split())
    if country not in _FORMS:
        return word if _OTHERS.fullmatch(word) else None
    signs = "|".join(sign for sign in (country, _OLD_SIGNS.get(country)) if sign)
    bare = re.sub(rf"^(?:{signs})\s?[-\u2013]\s?(?=[A-Z0-9])", "", word)
    bare = re.sub(r"(?<=\d)\.0$", "", bare)
    pattern, mark = _FORMS[country]
    found = re.fullmatch(pattern, re.sub(r"[ \-\u2013]", "", bare), re.ASCII)
    if found is None or len(_MARKS.findall(bare)) > 1:
        return None
    parts = [part for part in found.groups() if part]
    if country in _DUE and len(parts) == 1:
        parts.insert(0, _DUE[country])
    return mark.join(parts)
