"""From the question to the inbox: decisions, the outbox, what is told, and what never happens twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import deliver
from foretell.engine import Engine
from foretell.errors import UsageError
from tests.support.small_events import NOW, event
from tests.support.small_sending import AUDIENCE, TEMPLATE, arrive, ask, catalog, open_sending, person, states, told


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path) as opened:
        arrive(opened, *person("ann", "email", "sms", "ads"), *person("bo"))
        yield opened


def test_a_message_goes_its_way(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path)
    assert ask(engine, read, {"id": "m1", "who": "ann"}, {"id": "m2", "who": "bo"}) == [
        ("send", "ok"),
        ("refuse", "no_consent"),
    ]
    assert states(engine) == {"m1": "queued"}
    report = deliver.dispatch(engine, read, now=NOW + timedelta(hours=1))
    assert report.sent == {"email": 1}
    assert states(engine) == {"m1": "delivered"}
    (sent,) = told(engine, "Email Sent")
    assert sent["timestamp"] == NOW.replace(tzinfo=None), "sent at the instant it was due, whatever the tick"
    assert json.loads(sent["properties"])["message_id"] == "m1"
    assert len(told(engine, "Email Delivered")) == 1
    message = deliver.inbox_message(engine, "m1")
    assert message.head.subject == "Hello Ann"
    assert message.head.address == "ann@customers.example"
    assert message.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Dear Ann" in message.html
    assert "/s/o/" in message.html
    assert "shop.example" not in message.html
    assert deliver.dispatch(engine, read, now=NOW + timedelta(hours=2)).sent == {}
    assert deliver.inbox(engine, "email").total == 1


def test_every_candidate_leaves_a_decision_with_its_checks(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path)
    rows = [
        {"id": "m1", "who": "ann"},
        {"id": "m2", "who": "bo"},
        {"id": "m3", "who": "ann", "template": "nothing"},
        {"id": "m4", "who": "ann", "channel": "pigeon"},
        {"id": "m5", "who": "bo", "purpose": "service"},
    ]
    assert ask(engine, read, *rows) == [
        ("send", "ok"),
        ("refuse", "no_consent"),
        ("refuse", "unknown_template"),
        ("refuse", "unknown_channel"),
        ("send", "ok"),
    ]
    found = engine.analytics.query("SELECT message_id, decision, reason, checks FROM decisions ORDER BY 1").to_pylist()
    assert [row["message_id"] for row in found] == ["m1", "m2", "m3", "m4", "m5"]
    assert [check["check"] for check in json.loads(found[1]["checks"])] == ["definitions", "consent"]
    (why,) = deliver.why(engine, "m2")
    assert why.message is None
    assert why.decisions[0].checks[-1] == deliver.Check("consent", False, "email.marketing: none")
    assert {one.message_id for one in deliver.why(engine, "user_id:ann")} == {"m1", "m3", "m4"}
    assert deliver.ledger(engine, {"state": "queued"}).total == 2


def test_what_was_asked_again_is_queued_once(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path)
    for _ in range(2):
        ask(engine, read, {"id": "m1", "who": "ann"})
    assert states(engine) == {"m1": "queued"}


def test_caps_and_quiet_hours_of_the_settings(engine: Engine, tmp_path: Path) -> None:
    sending: dict[str, Any] = {
        "quiet_hours": {"from": "21:00", "to": "08:00"},
        "caps": [{"messages": 1, "per": "7d", "channel": "email"}],
    }
    read = catalog(tmp_path, settings={"zone": "Europe/Berlin", "sending": sending})
    assert ask(engine, read, {"id": "m0", "who": "ann"}) == [("defer", "quiet_hours")], "01:00 in Berlin"
    assert states(engine) == {}
    rows = [{"id": "m1", "who": "ann", "hours": 12}, {"id": "m2", "who": "ann", "hours": 13}]
    text = {"id": "m3", "who": "ann", "hours": 13, "channel": "sms"}
    assert ask(engine, read, *rows, text) == [("send", "ok"), ("refuse", "frequency_cap"), ("send", "ok")]
    assert ask(engine, read, {"id": "m4", "who": "ann", "hours": 14}) == [("refuse", "frequency_cap")]
    assert ask(engine, read, {"id": "m5", "who": "ann", "hours": 12 + 7 * 24}) == [("send", "ok")]


def test_consent_withdrawn_and_addresses_suppressed_before_dispatch(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path)
    ask(engine, read, {"id": "m1", "who": "ann"}, {"id": "m2", "who": "ann", "channel": "sms"})
    denied = {"channel": "sms", "purpose": "marketing", "state": "denied"}
    arrive(engine, event("Consent Updated", "no", 0, ids={"user_id": "ann"}, properties=denied))
    deliver.suppress(engine, "email", " Ann@customers.example", reason="asked by phone", now=NOW)
    assert deliver.dispatch(engine, read, now=NOW).cancelled == 2
    assert set(states(engine).values()) == {"cancelled"}
    assert deliver.inbox(engine).total == 0
    assert ask(engine, read, {"id": "m3", "who": "ann"}) == [("refuse", "suppressed")]
    assert deliver.release(engine, "email", "ann@customers.example")
    assert ask(engine, read, {"id": "m4", "who": "ann"}) == [("send", "ok")]


def test_runs_that_are_over_send_nothing_more(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path)
    ask(engine, read, {"id": "m1", "who": "ann", "run": "r1"}, {"id": "m2", "who": "ann", "run": "r2"})
    engine.act("test", lambda tx, batch: deliver.cancel(tx, batch, pa.array(["r1"]), NOW), now=NOW)
    assert states(engine) == {"m1": "cancelled", "m2": "queued"}


@pytest.mark.parametrize(("address", "state"), [("bounce", "bounced"), ("refuse", "failed"), ("later", "queued")])
def test_what_a_vendor_says_no_to(engine: Engine, tmp_path: Path, address: str, state: str) -> None:
    read = catalog(tmp_path)
    arrive(engine, *person("eve", "email", email=f"{address}@simulator.example"))
    ask(engine, read, {"id": "m1", "who": "eve"})
    deliver.dispatch(engine, read, now=NOW)
    assert states(engine) == {"m1": state}
    assert bool(told(engine, "Email Bounced")) == (state == "bounced")
    again = ask(engine, read, {"id": "m2", "who": "eve"})
    assert again == [("refuse", "suppressed") if state == "bounced" else ("send", "ok")]


def test_retries_have_growing_pauses_and_an_end(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path, settings={"sending": {"attempts": 3}})
    arrive(engine, *person("eve", "email", email="later@simulator.example"))
    ask(engine, read, {"id": "m1", "who": "eve"})
    now = NOW
    for attempt, state in [(1, "queued"), (2, "queued"), (3, "failed")]:
        deliver.dispatch(engine, read, now=now)
        deliver.dispatch(engine, read, now=now + timedelta(minutes=5))
        kept = engine.ops.query("SELECT state, attempts FROM messages")
        assert kept == [(state, attempt)]
        now += timedelta(minutes=12)
    assert "3 attempts" in engine.ops.query("SELECT error FROM messages")[0][0]


def test_a_text_that_cannot_be_rendered_fails_alone(engine: Engine, tmp_path: Path) -> None:
    needs = {"kind": "template", "key": "offered", "spec": {"subject": "x", "text": "Code {{ offer.code }}"}}
    read = catalog(tmp_path, TEMPLATE, AUDIENCE, needs)
    ask(engine, read, {"id": "m1", "who": "ann", "template": "offered"}, {"id": "m2", "who": "ann"})
    report = deliver.dispatch(engine, read, now=NOW)
    assert (report.failed, report.sent) == (1, {"email": 1})
    assert "needs offer," in engine.ops.query("SELECT error FROM messages WHERE message_id = 'm1'")[0][0]


def test_the_last_product_and_the_offer(engine: Engine, tmp_path: Path) -> None:
    spec = {"subject": "x", "text": "{{ product.name }} {{ product.price }} {{ product.source }} {{ offer.code }}"}
    read = catalog(tmp_path, {"kind": "template", "key": "p", "spec": spec})
    seen = {"product_id": "1", "name": "Blue cup", "price": 12.5, "url": "https://shop.example/1"}
    arrive(engine, event("Product Viewed", "v1", -5, ids={"user_id": "ann"}, properties=seen))
    later = {"product_id": "2", "name": "Red cup", "price": 3}
    arrive(engine, event("Product Viewed", "v2", 5, ids={"user_id": "ann"}, properties=later))
    codes = json.dumps({"offer": "winback", "offer_code": "A1"})
    ask(engine, read, {"id": "m1", "who": "ann", "template": "p", "variables": codes})
    deliver.dispatch(engine, read, now=NOW + timedelta(hours=6))
    assert deliver.inbox_message(engine, "m1").head.text.startswith("Blue cup 12.50 viewed A1")


def test_what_people_are_called_cannot_break_a_page(engine: Engine, tmp_path: Path) -> None:
    arrive(engine, *person("mal", "email", first_name="<script>alert(1)</script>"))
    read = catalog(tmp_path)
    ask(engine, read, {"id": "m1", "who": "mal"})
    deliver.dispatch(engine, read, now=NOW)
    message = deliver.inbox_message(engine, "m1")
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    signer = deliver.signer_of(engine, read.settings)
    (click,) = [link for link in message.links if "/s/c/" in link]
    found = deliver.verify_token(signer, click.rpartition("/")[2], "click")
    assert (found.message_id, found.url) == ("m1", "https://shop.example/?a=1&b=2")
    assert any("/s/u/" in link for link in message.links), "the footer has the unsubscribe link"


def test_an_uncertain_message_is_settled_by_a_person(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path)
    ask(engine, read, {"id": "m1", "who": "ann"}, {"id": "m2", "who": "ann"})
    with engine.ops.write() as tx:
        tx.execute("UPDATE messages SET state = 'uncertain', next_at = NULL")
    deliver.settle(engine, "m1", went_out=True, now=NOW)
    deliver.settle(engine, "m2", went_out=False, now=NOW)
    assert states(engine) == {"m1": "sent", "m2": "queued"}
    assert [row["message_id"] for row in told(engine, "Email Sent")] == ["m1_sent"]
    with pytest.raises(UsageError, match="nothing to settle"):
        deliver.settle(engine, "m1", went_out=True, now=NOW)
