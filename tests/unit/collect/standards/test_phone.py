from __future__ import annotations

import pyarrow as pa

from foretell.collect.standards import StandardContext, chosen
from foretell.collect.standards.phone import normal_number
from tests.unit.collect.standards.reading import check, read

GERMAN = {
    "030 901820": "+4930901820",
    "030/901820": "+4930901820",
    "(030) 90 18 20": "+4930901820",
    "030-90-18-20": "+4930901820",
    "030\u2013901820": "+4930901820",
    "030.90.18.20": "+4930901820",
    "+49 30 901820": "+4930901820",
    "+49 (0) 30 901820": "+4930901820",
    "+49(0)30/901820": "+4930901820",
    "0049 30 901820": "+4930901820",
    "49 30 901820": "+4930901820",
    "tel:+49-30-901820": "+4930901820",
    "Tel.: 030 901820": "+4930901820",
    "Mobile: 0151 12345678": "+4915112345678",
    "0151 1234 5678": "+4915112345678",
    "4915112345678.0": "+4915112345678",
    "\u202a+49 151 12345678\u202c": "+4915112345678",
    "+49\u00a0151\u00a012345678": "+4915112345678",
    "\uff0b49 151 12345678": "+4915112345678",
    "\u0660\u0663\u0660\u0669\u0660\u0661\u0668\u0662\u0660": "+4930901820",
    "+49 30 901820 ext. 12": "+4930901820",
    "030 901820 Durchwahl 12": "+4930901820",
    "+44 20 7946 0958": "+442079460958",
    "+44 (0)20 7946 0958": "+442079460958",
    "0044 20 7946 0958": "+442079460958",
    "+33 1 42 68 53 00": "+33142685300",
    "+1 (212) 555-0123": "+12125550123",
    "+1-800-FLOWERS": "+18003569377",
    "+43 1 58858": "+43158858",
    "+39 06 6982": "+39066982",
    "+380 44 490 5060": "+380444905060",
    "+81 3-3580-3311": "+81335803311",
    "+55 11 98765-4321": "+5511987654321",
    "+65 6123 4567": "+6561234567",
}
BAD = [
    "12345", "0", "+", "030", "call me", "Order 030901820", "030 901820 (evenings, ask for Ann)", "4.915112345678E+12",
    "0.0499118706355", "+49 30 901820 / 030 901821", "+999 123456", "00000000", "+4930901820901820901820",
    "ann@example.com", "2025-12-24", "n/a", "-", "((((", "+49 1", "\u2460\u2461\u2462",
]  # fmt: skip


def test_numbers_as_people_in_germany_write_them() -> None:
    check("phone", GERMAN)


def test_what_is_no_number() -> None:
    check("phone", dict.fromkeys(BAD, None))


def test_the_region_decides_what_a_number_without_plus_is() -> None:
    assert read("phone", ["020 7946 0958"], home="GB") == ["+442079460958"]
    assert read("phone", ["020 7946 0958"], home="") == [None]
    assert read("phone", ["+44 20 7946 0958"], home="") == ["+442079460958"]
    told = chosen({"name": "phone", "region": "US"}).apply(pa.array(["(212) 555-0123"]), StandardContext(region="DE"))
    assert told.text.to_pylist() == ["+12125550123"]


def test_a_country_beside_the_number() -> None:
    values: list[str | None] = ["01 42 68 53 00", "020 7946 0958", "030 901820", "030 901820", "030 901820", None]
    countries: list[str | None] = ["Frankreich", "gb", None, "", "Atlantis", "FR"]
    columns = {"country": pa.array(countries, pa.string())}
    choice = chosen({"name": "phone", "region": {"field": "country"}})
    assert choice.fields == ("country",)
    found = choice.apply(pa.array(values, pa.string()), StandardContext("DE", columns=columns))
    assert found.text.to_pylist() == [
        "+33142685300",
        "+442079460958",
        "+4930901820",
        "+4930901820",
        "+4930901820",
        None,
    ]


def test_possible_numbers() -> None:
    assert read("phone", ["+1 212 055 0123"]) == [None]
    assert read("phone", ["+1 212 055 0123"], check="possible") == ["+12120550123"]
    assert read("phone", ["+1 212 055"], check="possible") == [None]


def test_the_memory_of_numbers_is_bounded() -> None:
    bound = normal_number.cache_info().maxsize
    assert bound is not None
    assert bound <= 100_000
