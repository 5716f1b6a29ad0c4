"""The lift of a journey that was really run: who counts, in which window, and what it says when it cannot tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foretell import measure
from foretell.errors import UsageError
from foretell.measure import Lift
from tests.support.journey_shop import JOURNEY, JourneyShop, apply, at, ids_of, opened, with_people
from tests.support.small_events import event
from tests.support.small_workspace import write

HALF = {"journeys/churn_rescue.yaml": JOURNEY.replace("0%", "50%")}
PEOPLE = [f"till_{number}" for number in range(48)]
DAY = 24.0


def lift(shop: JourneyShop, days: float) -> Lift:
    return measure.journey_lift(shop.engine, shop.catalog, "churn_rescue", now=at(days * DAY))


def order(name: str, days: float, amount: float, currency: str = "EUR") -> dict[str, Any]:
    told = {"order_id": f"{name}-{days}", "revenue": amount, "currency": currency}
    return event("Order Completed", f"{name}-bought-{days}", days * DAY, ids=ids_of(name), properties=told)


def arms(shop: JourneyShop) -> tuple[list[str], list[str]]:
    """Names of the treated and of the held out."""
    runs = shop.runs()
    held = [name for name in PEOPLE if name in runs and runs[name][0] == "held_out"]
    return [name for name in PEOPLE if name in runs and name not in held], held


def entered(shop: JourneyShop) -> tuple[list[str], list[str]]:
    with_people(shop, *PEOPLE)
    shop.tick(0)
    return arms(shop)


def test_each_arm_counts_what_its_people_did_in_their_window(tmp_path: Path) -> None:
    with opened(tmp_path, documents=HALF) as shop:
        treated, held = entered(shop)
        assert min(len(treated), len(held)) >= 15
        shop.happened(
            *(order(name, 5, 30) for name in treated[:12]),
            *(order(name, 6, 40) for name in held[:3]),
            order(treated[0], 20, 10),  # a second one counts as revenue
            order(treated[1], 21, 99, "USD"),  # another currency does not
            order(held[3], 31, 500),  # after the window
        )
        shop.tick(32 * DAY)
        found = lift(shop, 32)
        both = found.effects
        assert (both.treated.people, both.treated.goals, both.treated.revenue) == (len(treated), 12, 370.0)
        assert (both.held_out.people, both.held_out.goals, both.held_out.revenue) == (len(held), 3, 120.0)
        assert both.conversions.value == pytest.approx(12 / len(treated) - 3 / len(held))
        assert both.conversions.answer == found.answer == "real change"
        assert both.revenue.answer == "not yet"  # three who paid
        assert found.received == len(treated)
        assert found.verdict.startswith("Real change: ")
        told = found.as_dict()
        assert told["conversions"]["held_out"] == pytest.approx(3 / len(held))
        assert told["revenue"]["treated"] == pytest.approx(370 / len(treated))


def test_before_the_windows_are_over_it_says_when(tmp_path: Path) -> None:
    with opened(tmp_path, documents=HALF) as shop:
        treated, held = entered(shop)
        shop.happened(order(treated[0], 5, 30))
        shop.tick(6 * DAY)
        found = lift(shop, 29.9)
        assert (found.so_far.treated, found.so_far.held_out) == (len(treated), len(held))
        assert (found.so_far.treated_goals, found.so_far.held_out_goals) == (1, 0)
        assert found.so_far.first_at == found.so_far.last_at == at(30 * DAY)
        assert found.effects.treated.people == 0
        assert found.verdict == "Not yet: the 30 days after the entry end on 31 January 2026 for the first."
        assert lift(shop, 30).so_far.treated == 0


def test_played_through_history_it_cannot_answer(tmp_path: Path) -> None:
    with opened(tmp_path, documents=HALF) as shop:
        with_people(shop, *PEOPLE)
        shop.happened(*(order(name, 10, 50) for name in PEOPLE[:20]))
        shop.tick(0)
        for day in (5, 10, 15, 31):
            shop.tick(day * DAY)
        found = lift(shop, 31)
        assert found.effects.treated.goals + found.effects.held_out.goals == 20
        assert found.answer == "cannot answer"
        assert found.verdict.startswith("History cannot answer: ")
        conversions = found.effects.conversions
        assert conversions.value is None
        assert (conversions.low, conversions.high) == pytest.approx((-20 / 48, 28 / 48))


def test_where_nobody_received_anything_it_cannot_answer(tmp_path: Path) -> None:
    waits = JOURNEY.replace("0%", "50%").partition("  steps:")[0] + "  steps: [{key: wait, wait: 24h}]\n"
    with opened(tmp_path, documents={"journeys/churn_rescue.yaml": waits}) as shop:
        treated, _ = entered(shop)
        shop.happened(*(order(name, 5, 30) for name in treated))
        shop.tick(31 * DAY)
        found = lift(shop, 31)
        assert (found.received, found.answer) == (0, "cannot answer")
        assert "none of the treated received anything" in found.verdict


def test_without_held_out_people_there_is_nothing_to_measure_against(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        assert lift(shop, 1).verdict == "Not yet: nobody has entered whose entry counts."
        with_people(shop, *PEOPLE[:12])
        shop.tick(0)
        shop.tick(31 * DAY)
        assert "nobody was held out" in lift(shop, 31).verdict


def test_contaminated_people_are_left_out_and_counted(tmp_path: Path) -> None:
    with opened(tmp_path, documents=HALF) as shop:
        treated, held = entered(shop)
        same = {"anonymous_id": "same"}
        shop.happened(*(event("Seen", f"{n}-seen", 24, ids={**ids_of(n), **same}) for n in (treated[0], held[0])))
        shop.tick(31 * DAY)
        found = lift(shop, 31)
        assert found.contaminated == 1
        assert (found.effects.treated.people, found.effects.held_out.people) == (len(treated) - 1, len(held) - 1)
        assert found.notes[0].startswith("Left out: 1 person of both arms")


def test_people_of_a_revision_that_asked_for_something_else_are_left_out(tmp_path: Path) -> None:
    with opened(tmp_path, documents=HALF) as shop:
        with_people(shop, *PEOPLE[:20])
        shop.tick(0)
    other = HALF["journeys/churn_rescue.yaml"].replace("goal_within: 30d", "goal_within: 20d")
    write(tmp_path, {"journeys/churn_rescue.yaml": other})
    with opened(tmp_path) as shop:
        apply(shop, 1)
        with_people(shop, *PEOPLE)
        shop.tick(24)
        shop.tick(40 * DAY)
        found = lift(shop, 40)
        assert found.window == "20d"
        assert found.other_revisions == 20
        assert found.effects.treated.people + found.effects.held_out.people == 28


AGAIN = """\
kind: journey
key: churn_rescue
spec:
  trigger: {event: Cart Viewed}
  reentry: {per: cart_id}
  goal: {did: Order Completed}
  goal_within: 30d
  holdout: 50%
  steps: [{key: code, offer: winback}, {key: miss_you, send: we_miss_you, channel: email, topic: winback}]
"""


def test_who_enters_several_times_counts_once_and_received_what_any_run_sent(tmp_path: Path) -> None:
    def carts(hour: float, *numbers: int) -> list[dict[str, Any]]:
        pairs = [(name, number) for name in PEOPLE for number in numbers]
        return [
            event("Cart Viewed", f"{name}-{number}", hour, ids=ids_of(name), properties={"cart_id": number})
            for name, number in pairs
        ]

    with opened(tmp_path, documents={"journeys/churn_rescue.yaml": AGAIN}) as shop:
        shop.happened(*(event("Seen", f"{name}-first", 0, ids=ids_of(name)) for name in PEOPLE))
        shop.start()
        shop.happened(*carts(1, 1, 2))
        shop.tick(2)  # nobody may be written to yet
        with_people(shop, *PEOPLE)
        shop.happened(*carts(30, 3))
        shop.tick(31)
        treated, held = arms(shop)
        assert min(len(treated), len(held)) >= 15
        shop.happened(*(order(name, 5, 30) for name in (treated[0], held[0])))
        shop.tick(33 * DAY)
        found = lift(shop, 33)
        both = found.effects
        assert (both.treated.people, both.treated.goals, both.treated.revenue) == (len(treated), 1, 30.0)
        assert (both.held_out.people, both.held_out.goals, both.held_out.revenue) == (len(held), 1, 30.0)
        assert (found.contaminated, found.received) == (0, len(treated))


def test_an_unknown_journey(tmp_path: Path) -> None:
    with opened(tmp_path) as shop, pytest.raises(UsageError, match="nothing"):
        measure.journey_lift(shop.engine, shop.catalog, "nothing", now=at(0))
