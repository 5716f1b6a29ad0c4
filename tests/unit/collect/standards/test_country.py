from __future__ import annotations

import pycountry
import pytest
from babel import Locale

from foretell.collect.standards.tables.country_names import LANGUAGES, codes, country_code, region_code
from foretell.errors import UsageError
from tests.unit.collect.standards.reading import check

GOOD = {
    "DE": "DE", "de": "DE", " De ": "DE", "DEU": "DE", "deu": "DE", "276": "DE", "004": "AF",
    "Germany": "DE", "GERMANY": "DE", "Deutschland": "DE", "Allemagne": "DE", "Alemania": "DE", "Germania": "DE",
    "Duitsland": "DE", "Niemcy": "DE", "Tyskland": "DE", "Německo": "DE", "Nemecko": "DE", "Alemanha": "DE",
    "Германия": "DE", "ドイツ": "DE", "德国": "DE", "ألمانيا": "DE", "Federal Republic of Germany": "DE", "BRD": "DE",
    "UK": "GB", "U.K.": "GB", "United Kingdom": "GB", "Great Britain": "GB", "England": "GB", "Scotland": "GB",
    "Großbritannien": "GB", "Vereinigtes Königreich": "GB", "Royaume-Uni": "GB",
    "USA": "US", "U.S.A.": "US", "U.S.": "US", "United States": "US", "The United States of America": "US",
    "America": "US", "Vereinigte Staaten": "US", "Estados Unidos": "US", "États-Unis": "US", "etats unis": "US",
    "Holland": "NL", "The Netherlands": "NL", "Niederlande": "NL", "die Niederlande": "NL", "Pays-Bas": "NL",
    "Schweiz": "CH", "Suisse": "CH", "Svizzera": "CH", "Austria": "AT", "Österreich": "AT", "Osterreich": "AT",
    "Czech Republic": "CZ", "Czechia": "CZ", "Česko": "CZ", "Türkiye": "TR", "Turkey": "TR", "Türkei": "TR",
    "South Korea": "KR", "Korea, Republic of": "KR", "Russia": "RU", "Viet Nam": "VN", "Vietnam": "VN",
    "Côte d'Ivoire": "CI", "Ivory Coast": "CI", "Elfenbeinküste": "CI", "Bosnia & Herzegovina": "BA",
    "Kosovo": "XK", "XK": "XK", "EL": "GR", "Greece": "GR", "Ελλάδα": "GR", "UAE": "AE", "Hong Kong": "HK",
    "São Tomé & Príncipe": "ST", "Trinidad and Tobago": "TT", "España": "ES", "Espana": "ES", "中国": "CN",
}  # fmt: skip
BAD = [
    "Atlantis",
    "XX",
    "ZZ",
    "EU",
    "Europe",
    "999",
    "4",
    "D",
    "Bavaria",
    "Berlin",
    "n/a",
    "-",
    "DE, FR",
    "DDR",
    "Aö",
    "ß",
]


def test_countries_as_people_write_them() -> None:
    check("country", GOOD)


def test_what_is_no_country() -> None:
    check("country", dict.fromkeys(BAD, None))


def test_every_country_by_all_of_its_codes_and_its_names() -> None:
    for country in pycountry.countries:
        forms = [country.alpha_2, country.alpha_3, country.numeric, country.name, country.alpha_2.lower()]
        forms += [getattr(country, field) for field in ("common_name", "official_name") if hasattr(country, field)]
        assert {country_code(form) for form in forms} == {country.alpha_2}, country


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_in_other_languages_never_mean_another_country(language: str) -> None:
    known = set(codes().values())
    names = {code: name for code, name in Locale.parse(language).territories.items() if code in known}
    names = {code: name for code, name in names.items() if name.upper() not in codes()}  # Nga is Russia, NGA Nigeria
    found = {code: country_code(name) for code, name in names.items()}
    wrong = {names[code]: (found[code], code) for code in names if found[code] not in (code, None)}
    assert wrong == {}
    assert sum(one is not None for one in found.values()) >= 0.97 * len(found)


def test_a_region_option_must_be_a_code() -> None:
    assert region_code("GB") == "GB"
    for code, next_step in (("gb", "Write GB."), ("Germany", "Write DE."), ("QQ", "Known codes")):
        with pytest.raises(UsageError) as caught:
            region_code(code)
        assert next_step in caught.value.next_step
