"""What every channel keeps to, whoever wrote it: one suite for all that the registry finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import deliver
from foretell.deliver import Channel, ChannelKind, Outgoing, Receipt, channel_kinds
from foretell.testing.mail_server import mail_server
from tests.support.channel_doubles import WORLDS, World
from tests.support.small_events import NOW

_MEDIA = ("email", "sms", "ads", "alert", "push")
UNMOODED = {"smtp", "webhook", *(f"{name}_{medium}" for medium in _MEDIA for name in ("inbox", "webhook"))}
"""Channels whose world has no moods; its addresses are all that misbehaves there."""
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
def channel(kind: ChannelKind, world: World) -> Iterator[Channel]:
    with opened(kind, world) as found:
        yield found


@contextmanager
def opened(kind: ChannelKind, world: World, **more: Any) -> Iterator[Dressed]:
    channel = kind.open(kind.settings.model_validate({**world.settings, **more}), world.place)
    try:
        yield Dressed(channel, world)
    finally:
        close = getattr(channel, "close", None)
        if close is not None:
            close()


class Dressed:
    """A channel that is handed messages as its medium has them."""

    def __init__(self, channel: Channel, world: World) -> None:
        self._channel, self._world = channel, world

    def send(self, messages: Sequence[Outgoing], *, now: datetime) -> list[Receipt]:
        return self._channel.send([self._world.dress(message) for message in messages], now=now)


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
    answers = [
        (world.bounces, "refused", True),
        (world.refuses, "refused", False),
        (world.later, "later", False),
        (world.good[0], "accepted", False),
    ]
    asked = {f"m{number}": answer for number, answer in enumerate(answers, 1) if answer[0] is not None}
    receipts = send(channel, *(outgoing(key, str(address)) for key, (address, _, _) in asked.items()))
    told = {one.message_id: (one.outcome, one.bad_address) for one in receipts}
    assert told == {key: answer[1:] for key, answer in asked.items()}
    assert all(one.error for one in receipts if one.outcome != "accepted")
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
    with opened(kind, world, **world.unreachable) as nowhere:
        receipts = send(nowhere, outgoing("m1", world.good[0]))
    assert receipts[0].outcome == "later"


@pytest.mark.parametrize(
    ("mood", "more"), [("fails", {"fails_every": 2}), ("busy", {"busy": 3}), ("loses", {"loses_every": 2})]
)
def test_a_vendor_in_a_bad_mood_gets_nothing_twice(
    kind: ChannelKind, world: World, channel: Channel, mood: str, more: dict[str, int]
) -> None:
    """What is answered `later` is sent again until all is gone; what is in doubt is not, and has arrived or not."""
    if world.moods is None:
        assert kind.name in UNMOODED, f"let the world of {kind.name} misbehave"
        return
    for name, value in more.items():
        setattr(world.moods, name, value)
    waiting = [outgoing(f"m{number}", world.good[number % 2]) for number in range(6)]
    doubted: list[str] = []
    for _ in range(40):
        receipts = send(channel, *waiting)
        assert [one.message_id for one in receipts] == [one.message_id for one in waiting]
        assert not [one for one in receipts if one.outcome == "refused"], mood
        again = {"later"} | ({"uncertain"} if kind.capabilities.idempotent else set())
        doubted += [one.message_id for one in receipts if one.outcome == "uncertain" and one.outcome not in again]
        left = {one.message_id for one in receipts if one.outcome in again}
        waiting = [one for one in waiting if one.message_id in left]
        if not waiting:
            break
    assert not waiting, "it never ends"
    received = world.received()
    assert len(received) == len(set(received)), "sent twice"
    assert set(received) == {f"m{number}" for number in range(6)}
    assert bool(doubted) == (mood == "loses" and not kind.capabilities.idempotent)


def test_a_vendor_that_asks_to_wait_is_heard(kind: ChannelKind, world: World, channel: Channel) -> None:
    if world.moods is None:
        assert kind.name in UNMOODED
        return
    world.moods.busy = 1
    first, second = send(channel, outgoing("m1", world.good[0]), outgoing("m2", world.good[1]))
    assert first.outcome == "later"
    assert first.retry_after == timedelta(seconds=world.moods.retry_after_seconds)
    assert (second.outcome, second.retry_after) == (first.outcome, first.retry_after), "the vendor asked for silence"
    assert world.received() == []


def test_answers_that_nobody_can_read(kind: ChannelKind, world: World, channel: Channel) -> None:
    """The status counts, unless what was done stands in the answer alone: then nobody knows."""
    if world.moods is None:
        assert kind.name in UNMOODED
        return
    world.moods.malformed = True
    if world.must_read:
        receipts = send(channel, outgoing("m1", world.good[0]), outgoing("m2", world.good[1]))
        assert {one.outcome for one in receipts} <= {"later", "uncertain"}
        return
    good, bad = send(channel, outgoing("m1", world.good[0]), outgoing("m2", world.refuses))
    assert (good.outcome, bad.outcome) == ("accepted", "refused")


def test_what_mail_looks_like_on_the_wire(tmp_path: Path) -> None:
    smtp = channel_kinds()["smtp"]
    with WORLDS["smtp"](tmp_path) as world, mail_server() as server:
        headers = {"List-Unsubscribe": "<https://a.example/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        with opened(smtp, world, port=server.port) as channel:
            send(channel, outgoing("m1", "ann@people.example", headers=headers))
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
