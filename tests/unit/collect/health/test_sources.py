"""Sources against their own history: planted breaks open an alert once, and it closes when all is well again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect, definitions, identify, profile
from foretell.clock import FixedClock
from foretell.collect import SourceHealth, data_alerts, source_health, watch_sources
from foretell.collect.health import presence, rolling
from foretell.engine import EngineSettings, open_engine
from tests.unit.collect.decoding import NOW
from tests.unit.collect.workspace import Shop, opened

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 62
BREAK = BEGIN + timedelta(days=56)
MENDED = BREAK + timedelta(days=2)
EACH = timedelta(minutes=8)
"""180 events a day."""


def line(number: int, broken: bool) -> dict[str, Any]:
    """An order every eight minutes; the break leaves ids out, and writes the total as a text."""
    moment = BEGIN + number * EACH
    held: dict[str, Any] = {"order_id": f"o{number}", "total": "12,50" if broken else 12.5, "note": "hi"}
    if broken and number % 3 == 0:
        del held["order_id"]
    if number % 2:
        del held["note"]
    return {"type": "track", "event": "Order Completed", "messageId": f"m{number}", "userId": f"u{number % 50}",
            "timestamp": moment.isoformat(), "properties": held}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A source of eight weeks that breaks for two days and is mended; another that ends a day before the break."""
    folder = tmp_path_factory.mktemp("health")
    with opened(folder / "data") as engine:
        found = Shop(folder, engine, dict.fromkeys(("till", "web"), "format: jsonl\nhistory: true"))
        per_day = timedelta(days=1) // EACH
        rows = [line(number, 56 * per_day <= number < 58 * per_day) for number in range(DAYS * per_day)]
        found.load("till.jsonl", "".join(json.dumps(row) + "\n" for row in rows), "till")
        other = [{**row, "messageId": f"w{row['messageId']}"} for row in rows[: 55 * per_day]]
        found.load("web.jsonl", "".join(json.dumps(row) + "\n" for row in other), "web")
        yield found


def health(shop: Shop, source: str, now: datetime) -> SourceHealth:
    (found,) = [one for one in source_health(shop.engine, shop.catalog, now=now) if one.source == source]
    return found


def broken(shop: Shop, source: str, now: datetime) -> set[tuple[str, str]]:
    return {(one.name, one.subject) for one in health(shop, source, now).monitors if one.state == "broken"}


def test_a_clean_source_is_well_and_says_what_is_usual(shop: Shop) -> None:
    found = health(shop, "till", BREAK - timedelta(minutes=1))
    assert {one.state for one in found.monitors} == {"ok"}
    assert found.score.value == pytest.approx(100)
    assert found.score.parts["consistency"] is None, "there is no plan to hold it against"
    assert found.days[-1].value == 180
    assert found.last_hour == 7
    subjects = {(one.name, one.subject) for one in found.monitors if one.subject}
    assert ("present", "Order Completed.order_id") in subjects
    assert not any("note" in subject for _, subject in subjects), "half of the orders have one: that is no habit"


def test_a_property_that_goes_missing_or_changes_its_type_is_broken(shop: Shop) -> None:
    found = broken(shop, "till", BREAK + timedelta(days=1))
    assert found == {("present", "Order Completed.order_id"), ("type", "Order Completed.total")}
    first = health(shop, "till", BREAK + timedelta(days=1)).monitors
    told = next(one for one in first if one.name == "present" and one.state == "broken")
    assert told.value == pytest.approx(2 / 3)
    assert told.sentence == (
        "order_id of Order Completed is there in 66.7% of the events of the last 24 hours; 100.0% is usual."
    )
    assert told.next_step
    assert health(shop, "till", BREAK + timedelta(days=1)).score.value == pytest.approx(76.47, abs=0.1)


def test_a_source_that_ends_is_silent_since_its_last_event(shop: Shop) -> None:
    now = BEGIN + timedelta(days=55, hours=6)
    (silent,) = [one for one in health(shop, "web", now).monitors if one.name == "freshness"]
    assert (silent.state, silent.since) == ("broken", BEGIN + timedelta(days=55) - EACH)
    assert health(shop, "web", now).score.parts["timeliness"] == 0
    assert health(shop, "web", BEGIN + timedelta(days=55)).monitors[0].state == "ok"


def test_it_is_told_as_of_any_instant_and_too_early_nothing_is_judged(shop: Shop) -> None:
    early = health(shop, "till", BEGIN + timedelta(days=10))
    assert early.monitors[0].state == "learning"
    assert not broken(shop, "till", BEGIN + timedelta(days=10))
    assert early.days[0].value == 0


def test_an_alert_opens_once_and_closes_when_it_is_well(shop: Shop) -> None:
    def watched(now: datetime) -> tuple[int, int]:
        report = watch_sources(shop.engine, shop.catalog, now=now)
        return report.opened, report.closed

    assert watched(BEGIN + timedelta(days=55)) == (0, 0)
    assert watched(BREAK + timedelta(hours=12)) == (4, 0)
    assert watched(BREAK + timedelta(hours=12, minutes=5)) == (0, 0), "it was looked at five minutes ago"
    assert watched(BREAK + timedelta(hours=18)) == (0, 0)
    assert {(one.source, one.monitor) for one in data_alerts(shop.engine)} == {
        ("till", "present"), ("till", "type"), ("web", "freshness"), ("web", "volume"),
    }  # fmt: skip
    assert watched(MENDED + timedelta(days=1, hours=1)) == (0, 2)
    assert {one.source for one in data_alerts(shop.engine)} == {"web"}
    closed = [one for one in data_alerts(shop.engine, source="till", state="all") if one.closed_at]
    assert [one.closed_at for one in closed] == [MENDED + timedelta(days=1, hours=1)] * 2
    assert {one.opened_at for one in closed} == {BREAK + timedelta(hours=12)}


def test_what_lies_in_quarantine_is_a_share_of_what_came(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as engine:
        shop = Shop(tmp_path, engine, {"till": "format: jsonl\nhistory: true"})
        rows = [line(number, broken=False) for number in range(30 * 180)]
        shop.load("till.jsonl", "".join(json.dumps(row) + "\n" for row in rows), "till")
        now = BEGIN + timedelta(days=30)
        assert not broken(shop, "till", now)
        with engine.ops.write() as tx:
            moment = round((now - timedelta(hours=1)).timestamp() * 1_000_000)
            tx.executemany(
                "INSERT INTO quarantine (id, source, file, code, reason, severity, received_at, batch) "
                "VALUES (?, 'till', '', 'BAD_JSON', '', 'error', ?, 1)",
                [(f"q{number}", moment) for number in range(20)],
            )
        assert broken(shop, "till", now) == {("quarantined", "")}
        assert health(shop, "till", now).score.parts["validity"] == pytest.approx(179 / 199)


def loaded(shop: Shop, name: str, rows: list[dict[str, Any]]) -> None:
    shop.load(f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows), "till")


def test_what_is_added_up_says_the_same_as_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever came between two looks, early or late, and as of whatever instant."""
    rows = [line(number, 3_000 < number < 3_200) for number in range(40 * 180)]
    asked: list[int] = []
    read = rolling.presence_of

    def spied(engine: Any, test: str, params: dict[str, Any], slot: str) -> Any:
        asked.append(params["since"])
        return read(engine, test, params, slot)

    monkeypatch.setattr(presence, "presence_of", spied)
    with opened(tmp_path / "one" / "data") as one, opened(tmp_path / "two" / "data") as two:
        looked, plain = (Shop(tmp_path / name, engine, {"till": "format: jsonl\nhistory: true"})
                         for name, engine in (("one", one), ("two", two)))  # fmt: skip
        for part in range(5):
            loaded(looked, str(part), rows[part::5])
            watch_sources(one, looked.catalog, now=BEGIN + timedelta(days=39, minutes=33 * part))
        loaded(plain, "all", rows)
        asked.clear()
        for minutes in (0, 1, 719, 1_440, 60 * 24 * 40, 61 * 24 * 14 + 7):
            now = BEGIN + timedelta(days=40) - timedelta(minutes=minutes)
            assert source_health(one, looked.catalog, now=now) == source_health(two, plain.catalog, now=now)
        assert asked[:3] == [0, 0, 0], "of the shop that nobody looked at alone"
        assert asked[-2:] == [0, 0], "but what lies before it is added up"


def test_what_comes_again_is_told_and_calls_nobody(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as engine:
        shop = Shop(tmp_path, engine, {"till": "format: jsonl\nhistory: true"})
        loaded(shop, "first", [line(number, broken=False) for number in range(30 * 180)])
        loaded(shop, "again", [{**line(number, broken=False), "extra": 1} for number in range(40)])
        arrived = engine.analytics.query("SELECT max(received_at) AS last FROM event_log")["last"][0].as_py()
        assert engine.analytics.query("SELECT source, n FROM repeat_rows").to_pylist() == [{"source": "till", "n": 40}]
        for name, count, ago in (("live", 60, timedelta(hours=2)), ("before", 600, timedelta(days=3))):
            moment = (arrived - ago).isoformat() + "Z"
            changed = [{**line(number, False), "messageId": f"{name}{number}", "timestamp": moment}
                       for number in range(count)]  # fmt: skip
            loaded(shop, name, changed)
        (told,) = [one for one in health(shop, "till", arrived.replace(tzinfo=UTC) + timedelta(hours=1)).monitors
                   if one.name == "repeated"]  # fmt: skip
        assert told.state == "warn"
        assert told.value == pytest.approx(40 / 100)
        assert told.sentence.startswith("40 of 100 events of the last 24 hours came again")


def test_properties_that_are_new_or_gone_are_told(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as engine:
        shop = Shop(tmp_path, engine, {"till": "format: jsonl\nhistory: true"})
        rows = [line(number, broken=False) for number in range(30 * 180)]
        for number, row in enumerate(rows[29 * 180 :]):
            row["properties"].pop("note", None)
            if number % 5 == 0:
                row["properties"]["coupon"] = "MAY"
        loaded(shop, "till", rows)
        warned = [one for one in health(shop, "till", BEGIN + timedelta(days=30)).monitors if one.state == "warn"]
        assert {(one.name, one.subject) for one in warned} == {
            ("new", "Order Completed.coupon"), ("gone", "Order Completed.note"),
        }  # fmt: skip
        assert watch_sources(engine, shop.catalog, now=BEGIN + timedelta(days=30)).opened == 0


def test_a_trait_that_goes_missing_is_broken(tmp_path: Path) -> None:
    parts = [definitions.PARTS, collect.PARTS, identify.PARTS, profile.PARTS]
    stages = [identify.IdentifyStage(), collect.CollectStage("GBP"), profile.ProfileStage()]
    frames = collect.decoders(collect.FrameReader())
    with open_engine(EngineSettings(tmp_path / "data"), parts, stages, frames, FixedClock(NOW)) as engine:
        shop = Shop(tmp_path, engine, {"till": "format: jsonl\nhistory: true"})
        rows = [{**line(number, broken=False), "type": "identify", "traits": {"city": "York", "age": 30}}
                for number in range(30 * 180)]  # fmt: skip
        for row in rows[29 * 180 :: 2]:
            row["traits"] = {"city": None, "age": "thirty"}
        loaded(shop, "till", rows)
        assert broken(shop, "till", BEGIN + timedelta(days=30)) == {("present", "traits.city"), ("type", "traits.age")}
        watch_sources(engine, shop.catalog, now=BEGIN + timedelta(days=30))
        assert broken(shop, "till", BEGIN + timedelta(days=30)) == {("present", "traits.city"), ("type", "traits.age")}


def test_a_source_that_was_given_up_stays_in_the_list_and_a_young_one_has_no_score(shop: Shop) -> None:
    late = BEGIN + timedelta(days=55 + 60)
    (told,) = health(shop, "web", late).monitors
    assert (told.state, told.since) == ("silent", BEGIN + timedelta(days=55) - EACH)
    assert health(shop, "web", late).score.value is None
    young = health(shop, "till", BEGIN + timedelta(days=20)).score
    assert (young.value, young.learning, set(young.parts.values())) == (None, True, {None})
    assert health(shop, "till", BEGIN + timedelta(days=22)).score.value == pytest.approx(100)
