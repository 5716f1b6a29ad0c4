"""Sources against their own history: planted breaks open an alert once, and it closes when all is well again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell.collect import SourceHealth, data_alerts, source_health, watch_sources
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
