from __future__ import annotations

import pycountry
import pytest

from foretell.collect.standards.tables.postcode_forms import normal_code
from foretell.collect.standards.tables.subdivisions import subdivision_code
from tests.unit.collect.standards.reading import check, read

CODES = [
    ("DE", "10115", "10115"),
    ("DE", "D-10115", "10115"),
    ("DE", "DE 10115", None),
    ("DE", "D - 01067", "01067"),
    ("DE", "1067", None),
    ("DE", "10115.0", "10115"),
    ("DE", "101155", None),
    ("DE", "1011a", None),
    ("AT", "A-1010", "1010"),
    ("CH", "CH-8001", "8001"),
    ("FR", "F-75001", "75001"),
    ("FR", "75 001", "75001"),
    ("NL", "1012AB", "1012 AB"),
    ("NL", "1012 ab", "1012 AB"),
    ("NL", "NL-1012 AB", "1012 AB"),
    ("NL", "0012AB", None),
    ("NL", "1012SS", None),
    ("BE", "B-1000", "1000"),
    ("LU", "L-1009", "1009"),
    ("GB", "SW1A1AA", "SW1A 1AA"),
    ("GB", "sw1a 1aa", "SW1A 1AA"),
    ("GB", "m11ae", "M1 1AE"),
    ("GB", "gir 0aa", "GIR 0AA"),
    ("GB", "SW1A", None),
    ("GB", "SW1A 1CC", None),
    ("IE", "d02x285", "D02 X285"),
    ("IE", "D6W XY00", "D6W XY00"),
    ("US", "62701", "62701"),
    ("US", "62701-1234", "62701-1234"),
    ("US", "627011234", "62701-1234"),
    ("US", "6270", None),
    ("CA", "m5v2t6", "M5V 2T6"),
    ("CA", "M5V-2T6", "M5V 2T6"),
    ("CA", "D5V 2T6", None),
    ("SE", "11455", "114 55"),
    ("SE", "S-114 55", "114 55"),
    ("NO", "0150", "0150"),
    ("DK", "DK-1050", "1050"),
    ("FI", "FIN-00100", "00100"),
    ("PL", "00950", "00-950"),
    ("PL", "00-950", "00-950"),
    ("CZ", "11000", "110 00"),
    ("SK", "811 01", "811 01"),
    ("HU", "H-1051", "1051"),
    ("RO", "010011", "010011"),
    ("BG", "1000", "1000"),
    ("GR", "10431", "104 31"),
    ("IT", "00184", "00184"),
    ("IT", "I-00184", "00184"),
    ("ES", "28013", "28013"),
    ("PT", "1000205", "1000-205"),
    ("PT", "1000-205", "1000-205"),
    ("LT", "01100", "LT-01100"),
    ("LV", "LV-1010", "LV-1010"),
    ("EE", "10111", "10111"),
    ("SI", "1000", "1000"),
    ("HR", "10000", "10000"),
    ("JP", "1000001", "100-0001"),
    ("AU", "2000", "2000"),
    ("NZ", "6011", "6011"),
    ("BR", "01310100", "01310-100"),
    ("IN", "110 001", "110001"),
    ("CN", "100000", "100000"),
    ("MT", "vlt1117", "VLT 1117"),
    ("KE", "00100", "00100"),
    ("DE", "\u0661\u0660\u0661\u0661\u0665", None),
    ("BM", "hm 12", "HM 12"),
    ("BM", "?!", None),
]


@pytest.mark.parametrize(("country", "text", "normal"), CODES)
def test_postal_codes(country: str, text: str, normal: str | None) -> None:
    assert normal_code(text, country) == normal
    assert read("postcode", [text], home=country) == [normal]
    if normal:
        assert normal_code(normal, country) == normal


def test_a_postal_code_needs_a_country() -> None:
    assert read("postcode", ["10115"], home="") == [None]
    beside: dict[str, list[str | None]] = {"land": ["Schweden", None]}
    assert read("postcode", ["11455", "11455"], beside=beside, country={"field": "land"}) == ["114 55", "11455"]


REGIONS = [
    ("US", "CA", "US-CA"),
    ("US", "ca", "US-CA"),
    ("US", "California", "US-CA"),
    ("US", "US-CA", "US-CA"),
    ("US", "us_ca", "US-CA"),
    ("US", "NEW YORK", "US-NY"),
    ("US", "Washington, D.C.", "US-DC"),
    ("US", "Bavaria", None),
    ("DE", "BY", "DE-BY"),
    ("DE", "Bayern", "DE-BY"),
    ("DE", "Bavaria", "DE-BY"),
    ("DE", "NRW", "DE-NW"),
    ("DE", "Baden Württemberg", "DE-BW"),
    ("DE", "baden-wuerttemberg", "DE-BW"),
    ("DE", "US-CA", "US-CA"),
    ("DE", "Kalifornien", None),
    ("GB", "England", "GB-ENG"),
    ("GB", "Scotland", "GB-SCT"),
    ("CH", "Zurich", "CH-ZH"),
    ("CH", "Genève", "CH-GE"),
    ("AT", "9", "AT-9"),
    ("AT", "Wien", "AT-9"),
    ("AT", "Vienna", "AT-9"),
    ("ES", "Madrid", "ES-MD"),
    ("ES", "Cataluña", "ES-CT"),
    ("ES", "Catalunya", "ES-CT"),
    ("FR", "Bretagne", "FR-BRE"),
    ("IT", "Toscana", "IT-52"),
    ("IT", "Tuscany", "IT-52"),
    ("NL", "Noord-Holland", "NL-NH"),
    ("CA", "ON", "CA-ON"),
    ("CA", "Québec", "CA-QC"),
    ("AU", "New South Wales", "AU-NSW"),
    ("JP", "Tokyo", "JP-13"),
    ("", "US-CA", "US-CA"),
    ("", "CA", None),
    ("DE", "n/a", None),
]


@pytest.mark.parametrize(("country", "text", "code"), REGIONS)
def test_regions(country: str, text: str, code: str | None) -> None:
    assert read("region", [text], home=country) == [code]


def test_a_region_of_another_country_than_the_declared_one_is_refused() -> None:
    assert read("region", ["US-CA", "BY"], country="DE") == [None, "DE-BY"]
    beside: dict[str, list[str | None]] = {"land": ["Germany", "USA", None]}
    assert read("region", ["US-CA", "US-CA", "US-CA"], beside=beside, country={"field": "land"}) == [
        None,
        "US-CA",
        "US-CA",
    ]


def test_every_region_by_its_code() -> None:
    found = {one.code: subdivision_code(one.code, "", fixed=False) for one in pycountry.subdivisions}
    assert all(code == known for code, known in found.items())


ADDRESSES = [
    ("DE", "Hauptstraße 12a, 10115 Berlin", "Hauptstraße 12a, 10115 Berlin"),
    ("DE", "Hauptstr. 12 a ; D-10115  Berlin", "Hauptstr. 12a, 10115 Berlin"),
    ("DE", "Hauptstr. 12\n10115 Berlin\nDeutschland", "Hauptstr. 12, 10115 Berlin, DE"),
    ("DE", "Straße des 17. Juni 135, 10623 Berlin", "Straße des 17. Juni 135, 10623 Berlin"),
    ("DE", "Am Alten Markt 3-5, 14467 Potsdam", "Am Alten Markt 3-5, 14467 Potsdam"),
    ("AT", "Stephansplatz 1, A-1010 Wien", "Stephansplatz 1, 1010 Wien"),
    ("DE", "Bahnhofstrasse 1, 8001 Zürich, Schweiz", "Bahnhofstrasse 1, 8001 Zürich, CH"),
    ("NL", "Damrak 1, 1012LG Amsterdam", "Damrak 1, 1012 LG Amsterdam"),
    ("SE", "Drottninggatan 5, 11151 Stockholm", "Drottninggatan 5, 111 51 Stockholm"),
    ("PL", "Nowy Świat 15, 00-029 Warszawa", "Nowy Świat 15, 00-029 Warszawa"),
    ("CZ", "Václavské náměstí 1, 11000 Praha 1", "Václavské náměstí 1, 110 00 Praha 1"),
    ("ES", "Calle Mayor, 12, 28013 Madrid", "Calle Mayor 12, 28013 Madrid"),
    ("ES", "Calle Mayor nº 12, 28013 Madrid", "Calle Mayor 12, 28013 Madrid"),
    ("IT", "Via Roma 12, 00184 Roma RM", "Via Roma 12, 00184 Roma"),
    ("FR", "12 rue de Rivoli, 75001 Paris", "12 rue de Rivoli, 75001 Paris"),
    ("FR", "12 bis, rue de Rivoli, 75001 Paris", "12 bis rue de Rivoli, 75001 Paris"),
    ("GB", "10 Downing Street, London SW1A 2AA", "10 Downing Street, London SW1A 2AA"),
    ("GB", "221b Baker Street, London, nw16xe, UK", "221b Baker Street, London NW1 6XE, GB"),
    ("IE", "1 Grafton Street, Dublin, D02Y006", "1 Grafton Street, Dublin D02 Y006"),
    ("US", "123 Main St, Springfield, IL 62701", "123 Main St, Springfield, IL 62701"),
    (
        "US",
        "1600 Pennsylvania Ave NW, Washington, DC 20500-0003, USA",
        "1600 Pennsylvania Ave NW, Washington, DC 20500-0003, US",
    ),
    ("US", "350 5th Ave, New York, NY 10118", "350 5th Ave, New York, NY 10118"),
    ("US", "123 Main St, Los Angeles, CA 90001", "123 Main St, Los Angeles, CA 90001"),
    ("CA", "290 Bremner Blvd, Toronto, on m5v3l9", "290 Bremner Blvd, Toronto, ON M5V 3L9"),
    ("AU", "1 Macquarie Street, Sydney NSW 2000", "1 Macquarie Street, Sydney NSW 2000"),
]
UNSURE = [
    ("DE", "Berlin"),
    ("DE", "Hauptstraße, 10115 Berlin"),
    ("DE", "Hauptstr. 12, Berlin"),
    ("DE", "Hauptstr. 12, 1011 Berlin"),
    ("DE", "Postfach 1234, 10115 Berlin, 2. Stock, hinten, links"),
    ("DE", "12 Hauptstraße 12, 10115 Berlin"),
    ("DE", "C1, 68159 Mannheim 22"),
    ("US", "PO Box 12, Springfield, IL 62701"),
    ("US", "123 Main St, Springfield, ZZ 62701"),
    ("US", "123 Main St, Springfield 62701"),
    ("US", "Main St, Springfield, IL 62701"),
    ("GB", "The Old Rectory, Little Snoring NR21 0JE"),
    ("JP", "1-1 Chiyoda, Tokyo 100-0001"),
    ("", "Hauptstr. 12, 10115 Berlin"),
    ("DE", "10115 Berlin, Hauptstr. 12"),
    ("DE", "http://a.example, b"),
    ("FR", "rue de Rivoli, 75001 Paris"),
]


@pytest.mark.parametrize(("home", "text", "line"), ADDRESSES)
def test_addresses(home: str, text: str, line: str) -> None:
    assert read("address", [text], home=home) == [line]
    assert read("address", [line], home=home) == [line]


@pytest.mark.parametrize(("home", "text"), UNSURE)
def test_what_is_not_certain_is_left_alone(home: str, text: str) -> None:
    assert read("address", [text], home=home) == [None]


def test_parts_of_addresses() -> None:
    text = "123 Main St, Springfield, IL 627011234"
    found = {
        part: read("address", [text], home="US", part=part)[0]
        for part in ("street", "house_number", "postcode", "city", "region")
    }
    assert found == {
        "street": "Main St",
        "house_number": "123",
        "postcode": "62701-1234",
        "city": "Springfield",
        "region": "US-IL",
    }
    check("address", {"Hauptstr. 12, 10115 Berlin": None}, part="region")
