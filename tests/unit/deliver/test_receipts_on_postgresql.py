"""Receipts, dead letters and how channels stand, with the operational store in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from foretell import app, deliver
from foretell.clock import FixedClock
from foretell.engine import open_engine
from foretell.testing import twilio
from tests.support.pairs import open_pair
from tests.support.small_events import NOW, decode
from tests.support.small_sending import TEMPLATE, arrive, ask, catalog, person, states

NUMBERS = {"ann": "+4917012345001", "bob": "+4917012345002", "cleo": "+4917012345003"}
HOUR = timedelta(hours=1)


def test_a_doubt_is_settled_a_dead_letter_goes_again_and_stop_stops(tmp_path: Path) -> None:
    with open_pair("postgresql+duckdb") as pair, twilio.twilio() as fake:
        where = pair.settings(tmp_path / "data")
        settings: dict[str, Any] = {
            "base_url": fake.server.url, "allow_private": True, "connections": 1, "from_number": twilio.FROM,
            "account_sid": twilio.ACCOUNT, "auth_token_secret": "twilio",
        }  # fmt: skip
        channel = {"kind": "channel", "key": "sms", "spec": {"uses": "twilio", "settings": settings}}
        told = {"sending": {"attempts": 1}, "secrets": {"twilio": twilio.TOKEN}}
        read = catalog(tmp_path, TEMPLATE, channel, settings=told)
        stages = app.stages(read.settings, where=where)
        with open_engine(where, app.ROOMS, stages, {"small": decode}, FixedClock(NOW)) as engine:

            def call(url: str, hours: int, **fields: str) -> deliver.ReceiptReport:
                body, headers = twilio.signed(url, fields)
                lower, now = {name.lower(): value for name, value in headers.items()}, NOW + hours * HOUR
                return deliver.receive(engine, read, "sms", deliver.HookRequest(url, lower, body, now), now=now)

            for name, phone in NUMBERS.items():
                arrive(engine, *person(name, "sms", phone=phone))
            fake.moods.loses_every = 1
            ask(engine, read, {"id": "s1", "who": "ann", "channel": "sms"})
            deliver.dispatch(engine, read, now=NOW)
            fake.moods.loses_every, fake.moods.fails_every = 0, 1
            ask(
                engine,
                read,
                {"id": "s2", "who": "bob", "channel": "sms"},
                {"id": "s3", "who": "cleo", "channel": "sms"},
            )
            deliver.dispatch(engine, read, now=NOW)
            assert states(engine) == {"s1": "uncertain", "s2": "failed", "s3": "failed"}
            fake.moods.fails_every = 0
            first = fake.texts[0]
            for _ in range(2):
                call(first.fields["StatusCallback"], 1, MessageSid=first.sid, MessageStatus="delivered")
            base = first.fields["StatusCallback"].partition("?")[0]
            stop = {"MessageSid": "SM1", "SmsStatus": "received", "From": NUMBERS["cleo"], "Body": "STOP"}
            call(base, 2, **stop)
            assert deliver.suppression(engine, "sms", NUMBERS["cleo"]) == ("stopped", NOW + 2 * HOUR)
            assert deliver.dead_letters(engine, channel="sms", failure="transient").total == 2
            report = deliver.replay(engine, deliver.Sending(read, NOW + 3 * HOUR))
            assert (report.queued, sum(report.refused.values())) == (1, 1)
            deliver.dispatch(engine, read, now=NOW + 3 * HOUR)
            assert states(engine) == {"s1": "delivered", "s2": "sent", "s3": "failed"}
            assert [text.to for text in fake.texts] == [NUMBERS["ann"], NUMBERS["bob"]]
            standing = deliver.standings(engine)["sms"]
            assert (standing.accepted, standing.failed, standing.receipts, standing.unknown) == (1, 3, 1, 2)
