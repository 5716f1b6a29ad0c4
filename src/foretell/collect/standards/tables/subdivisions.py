"""States, provinces and counties of ISO 3166-2, by code and by name within a country."""

from __future__ import annotations

import re
from functools import cache

import pycountry

from foretell.collect.standards.tables.country_names import folded

_ENGLISH = """
DE-BW Baden Wuerttemberg; DE-BY Bavaria; DE-HE Hesse; DE-NI Lower Saxony; DE-NW North Rhine-Westphalia; DE-NW NRW
DE-MV Mecklenburg-West Pomerania; DE-RP Rhineland-Palatinate; DE-SN Saxony; DE-ST Saxony-Anhalt; DE-TH Thuringia
AT-2 Carinthia; AT-3 Lower Austria; AT-4 Upper Austria; AT-6 Styria; AT-7 Tyrol; AT-9 Vienna; CH-GE Geneva; CH-ZH Zurich
CH-LU Lucerne; CH-BE Bern; CH-BE Berne; CH-GR Grisons; BE-BRU Brussels; BE-VLG Flanders; BE-WAL Wallonia
ES-AN Andalusia; ES-CT Catalonia; ES-PV Basque Country; ES-NC Navarre; ES-AR Aragon; ES-IB Balearic Islands
ES-CN Canary Islands; ES-VC Valencian Community; ES-CL Castile and Leon; ES-CM Castile-La Mancha
IT-25 Lombardy; IT-52 Tuscany; IT-82 Sicily; IT-88 Sardinia; IT-21 Piedmont; IT-75 Apulia; IT-62 Latium
FR-BRE Brittany; FR-NOR Normandy; FR-20R Corsica; FR-IDF Ile de France; NL-NH North Holland; NL-ZH South Holland
NL-NB North Brabant; NL-ZE Zealand; NL-FR Friesland; PT-11 Lisbon; CZ-10 Prague; DK-84 Capital Region
US-DC Washington DC; US-DC Washington D.C.; MX-CMX Mexico City; CA-QC Quebec; CA-NL Newfoundland
"""
_BRACKETS = re.compile(r"\s*[(\[](.*?)[)\]]")


@cache
def _codes() -> frozenset[str]:
    return frozenset(one.code for one in pycountry.subdivisions)


@cache
def _names(country: str) -> dict[str, str]:
    """Folded name → code; of several with one name the one that is no part of another, else none."""
    found: dict[str, dict[str, bool]] = {}
    for one in (one for one in pycountry.subdivisions if one.country_code == country):
        for name in _forms(one.name):
            found.setdefault(folded(name), {})[one.code] = one.parent_code is None
    names: dict[str, str] = {}
    for name, codes in found.items():
        first = [code for code, outermost in codes.items() if outermost] if len(codes) > 1 else list(codes)
        if len(first) == 1 and name:
            names[name] = first[0]
    for line in _ENGLISH.strip().splitlines():
        for code, name in (entry.strip().split(" ", 1) for entry in line.split(";")):
            if code.startswith(f"{country}-"):
                names[folded(name)] = code
    return names


def _forms(name: str) -> list[str]:
    """The whole name, and the parts that people write of it: "Madrid" of "Madrid, Comunidad de"."""
    bare = _BRACKETS.sub("", name)
    apart = [part for text in re.split(r"[;/]", bare) for part in (text, text.partition(",")[0])]
    return [name, *_BRACKETS.findall(name), *apart]


def subdivision_code(text: str, country: str, *, fixed: bool) -> str | None:
    """The ISO 3166-2 code that ``text`` names; None where there is none, or more than one.

    Args:
        country: alpha-2 of the country in which a short code or a name is looked for; empty: none.
        fixed: a whole code of another country is refused.
    """
    word = text.strip()
    code = word.upper().replace("_", "-").replace(" ", "-", 1) if len(word) <= 6 else ""
    if code in _codes():
        return code if not fixed or code.startswith(f"{country}-") else None
    if not country:
        return None
    if f"{country}-{word.upper()}" in _codes():
        return f"{country}-{word.upper()}"
    return _names(country).get(folded(word))
