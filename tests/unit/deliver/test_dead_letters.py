"""Messages that were given up: listed, and put through the gate again, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import deliver
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.testing import twilio
from foretell.testing.twilio import FakeTwilio
from tests.support.small_events import NOW, event
from tests.support.small_sending import TEMPLATE, arrive, ask, catalog, open_sending, person, states, told

PEOPLE = {"ann": "+4917012345001", "bob": "+4917012345002", "cleo": "+4917012345003"}
SETTINGS = {"sending": {"attempts": 2}, "secrets": {"twilio": twilio.TOKEN}}
AGAIN = NOW + timedelta(days=2)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Engine, Catalog, FakeTwilio]]:
    """Three text messages of which every try failed."""
    with open_sending(tmp_path) as engine, twilio.twilio() as fake:
        settings: dict[str, Any] = {
            "base_url": fake.server.url, "allow_private": True, "connections": 1, "from_number": twilio.FROM,
            "account_sid": twilio.ACCOUNT, "auth_token_secret": "twilio",
        }  # fmt: skip
        channel = {"kind": "channel", "key": "sms", "spec": {"uses": "twilio", "settings": settings}}
        read = catalog(tmp_path, TEMPLATE, channel, settings=SETTINGS)
        for name, phone in PEOPLE.items():
            arrive(engine, *person(name, "sms", phone=phone))
        ask(engine, read, *({"id": f"s_{name}", "who": name, "channel": "sms"} for name in PEOPLE))
        fake.moods.fails_every = 1
        for hours in range(3):
            deliver.dispatch(engine, read, now=NOW + timedelta(hours=hours))
        fake.moods.fails_every = 0
        assert fake.texts == []
        yield engine, read, fake


def replay(engine: Engine, read: Catalog, *ids: str, **more: Any) -> deliver.ReplayReport:
    return deliver.replay(engine, deliver.Sending(read, AGAIN), ids, **more)


def test_what_was_given_up_is_listed_with_its_reason(shop: tuple[Engine, Catalog, FakeTwilio]) -> None:
    engine, _, _ = shop
    page = deliver.dead_letters(engine, size=2)
    assert (page.total, len(page.rows)) == (3, 2)
    assert {row["failure"] for row in page.rows} == {"transient"}
    assert all("2 attempts" in row["error"] and "503" in row["error"] for row in page.rows)
    assert (
        deliver.dead_letters(engine, failure="terminal").total
        == deliver.dead_letters(engine, channel="email").total
        == 0
    )
    assert deliver.dead_by_channel(engine) == {"sms": 3}


def test_they_go_through_the_gate_again_and_never_twice(shop: tuple[Engine, Catalog, FakeTwilio]) -> None:
    engine, read, fake = shop
    denied = {"channel": "sms", "purpose": "marketing", "state": "denied"}
    arrive(engine, event("Consent Updated", "no", 30, ids={"user_id": "bob"}, properties=denied))
    deliver.suppress(engine, "sms", PEOPLE["cleo"], reason="asked by phone", now=AGAIN)
    report = replay(engine, read)
    assert report == deliver.ReplayReport(queued=1, refused={"no_consent": 1, "suppressed": 1})
    again = replay(engine, read, "s_ann")
    assert (again.queued, again.alive) == (0, 1)
    for _ in range(2):
        deliver.dispatch(engine, read, now=AGAIN)
    assert [text.to for text in fake.texts] == [PEOPLE["ann"]]
    assert states(engine) == {"s_ann": "sent", "s_bob": "failed", "s_cleo": "failed"}
    assert [one["message_id"] for one in told(engine, "SMS Sent")] == ["s_ann_sent"]
    assert replay(engine, read, "s_ann", "s_bob").refused == {"no_consent": 1}
    assert len(fake.texts) == 1
    with pytest.raises(UsageError, match="s_nobody"):
        replay(engine, read, "s_nobody")


def test_what_was_told_of_the_first_sending_is_not_the_second(
    shop: tuple[Engine, Catalog, FakeTwilio],
) -> None:
    engine, read, fake = shop
    fake.moods.fails_every = 0
    replay(engine, read, "s_ann")
    deliver.dispatch(engine, read, now=AGAIN)
    filtered = {"MessageSid": fake.texts[0].sid, "MessageStatus": "undelivered", "ErrorCode": "30007"}
    url = fake.texts[0].fields["StatusCallback"]

    def call(fields: dict[str, str]) -> None:
        body, headers = twilio.signed(url, fields)
        lower = {name.lower(): value for name, value in headers.items()}
        deliver.receive(engine, read, "sms", deliver.HookRequest(url, lower, body, AGAIN), now=AGAIN)

    call(filtered)
    (row,) = deliver.dead_letters(engine, failure="terminal").rows
    assert (row["message_id"], row["failure"]) == ("s_ann", "terminal")
    assert "30007" in row["error"]
    assert replay(engine, read, "s_ann").queued == 1
    call(filtered)
    assert states(engine)["s_ann"] == "queued", "the old receipt comes again, and changes nothing"
    deliver.dispatch(engine, read, now=AGAIN + timedelta(minutes=1))
    assert states(engine)["s_ann"] == "sent"
    call({"MessageSid": fake.texts[1].sid, "MessageStatus": "delivered"})
    assert states(engine)["s_ann"] == "delivered"
    assert len(fake.texts) == 2
    (why,) = deliver.why(engine, "s_ann")
    assert sorted(one.what for one in why.happened) == ["delivered", "failed"]


def test_retries_are_spread_and_honour_what_the_vendor_asks(tmp_path: Path) -> None:
    with open_sending(tmp_path) as engine, twilio.twilio() as fake:
        settings: dict[str, Any] = {
            "base_url": fake.server.url, "allow_private": True, "connections": 1, "from_number": twilio.FROM,
            "account_sid": twilio.ACCOUNT, "auth_token_secret": "twilio",
        }  # fmt: skip
        channel = {"kind": "channel", "key": "sms", "spec": {"uses": "twilio", "settings": settings}}
        read = catalog(tmp_path, TEMPLATE, channel, settings=SETTINGS)
        for place in range(20):
            arrive(engine, *person(f"p{place}", "sms", phone=f"+491701234{place:04d}"))
        fake.moods.busy, fake.moods.retry_after_seconds = 100, 1_000
        ask(engine, read, *({"id": f"s{place}", "who": f"p{place}", "channel": "sms"} for place in range(20)))
        deliver.dispatch(engine, read, now=NOW)
        due = [row[0] for row in engine.ops.query("SELECT next_at FROM messages")]
        waits = sorted(at / 1e6 - NOW.timestamp() for at in due)
        assert waits[0] >= 1_000
        assert waits[-1] <= 1_100
        assert len(set(waits)) > 10, "they do not come back together"
