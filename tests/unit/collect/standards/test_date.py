from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from foretell.collect.standards import StandardContext, chosen
from foretell.errors import DefinitionErrors
from tests.unit.collect.standards.reading import check, read

CHRISTMAS = [
    "2025-12-24", "20251224", "2025/12/24", "2025.12.24", "2025-12-24T18:00:00Z", "2025-12-24T18:00:00.123+01:00",
    "2025-12-24 18:00", "2025-12-24 18:00:00 +0100", "2025-12-24T18:00:00.000000000Z", "2025-W52-3", " 2025-12-24 ",
    "24.12.2025", "24/12/2025", "24-12-2025", "12/24/2025", "24 . 12 . 2025", "24.12.2025 18:00 Uhr",
    "24.12.2025, 18:00", "12/24/2025 6:00 PM", "24. Dezember 2025", "24 December 2025", "24th December 2025",
    "December 24, 2025", "December 24th, 2025", "Dec 24, 2025", "Dec. 24 2025", "24-Dec-2025",
    "24 Dec 2025 18:00:00 GMT",
    "Wed Dec 24 2025", "Wed, 24 Dec 2025 18:00:00 +0000", "24 décembre 2025", "24 de diciembre de 2025",
    "24 dicembre 2025", "24 grudnia 2025", "24 december 2025", "24 DÉCEMBRE 2025", "24 декабря 2025", "24 Aralık 2025",
    "Wed Dec 24 2025 18:00:00 GMT+0100 (Central European Standard Time)",
]  # fmt: skip
BAD = [
    "03/04/2025", "03.04.2025", "3-4-2025", "12/11/2025", "24.12.25", "12/24/25", "2025-13-01", "2025-02-29",
    "2025-00-10", "0000-00-00", "00.00.0000", "31.04.2025", "45000", "1735063200", "tomorrow", "2025", "12/2025",
    "December 2025", "24 Foo 2025", "32 December 2025", "2025-12-24T", "2025-12-24Tx", "24 December", "1899-12-31",
    "2201-01-01", "2025-W60-1", "2025-12-24 and more", "٢٠٢٥-١٢-٢٤", "2025–12–24", "24//12//2025", "-2025-12-24",
    "9999-12-31", "n/a",
]  # fmt: skip


def test_one_day_in_many_hands() -> None:
    check("date", dict.fromkeys(CHRISTMAS, "2025-12-24"))


def test_what_is_no_day_or_may_be_two() -> None:
    check("date", dict.fromkeys(BAD, None))


def test_both_readings_may_be_the_same_day() -> None:
    check("date", {"03/03/2025": "2025-03-03", "7.7.1977": "1977-07-07"})


def test_a_declared_order_reads_what_is_ambiguous_and_refuses_the_other() -> None:
    check("date", {"03/04/2025": "2025-04-03", "24.12.2025": "2025-12-24", "12/24/2025": None}, order="day_first")
    check("date", {"03/04/2025": "2025-03-04", "24.12.2025": None, "12/24/2025": "2025-12-24"}, order="month_first")
    check("date", {"2025-03-04": "2025-03-04"}, order="month_first")


def test_declared_formats_are_tried_first() -> None:
    formats = ["%d.%m.%y", "%Y%d%m", "unix", "unix_ms"]
    table = {"24.12.85": "1985-12-24", "20252412": "2025-12-24", "24.12.2025": "2025-12-24", "x": None}
    check("date", table, formats=formats)
    check("date", {"1766574000": "2025-12-24", "-86400": "1969-12-31", "nan": None, "1e400": None}, formats=["unix"])
    check("date", {"1766574000000": "2025-12-24"}, formats=["unix_ms"])


def test_only_plausible_days() -> None:
    check(
        "date",
        {"1925-12-31": None, "1926-01-01": "1926-01-01", "2026-01-01": None},
        earliest="1926-01-01",
        latest="2025-12-31",
    )


def test_no_day_after_the_event() -> None:
    values = pa.array(["2025-12-24", "2025-12-25", "2025-12-26", None])
    as_of = pa.array([datetime(2025, 12, 24, 12)] * 4, pa.timestamp("us"))
    choice = chosen({"name": "date", "past": True})
    found = choice.apply(values, StandardContext(as_of=as_of))
    # 12 o'clock in UTC is already the 25th where days begin first.
    assert found.text.to_pylist() == ["2025-12-24", "2025-12-25", None, None]
    assert found.ok.to_pylist() == [True, True, False, True]
    assert choice.apply(values, StandardContext()).ok.to_pylist() == [True] * 4


@pytest.mark.parametrize(
    ("options", "what", "next_step"),
    [
        ({"order": "dmy"}, "order", "day_first"),
        ({"formats": ["%d/%m"]}, "'%d/%m' names no whole day", "%d/%m/%Y"),
        ({"formats": ["%Q"]}, "'%Q' is no code of a format", "strptime"),
        ({"formats": ["dd.mm.yyyy"]}, "'dd.mm.yyyy' is no code of a format", "strptime"),
        ({"earliest": "2030-01-01", "latest": "2020-01-01"}, "earliest is 2030-01-01", ""),
        ({"earliest": "soon"}, "earliest", "No day before this one"),
    ],
)
def test_options_are_checked(options: dict[str, object], what: str, next_step: str) -> None:
    with pytest.raises(DefinitionErrors) as caught:
        chosen({"name": "date", **options})
    assert what in caught.value.what
    assert next_step in caught.value.next_step


def test_dates_are_read_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("foretell.collect.standards.date.read_day", lambda text, _options: asked.append(text))
    read("date", ["a", "b", "a", "a"])
    assert sorted(asked) == ["a", "b"]
