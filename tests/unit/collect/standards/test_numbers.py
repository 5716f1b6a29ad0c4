from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.collect.standards import RATES_FILE, RateTable, StandardContext, Standardised, chosen, read_rates
from foretell.errors import DefinitionErrors, UsageError
from tests.unit.collect.standards.reading import check, read

RATES = """day,currency,rate
2025-12-01,USD,0.86
2025-12-03,USD,0.8333333333
2025-12-01,GBP,1.1405
2025-12-01,JPY,0.0055
"""


def test_numbers_that_can_be_read_in_one_way() -> None:
    check(
        "number",
        {
            "0": "0",
            "-0": "0",
            "007": "7",
            "12.50": "12.5",
            "+12.5": "12.5",
            "-12.5": "-12.5",
            "\u221212.5": "-12.5",
            ".5": "0.5",
            "5.": "5",
            "1e3": "1000",
            "1.5E-3": "0.0015",
            "12,5": "12.5",
            "12,50": "12.5",
            "0,125": "0.125",
            "1234,567": "1234.567",
            "1,5000": "1.5",
            "1.234,5": "1234.5",
            "1,234.5": "1234.5",
            "1.234.567": "1234567",
            "1,234,567": "1234567",
            "1.234.567,89": "1234567.89",
            "1,234,567.89": "1234567.89",
            "1 234,5": "1234.5",
            "1\u00a0234": "1234",
            "1\u202f234\u202f567": "1234567",
            "1'234.50": "1234.5",
            "1’234’567": "1234567",
            "12,34,567.5": "1234567.5",
            "(12.50)": "-12.5",
            "12.5-": "-12.5",
            "\uff11\uff12": "12",
            " 12 ": "12",
            "1.234": "1.234",
            "0.0000005": "0",
            "0.0000015": "0.000002",
            "123456789012.123456": "123456789012.123456",
        },
    )


def test_what_is_no_number_or_may_be_two() -> None:
    bad = [
        "1,234",
        "999,999",
        "-1,234",
        "twelve",
        "12 EUR",
        "€12",
        "12%",
        "1.2.3",
        "1,2,3",
        "1,23,4",
        "12,345,6",
        "1.234,5.6",
        "1,234.5,6",
        "1 2",
        "1..2",
        "--1",
        "1-2",
        "NaN",
        "inf",
        "Infinity",
        "1e",
        "1e999",
        "0x10",
        "1_000",
        "9" * 20,
        "()",
        "-",
        ".",
        ",",
        "1'2",
        "1 23 456",
        "٣",
        "½",
        "1.5e3.2",
        "12 34,5",
    ]
    check("number", dict.fromkeys(bad, None))


def test_declared_signs_decide() -> None:
    check("number", {"1,234": "1234", "1,234.5": "1234.5", "1.5": "1.5", "1.234,5": None}, thousands=",")
    check("number", {"1.234": "1234", "1.234,5": "1234.5", "1,234": "1.234", "1,234.5": None, "1.5": None}, decimal=",")
    check("number", {"1,234": "1234", "1.234": "1.234", "1.234,5": None}, decimal=".")
    check("number", {"1 234,5": "1234.5", "1.234,5": None}, decimal=",", thousands=" ")
    with pytest.raises(DefinitionErrors, match="decimal and thousands are both"):
        chosen({"name": "number", "decimal": ",", "thousands": ","})


def test_declared_signs_are_those_of_text_and_not_of_numbers() -> None:
    values, numeric = pa.array(["1.234", "1.234"]), pa.array([True, False])
    context = StandardContext("DE", "EUR", numeric=numeric)
    for name in ("number", "money"):
        found = chosen({"name": name, "decimal": ","}).apply(values, context)
        assert found.text.to_pylist() == ["1.234", "1234"]


def test_numbers_come_in_micro_units() -> None:
    found = chosen("number").apply(pa.array(["1.234.567,891", None, "x"]), StandardContext())
    assert found.number == pa.array([1_234_567_891_000, None, None], pa.int64())


@given(st.decimals(-(10**9), 10**9, places=6))
@settings(max_examples=100, deadline=None)
def test_what_was_written_with_signs_comes_back(value: Decimal) -> None:
    german = f"{value:,.6f}".translate(str.maketrans(".,", ",."))
    plain, declared = read("number", [f"{value:f}"])[0], read("number", [german], decimal=",")[0]
    assert Decimal(plain or "x") == Decimal(declared or "x") == value


def test_currencies() -> None:
    check(
        "currency",
        {
            "EUR": "EUR",
            "eur": "EUR",
            "€": "EUR",
            "Euro": "EUR",
            "euros": "EUR",
            "£": "GBP",
            "Pound Sterling": "GBP",
            "US$": "USD",
            "A$": "AUD",
            "CHF": "CHF",
            "Fr.": "CHF",
            "Schweizer Franken": "CHF",
            "zł": "PLN",
            "Kč": "CZK",
            "₺": "TRY",
            "₹": "INR",
            "R$": "BRL",
            "₽": "RUB",
            "US Dollar": "USD",
            "dollar des États-Unis": "USD",
            "Swiss francs": "CHF",
            "yen": "JPY",
            "円": "JPY",
            "元": "CNY",
            "₩": "KRW",
            "kr": None,
            "$": None,
            "¥": None,
            "DEM": None,
            "BTC": None,
            "XXX": None,
            "money": None,
            "E": None,
            "r": None,
            "?": None,
        },
    )


def test_a_shared_sign_is_that_of_the_region() -> None:
    found = {home: read("currency", ["$", "kr", "£"], home=home) for home in ("US", "CA", "AU", "SE", "NO", "EG", "")}
    assert found == {
        "US": ["USD", None, "GBP"],
        "CA": ["CAD", None, "GBP"],
        "AU": ["AUD", None, "GBP"],
        "SE": [None, "SEK", "GBP"],
        "NO": [None, "NOK", "GBP"],
        "EG": [None, None, "EGP"],
        "": [None, None, "GBP"],
    }
    beside: dict[str, list[str | None]] = {"land": ["Canada", "Mexiko"]}
    assert read("currency", ["$", "$"], beside=beside, region={"field": "land"}) == ["CAD", "MXN"]


@pytest.fixture
def rates(tmp_path: Path) -> RateTable:
    (tmp_path / "reference").mkdir()
    (tmp_path / RATES_FILE).write_text(RATES)
    return read_rates(tmp_path)


def convert(rates: RateTable, days: list[str | None], values: list[str | None], **options: object) -> Standardised:
    instants = [datetime.fromisoformat(day) if day else None for day in days]
    context = StandardContext("DE", "EUR", pa.array(instants, pa.timestamp("us")), rates=rates)
    return chosen({"name": "money", **options}).apply(pa.array(values, pa.string()), context)


def test_the_rate_is_that_of_the_events_day(rates: RateTable) -> None:
    days = ["2025-11-30 23:59", "2025-12-01", "2025-12-02 12:00", "2025-12-03", "2025-12-10", "2025-12-11"]
    found = convert(rates, days, ["10"] * 6, currency="USD")
    assert found.text.to_pylist() == [None, "8.6", "8.6", "8.333333", "8.333333", None]
    assert found.number.to_pylist() == [None, 8_600_000, 8_600_000, 8_333_333, 8_333_333, None]
    assert found.ok.to_pylist() == [False, True, True, True, True, False]
    older = convert(rates, ["2025-12-11"], ["10"], currency="USD", max_age_days=8)
    assert older.text.to_pylist() == ["8.333333"]


def test_rounding_is_half_to_even_and_exact(rates: RateTable) -> None:
    # 0.000001 USD × 0.86 = 0.86 millionths; 1.5 and 2.5 millionths go to 2.
    found = convert(rates, ["2025-12-01"] * 3, ["0.000001", "123456789.123456", "-10"], currency="USD")
    assert found.number.to_pylist() == [1, 106_172_838_646_172, -8_600_000]
    half = convert(
        RateTable(rates.days, {"USD": (Decimal("0.5"), Decimal(1))}),
        ["2025-12-01"] * 2,
        ["0.000003", "0.000005"],
        currency="USD",
    )
    assert half.number.to_pylist() == [2, 2]


def test_the_currency_stands_around_the_amount_beside_it_or_nowhere(rates: RateTable) -> None:
    table = {
        "10 €": "10",
        "€10": "10",
        "EUR 10": "10",
        "10,50 EUR": "10.5",
        "$10": None,
        "US$ 10": "8.6",
        "10 USD": "8.6",
        "-£10": "-11.405",
        "£-10": "-11.405",
        "(10 £)": None,
        "£1,234.50": "1407.94725",
        "CHF 10": None,
        "JPY 1000": "5.5",
        "10": "10",
        "10 EUR USD": None,
        "EUR 10 USD": None,
        "ten": None,
        "€": None,
        "10 Taler": None,
    }
    found = convert(rates, ["2025-12-01"] * len(table), list(table))
    assert dict(zip(table, found.text.to_pylist(), strict=True)) == table
    beside = {"currency": pa.array(["USD", "£", "EUR", None, "Taler"])}
    context = StandardContext("DE", "EUR", pa.array([datetime(2025, 12, 1)] * 5, pa.timestamp("us")), beside, rates)
    choice = chosen({"name": "money", "currency": {"field": "currency"}})
    found = choice.apply(pa.array(["10"] * 5), context)
    assert found.text.to_pylist() == ["8.6", "11.405", "10", "10", None]


def test_without_an_instant_nothing_is_converted(rates: RateTable) -> None:
    found = chosen("money").apply(pa.array(["10 USD", "10 EUR"]), StandardContext("DE", "EUR", rates=rates))
    assert found.text.to_pylist() == [None, "10"]
    assert convert(rates, [None, "2025-12-01"], ["10 USD"] * 2).text.to_pylist() == [None, "8.6"]


def test_a_workspace_without_rates_has_none_and_each_content_its_version(tmp_path: Path, rates: RateTable) -> None:
    assert read_rates(tmp_path / "nowhere").version == ""
    assert len(rates.version) == 16
    (tmp_path / RATES_FILE).write_text(RATES + "\n2025-12-04,USD,0.8\n")
    assert read_rates(tmp_path).version not in ("", rates.version)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", 1, "the header must be day,currency,rate"),
        ("date;currency;rate\n", 1, "the header must be"),
        ("day,currency,rate\n01.12.2025,USD,0.8\n", 2, "'01.12.2025' is no day"),
        ("day,currency,rate\n2025-12-01,usd,0.8\n", 2, "no currency called 'usd'"),
        ("day,currency,rate\n2025-12-01,USD,0,8\n", 2, "4 columns instead of 3"),
        ("day,currency,rate\n2025-12-01,USD,abc\n", 2, "'abc' is no rate"),
        ("day,currency,rate\n2025-12-01,USD,0\n", 2, "'0' cannot be a rate"),
        ("day,currency,rate\n2025-12-01,USD,NaN\n", 2, "'NaN' cannot be a rate"),
        ("day,currency,rate\n2025-12-01,USD,0.8\n2025-12-01,USD,0.9\n", 3, "USD has two rates for 2025-12-01"),
    ],
)
def test_a_bad_table_is_told_with_its_line(tmp_path: Path, text: str, where: int, what: str) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / RATES_FILE).write_text(text)
    with pytest.raises(UsageError) as caught:
        read_rates(tmp_path)
    assert caught.value.code == "BAD_RATES"
    assert caught.value.where == f"{RATES_FILE}:{where}"
    assert what in caught.value.what
    assert caught.value.next_step


def test_rates_in_another_encoding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / RATES_FILE).write_bytes(RATES.encode("utf-16"))
    with pytest.raises(UsageError, match="not UTF-8"):
        read_rates(tmp_path)
