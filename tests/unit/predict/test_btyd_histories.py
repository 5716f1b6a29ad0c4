"""From purchase days to grouped histories."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from foretell.errors import ForetellError
from foretell.predict.models import Histories, histories_from_days, rfm_summary

END = date(2024, 1, 29)


def _orders(*rows: tuple[int, str, float]) -> pa.Table:
    key, day, amount = zip(*rows, strict=True)
    return pa.table({"profile_key": key, "day": [date.fromisoformat(d) for d in day], "amount": amount})


def test_days_become_repeats_last_age_and_mean_repeat_spend() -> None:
    orders = _orders(
        (2, "2024-01-15", 7.0),
        (1, "2024-01-08", 30.0),
        (1, "2024-01-01", 10.0),
        (1, "2024-01-08", 12.0),
        (1, "2024-01-22", 8.0),
        (1, "2024-02-02", 99.0),
        (3, "2024-02-05", 5.0),
    )
    assert rfm_summary(orders, end=END).to_pylist() == [
        {"profile_key": 1, "repeats": 2.0, "last": 3.0, "age": 4.0, "mean_spend": 25.0},
        {"profile_key": 2, "repeats": 0.0, "last": 0.0, "age": 2.0, "mean_spend": None},
    ]


def test_without_amounts_and_in_days() -> None:
    orders = _orders((1, "2024-01-01", 1.0), (1, "2024-01-02", 1.0)).drop_columns(["amount"])
    assert rfm_summary(orders, end=END, unit_days=1).to_pylist() == [
        {"profile_key": 1, "repeats": 1.0, "last": 1.0, "age": 28.0}
    ]


def test_nobody() -> None:
    orders = _orders((1, "2024-05-01", 1.0))
    assert rfm_summary(orders, end=END).num_rows == 0
    day, count = pa.chunked_array([[END]]), pa.chunked_array([[1]])
    with pytest.raises(ForetellError) as caught:
        histories_from_days(day, day, count, end=END, unit_days=0)
    assert caught.value.code == "BAD_UNIT"


def test_grouping_counts_equal_histories_whatever_their_order() -> None:
    many = Histories.of([2, 0, 2, 2], [3, 0, 3, 1], [4, 9, 4, 4])
    grouped = many.grouped()
    assert grouped.repeats.tolist() == [0, 2, 2]
    assert grouped.last.tolist() == [0, 1, 3]
    assert grouped.people.tolist() == [1, 1, 2]
    assert grouped.customers == many.customers == 4
    twice = grouped.grouped()
    assert np.array_equal(twice.people, grouped.people)


def test_coarse_times_stay_histories() -> None:
    rng = np.random.default_rng(0)
    repeats = rng.poisson(2, 500)
    last = np.where(repeats > 0, 30 * rng.random(500) ** 0.2, 0)
    fine = Histories.of(repeats, last, 30 + rng.random(500))
    coarse = fine.coarse(20)
    assert coarse.customers == 500
    assert len(coarse) < len(fine.grouped()) / 3
    assert np.all(coarse.last <= coarse.age)
    assert np.all(coarse.age > 0)


@pytest.mark.parametrize(
    "row",
    [(-1, 0, 5), (1.5, 1, 5), (1, 6, 5), (1, 0, 5), (0, 2, 5), (0, 0, -1), (np.nan, 0, 5), (1, 1, np.inf)],
)
def test_an_impossible_history_is_named(row: tuple[float, float, float]) -> None:
    with pytest.raises(ForetellError) as caught:
        Histories.of(*([fine, bad] for fine, bad in zip((1, 2, 3), row, strict=True)))
    assert caught.value.code == "BAD_HISTORY"
    assert caught.value.where == "row 1"


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="lengths differ"):
        Histories.of([1, 2], [1], [2])
