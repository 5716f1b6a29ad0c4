"""The naive evaluator against cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from foretell.clock import Duration
from foretell.condition import parse, parse_measure
from tests.properties import condition_by_hand_more as more
from tests.properties.condition_by_hand import ANN, BOB, CASES, CLEO, DAN, HERE, HISTORY, JOURNEY_CASES, NOON, PEOPLE
from tests.properties.condition_check import Case, naive
from tests.properties.condition_world import world
from tests.properties.condition_world_more import KINDS, Kind, context
from tests.properties.naive import At, measured, members

UTC_ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(("raw", "people"), CASES)
def test_by_hand(raw: dict[str, Any], people: set[int]) -> None:
    assert members(parse(raw), HISTORY, HERE, "known") == people


@pytest.mark.parametrize(("raw", "people"), JOURNEY_CASES)
def test_of_runs_by_hand(raw: dict[str, Any], people: set[int]) -> None:
    here = replace(HERE, people=PEOPLE)
    assert members(parse(raw, journey=True), HISTORY, here, "known") == people


@pytest.mark.parametrize("kind", [*dict.fromkeys(KINDS), context], ids=lambda kind: kind.__name__)
def test_random_conditions_hold_for_some(kind: Kind) -> None:
    """What is compared says something: of a dozen conditions of a kind, a third holds for some and not for all."""
    rng, some = Random(1), 0
    for seed in range(4):
        made, decision = world(seed), kind is context
        for _ in range(3):
            case = Case(kind(rng, False), made.instants[0], None, "all", None, {}, decision, decision)
            found = naive(case, made)
            some += bool(found) and len(found) < (len(made.people) if decision else 24 - len(made.history.owners))
    assert some >= 4


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


@pytest.mark.parametrize(("raw", "people"), [*more.SEQUENCES, *more.EVENTS, *more.PLACES])
def test_order_change_rank_and_place_by_hand(raw: dict[str, Any], people: set[int]) -> None:
    assert members(parse(raw), more.HISTORY, more.HERE, "known") == people


@pytest.mark.parametrize(("raw", "people"), more.CONTEXT)
def test_of_decisions_by_hand(raw: dict[str, Any], people: set[int]) -> None:
    here = replace(more.HERE, people=more.PEOPLE)
    assert members(parse(raw, decision=True), more.HISTORY, here, "known") == people


@pytest.mark.parametrize(("raw", "people"), more.KNOWN)
def test_as_it_was_known_by_hand(raw: dict[str, Any], people: set[int]) -> None:
    assert members(parse(raw), more.HISTORY, replace(more.HERE, known_at=more.NOON), "known") == people


@pytest.mark.parametrize(("raw", "as_of", "people"), more.OTHERS)
def test_from_other_instants_by_hand(raw: dict[str, Any], as_of: datetime, people: set[int]) -> None:
    assert members(parse(raw), more.HISTORY, replace(more.HERE, as_of=as_of), "known") == people
