"""What a team sees in Slack, and requests to the company's own systems."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import deliver, identify
from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP
from foretell.testing.slack import CHANNEL, SIGNING_SECRET, TOKEN, slack
from foretell.testing.webhook_receiver import webhook_receiver
from tests.support.small_events import NOW, event
from tests.support.small_sending import TEMPLATE, arrive, ask, catalog, open_sending, person, states

SECRETS = {"bot": TOKEN, "sign": SIGNING_SECRET, "hook": "shared"}


def test_an_alert_about_a_case_can_be_taken_where_it_stands(tmp_path: Path) -> None:
    with slack() as vendor, open_sending(tmp_path) as engine:
        told = {"base_url": vendor.url, "allow_private": True, "channel": CHANNEL, "token_secret": "bot"}
        channel = {
            "kind": "channel",
            "key": "alert",
            "spec": {"uses": "slack", "settings": {**told, "signing_secret": "sign"}},
        }
        settings = {"secrets": SECRETS, "sending": {"base_url": "https://cx.example"}}
        template = {**TEMPLATE, "spec": {"subject": "Parcel", "alert": "<b> & late: {{ person.first_name }}"}}
        read = catalog(tmp_path, template, channel, settings=settings)
        arrive(engine, *person("ann", "alert"))
        row = {"id": "m1", "who": "ann", "channel": "alert", "variables": json.dumps({"case": "c_7"})}
        assert ask(engine, read, row) == [("send", "ok")]
        deliver.dispatch(engine, read, now=NOW)
        (posted,) = vendor.posted
    header, section, actions = posted["blocks"]
    assert header["text"]["text"] == "Parcel"
    assert section["text"]["text"] == "&lt;b&gt; &amp; late: Ann"
    take, look = actions["elements"]
    assert (take["action_id"], take["value"]) == ("take_case", "c_7")
    assert look["url"] == "https://cx.example/cases?case=c_7"


def test_a_channel_that_somebody_archived_is_tried_again(tmp_path: Path) -> None:
    with slack() as vendor, open_sending(tmp_path) as engine:
        told = {"base_url": vendor.url, "allow_private": True, "channel": CHANNEL, "token_secret": "bot"}
        channel = {"kind": "channel", "key": "alert", "spec": {"uses": "slack", "settings": told}}
        read = catalog(tmp_path, TEMPLATE, channel, settings={"secrets": SECRETS})
        arrive(engine, *person("ann", "alert"))
        vendor.closed.add(CHANNEL)
        ask(engine, read, {"id": "m1", "who": "ann", "channel": "alert"})
        deliver.dispatch(engine, read, now=NOW)
        assert engine.ops.query("SELECT state, error FROM messages") == [("queued", "Slack refuses it: is_archived")]
        vendor.closed.clear()
        deliver.dispatch(engine, read, now=NOW + timedelta(hours=1))
        assert len(vendor.posted) == 1


def test_long_texts_are_cut_into_sections_and_bursts_wait(tmp_path: Path) -> None:
    kind = deliver.channel_kinds()["slack"]
    with slack(burst=2) as vendor, open_sending(tmp_path) as engine:
        place = deliver.ChannelPlace(catalog(tmp_path, settings={"secrets": SECRETS}).settings, engine.ops)
        told = {"base_url": vendor.url, "allow_private": True, "channel": CHANNEL, "token_secret": "bot"}
        channel = kind.open(kind.settings.model_validate(told), place)
        messages = [deliver.Outgoing(f"m{n}", "alert", "person:1", "", "", "x" * 7_000, NOW) for n in range(4)]
        receipts = channel.send(messages, now=NOW)
        assert [one.outcome for one in receipts] == ["accepted", "accepted", "later", "later"]
        assert receipts[2].retry_after == timedelta(seconds=1)
        assert [len(one["text"]["text"]) for one in vendor.posted[0]["blocks"]] == [3_000, 3_000, 1_000]


def test_a_request_to_a_system_of_the_company(tmp_path: Path) -> None:
    """No consent is asked for; whoever has denied it is left out, and the receiver knows what comes again."""
    with webhook_receiver("shared") as receiver, open_sending(tmp_path) as engine:
        told = {"url": receiver.url, "signing_secret": "hook", "allow_private": True}
        channel = {"kind": "channel", "key": "crm", "spec": {"uses": "webhook", "settings": told}}
        read = catalog(tmp_path, TEMPLATE, channel, settings={"secrets": SECRETS})
        arrive(engine, *person("ann"), *person("bob"))
        words = {"channel": "request", "purpose": "service", "state": "denied"}
        arrive(engine, event("Consent Updated", "bob-no", -1, ids={"user_id": "bob"}, properties=words))
        assert deliver.carries_requests(read, "crm")
        assert not deliver.carries_requests(read, "email")
        keys = [identify.find(engine, f"user_id:{name}").profile_key for name in ("ann", "bob")]
        rows = pa.table(
            {
                "message_id": ["r1", "r2"], "profile_key": keys, "node_key": keys, "run": ["run-1", "run-2"],
                "at": pa.array([naive_utc(NOW)] * 2, TIMESTAMP), "data": ['{"order": 7, "who": "ann"}', "{}"],
            }
        )  # fmt: skip
        answers: list[Any] = []
        for _ in range(2):
            engine.act(
                "test",
                lambda tx, batch: answers.append(deliver.request(tx, batch, deliver.Sending(read, NOW), "crm", rows)),
                now=NOW,
            )
        assert [row["reason"] for row in answers[0].to_pylist()] == ["ok", "no_consent"]
        deliver.dispatch(engine, read, now=NOW)
        assert receiver.taken == {"r1": {"id": "r1", "at": NOW.isoformat(), "order": 7, "who": "ann"}}
        assert states(engine) == {"r1": "delivered"}


def test_an_audience_over_a_webhook_carries_the_code_of_the_run(tmp_path: Path) -> None:
    """Where a platform has no place for a code of a person's own, a server of one's own has."""
    with webhook_receiver("shared") as receiver, open_sending(tmp_path) as engine:
        told = {"url": receiver.url, "signing_secret": "hook", "allow_private": True}
        channel = {"kind": "channel", "key": "crm", "spec": {"uses": "webhook", "settings": told}}
        audience = {"kind": "audience", "key": "winback", "spec": {"channel": "crm"}}
        read = catalog(tmp_path, channel, audience, settings={"secrets": SECRETS})
        arrive(engine, *person("ann", "ads"))
        key = identify.find(engine, "user_id:ann").profile_key
        run = {
            "offer": "ten",
            "offer_code": "T-1",
            "offer_expires": "1 May 2026",
            "offer_product": "p7",
            "event": {"a": 1},
        }
        columns = {"profile_key": [key], "node_key": [key], "run": ["run-1"], "variables": [json.dumps(run)]}
        rows = pa.table({**columns, "at": pa.array([naive_utc(NOW)], TIMESTAMP)})
        context = deliver.Sending(read, NOW)
        engine.act("test", lambda tx, batch: deliver.join_audience(tx, batch, "winback", rows, context), now=NOW)
        deliver.dispatch(engine, read, now=NOW)
        (body,) = receiver.taken.values()
    offer = {name: body[name] for name in ("code", "offer", "product", "expires")}
    assert offer == {"code": "T-1", "offer": "ten", "product": "p7", "expires": "1 May 2026"}
    assert "ann@customers.example" not in json.dumps(body)


def test_a_letter_over_a_webhook_says_to_whom_and_what(tmp_path: Path) -> None:
    with webhook_receiver("shared") as receiver, open_sending(tmp_path) as engine:
        told = {"url": receiver.url, "signing_secret": "hook", "allow_private": True}
        channel = {"kind": "channel", "key": "sms", "spec": {"uses": "webhook_sms", "settings": told}}
        read = catalog(tmp_path, TEMPLATE, channel, settings={"secrets": SECRETS})
        arrive(engine, *person("ann", "sms"))
        ask(engine, read, {"id": "m1", "who": "ann", "channel": "sms"})
        deliver.dispatch(engine, read, now=NOW)
        (body,) = receiver.taken.values()
    assert (body["channel"], body["medium"], body["to"]) == ("sms", "sms", "+491701234503")
    assert body["text"].startswith("Hello, see http")
    assert "html" not in body
