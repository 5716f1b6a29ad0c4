"""Features: what they count, by hand; and that nothing after the instant can reach them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from foretell.clock import micros
from foretell.predict.features import FeaturePlan, Matrix, common_events, compute
from tests.support.prediction_shop import BOUGHT, DAY_US, START, Happened, Shop, add, buyers, open_shop

AS_OF = START + timedelta(days=200)
PLAN = FeaturePlan((BOUGHT, "Page Viewed"), (60.0,), "EUR", "UTC")


def happened(rows: list[tuple[int, float, str, float]], arrived: list[float] | None = None) -> Happened:
    """Rows of person, days after the start, event, revenue."""
    start = micros(START)
    people, days, events, money = (np.array(column) for column in zip(*rows, strict=True))
    known = None if arrived is None else start + (np.array(arrived) * DAY_US).astype(np.int64)
    ts = start + (days * DAY_US).astype(np.int64)
    return Happened(people, ts, events.astype(object), np.round(money * 1e6).astype(np.int64), known)


def features(shop: Shop, people: list[int], as_of: datetime = AS_OF, plan: FeaturePlan = PLAN) -> Matrix:
    return compute(shop.engine.analytics, plan, pa.table({"profile_key": pa.array(people, pa.int64())}), as_of)


def value(matrix: Matrix, person: int, name: str) -> float:
    row = matrix.people.tolist().index(person)
    return float(matrix.select((name,))[row, 0])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path, {})
    yield opened
    opened.engine.close()


def test_orders_money_and_rhythm_are_those_worked_out_by_hand(shop: Shop) -> None:
    add(
        shop,
        happened(
            [
                (1, 10.5, BOUGHT, 10.0),
                (1, 30.2, BOUGHT, 20.5),
                (1, 30.9, BOUGHT, 4.5),
                (1, 190.1, BOUGHT, 30.0),
                (1, 195.0, "Page Viewed", 0.0),
                (2, 199.0, "Page Viewed", 0.0),
            ]
        ),
    )
    found = features(shop, [1, 2, 3])
    expected = {
        "orders": 4, "order_days": 3, "spent": 65.0, "orders_30d": 1, "orders_180d": 3, "orders_365d": 4,
        "spent_90d": 30.0, "order_value": 16.25, "orders_trend": 1 - 2, "best_day": 30.0,
        "days_since_order": 199 - 190, "days_as_buyer": 199 - 10, "gap_mean": 90.0, "gap_spread": 70.0,
        "gap_longest": 160.0, "overdue": 9 / 90, "lines_per_order": 2.0, "active_7d": 1, "events_30d": 2,
        "days_since_event": 5.0, "event:Page Viewed:30d": 1, f"event:{BOUGHT}:365d": 4, "event_kinds": 2,
    }  # fmt: skip
    assert {name: value(found, 1, name) for name in expected} == pytest.approx(expected)
    assert value(found, 2, "orders") == 0
    assert np.isnan(value(found, 2, "days_since_order"))
    assert value(found, 3, "events_365d") == 0
    assert np.isnan(value(found, 3, "days_known"))


def test_repeat_buying_features_say_who_is_likely_gone(shop: Shop) -> None:
    rows = [(person, float(day), BOUGHT, 9.0) for person in (1, 2, 3) for day in range(5, 190, 20)]
    rows += [(4, float(day), BOUGHT, 9.0) for day in range(5, 60, 5)]
    rows += [(person, 100.0, BOUGHT, 9.0) for person in (5, 6, 7, 8)]
    add(shop, happened(rows))
    found = features(shop, list(range(1, 10)))
    assert value(found, 1, "alive") > 0.8 > 0.3 > value(found, 4, "alive")
    assert value(found, 1, "expected_orders_60d") > 2 * value(found, 5, "expected_orders_60d")
    assert value(found, 4, "no_order_60d") > 0.8
    assert np.isnan(value(found, 9, "alive"))


def test_what_comes_after_the_instant_leaves_every_feature_byte_equal(tmp_path: Path) -> None:
    whole = buyers(150, 400, 3)
    past = whole.where(whole.ts <= micros(AS_OF))
    random = np.random.default_rng(8)
    late = past.where(random.random(past.ts.size) < 0.3)
    late = Happened(late.people, late.ts, late.event, late.micro * 7 + 1, np.full(late.ts.size, micros(AS_OF) + 1))
    future = whole.where(whole.ts > micros(AS_OF))
    order = random.permutation(future.ts.size)
    shuffled = Happened(future.people[order], future.ts, future.event[order], future.micro[order] * 3)

    def bytes_of(folder: str, *more: Happened) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
        shop = open_shop(tmp_path / folder, {})
        for place, part in enumerate((past, *more)):
            add(shop, part, 1 + 1_000_000 * place)
        people = pa.table({"profile_key": np.unique(past.people)})
        found = features(shop, np.unique(past.people).tolist())
        events = common_events(shop.engine.analytics, people, AS_OF)
        shop.engine.close()
        return found.values.tobytes(), tuple(feature.name for feature in found.features), events

    alone = bytes_of("past")
    assert alone == bytes_of("future", future)
    assert alone == bytes_of("shuffled", shuffled)
    assert alone == bytes_of("late", late)
    assert bytes_of("changed", Happened(past.people[:1], past.ts[:1], past.event[:1], past.micro[:1]))[0] != alone[0]


def test_late_arrivals_count_from_the_instant_they_are_known(shop: Shop) -> None:
    rows = [(1, 10.0, BOUGHT, 5.0), (1, 50.0, BOUGHT, 5.0)]
    add(shop, happened(rows, arrived=[10.0, 250.0]))
    assert value(features(shop, [1]), 1, "orders") == 1
    assert value(features(shop, [1], START + timedelta(days=251)), 1, "orders") == 2


def test_a_merged_person_has_the_history_of_both(shop: Shop) -> None:
    add(shop, happened([(1, 10.0, BOUGHT, 5.0), (2, 50.0, BOUGHT, 7.0), (2, 60.0, "Page Viewed", 0.0)]))
    merged = pa.table({"node_key": pa.array([2], pa.int64()), "profile_key": pa.array([1], pa.int64())})
    shop.engine.publish("test", {"merged": merged}, now=shop.now)
    found = features(shop, [1])
    assert [value(found, 1, name) for name in ("orders", "spent", "event:Page Viewed:365d")] == [2, 12.0, 1]


def test_days_are_those_of_the_workspace(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {})
    # 22:30 and 23:30 UTC on 1 June are one day in UTC, two days in London's summer time.
    days = (datetime(2024, 6, 1) - datetime(2024, 1, 1)).days
    add(shop, happened([(1, days + 22.5 / 24, BOUGHT, 1.0), (1, days + 23.5 / 24, BOUGHT, 1.0)]))
    london = FeaturePlan((BOUGHT,), (60.0,), "EUR", "Europe/London")
    assert value(features(shop, [1]), 1, "order_days") == 1
    assert value(features(shop, [1], plan=london), 1, "order_days") == 2
    shop.engine.close()


def test_midnight_belongs_to_the_day_that_ends_unless_orders_carry_it(shop: Shop) -> None:
    add(shop, happened([(1, 10.0, BOUGHT, 1.0), (1, 150.0, BOUGHT, 1.0)]))
    assert value(features(shop, [1]), 1, "days_since_order") == 199 - 150
    assert value(features(shop, [1], START + timedelta(days=150)), 1, "days_since_order") == 0
    assert value(features(shop, [1], START + timedelta(days=200, hours=1)), 1, "days_since_order") == 200 - 150


def test_other_currencies_are_counted_but_not_added(shop: Shop) -> None:
    add(shop, happened([(1, 10.0, BOUGHT, 5.0)]))
    found = features(shop, [1], plan=FeaturePlan((), (60.0,), "GBP", "UTC"))
    assert (value(found, 1, "orders"), value(found, 1, "spent")) == (1, 0)


def test_events_are_those_that_most_people_had(shop: Shop) -> None:
    rows = [(1, 1.0, "Rare", 0.0), (1, 2.0, "Common", 0.0), (2, 3.0, "Common", 0.0), (2, 250.0, "Later", 0.0)]
    add(shop, happened(rows))
    people = pa.table({"profile_key": pa.array([1, 2], pa.int64())})
    assert common_events(shop.engine.analytics, people, AS_OF) == ("Common", "Rare")
