"""The naive evaluator against cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from foretell.clock import Duration
from foretell.condition import parse, parse_measure
from tests.properties.condition_by_hand import ANN, BOB, CASES, CLEO, DAN, HERE, HISTORY, JOURNEY_CASES, NOON, PEOPLE
from tests.properties.naive import At, measured, members

UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(("raw", "people"), CASES)
def test_by_hand(raw: dict[str, Any], people: set[int]) -> None:
    assert members(parse(raw), HISTORY, HERE, "known") == people


@pytest.mark.parametrize(("raw", "people"), JOURNEY_CASES)
def test_of_runs_by_hand(raw: dict[str, Any], people: set[int]) -> None:
    here = replace(HERE, people=PEOPLE)
    assert members(parse(raw, journey=True), HISTORY, here, "known") == people


def test_universe_arrival_and_future_by_hand() -> None:
    bought, refunded = parse({"did": "Order Completed"}), parse({"did": "Order Refunded"})
    assert members(parse({"not": {"did": "Order Completed"}}), HISTORY, HERE, "all") == {CLEO, DAN}
    assert members(refunded, HISTORY, At(NOON, UTC_ZONE, NOON + timedelta(days=2)), "all") == set()
    assert members(refunded, HISTORY, At(NOON, UTC_ZONE, NOON + timedelta(days=3)), "all") == {ANN}
    early = At(NOON - timedelta(days=30), UTC_ZONE)
    assert members(bought, HISTORY, early, "all") == {ANN, BOB}
    assert members(parse({"did_not": "Never"}), HISTORY, early, "all") == {ANN, BOB, CLEO}
    for days, people in ((6, set()), (7, {BOB})):
        assert members(bought, HISTORY, At(NOON, UTC_ZONE, future=Duration(days, "d")), "known") == people


def test_measures_by_hand() -> None:
    spent = parse_measure({"did": "Order Completed", "sum": "revenue"})
    assert measured(spent, HISTORY, HERE) == {ANN: Decimal(100), BOB: Decimal(5)}
