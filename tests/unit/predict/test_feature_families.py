"""Families of features: worked out by hand, in one pass as one by one, and blind to what comes later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from foretell.errors import UsageError
from foretell.predict.features import FeaturePlan, compute, compute_at, features_of, plan_for
from foretell.predict.features.calendar import country_of
from foretell.predict.features.families import families
from foretell.predict.features.plan import BASE
from foretell.predict.send_time.habits import habits
from tests.support.features_shop import AS_OF, Lines, Shop, did, everybody, load, opened, person, told, values

HORIZONS = (30.0,)


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path) as shop:
        yield shop


def planned(it: Shop, as_of: datetime = AS_OF, **words: Any) -> FeaturePlan:
    return plan_for(
        it.engine.analytics, everybody(it), as_of, HORIZONS, currency="EUR", zone="Europe/Berlin",
        columns=it.engine.log.properties(), **words,
    )  # fmt: skip


def world(people: int = 30) -> Lines:
    """Everybody has a little of everything; ``u0`` is told of by hand below."""
    lines: Lines = []
    for number in range(people):
        user = f"u{number}"
        lines += [
            told(user, 200 + number, tier="gold" if number % 3 else "silver", member=number % 2 == 0, age=20 + number,
                 born=f"{1960 + number}-05-01", email=f"{user}@shop.example", code=f"only-{number}"),
            did(user, 100 - number, "Session Ended", pages=4, duration_seconds=120),
            did(user, 50 - number, "Email Delivered"),
            did(user, 12.5, "Ticket Opened", ticket_id=user),
            did(user, 40.5, "Survey Answered", survey="nps", score=number % 11),
            did(user, 25.5, "Product Viewed", product_id="p1"),
        ]  # fmt: skip
    return lines


OWN: Lines = [
    *(did("u0", days, "Session Ended", pages=2, duration_seconds=60) for days in (1.5, 3.5, 10.5, 35.5, 36.5)),
    did("u0", 20.5, "Email Delivered"),
    did("u0", 20.25, "Email Opened"),
    did("u0", 20.2, "Email Opened", machine=True),
    did("u0", 45.5, "Email Delivered"),
    did("u0", 45.4, "Email Link Clicked", link_url="https://shop.example"),
    did("u0", 11.5, "Ticket Solved", ticket_id="u0", hours=24),
    did("u0", 5.5, "Ticket Opened", ticket_id="second"),
    did("u0", 2.5, "Survey Answered", survey="nps", score=9),
    did("u0", 4.5, "Product Added", product_id="p1"),
    told("u0", 20, tier="platinum"),
]


def test_what_families_say_is_what_is_worked_out_by_hand(it: Shop) -> None:
    load(it, "world", [*world(), *OWN])
    plan = planned(it)
    assert plan.families == ("engagement", "feedback", "funnel", "sessions", "tickets")
    found = values(compute(it.engine.analytics, plan, everybody(it), AS_OF), person(it, "u0"))
    expected = {
        "visits_7d": 2, "visits_before_7d": 1, "visits_trend_7d": 1, "visits_30d": 3, "visits_before_30d": 2,
        "visits_90d": 5, "visits_before_90d": 1, "pages_30d": 6, "minutes_30d": 3.0, "pages_per_visit": 2.0,
        "days_since_visit": 1.5, "mails_30d": 1, "opens_30d": 1, "open_rate_30d": 1.0, "open_rate_before_30d": 0.0,
        "clicks_30d": 0, "clicks_90d": 1, "days_since_open": 20.25, "days_since_click": 45.4,
        "tickets_7d": 1, "tickets_30d": 2, "tickets_open": 1, "days_since_ticket": 5.5, "ticket_hours": 24.0,
        "answers_90d": 2, "last_score": 9.0, "score_mean": 4.5, "days_since_answer": 2.5,
        "days_since_view": 25.5, "days_since_unbought_cart": 4.5, "product_views_30d": 1, "view_to_cart_30d": 1.0,
        "trait:age": 20.0, "trait:member": 1.0, "trait:tier=gold": 0.0,
        "trait:tier=other": 1.0,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-5)
    assert found["trait:born"] == pytest.approx((AS_OF.date() - datetime(1960, 5, 1).date()).days)


def test_what_a_program_did_in_somebodys_name_is_not_theirs(it: Shop) -> None:
    scanned = did("u0", 0.25, "Email Link Clicked", link_url="https://shop.example", machine=True)
    load(it, "world", [*world(), *OWN])
    key, before = person(it, "u0"), compute(it.engine.analytics, planned(it), everybody(it), AS_OF)
    load(it, "scanner", [scanned])
    after = compute(it.engine.analytics, planned(it), everybody(it), AS_OF)
    assert values(after, key) == pytest.approx(values(before, key), nan_ok=True)
    mark = it.engine.log.properties().of("machine")
    assert mark is not None
    found = habits(it.engine.analytics, ZoneInfo("UTC"), AS_OF, machine=mark.text)
    assert found.responses[found.people.tolist().index(key)].sum() == 1  # of two clicks, the one that a person made
    assert habits(it.engine.analytics, ZoneInfo("UTC"), AS_OF).responses.sum() == 2


def test_who_somebody_is_and_what_tells_everybody_apart_is_no_feature(it: Shop) -> None:
    load(it, "world", world())
    assert {one.trait for one in planned(it).traits} == {"age", "born", "member", "tier"}


def test_a_family_of_which_nothing_is_known_is_not_planned(it: Shop) -> None:
    load(it, "world", [line for line in world() if line.get("event") not in ("Ticket Opened", "Email Delivered")])
    assert {"tickets", "engagement"}.isdisjoint(planned(it).families)


def test_many_instants_in_one_pass_give_the_same_bytes(it: Shop) -> None:
    load(it, "world", [*world(), *OWN])
    plan, people = planned(it), everybody(it)
    instants = [AS_OF - timedelta(days=days) for days in (0, 17, 44, 90)]
    asked = [(instant, people.slice(place)) for place, instant in enumerate(instants)]
    together = compute_at(it.engine.analytics, plan, asked)
    for instant, some in asked:
        alone = compute(it.engine.analytics, plan, some, instant)
        assert together[instant].features == alone.features
        assert together[instant].people.tolist() == alone.people.tolist()
        assert together[instant].values.tobytes() == alone.values.tobytes()


def test_nothing_that_comes_later_changes_a_feature(it: Shop) -> None:
    load(it, "world", [*world(), *OWN])
    plan, people = planned(it), everybody(it)
    before = compute(it.engine.analytics, plan, people, AS_OF)
    names = sorted({event for family in families().values() for event in family.events})
    random = np.random.default_rng(7)
    later = [
        did(f"u{number % 30}", -float(random.uniform(0.001, 60)), names[number % len(names)], pages=9, score=1, hours=3,
            duration_seconds=999, machine=False)
        for number in range(300)
    ]  # fmt: skip
    load(it, "later", [*later, *(told(f"u{number}", -1, tier="bronze", age=99, member=False) for number in range(30))])
    again = compute(it.engine.analytics, plan, people, AS_OF)
    assert again.values.tobytes() == before.values.tobytes()
    assert compute(it.engine.analytics, plan, people, AS_OF + timedelta(days=61)).values.tobytes() != (
        before.values.tobytes()
    )


def test_a_value_that_comes_later_falls_among_the_others(it: Shop) -> None:
    load(it, "world", world())
    plan = planned(it)
    load(it, "new", [told("u1", -1, tier="diamond"), told("u2", -1, member="perhaps")])
    found = compute(it.engine.analytics, plan, everybody(it), AS_OF + timedelta(days=2))
    one, two = values(found, person(it, "u1")), values(found, person(it, "u2"))
    assert (one["trait:tier=gold"], one["trait:tier=other"]) == (0.0, 1.0)
    assert np.isnan(two["trait:member"])


def test_what_is_not_asked_for_is_not_computed(it: Shop) -> None:
    load(it, "world", [*world(), *OWN])
    plan = planned(it, wanted=["sessions", "trait:age"], without=["visits_7d"])
    assert (plan.base, plan.families, [one.trait for one in plan.traits]) == ((), ("sessions",), ["age"])
    assert sorted(plan.paths) == ["duration_seconds", "pages"]
    names = [feature.name for feature in compute(it.engine.analytics, plan, everybody(it), AS_OF).features]
    assert {"visits_30d", "trait:age"} <= {*names}
    assert {"visits_7d", "orders"}.isdisjoint(names)


def test_a_feature_that_is_none_is_refused_with_those_there_are(it: Shop) -> None:
    load(it, "world", world())
    with pytest.raises(UsageError) as refused:
        planned(it, without=["visits_31d"])
    assert refused.value.code == "UNKNOWN_FEATURE"
    assert "visits_30d" in str(refused.value.next_step)


def test_a_plan_is_kept_and_finds_properties_where_they_stand_later(it: Shop) -> None:
    load(it, "world", world())
    plan = planned(it, without=["season"])
    assert FeaturePlan.from_dict(json.loads(json.dumps(plan.as_dict()))) == plan
    moved = replace(plan, paths=dict.fromkeys(plan.paths, ("p998s", "p999n")))
    assert moved.placed(it.engine.log.properties()) == plan
    old = {"events": ["a"], "horizons_days": [30.0], "currency": "EUR", "zone": "UTC"}
    assert FeaturePlan.from_dict(old) == FeaturePlan(("a",), (30.0,), "EUR", "UTC")


def test_names_tell_features_apart_and_every_family_says_whose_it_is(it: Shop) -> None:
    load(it, "world", [*world(), *OWN])
    known = features_of(it.engine.analytics, planned(it), AS_OF)
    assert len({one.name for one in known}) == len(known)
    assert {one.family for one in known} == {*BASE, *families(), "traits"}
    befores = [one.before for one in known if one.before is not None]
    assert len(befores) > 10
    assert {*befores} <= {one.name for one in known}


def test_holidays_are_those_of_the_country_of_the_zone(it: Shop) -> None:
    load(it, "world", world())
    assert (country_of("Europe/Berlin"), country_of("UTC"), country_of("Europe/London")) == ("DE", "", "GB")
    december = datetime(2025, 12, 1, 12, tzinfo=UTC)
    found = compute(it.engine.analytics, planned(it), everybody(it), december)
    row = values(found, int(found.people[0]))
    assert (row["season_holidays_30d"], row["season_days_to_holiday"]) == (2.0, 24.0)
