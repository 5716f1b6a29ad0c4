"""Series of one's own as features: worked out by hand, known when they were known, many instants as one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foretell import app, collect
from foretell.predict.binary.fit import in_season
from foretell.predict.features import FeaturePlan, compute, compute_at, features_of, plan_for
from tests.support.features_shop import AS_OF, NOW, Shop, everybody, load, opened, person, told, values

WEATHER = """\
kind: table
key: weather
spec:
  row_key: [city, day]
  series: {date: day, by: {city: city}, known_after: 12h}
  columns: {city: string, day: date, degrees: number, note: string}
"""
OIL = """\
kind: table
key: oil
spec:
  row_key: day
  series: {date: day}
  columns: {day: date, price: number}
"""
DAYS = 60


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Shop]:
    with opened(tmp_path, tables__weather=WEATHER, tables__oil=OIL) as shop:
        people = [
            told("ann", 100, city=" Bern "), told("bob", 100, city="Kiel"), told("cid", 100, city="Oslo"),
            told("dan", 100, age=3), told("ann", 10, city="kiel"),
        ]  # fmt: skip
        load(shop, "people", people)
        yield shop


def day(back: float) -> str:
    return (AS_OF - timedelta(days=back)).date().isoformat()


def weather(back: range = range(-20, DAYS)) -> list[dict[str, Any]]:
    """Bern has as many degrees as days lie before; Kiel 5, and 12 in the last week; of days to come 30 and 20."""
    rows: list[dict[str, Any]] = []
    for days in back:
        rows.append({"city": "Bern", "day": day(days), "degrees": 30 if days < 0 else days, "note": "dry"})
        kiel = 20 if days < 0 else 12 if days < 7 else 5
        rows.append({"city": "KIEL", "day": day(days), "degrees": kiel + 0.5, "note": "wet"})
    return rows


def put(it: Shop, table: str, rows: list[dict[str, Any]], at: datetime) -> collect.LoadReport:
    return collect.load_rows(it.engine, it.workspace.catalog, table, rows, now=at)


def planned(it: Shop, as_of: datetime = AS_OF, **words: Any) -> FeaturePlan:
    return plan_for(
        it.engine.analytics, everybody(it), as_of, (30.0,), currency="EUR", zone="UTC",
        columns=it.engine.log.properties(), series=collect.series_of(it.workspace.catalog), **words,
    )  # fmt: skip


def of(it: Shop, user: str, plan: FeaturePlan, as_of: datetime = AS_OF) -> dict[str, float]:
    found = values(compute(it.engine.analytics, plan, everybody(it), as_of), person(it, user))
    return {name: value for name, value in found.items() if "series:" in name}


def test_what_is_read_of_a_series_is_what_is_worked_out_by_hand(it: Shop) -> None:
    put(it, "weather", weather(range(DAYS)), AS_OF - timedelta(days=1))
    put(it, "weather", weather(range(-20, 0)), AS_OF - timedelta(hours=1))
    plan = planned(it)
    kiel = {
        "series:weather.degrees": 12.5, "series:weather.degrees:7d": 12.5, "series:weather.degrees:before_7d": 5.5,
        "series:weather.degrees:trend": 7.0, "series:weather.degrees:next_7d": 20.5,
        "series:weather.degrees:next_30d": 20.5,
    }  # fmt: skip
    assert of(it, "bob", plan) == pytest.approx(kiel)
    assert of(it, "ann", plan) == pytest.approx(kiel)  # who has moved, and writes the town in small letters
    earlier = of(it, "ann", plan, AS_OF - timedelta(days=20))
    assert earlier["series:weather.degrees"] == 21  # of that day half a day was not over
    assert earlier["series:weather.degrees:7d"] == pytest.approx(np.mean(range(21, 27)))
    assert earlier["series:weather.degrees:before_7d"] == pytest.approx(np.mean(range(27, 50)))
    for stranger in ("cid", "dan"):
        assert np.isnan([*of(it, stranger, plan).values()]).all()


def test_a_row_is_known_from_its_loading_or_so_long_after_its_day(it: Shop) -> None:
    plan_before = planned(it)
    assert plan_before.series == ()  # nothing was ever loaded
    put(it, "oil", [{"day": day(days), "price": 2} for days in range(5)], AS_OF - timedelta(days=3))
    put(it, "weather", weather(range(-20, 30)), NOW)
    plan = planned(it, NOW)
    name = "season_series:oil.price"
    assert np.isnan(of(it, "bob", plan, AS_OF - timedelta(days=3, seconds=1))[name])
    assert of(it, "dan", plan, AS_OF - timedelta(days=3))[name] == 2
    assert of(it, "bob", plan, AS_OF)["series:weather.degrees"] == 12.5  # loaded later, as history


def test_the_last_version_known_stands_and_what_is_taken_out_is_gone(it: Shop) -> None:
    put(it, "oil", [{"day": day(1), "price": 2}, {"day": day(2), "price": 4}], AS_OF - timedelta(days=1))
    put(it, "oil", [{"day": day(1), "price": 3}], AS_OF)
    plan, name = planned(it), "season_series:oil.price"
    assert of(it, "bob", plan, AS_OF - timedelta(hours=1))[name] == 2
    assert of(it, "bob", plan, AS_OF)[name] == 3
    assert of(it, "bob", plan, AS_OF)[f"{name}:7d"] == 3.5
    path = it.workspace.root / "oil.csv"
    path.write_text(f"day,price\n{day(2)},4\n")
    replacing = OIL.replace("row_key: day", "row_key: day\n  refresh: {mode: replace}")
    (it.workspace.root / "tables" / "oil.yaml").write_text(replacing)
    app.reload_definitions(it.workspace)
    report = collect.load_file(it.engine, it.workspace.catalog, "oil", path, now=AS_OF + timedelta(hours=1))
    assert (report.removed, report.unchanged) == (1, 1)
    assert of(it, "bob", plan, AS_OF)[name] == 3
    assert of(it, "bob", plan, AS_OF + timedelta(hours=1))[name] == 4


def test_many_instants_in_one_pass_give_the_same_bytes_and_nothing_later_changes_them(it: Shop) -> None:
    put(it, "weather", weather(), AS_OF - timedelta(days=30))
    put(it, "oil", [{"day": day(days), "price": days % 7} for days in range(-9, 50)], AS_OF - timedelta(days=40))
    plan, people = planned(it), everybody(it)
    instants = [AS_OF - timedelta(days=days) for days in (0, 13, 33)]
    alone = {at: compute(it.engine.analytics, plan, people, at) for at in instants}
    together = compute_at(it.engine.analytics, plan, [(at, people) for at in instants])
    for at in instants:
        assert together[at].features == alone[at].features
        assert together[at].values.tobytes() == alone[at].values.tobytes()
    put(it, "oil", [{"day": day(days), "price": 99} for days in range(-9, 50)], AS_OF + timedelta(seconds=1))
    load(it, "moved", [told("bob", -1, city="Bern")])
    assert compute(it.engine.analytics, plan, people, AS_OF).values.tobytes() == alone[AS_OF].values.tobytes()
    later = AS_OF + timedelta(days=2)
    assert of(it, "bob", plan, later) != of(it, "ann", plan, later)


def test_what_is_the_same_for_everybody_waits_for_a_year_and_can_be_left_out(it: Shop) -> None:
    put(it, "weather", weather(), AS_OF)
    put(it, "oil", [{"day": day(3), "price": 1}], AS_OF)
    plan = planned(it)
    names = tuple(one.name for one in features_of(it.engine.analytics, plan, AS_OF) if one.family == "series")
    assert {one.table for one in plan.series} == {"oil", "weather"}
    kept = in_season(names, [AS_OF - timedelta(days=200), AS_OF])
    assert {one.split(".")[0] for one in kept} == {"series:weather"}
    assert in_season(names, [AS_OF - timedelta(days=366), AS_OF]) == names
    assert planned(it, without=["series"]).series == ()
    only = planned(it, wanted=["series:weather.degrees:7d"])
    assert [one.table for one in only.series] == ["weather"]
    assert sorted(only.paths) == ["row.city", "row.day", "row.degrees"]
    assert FeaturePlan.from_dict(json.loads(json.dumps(plan.as_dict()))) == plan


def test_rows_without_a_day_are_refused_and_all_others_are_nobodys(it: Shop) -> None:
    report = put(it, "oil", [{"price": 1}, {"day": "soon", "price": 1}, {"day": day(1), "price": 7}], AS_OF)
    assert (report.added, report.refused) == (1, 2)
    assert "day" in report.examples[0].reason
    (table, *_) = [one for one in collect.own_tables(it.engine, it.workspace.catalog, now=AS_OF) if one.key == "oil"]
    assert (table.link, table.rows, table.people, table.accounts) == ("series", 1, 0, 0)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{row_key: d, series: {date: d}, link: {user_id: d}, columns: {d: date, n: number}}", "either link"),
        ("{row_key: d, columns: {d: date, n: number}}", "link names one kind"),
        ("{row_key: d, series: {date: d}, columns: {d: string, n: number}}", "is a date"),
        ("{row_key: d, series: {date: d}, columns: {d: date, n: string}}", "no column of type number"),
        ("{row_key: d, series: {date: d, by: {city: c}}, columns: {d: date, n: number}}", "does not name"),
    ],
)
def test_documents_that_are_wrong(tmp_path: Path, spec: str, said: str) -> None:
    text = f"kind: table\nkey: t\nspec: {spec}\n"
    with opened(tmp_path, tables__t=text) as shop:
        found = app.all_problems(shop.workspace)
    assert said in " ".join(one.message for one in found)
