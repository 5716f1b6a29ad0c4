"""The ledger: every decision once, sent or not, and how it is narrowed down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import deliver
from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP, Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.identify import find
from tests.support.small_events import NOW
from tests.support.small_sending import arrive, ask, catalog, open_sending, person

MEMBERS = pa.schema([("profile_key", pa.int64()), ("node_key", pa.int64()), ("at", TIMESTAMP), ("run", pa.string())])
QUIET = {"zone": "UTC", "sending": {"quiet_hours": {"from": "21:00", "to": "08:00"}}}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Ann was sent a mail and refused a bad template, Bo has no consent; the latest was due first."""
    with open_sending(tmp_path) as opened:
        arrive(opened, *person("ann", "email", "sms"), *person("bo"))
        read = catalog(tmp_path)
        ask(
            opened, read,
            {"id": "m1", "who": "ann"},
            {"id": "m2", "who": "bo", "hours": -1, "step": "second_mail"},
            {"id": "m3", "who": "ann", "hours": -2, "template": "nothing", "journey": "thanks"},
        )  # fmt: skip
        yield opened


def _ids(engine: Engine, filters: dict[str, Any] | None = None, **more: Any) -> list[str]:
    page = deliver.ledger(engine, filters, **more)
    assert page.total == len(page.rows)
    return [row["message_id"] for row in page.rows]


def test_every_decision_is_a_row_the_latest_first(engine: Engine, tmp_path: Path) -> None:
    deliver.dispatch(engine, catalog(tmp_path), now=NOW)
    rows = deliver.ledger(engine).rows
    assert [(row["message_id"], row["decision"], row["reason"], row["state"]) for row in rows] == [
        ("m1", "send", "ok", "delivered"),
        ("m2", "refuse", "no_consent", None),
        ("m3", "refuse", "unknown_template", None),
    ]
    sent, refused = rows[:2]
    assert set(sent) == set(refused)
    assert (sent["address"], refused["address"], refused["attempts"]) == ("ann@customers.example", None, None)
    assert (sent["at"], refused["at"]) == (NOW, NOW - timedelta(hours=1))
    assert refused["profile_id"] == find(engine, "user_id:bo").profile_id
    assert deliver.ledger_row(engine, "m2") == refused


def test_filters_join(engine: Engine) -> None:
    ann = find(engine, "user_id:ann").profile_key
    assert _ids(engine, {"profile_key": ann}) == ["m1", "m3"]
    assert _ids(engine, {"profile_key": ann, "decision": "refuse"}) == ["m3"]
    assert _ids(engine, {"reason": "no_consent"}) == ["m2"]
    assert _ids(engine, {"state": "queued", "channel": "email", "medium": "email", "template": "hello"}) == ["m1"]
    assert _ids(engine, {"journey": "thanks", "state": None}) == ["m3"]
    assert _ids(engine, since=NOW - timedelta(hours=1)) == ["m1", "m2"]
    assert _ids(engine, text="Second mail") == ["m2"]
    assert _ids(engine, text="m3") == ["m3"]
    assert _ids(engine, text="100%") == []
    assert _ids(engine, text="second", people=[ann]) == ["m1", "m2", "m3"]
    with pytest.raises(UsageError) as caught:
        deliver.ledger(engine, {"checks": "x"})
    assert caught.value.code == "UNKNOWN_FILTER"


def test_pages_count_all_rows(engine: Engine) -> None:
    pages = [deliver.ledger(engine, page=page, size=2) for page in (1, 2, 3)]
    assert [(page.total, [row["message_id"] for row in page.rows]) for page in pages] == [
        (3, ["m1", "m2"]),
        (3, ["m3"]),
        (3, []),
    ]


def test_what_is_put_off_is_listed_when_asked_for_until_it_is_decided(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path, settings=QUIET)
    asked = {"id": "m4", "who": "ann"}
    assert ask(engine, read, asked) == [("defer", "quiet_hours")]
    assert "m4" not in _ids(engine)
    assert _ids(engine, {"decision": "defer"}) == ["m4"]
    assert deliver.ledger_row(engine, "m4")["reason"] == "quiet_hours"
    assert ask(engine, read, asked | {"hours": 8}, now=NOW + timedelta(hours=8)) == [("send", "ok")]
    assert _ids(engine, {"decision": "defer"}) == []
    assert _ids(engine)[0] == "m4"
    assert deliver.ledger_row(engine, "m4")["at"] == NOW + timedelta(hours=8)


def test_a_message_that_was_sent_stays_sent_whatever_is_asked_later(engine: Engine, tmp_path: Path) -> None:
    later = NOW + timedelta(days=1)
    deliver.suppress(engine, "email", "ann@customers.example", reason="asked by phone", now=NOW)
    assert ask(engine, catalog(tmp_path), {"id": "m1", "who": "ann"}, now=later) == [("refuse", "suppressed")]
    row = deliver.ledger_row(engine, "m1")
    assert (row["decision"], row["reason"], row["state"]) == ("send", "ok", "queued")


def test_what_needs_no_decision_is_listed_as_well(engine: Engine, tmp_path: Path) -> None:
    arrive(engine, *person("eve", "ads"))
    key = find(engine, "user_id:eve").profile_key
    row = {"profile_key": [key], "node_key": [key], "at": [naive_utc(NOW + timedelta(hours=1))], "run": ["r1"]}
    rows = pa.table(row, schema=MEMBERS)

    context = deliver.Sending(catalog(tmp_path), NOW)

    def work(tx: Tx, batch: Batch) -> None:
        deliver.join_audience(tx, batch, "winback", rows, context)
        deliver.leave_audience(tx, batch, "winback", rows)

    engine.act("test", work, now=NOW)
    page = deliver.ledger(engine, {"profile_key": key})
    assert page.total == 2
    assert {(one["decision"], one["medium"], one["template"], one["state"]) for one in page.rows} == {
        ("send", "ads", "winback", "queued")
    }


def test_a_message_nobody_asked_for(engine: Engine) -> None:
    with pytest.raises(UsageError) as caught:
        deliver.ledger_row(engine, "nothing")
    assert caught.value.code == "MESSAGE_UNKNOWN"
