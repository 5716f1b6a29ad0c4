"""Handing queued messages to their channels: claimed before, recorded after, never twice.

A claim is durable before a channel sees the message. Where the process dies between the two, the next
dispatch hands the message over again if the channel is idempotent (it keys on the message id), and marks
it ``uncertain`` for a person to look at if it is not. Where several processes send, each takes messages that no
other gets (``SKIP LOCKED``), and whoever leads goes on with what a process left that is gone.

The transactional lane goes first, journeys take turns, and what is faster than a rate allows waits
(:mod:`foretell.deliver.turns`, :mod:`foretell.deliver.rates`). Whether a message may go is asked again once it is
claimed (:mod:`foretell.deliver.last_look`).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from foretell import telemetry
from foretell.definitions import Catalog
from foretell.deliver import attempts, audience_document, channel_document, outbox, rates, spans
from foretell.deliver.audiences import leave_without_consent
from foretell.deliver.channels.base import Channel, ChannelKind, ChannelPlace, Outgoing, Receipt
from foretell.deliver.confirming import ask_to_confirm
from foretell.deliver.following import follow_segments
from foretell.deliver.gate import TRANSACTIONAL
from foretell.deliver.last_look import last_look
from foretell.deliver.outbox import Queued
from foretell.deliver.receipts import Verdict, leave_open, record, verdict_of
from foretell.deliver.rendering import Writing
from foretell.deliver.tokens import Signer, signer_of
from foretell.deliver.turns import next_turn
from foretell.engine import Batch, Engine, Tx, reached
from foretell.errors import ForetellError
from foretell.profile import purposes_of

_TURN = threading.Lock()
"""One dispatch at a time in a process: a claim of its own that is found was left by an earlier one."""
_LOG = logging.getLogger("foretell.deliver")


@dataclass
class DispatchReport:
    """What a dispatch did; counts of messages.

    Args:
        sent: by medium.
        later: will be tried again.
        uncertain: may have gone out; a person has to look.
        left_audiences: memberships that ended since advertising is not allowed any more, or since the person left
            the segment that the audience follows.
        joined_audiences: memberships that began since the person is in such a segment.
        put_off: how often a rate let a message wait for its turn.
        waits_until: when the first message that waits is due, ISO 8601; None where none waits.
    """

    sent: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    bounced: int = 0
    later: int = 0
    uncertain: int = 0
    cancelled: int = 0
    left_audiences: int = 0
    joined_audiences: int = 0
    put_off: int = 0
    waits_until: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def count(self, media: Counter[str], states: Counter[str]) -> None:
        """Add what was recorded."""
        for medium, number in media.items():
            self.sent[medium] = self.sent.get(medium, 0) + number
        self.failed += states[outbox.FAILED]
        self.bounced += states[outbox.BOUNCED]
        self.later += states[outbox.QUEUED]
        self.uncertain += states[outbox.UNCERTAIN]
        self.cancelled += states[outbox.CANCELLED]


@dataclass(frozen=True)
class _Way:
    """How messages of one channel go out."""

    engine: Engine
    catalog: Catalog
    signer: Signer
    now: datetime
    key: str
    kind: ChannelKind
    channel: Channel
    writing: Writing


def dispatch(engine: Engine, catalog: Catalog, *, now: datetime) -> DispatchReport:
    """Hand over every message whose instant has come; returns what became of them.

    It may be killed anywhere: the next call does the rest. What a channel refuses for now is tried again
    later, with growing pauses.
    """
    report = DispatchReport()
    purposes = purposes_of(catalog)
    with _TURN:
        _recover(engine, catalog, now, report)
        if engine.has_analytics:
            report.left_audiences += leave_without_consent(engine, purposes, now)
            joined, left = follow_segments(engine, catalog, now=now)
            report.joined_audiences += joined
            report.left_audiences += left
            ask_to_confirm(engine, catalog, now=now)
        _hand_over_due(engine, catalog, now, report)
        rates.forget_full(engine, now)
        waits = outbox.next_due(engine, now)
        report.waits_until = None if waits is None else waits.isoformat()
    return report


def _hand_over_due(engine: Engine, catalog: Catalog, now: datetime, report: DispatchReport) -> None:
    signer: Signer | None = None
    while messages := next_turn(engine, catalog, now):
        admitted = rates.admit(engine, catalog, [(one, channel_key(catalog, one)) for one in messages], now)
        report.put_off += admitted.put_off
        first = [one for one in admitted.going if one.purpose == TRANSACTIONAL]
        for lane in (first, [one for one in admitted.going if one.purpose != TRANSACTIONAL]):
            for key, part in _by_channel(catalog, lane):
                signer = signer or signer_of(engine, catalog.settings)
                _send_all(engine, catalog, signer, key, part, now, report)


def channel_key(catalog: Catalog, message: Queued) -> str:
    """The channel that carries a message; an audience's document names its own."""
    if message.medium != "ads":
        return message.channel
    document = catalog.documents.get(("audience", message.template))
    return audience_document.spec_of(document).channel if document else message.channel


def _recover(engine: Engine, catalog: Catalog, now: datetime, report: DispatchReport) -> None:
    """Settle claims of a dispatch that died."""
    again: list[str] = []
    unsure: list[Queued] = []
    taken = outbox.only_taken(engine)
    for message in outbox.claimed(engine):
        kind = channel_document.kind_of(catalog, channel_key(catalog, message))
        if message.message_id in taken or (kind and kind.capabilities.idempotent):
            again.append(message.message_id)
        else:
            unsure.append(replace(message, attempts=message.attempts - 1))
    outbox.unclaim(engine, again)
    if unsure:
        why = "the process ended while it was handed over"
        verdicts = [Verdict(one, outbox.UNCERTAIN, error=why) for one in unsure]

        def work(tx: Tx, batch: Batch) -> None:
            leave_open(tx, batch, [(one.message_id, outbox.UNCERTAIN, why) for one in unsure], now)
            attempts.note(tx, verdicts, now)

        engine.act("deliver", work, now=now)
        report.uncertain += len(unsure)


def _by_channel(catalog: Catalog, messages: Sequence[Queued]) -> Iterator[tuple[str, list[Queued]]]:
    parts: dict[str, list[Queued]] = {}
    for message in messages:
        parts.setdefault(channel_key(catalog, message), []).append(message)
    yield from parts.items()


def _send_all(
    engine: Engine,
    catalog: Catalog,
    signer: Signer,
    key: str,
    messages: Sequence[Queued],
    now: datetime,
    report: DispatchReport,
) -> None:
    kind = channel_document.kind_of(catalog, key)
    try:
        channel = channel_document.open_channel(catalog, key, ChannelPlace(catalog.settings, engine.ops))
        why = f"nothing serves the channel {key!r}"
    except (ForetellError, ValidationError) as error:  # wrong settings: somebody can mend them
        channel, why = None, str(error)
    if kind is None or channel is None:
        outbox.claim(engine, [message.message_id for message in messages], now)
        receipts = [Receipt(message.message_id, "later", error=why) for message in messages]
        _record(engine, now, [_judge(catalog, now, *pair) for pair in _pairs(messages, receipts)], report)
        return
    way = _Way(engine, catalog, signer, now, key, kind, channel, Writing(engine, catalog, signer, messages))
    size = kind.capabilities.batch_size
    with ExitStack() as opened:
        opened.callback(getattr(channel, "close", lambda: None))
        for start in range(0, len(messages), size):
            _send(way, messages[start : start + size], report)


def _send(way: _Way, messages: Sequence[Queued], report: DispatchReport) -> None:
    ready, outgoing, failed = _rendered(way, messages)
    outbox.claim(way.engine, [message.message_id for message in ready], way.now)
    reached("deliver.claimed")
    looked = last_look(way.engine, way.catalog, way.key, ready, way.now)
    _take_back(way, looked.stopped, report)
    written = {one.message_id: one for one in outgoing}
    leaving = [written[one.message_id] for one in looked.going]
    receipts = []
    if leaving:
        ids = [one.message_id for one in leaving]
        with spans.handing_over(way.engine.ops, way.kind.name, way.kind.capabilities.medium, ids):
            receipts = _handed_over(way, leaving)
    reached("deliver.handed_over")
    pairs = _pairs(looked.going, receipts)
    verdicts = [_judge(way.catalog, way.now, message, receipt, way.kind) for message, receipt in pairs]
    _record(way.engine, way.now, [*verdicts, *failed], report)


def _take_back(way: _Way, stopped: Sequence[tuple[str, str, str]], report: DispatchReport) -> None:
    if stopped:
        way.engine.act("deliver", lambda tx, batch: outbox.give_up(tx, batch, stopped, way.now), now=way.now)
        report.cancelled += len(stopped)


def _rendered(way: _Way, messages: Sequence[Queued]) -> tuple[list[Queued], list[Outgoing], list[Verdict]]:
    ready, outgoing, failed = [], [], []
    for message, written in zip(messages, way.writing.outgoing(messages), strict=True):
        if isinstance(written, ForetellError):
            failed.append(Verdict(message, outbox.FAILED, error=str(written)))
        else:
            outgoing.append(written)
            ready.append(message)
    return ready, outgoing, failed


def _handed_over(way: _Way, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    """What the channel answers; a channel that breaks has handed over nothing, or nobody knows."""
    try:
        receipts = way.channel.send(outgoing, now=way.now)
    except Exception as error:  # noqa: BLE001 (what an extension raises must not stop the other messages)
        _LOG.exception("channel %s failed", way.kind.name)
        outcome: Any = "later" if way.kind.capabilities.idempotent else "uncertain"
        return [Receipt(message.message_id, outcome, error=f"{type(error).__name__}: {error}") for message in outgoing]
    found = {receipt.message_id: receipt for receipt in receipts}
    lost = "the channel gave no receipt"
    return [found.get(one.message_id) or Receipt(one.message_id, "uncertain", error=lost) for one in outgoing]


def _pairs(messages: Sequence[Queued], receipts: Sequence[Receipt]) -> Iterator[tuple[Queued, Receipt]]:
    return zip(messages, receipts, strict=True)


def _judge(
    catalog: Catalog, now: datetime, message: Queued, receipt: Receipt, kind: ChannelKind | None = None
) -> Verdict:
    return verdict_of(message, receipt, kind.capabilities if kind else None, now, catalog.settings.sending.attempts)


def _record(engine: Engine, now: datetime, verdicts: Sequence[Verdict], report: DispatchReport) -> None:
    def work(tx: Tx, batch: Batch) -> None:
        record(tx, batch, verdicts)
        attempts.note(tx, verdicts, now)

    if not verdicts:
        return
    engine.act("deliver", work, now=now)
    for (medium, state), count in Counter((one.message.medium, one.state) for one in verdicts).items():
        telemetry.HANDED_OVER.add(medium, "later" if state == outbox.QUEUED else state, amount=count)
    done = (outbox.SENT, outbox.DELIVERED)
    media = Counter(one.message.medium for one in verdicts if one.state in done)
    report.count(media, Counter(one.state for one in verdicts))
