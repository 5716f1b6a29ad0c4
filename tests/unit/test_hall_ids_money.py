"""Hashes that repeat everywhere, and money that is never rounded twice."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from foretell.ids import seed_of, stable_id, stable_ids, unit_intervals
from foretell.money import (
    MICRO_LIMIT,
    from_micro,
    micro_per_minor,
    micro_to_minor,
    minor_digits,
    minor_to_major,
    to_micro,
)


def test_ids_are_the_same_for_ever() -> None:
    """A changed value here would change every assignment and id that exists."""
    assert stable_id("p", "a", "b") == "p_zmqu4xebuz67dic5gv3j"
    assert seed_of("a") == 2340832890917691671
    keys = np.array([0, 1, 2**64 - 1], dtype=np.uint64)
    assert unit_intervals("s", keys).tolist() == [0.395416524623443, 0.39048270093635695, 0.03382055156435171]


@pytest.mark.parametrize("length", [8, 13, 20, 32])
def test_ids_of_many_rows_are_those_of_each(length: int) -> None:
    names = ["a", "", "ä b", "a\x1fb", *(f"name {number}" for number in range(500))]
    numbers = [str(number) for number in range(len(names))]
    wanted = [stable_id("p", "k", *row, length=length) for row in zip(names, numbers, strict=True)]
    assert stable_ids("p", "k", names, numbers, length=length).to_pylist() == wanted
    assert stable_ids("p", "k", [], length=length).to_pylist() == []


def test_ids_depend_on_every_part() -> None:
    made = [stable_id("p", *parts) for parts in (("ab",), ("a", "b"), ("b", "a"), ("a",), ("",), ("", ""))]
    assert len(set(made)) == len(made)
    assert len(stable_id("p", "a", length=8)) == len("p_") + 8
    assert all(0 <= seed_of(str(number)) < 2**63 for number in range(1_000))


def test_unit_intervals_are_even_and_unlike_each_other() -> None:
    keys = np.arange(100_000, dtype=np.uint64)
    drawn = unit_intervals("experiment a", keys)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = np.histogram(drawn, 10, (0, 1))[0]
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 27.88, "chi-square with 9 degrees of freedom, p = .001"
    assert abs(np.corrcoef(drawn, unit_intervals("experiment b", keys))[0, 1]) < 0.011
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.011


@pytest.mark.parametrize(
    ("value", "micro"),
    [
        (1, 1_000_000),
        (0.1, 100_000),
        ("19.99", 19_990_000),
        (Decimal("-0.001"), -1_000),
        ("0.0000005", 0),
        ("0.0000015", 2),
        ("0.0000025", 2),
        ("-0.0000015", -2),
        ("1e3", 1_000_000_000),
        ("1e-999999", 0),
        (9_199_999_999_999, 9_199_999_999_999_000_000),
    ],
)
def test_micro_units_are_rounded_half_to_even(value: object, micro: int) -> None:
    assert to_micro(value) == micro  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", ["", "x", "nan", "inf", "-Infinity", "1e999999", "9" * 400, 9.2e12, -9.2e12, "1,5", True]
)
def test_what_is_no_exact_number_is_none(value: object) -> None:
    assert to_micro(value) is None  # type: ignore[arg-type]


def test_micro_units_come_back_exactly() -> None:
    for micro in (0, 1, -1, 123_456_789, MICRO_LIMIT - 1):
        assert to_micro(from_micro(micro)) == micro


@pytest.mark.parametrize(
    ("micro", "currency", "minor"),
    [
        (4_999, "EUR", 0),
        (5_000, "EUR", 0),
        (5_001, "EUR", 1),
        (15_000, "EUR", 2),
        (25_000, "EUR", 2),
        (-5_000, "EUR", 0),
        (-15_000, "EUR", -2),
        (-14_999, "EUR", -1),
        (1_500_000, "JPY", 2),
        (2_500_000, "jpy", 2),
        (1_500, "KWD", 2),
        (10**24 + 5_000, "EUR", 10**20),
    ],
)
def test_an_order_is_rounded_once_half_to_even(micro: int, currency: str, minor: int) -> None:
    assert micro_to_minor(micro, currency) == minor


def test_minor_units_are_the_currencys() -> None:
    assert [minor_digits(code) for code in ("EUR", "jpy", "KWD")] == [2, 0, 3]
    assert [micro_per_minor(code) for code in ("EUR", "JPY", "KWD")] == [10_000, 1_000_000, 1_000]
    assert [str(minor_to_major(1999, code)) for code in ("EUR", "JPY", "KWD")] == ["19.99", "1999", "1.999"]
    assert str(minor_to_major(-5, "EUR")) == "-0.05"
