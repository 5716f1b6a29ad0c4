"""What every channel keeps to, whoever wrote it: one suite for all that the registry finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell import deliver
from foretell.deliver import Channel, ChannelKind, Outgoing, Receipt, channel_kinds
from foretell.testing.mail_server import mail_server
from tests.support.channel_doubles import WORLDS, World
from tests.support.small_events import NOW

KINDS = sorted(channel_kinds().values(), key=lambda kind: kind.name)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> ChannelKind:
    found: ChannelKind = request.param
    return found


@pytest.fixture
def world(kind: ChannelKind, tmp_path: Path) -> Iterator[World]:
    assert kind.name in WORLDS, f"write what {kind.name} is checked against into tests/support/channel_doubles.py"
    with WORLDS[kind.name](tmp_path) as opened:
        yield opened


@pytest.fixture
def channel(kind: ChannelKind, world: World) -> Channel:
    return kind.open(kind.settings.model_validate(world.settings), world.place)


def outgoing(message_id: str, address: str, **more: Any) -> Outgoing:
    told: dict[str, Any] = {"subject": "Grüße", "html": "<p>Grüße</p>", "text": "Grüße", "at": NOW, **more}
    return Outgoing(message_id, "any", address, **told)


def send(channel: Channel, *messages: Outgoing) -> list[Receipt]:
    return channel.send(messages, now=NOW)


def test_it_says_what_it_can(kind: ChannelKind) -> None:
    capabilities = kind.capabilities
    assert capabilities.medium in ("email", "sms", "push", "ads", "alert")
    assert capabilities.batch_size >= 1
    assert kind.settings.model_config.get("extra") == "forbid", "a setting that is misspelled must be told"


def test_a_receipt_for_every_message_in_their_order(world: World, channel: Channel) -> None:
    messages = [outgoing("m1", world.good[0]), outgoing("m2", world.good[1])]
    receipts = send(channel, *messages)
    assert [(one.message_id, one.outcome) for one in receipts] == [("m1", "accepted"), ("m2", "accepted")]
    assert world.received() == ["m1", "m2"]


def test_terminal_and_transient_errors_are_told_apart_and_stop_nobody_else(world: World, channel: Channel) -> None:
    addresses = {"m1": world.bounces, "m2": world.refuses, "m3": world.later, "m4": world.good[0]}
    receipts = send(channel, *(outgoing(key, address) for key, address in addresses.items()))
    assert [(one.outcome, one.bad_address) for one in receipts] == [
        ("refused", True),
        ("refused", False),
        ("later", False),
        ("accepted", False),
    ]
    assert all(one.error for one in receipts[:3])
    assert world.received() == ["m4"]


def test_the_same_message_twice(kind: ChannelKind, world: World, channel: Channel) -> None:
    for _ in range(2):
        assert send(channel, outgoing("m1", world.good[0]))[0].outcome == "accepted"
    assert world.received() == (["m1"] if kind.capabilities.idempotent else ["m1", "m1"])


def test_a_dying_connection_leaves_it_open(kind: ChannelKind, world: World, channel: Channel) -> None:
    if world.silent is None:
        assert kind.capabilities.idempotent, "a channel that is not idempotent has a way to lose a connection"
        return
    receipts = send(channel, outgoing("m1", world.silent), outgoing("m2", world.good[0]))
    assert [one.outcome for one in receipts] == ["uncertain", "later"]
    assert world.received() == ["m1"]


def test_an_outside_world_that_cannot_be_reached(kind: ChannelKind, world: World) -> None:
    if world.unreachable is None:
        assert kind.development
        return
    settings = kind.settings.model_validate({**world.settings, **world.unreachable})
    receipts = send(kind.open(settings, world.place), outgoing("m1", world.good[0]))
    assert receipts[0].outcome == "later"


def test_what_mail_looks_like_on_the_wire(tmp_path: Path) -> None:
    smtp = channel_kinds()["smtp"]
    with WORLDS["smtp"](tmp_path) as world, mail_server() as server:
        settings = smtp.settings.model_validate({**world.settings, "port": server.port})
        headers = {"List-Unsubscribe": "<https://a.example/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        send(smtp.open(settings, world.place), outgoing("m1", "ann@people.example", headers=headers))
        (mail,) = server.mails
    assert mail["Message-ID"] == "<m1@company.example>"
    assert mail["Subject"] == "Grüße"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert deliver.channel_kinds()["smtp"].capabilities.idempotent is False
