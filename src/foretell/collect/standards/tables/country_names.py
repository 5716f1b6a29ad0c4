"""Codes and names of countries: ISO 3166-1 (pycountry), names in many languages (CLDR, by way of babel)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import pycountry
from babel import Locale

from foretell.definitions import suggestion
from foretell.errors import UsageError

_LISTED = """
en de fr es it pt nl pl sv da nb fi cs sk sl hr sr hu ro bg el tr ru uk et lv lt ga is ca ja ko zh zh_Hant ar he
hi id vi th
"""
LANGUAGES = _LISTED.split()
"""CLDR languages whose names are read, the weightier ones first."""

_ALIASES = """
US: usa; u s a; u s; us of a; america; united states of america; the states
GB: uk; u k; great britain; britain; großbritannien; grande bretagne; gran bretaña; gran bretagna
GB: england; scotland; wales; northern ireland; gb eng; gb sct; gb wls; gb nir
GR: el; hellas
NL: holland; the netherlands; nederland
DE: brd; federal republic of germany; bundesrepublik deutschland
CZ: czech republic; tschechische republik
RU: russia; russian federation
KR: south korea; korea south; republic of korea
KP: north korea; korea north
IR: iran; persia
SY: syria
VN: vietnam; viet nam
LA: laos
MD: moldova
TZ: tanzania
BO: bolivia
VE: venezuela
TW: taiwan; taiwan r o c; chinese taipei
HK: hong kong
MO: macao; macau
CI: ivory coast; cote d ivoire; elfenbeinküste; costa d avorio
CD: dr congo; drc; congo kinshasa; congo dr; democratic republic of the congo
CG: congo brazzaville; republic of the congo
MK: macedonia; north macedonia; fyrom
MM: burma; myanmar
SZ: swaziland; eswatini
CV: cape verde
TL: east timor
TR: turkey; turkiye
AE: uae; u a e; emirates
VA: vatican; vatican city; holy see
BA: bosnia; bosnia herzegovina
XK: kosovo; kosova
PS: palestine
BN: brunei
FM: micronesia
"""
_SHORT_ARTICLES = re.compile(r"^(the|die|der|das|la|le|les|el|los|las|il|lo|gli|de|het) ")
_SHORT = 3
"""Letters of codes; a name that is so short once its accents are gone (Áo) might be one of another country."""
_LETTERS = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """``name`` as it is compared: without accents, case and punctuation."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    return _LETTERS.sub(" ", plain).strip()


@cache
def codes() -> dict[str, str]:
    """Alpha-2, alpha-3 (capitals) and numeric codes → alpha-2; Kosovo by its user-assigned XK and XKX."""
    found = {"XK": "XK", "XKX": "XK"}
    for country in pycountry.countries:
        found |= dict.fromkeys((country.alpha_2, country.alpha_3, country.numeric), country.alpha_2)
    return found


def country_code(text: str) -> str | None:
    """The alpha-2 code of the country that ``text`` names, by code, alias or name; None where none is certain."""
    word = text.strip()
    if word.isascii() and word.upper() in codes():
        return codes()[word.upper()]
    key = folded(word)
    if not key:
        return None
    for names in (_english, _everywhere):
        found = names().get(key) or names().get(_SHORT_ARTICLES.sub("", key))
        if found is not None:
            return found or None
    return None


def region_code(code: str) -> str:
    """The code itself; raises :class:`UsageError` where ISO 3166-1 has no such alpha-2 code."""
    known = sorted(set(codes().values()))
    if code not in known:
        found = country_code(code)
        next_step = f"Write {found}." if found else suggestion(code.upper(), known, what="codes")
        raise UsageError("UNKNOWN_COUNTRY", f"there is no country with the code {code!r}", next_step=next_step)
    return code


@cache
def _english() -> dict[str, str]:
    names: dict[str, str] = {}
    for country in pycountry.countries:
        for field in ("name", "common_name", "official_name"):
            if hasattr(country, field):
                names.setdefault(folded(getattr(country, field)), country.alpha_2)
    for line in _ALIASES.strip().splitlines():
        code, aliases = line.split(": ")
        names |= {folded(alias): code for alias in aliases.split(";")}
    return names


@cache
def _everywhere() -> dict[str, str]:
    """Names in all languages; empty text where two countries share one."""
    known, names = set(codes().values()), dict[str, str]()
    for language in LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if code in known:
                key = folded(name)
                if len(key) > _SHORT or not key.isascii():
                    names[key] = code if names.get(key, code) == code else ""
    return names
