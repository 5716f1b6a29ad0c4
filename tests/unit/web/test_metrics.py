"""``/metrics``: who may read it, what stands in it, what it costs, and that nothing of a person is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from foretell.clock import FixedClock, micros
from foretell.deliver import waiting
from foretell.journey import lagging
from foretell.web import Access
from tests.support.served_workspace import Served, served

NOW = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
TRACK = {"userId": "u-secret-1", "event": "Order Completed", "messageId": "m1", "timestamp": "2025-03-01T10:00:00Z"}
LONG = 5_000
"""Messages of a ledger in which a scan would show."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, clock=FixedClock(NOW)) as found:
        yield found


def scraped(shop: Served) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Name and labels → value."""
    answer = shop.browser.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_an_event_is_seen_from_the_door_to_the_stores(shop: Served) -> None:
    def grown(before: dict[tuple[str, tuple[tuple[str, str], ...]], float], name: str, **labels: str) -> float:
        key = name, tuple(sorted(labels.items()))
        return scraped(shop)[key] - before.get(key, 0)

    start = scraped(shop)
    body = json.dumps(TRACK)
    assert shop.browser.post("/v1/track", content=body).status_code == 200
    assert shop.browser.post("/v1/track", content="{").status_code == 400
    came = scraped(shop)
    assert grown(start, "foretell_ingest_requests_total", door="v1", outcome="accepted") == 1
    assert grown(start, "foretell_ingest_requests_total", door="v1", outcome="refused") == 1
    assert grown(start, "foretell_ingest_events_total", door="v1") == 1
    assert grown(start, "foretell_ingest_bytes_total", door="v1") >= len(body)
    assert grown(start, "foretell_http_request_seconds_count", door="v1", status="200") == 1
    assert came["foretell_spool_waiting_bytes", ()] > 0
    shop.apply()
    assert grown(came, "foretell_applied_batches_total") == 1
    assert grown(came, "foretell_applied_rows_total", kind="event") == 1
    assert grown(came, "foretell_arrival_lag_seconds_count") == 1
    assert grown(came, "foretell_apply_seconds_count") == 1
    assert grown(came, "foretell_query_seconds_count", store="operational", kind="write", room="engine") >= 1
    after = scraped(shop)
    assert after["foretell_spool_waiting_bytes", ()] == after["foretell_spool_oldest_seconds", ()] == 0
    assert after["foretell_views_behind_batches", ()] == 0
    assert after["foretell_role", (("role", "all"),)] == 1


def test_the_first_event_that_waits_tells_how_long(tmp_path: Path) -> None:
    with served(tmp_path, clock=FixedClock(NOW)) as shop:
        shop.browser.post("/v1/track", content=json.dumps(TRACK))
        shop.browser.post("/v1/track", content=json.dumps(TRACK | {"messageId": "m2"}))
        shop.site.workspace.clock = FixedClock(NOW + timedelta(seconds=90))
        assert scraped(shop)["foretell_spool_oldest_seconds", ()] == 90


def test_errors_are_counted_by_door_and_code(shop: Served) -> None:
    key = "foretell_errors_total", (("code", "UNKNOWN_CALL"), ("where", "v1"))
    before = scraped(shop).get(key, 0)
    assert shop.browser.post("/v1/nothing", content="{}").status_code == 404
    assert scraped(shop)[key] == before + 1


def test_the_outbox_is_told_by_state_and_age(shop: Served) -> None:
    put_messages(shop, "queued", NOW - timedelta(minutes=5), 3)
    put_messages(shop, "queued", NOW + timedelta(minutes=5), 2)
    put_messages(shop, "claimed", NOW - timedelta(minutes=9), 1)
    put_messages(shop, "sent", None, 4)
    found = scraped(shop)
    states = {state: found["foretell_outbox_messages", (("state", state),)] for state in ("due", "later", "claimed")}
    assert states == {"due": 3, "later": 2, "claimed": 1}
    assert found["foretell_outbox_oldest_seconds", ()] == 300


def test_journeys_that_run_tell_how_late_they_are(shop: Served) -> None:
    ops = shop.site.workspace.engine.ops
    with ops.write() as tx:
        for journey, state in (("late", "live"), ("idle", "live"), ("paused", "paused")):
            tx.execute("INSERT INTO journey_states VALUES (?, ?, 0, 0, 0)", (journey, state))
        columns = [name for _, name, *_ in ops.query("SELECT * FROM pragma_table_info('journey_runs')")]
        for number, journey in enumerate(("late", "late", "paused")):
            due = NOW - timedelta(seconds=60 + number)
            told = {"run": f"r{number}", "journey": journey, "due_at": micros(due), "state": "going", "step": "one"}
            tx.execute(
                f"INSERT INTO journey_runs ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                [told.get(name, 0) for name in columns],
            )
    found = scraped(shop)
    assert found["foretell_journey_lag_seconds", (("journey", "late"),)] == 61
    assert found["foretell_journey_lag_seconds", (("journey", "idle"),)] == 0
    assert ("foretell_journey_lag_seconds", (("journey", "paused"),)) not in found


def test_nothing_of_a_person_and_no_query_stands_there(shop: Served) -> None:
    shop.browser.post("/v1/identify", content=json.dumps({"userId": "u-secret-1", "traits": {"email": "a@b.example"}}))
    shop.apply()
    shop.browser.get("/api/profiles/u-secret-1")
    shop.browser.get("/api/profiles/user_id:nobody-here")
    text = shop.browser.get("/metrics").text
    for hidden in ("u-secret-1", "a@b.example", "nobody-here", "SELECT"):
        assert hidden not in text


@pytest.mark.parametrize("sql", [waiting.COUNTED, waiting.LATER, waiting.OLDEST, lagging.OLDEST_DUE])
def test_what_is_looked_up_is_read_from_an_index(shop: Served, sql: str) -> None:
    put_messages(shop, "sent", None, LONG)
    plan = shop.site.workspace.engine.ops.query(f"EXPLAIN QUERY PLAN {sql}", ("x", 0))
    steps = [str(step[-1]) for step in plan]
    assert any("USING COVERING INDEX" in step for step in steps), steps
    assert not any(re.match(r"SCAN (messages|journey_runs)", step) or "TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize(
    ("given", "status"),
    [("", 401), ("wrong", 401), ("the-token-of-the-app", 200), ("only-for-metrics", 200)],
)
def test_who_may_read_it_where_others_reach_the_server(tmp_path: Path, given: str, status: int) -> None:
    access = Access("the-token-of-the-app", metrics_token="only-for-metrics")
    with served(tmp_path, access=access) as shop:
        headers = {"authorization": f"Bearer {given}"} if given else {}
        assert shop.browser.get("/metrics", headers=headers).status_code == status


def test_the_token_for_metrics_opens_nothing_else(tmp_path: Path) -> None:
    with served(tmp_path, access=Access("the-token-of-the-app", metrics_token="only-for-metrics")) as shop:
        headers = {"authorization": "Bearer only-for-metrics"}
        assert shop.browser.get("/api/workspace", headers=headers).status_code == 401


def test_scrapers_that_ask_for_openmetrics_get_it(shop: Served) -> None:
    answer = shop.browser.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def put_messages(shop: Served, state: str, next_at: datetime | None, count: int) -> None:
    """Rows in the ledger of messages."""
    with shop.site.workspace.engine.ops.write() as tx:
        first = tx.query("SELECT count(*) FROM messages")[0][0]
        tx.executemany(
            "INSERT INTO messages (message_id, profile_key, node_key, at, channel, medium, template, purpose, "
            "variables, address, state, attempts, next_at) "
            "VALUES (?, 1, 1, 0, 'c', 'email', 't', 'p', '{}', 'x', ?, 0, ?)",
            [(f"m{first + n}", state, None if next_at is None else micros(next_at)) for n in range(count)],
        )
