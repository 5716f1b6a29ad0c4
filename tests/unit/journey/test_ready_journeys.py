"""Each ready journey is written into a workspace, applied, and played from end to end on a moved clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import app, definitions, deliver, journey
from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP
from foretell.errors import UsageError
from tests.support.journey_shop import CHANNELS, JourneyShop, apply, at, ids_of, opened
from tests.support.small_events import event
from tests.support.small_workspace import write

SETTINGS = "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\nsending: {base_url: https://shop.example}\n"
KEYS = [one.key for one in journey.ready_journeys()]
NAMES = tuple(f"p{number:02d}" for number in range(40))
DAY = 24.0


@dataclass(frozen=True)
class Played:
    """What happens to everybody, and what those who are treated and stay silent get.

    Args:
        events: name, hour, properties.
        messages: step → hour.
        until: the last hour.
        enters: the hour of the tick that lets them in.
        over: how the run ends, and at which step.
    """

    events: Sequence[tuple[str, float, dict[str, Any]]]
    messages: dict[str, float]
    until: float
    over: tuple[str, str] = ("done", "finish")
    cases: int = 0
    opened: Sequence[tuple[str, float]] = ()
    enters: float = 1


PLAYED = {
    "onboarding": Played(
        [("Signed Up", 1, {})], {"welcome": 1, "first_steps": 2 * DAY + 9, "help": 7 * DAY + 9}, 16 * DAY
    ),
    "support_follow_up": Played(  # 1 January 2026 is a Thursday
        [("Ticket Solved", 1, {"ticket_id": 7, "subject": "Late"})], {"ask": DAY + 9}, 9 * DAY
    ),
    "purchase_survey": Played(  # a morning in Berlin begins an hour earlier here
        [("Order Completed", 1, {"order_id": "o", "products": [{"product_id": "A1", "name": "Shoe"}]})],
        {"ask": 3 * DAY + 9, "ask 2": 7 * DAY + 9},
        14 * DAY,
    ),
    "ticket_survey": Played([("Ticket Solved", 1, {"ticket_id": 7, "subject": "Late"})], {"ask": 2}, 9 * DAY),
    "re_engagement": Played([("Page Viewed", -60 * DAY, {})], {"hello": 17, "last": 7 * DAY + 17}, 16 * DAY, enters=7),
    "abandoned_cart": Played(
        [("Product Added", 1, {"product_id": "A1", "name": "Shoe"})],
        {"reminder": 2, "with_code": 25},
        6 * DAY,
        opened=[("reminder", 3)],
    ),
    "browse_abandonment": Played(
        [("Product Viewed", hour, {"name": "Shoe"}) for hour in (-30.0, -20.0, 1.0)], {"seen": 18}, 5 * DAY
    ),
    "post_purchase_review": Played(
        [("Order Completed", 1, {"order_id": "o"})], {"ask": 10 * DAY + 17, "again": 15 * DAY + 17}, 24 * DAY
    ),
    "churn_rescue": Played(
        [
            ("Order Completed", -100 * DAY, {"order_id": "o"}),
            ("Prediction Band Crossed", 1, {"prediction": "churn", "horizon": "90d", "from": "medium", "to": "high"}),
        ],
        {"miss_you": 9, "text": DAY + 9},
        6 * DAY,
        cases=1,
    ),
    "win_back": Played(  # the first Tuesday is 6 January
        [("Order Completed", -300 * DAY, {"order_id": "o"})],
        {"hello": 5 * DAY + 17, "last": 12 * DAY + 17},
        21 * DAY,
        opened=[("hello", 7 * DAY)],
        enters=5 * DAY + 9,
    ),
    "replenishment": Played(
        [("Order Completed", 1, {"order_id": "o"})],
        {"reminder": 31 * DAY + 9 - DAY, "again": 41 * DAY + 9 - DAY},
        49 * DAY,
        opened=[("reminder", 33 * DAY)],
    ),
    "promoter_review": Played(
        [("Survey Answered", 1, {"survey": "nps", "score": 10, "response_id": "r"})],
        {"ask": 2 * DAY + 9, "again": 9 * DAY + 9},
        17 * DAY,
    ),
    "promoter_referral": Played(
        [("Survey Answered", 1, {"survey": "nps", "score": 9, "response_id": "r"})],
        {"invite": 7 * DAY + 9, "last": 21 * DAY + 9},
        37 * DAY,
        opened=[("invite", 8 * DAY)],
    ),
    "payment_failure": Played(
        [("Payment Failed", 1, {"invoice_id": 5, "amount": 20, "currency": "EUR"})],
        {"notice": 1, "reminder": 2 * DAY + 1, "text": 5 * DAY + 1},
        9 * DAY,
        cases=1,
    ),
}


@contextmanager
def written(root: Path, key: str) -> Iterator[JourneyShop]:
    """A workspace with nothing in it but the ready journey, written and applied."""
    write(root, {"foretell.yaml": SETTINGS})
    catalog, _ = definitions.load(root, app.KINDS, environ={})
    journey.write_ready(catalog, key)
    with opened(root) as shop:
        apply(shop)
        yield shop


def test_there_are_those_that_are_promised() -> None:
    assert sorted(PLAYED) == KEYS
    assert all(one.description and one.enters for one in journey.ready_journeys())


@pytest.mark.parametrize("key", KEYS)
def test_a_ready_journey_plays_from_end_to_end(tmp_path: Path, key: str) -> None:
    played = PLAYED[key]
    with written(tmp_path, key) as shop:
        happen(shop, played)
        journey.start(shop.engine, shop.catalog, key, now=at(0))
        reading = {hour: step for step, hour in played.opened}
        for hour in sorted({played.enters, *played.messages.values(), *reading, played.until}):
            if hour in reading:
                read(shop, reading[hour], hour)
            shop.tick(hour)
        people = treated(shop)
        held = {name for name, run in shop.runs().items() if run[0] == "held_out"}
        share = journey.spec_of(shop.catalog.get("journey", key)).holdout
        assert bool(held) == (share > 0)
        assert people | held == set(NAMES)
        name = min(people)
        assert got_by(shop, name) == pytest.approx(played.messages)
        assert {who for who, *_ in shop.messages()} == people, "the held out get nothing"
        assert {state for *_, state in shop.messages()} <= {"delivered", "sent"}
        assert {run[:2] for who, run in shop.runs().items() if who in people} == {played.over}
        assert len(shop.cases()) == played.cases * len(people)


def got_by(shop: JourneyShop, name: str) -> dict[str, float | None]:
    """Step → hour of a person's messages; a second one of a step is called ``STEP 2``."""
    found: dict[str, float | None] = {}
    for hours, step in sorted((hours or 0.0, step) for who, step, hours, _ in shop.messages() if who == name):
        found[step if step not in found else f"{step} {sum(key.split()[0] == step for key in found) + 1}"] = hours
    return found


def happen(shop: JourneyShop, played: Played) -> None:
    events = []
    for place, name in enumerate(NAMES):
        ids = {**ids_of(name), "phone": f"+49170123450{place:02d}"}
        events.append(event("Registered", f"{name}-known", -400 * DAY, ids=ids, traits={"first_name": name}))
        for channel in CHANNELS:
            said = {"channel": channel, "purpose": "marketing", "state": "granted"}
            events.append(event("Consent Updated", f"{name}-{channel}", -190, ids=ids_of(name), properties=said))
        for number, (what, hour, told) in enumerate(played.events):
            events.append(event(what, f"{name}-{what}-{number}", hour, ids=ids_of(name), properties=told))
    shop.happened(*events)


def read(shop: JourneyShop, step: str, hour: float) -> None:
    """Everybody opens the message of a step."""
    ids = [one for (one,) in shop.engine.ops.query("SELECT message_id FROM messages WHERE step = ?", (step,))]
    assert ids
    stamps = pa.array([naive_utc(at(hour))] * len(ids), TIMESTAMP)
    told = pa.table({"message_id": ids, "kind": ["open"] * len(ids), "at": stamps})
    deliver.engaged(shop.engine, shop.catalog, told, now=at(hour))


def treated(shop: JourneyShop) -> set[str]:
    return {name for name, run in shop.runs().items() if run[0] != "held_out"}


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    text = "kind: template\nkey: cart_reminder\nspec: {subject: Ours, html: '<p>Ours</p>'}\n"
    write(tmp_path, {"foretell.yaml": SETTINGS, "templates/ours.yaml": text})
    catalog, _ = definitions.load(tmp_path, app.KINDS, environ={})
    done = journey.write_ready(catalog, "abandoned_cart")
    assert done.kept == ("template cart_reminder",)
    assert set(done.written) == {
        "journeys/abandoned_cart.yaml", "offers/cart_code.yaml", "templates/cart_with_code.yaml",
    }  # fmt: skip
    catalog, problems = definitions.load(tmp_path, app.KINDS, environ={})
    assert [problem for problem in problems if problem.severity == "error"] == []
    with pytest.raises(UsageError, match="the workspace has journey abandoned_cart already"):
        journey.write_ready(catalog, "abandoned_cart")


def test_an_unknown_one_is_told_with_a_near_miss() -> None:
    with pytest.raises(UsageError, match="no ready journey called 'abandoned_card'") as told:
        journey.ready_journey("abandoned_card")
    assert "abandoned_cart" in told.value.next_step
