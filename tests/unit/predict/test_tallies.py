"""Tallies: every function over every kind of window, against counting one by one; and of some people at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from foretell.predict.features import FeaturePlan, Tally, compute, compute_at
from tests.support.features_shop import AS_OF, Lines, Shop, did, everybody, load, opened, person, values

ZONE = "Europe/Berlin"
WINDOWS = (7, 30, 0)
TALLIES = (
    Tally("all", (), WINDOWS),
    Tally("lately", (), (7, 30)),
    Tally("a", ("A",), WINDOWS),
    Tally("either", ("C", "A"), WINDOWS),
    Tally("never", ("D",), (7,)),
    Tally("hands", ("A",), WINDOWS, without="machine"),
    Tally("shoes", ("B", "A"), WINDOWS, where=("kind", "shoes")),
    Tally("any_shoes", (), WINDOWS, where=("kind", "shoes")),
    Tally("first", ("B",), WINDOWS, "first"),
    Tally("last", (), WINDOWS, "last"),
    Tally("sum", ("A", "B"), WINDOWS, "sum", "amount"),
    Tally("hands_sum", ("A",), (7, 30), "sum", "amount", "machine"),
    Tally("values", (), WINDOWS, "values", "amount"),
    Tally("most", ("B",), WINDOWS, "max", "amount"),
    Tally("pages", (), (7,), "sum", "pages"),
    Tally("latest", ("A",), (0,), "latest", "amount"),
    Tally("days", (), (7, 30), "days"),
    Tally("a_days", ("A",), WINDOWS, "days"),
    Tally("kinds", (), WINDOWS, "distinct", "kind"),
    Tally("a_kinds", ("A",), (7, 30), "distinct", "kind", "machine"),
    Tally("ever_kinds", (), (0,), "distinct", "kind"),
    Tally("unseen", (), (7,), "sum", "nothing"),
)


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("tallied")) as shop:
        load(shop, "world", world())
        yield shop


def world() -> Lines:
    """Nine people with a few events each, in and out of the windows and after the instant."""
    random = np.random.default_rng(4)
    lines: Lines = [did("u9", 400.0, "B", amount=1)]
    for number in range(240):
        told: dict[str, Any] = {"amount": int(random.integers(-50, 50)), "pages": int(random.integers(9))}
        told |= {"kind": ("shoes", "hats", "bags")[number % 3], "machine": bool(random.random() < 0.3)}
        kept = {name: value for name, value in told.items() if random.random() < 0.7}
        lines.append(did(f"u{number % 8}", float(random.uniform(-3, 45)), "ABC"[random.integers(3)], **kept))
    return lines


def plan(it: Shop) -> FeaturePlan:
    known = it.engine.log.properties()
    places = {path: known.of(path) for path in ("amount", "pages", "kind", "machine")}
    paths = {path: (place.text, place.number) for path, place in places.items() if place is not None}
    return FeaturePlan((), (), "EUR", ZONE, base=(), tallies=TALLIES, paths=paths)


def counted(tally: Tally, days: int, events: Lines, as_of: datetime) -> float:
    """The number of one person's events, looked at one by one."""

    def at(event: Mapping[str, Any]) -> datetime:
        return datetime.fromisoformat(event["timestamp"])

    def counts(event: Mapping[str, Any]) -> bool:
        told, age = event["properties"], as_of - at(event)
        return (
            timedelta(0) <= age
            and (not days or age < timedelta(days=days))
            and (not tally.events or event["event"] in tally.events)
            and not (tally.without and told.get(tally.without) is True)
            and (tally.where is None or told.get(tally.where[0]) == tally.where[1])
        )

    found = sorted(filter(counts, events), key=at)
    told = [event["properties"][tally.of] for event in found if tally.of in event["properties"]]
    ages = [(as_of - at(event)) / timedelta(days=1) for event in found]
    told_by: dict[str, Callable[[], float]] = {
        "count": lambda: len(found),
        "values": lambda: len(told),
        "sum": lambda: sum(told),
        "max": lambda: max(told, default=np.nan),
        "latest": lambda: told[-1] if told else np.nan,
        "first": lambda: max(ages, default=np.nan),
        "last": lambda: min(ages, default=np.nan),
        "distinct": lambda: len({*told}),
        "days": lambda: len({at(event).astimezone(ZoneInfo(ZONE)).date() for event in found}),
    }
    return told_by[tally.function]()


@pytest.mark.parametrize("days_before", [0, 11])
def test_every_function_is_what_counting_one_by_one_gives(it: Shop, days_before: int) -> None:
    as_of = AS_OF - timedelta(days=days_before)
    found = compute(it.engine.analytics, plan(it), everybody(it), as_of)
    asked = [(as_of, everybody(it)), (AS_OF - timedelta(days=3), everybody(it).slice(1))]
    together = compute_at(it.engine.analytics, plan(it), asked)
    assert together[as_of].values.tobytes() == found.values.tobytes()
    for user in (f"u{number}" for number in range(10) if number != 8):
        own = [line for line in world() if line["userId"] == user]
        expected = {
            f"{tally.name}_{days}d" if days else tally.name: counted(tally, days, own, as_of)
            for tally in TALLIES[:-1]
            for days in tally.windows
        }
        assert values(found, person(it, user)) == pytest.approx(expected, rel=1e-5, nan_ok=True)


def test_people_asked_about_in_parts_have_the_same_bytes(it: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    people = everybody(it)
    whole = compute(it.engine.analytics, plan(it), people, AS_OF)
    asked: list[int] = []
    known = it.engine.analytics.query

    def query(sql: str, params: Any, tables: Any) -> Any:
        asked.append(tables["people"].num_rows)
        return known(sql, params, tables)

    monkeypatch.setattr("foretell.predict.features._ASKED_AT_ONCE", 4)
    monkeypatch.setattr(it.engine.analytics, "query", query)
    parts = compute(it.engine.analytics, plan(it), people.take(list(range(people.num_rows))[::-1]), AS_OF)
    assert asked == [3, 3, 3]
    assert parts.people.tolist() == whole.people.tolist()
    assert parts.values.tobytes() == whole.values.tobytes()


def test_nobody_has_no_rows(it: Shop) -> None:
    assert compute(it.engine.analytics, plan(it), everybody(it).slice(0, 0), AS_OF).values.shape[0] == 0
