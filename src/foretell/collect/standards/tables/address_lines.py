"""Postal addresses on one line: how common European and North American ones are put together.

By the addressing guides of the Universal Postal Union. What fits none of these forms is not guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from foretell.collect.standards.tables.country_names import country_code
from foretell.collect.standards.tables.postcode_forms import normal_code
from foretell.collect.standards.tables.signs import tidy
from foretell.collect.standards.tables.subdivisions import subdivision_code

_NUMBER_LAST = "AT BE CH CZ DE DK ES FI HR HU IT LI NL NO PL PT SE SI SK"
NUMBER_LAST = frozenset(_NUMBER_LAST.split())
"""Countries that write the house number behind the street, and the postcode before the city."""
NUMBER_FIRST = frozenset(["FR", "LU", "MC"])
"""… the house number before the street, and the postcode before the city."""
CITY_FIRST = frozenset(["GB", "US", "CA", "AU", "NZ", "IE"])
"""… the house number before the street, and the postcode at the end."""
COUNTRIES = NUMBER_LAST | NUMBER_FIRST | CITY_FIRST
_WITH_STATE = ("US", "CA", "AU")
_COMMA = ("US", "CA")
"""Who write a comma behind the city."""

_HOUSE = r"\d{1,5}(?:\s?[a-zA-Z](?![a-zA-Z]))?(?:\s?[-/+\u2013]\s?\d{0,5}[a-zA-Z]?(?![a-zA-Z]))?"
_STREET = r"[^\d\W](?:[^,;\d]|\d{1,2}\.\s?(?=[^\d\W]))*"
"""Words; "des 17. Juni" is part of a street's name."""
_BEHIND = re.compile(rf"({_STREET})\s+({_HOUSE}(?:\s?(?:bis|ter))?)")
_NUMBER_WORD = re.compile(r",?\s(?:nr|no|nº|n°|n\.|núm|num)\.?$", re.IGNORECASE)
_BEFORE = re.compile(
    r"(\d{1,5}(?:[-/\u2013]\d{1,5})?(?:\s?[a-zA-Z](?=[\s,]))?(?:\s?(?:bis|ter|quater))?),?\s+"
    r"([^\W\d_][^,;]*|\d{1,3}(?:st|nd|rd|th)\s[^,;]+)"
)
_CITY = re.compile(r"[^\W\d_][^\d,;:@]{1,60}")
_PROVINCE = re.compile(r"(.+?)\s+\(?[A-Z]{2}\)?")
"""The province behind an Italian city."""


@dataclass(frozen=True)
class Address:
    """The parts of an address; ``country`` and ``region`` are empty where they are not written."""

    street: str
    house_number: str
    postcode: str
    city: str
    region: str = ""
    country: str = ""


def parsed(text: str, home: str) -> Address | None:
    """The parts of ``text``; None where they are not certain.

    Args:
        home: alpha-2 of the country where none is written; empty: none.
    """
    parts = [part for part in (tidy(part) for part in re.split(r"[,;\n]", text)) if part]
    written = country_code(parts[-1]) if len(parts) > 2 and not any(sign.isdigit() for sign in parts[-1]) else None
    if written and not (home in _WITH_STATE and len(parts[-1]) == 2 and written not in COUNTRIES):
        parts = parts[:-1]
    else:
        written = None
    country = written or home
    if country not in COUNTRIES or not 2 <= len(parts) <= 4:
        return None
    found = _city_last(parts, country) if country not in CITY_FIRST else _code_last(parts, country)
    return Address(**{**found.__dict__, "country": written or ""}) if found else None


def line(address: Address, home: str) -> str:
    """The parts on one line, as the country writes them."""
    country = address.country or home
    if country in NUMBER_LAST:
        street = f"{address.street} {address.house_number}"
    else:
        street = f"{address.house_number} {address.street}"
    if country in CITY_FIRST:
        place = " ".join(part for part in (address.region.partition("-")[2], address.postcode) if part)
        city = f"{address.city}, {place}" if country in _COMMA else f"{address.city} {place}"
    else:
        city = f"{address.postcode} {address.city}"
    return ", ".join(part for part in (street, city, address.country) if part)


def _city_last(parts: list[str], country: str) -> Address | None:
    """Street and number, postcode and city."""
    if len(parts) == 3 and re.fullmatch(_HOUSE, parts[1]) and country in NUMBER_LAST:
        parts = [f"{parts[0]} {parts[1]}", parts[2]]  # "Calle Mayor, 12, 28013 Madrid"
    elif len(parts) == 3 and re.fullmatch(_HOUSE + r"(?:\s?(?:bis|ter|quater))?", parts[0]):
        parts = [f"{parts[0]} {parts[1]}", parts[2]]  # "12, rue de Rivoli, 75001 Paris"
    if len(parts) != 2:
        return None
    if country in NUMBER_LAST:
        behind = _BEHIND.fullmatch(parts[0])
        street, number = (_NUMBER_WORD.sub("", behind[1]), behind[2]) if behind else ("", "")
    else:
        before = _BEFORE.fullmatch(parts[0])
        number, street = (before[1], before[2]) if before else ("", "")
    code, city = _code_and_city(parts[1], country)
    if not (street and code and city):
        return None
    return Address(street, _house(number), code, city)


def _code_and_city(text: str, country: str) -> tuple[str, str]:
    words = text.split(" ")
    for count in (2, 1):  # "1012 AB Amsterdam", "110 00 Praha 1"
        code = normal_code(" ".join(words[:count]), country) if len(words) > count else None
        city = " ".join(words[count:])
        if country == "IT" and code:
            province = _PROVINCE.fullmatch(city)
            city = province[1] if province else city
        name = city.rstrip("0123456789 ") if country in ("CZ", "SK") else city  # "Praha 1"
        if code and _CITY.fullmatch(name):
            return code, city
    return "", ""


def _code_last(parts: list[str], country: str) -> Address | None:
    """Number and street, city, state and postcode."""
    before = _BEFORE.fullmatch(parts[0])
    if before is None:
        return None
    if country in _WITH_STATE:
        city, region, code = _city_state_code(parts[1:], country)
    else:
        city, code = _city_code(parts[1:], country)
        region = ""
    if not (city and code and _CITY.fullmatch(city)):
        return None
    return Address(before[2], _house(before[1]), code, city, region)


def _city_state_code(parts: list[str], country: str) -> tuple[str, str, str]:
    """``[Springfield, IL 62701]`` or ``[Sydney NSW 2000]``."""
    words = " ".join(parts[-2:]).split(" ") if len(parts) == 2 else parts[0].split(" ") if len(parts) == 1 else []
    for count in (2, 1):
        code = normal_code(" ".join(words[-count:]), country) if len(words) > count + 1 else None
        state = subdivision_code(words[-count - 1], country, fixed=True) if code else None
        if code and state and len(words[-count - 1].strip(".")) <= 3:
            city = " ".join(words[: -count - 1])
            if len(parts) == 1 or city == parts[0]:
                return city, state, code
    return "", "", ""


def _city_code(parts: list[str], country: str) -> tuple[str, str]:
    """``[London SW1A 2AA]`` or ``[London, SW1A 2AA]``."""
    if len(parts) == 2:
        return parts[0], normal_code(parts[1], country) or ""
    words = parts[0].split(" ") if len(parts) == 1 else []
    for count in (2, 1):
        code = normal_code(" ".join(words[-count:]), country) if len(words) > count else None
        if code:
            return " ".join(words[:-count]), code
    return "", ""


def _house(number: str) -> str:
    """``12 a`` as ``12a``; a range keeps its sign."""
    return re.sub(r"\s*([-/+\u2013])\s*", r"\1", re.sub(r"(?<=\d)\s(?=[a-zA-Z](?![a-zA-Z]))", "", number))
