"""Handing queued messages to their channels: claimed before, recorded after, never twice.

A claim is durable before a channel sees the message. Where the process dies between the two, the next
dispatch hands the message over again if the channel is idempotent (it keys on the message id), and marks
it ``uncertain`` for a person to look at if it is not. Where several processes send, each claims messages that no
other gets (``SKIP LOCKED``), and whoever leads goes on with what a process left that is gone.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from foretell import telemetry
from foretell.definitions import Catalog
from foretell.deliver import audience_document, channel_document, outbox, spans
from foretell.deliver.audiences import leave_without_consent
from foretell.deliver.channels.base import Channel, ChannelKind, ChannelPlace, Outgoing, Receipt
from foretell.deliver.confirming import ask_to_confirm
from foretell.deliver.context import asking_analytics, facts_of
from foretell.deliver.following import follow_segments
from foretell.deliver.outbox import Queued
from foretell.deliver.permissions import permissions
from foretell.deliver.receipts import Verdict, record, verdict_of
from foretell.deliver.rendering import rendered
from foretell.deliver.tokens import Signer, signer_of
from foretell.engine import Engine, reached, table_of
from foretell.errors import ForetellError
from foretell.profile import Purposes, purposes_of

_ROUND = 2_000
_SHARE = 500
"""So many messages a process takes for itself where several send."""
_ASKED = {"profile_key": pa.int64(), "medium": pa.string(), "purpose": pa.string()}
_REFUSED = ("profile_key", "channel", "purpose", "found")
_WITHDRAWN = {"denied": "consent was withdrawn", "expired": "consent has lapsed"}
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
    """

    sent: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    bounced: int = 0
    later: int = 0
    uncertain: int = 0
    cancelled: int = 0
    left_audiences: int = 0
    joined_audiences: int = 0

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
    kind: ChannelKind
    channel: Channel


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
        signer: Signer | None = None
        while messages := _due(engine, catalog, now):
            signer = signer or signer_of(engine, catalog.settings)
            kept = _still_allowed(engine, purposes, messages, now, report)
            for key, part in _by_channel(catalog, kept):
                _send_all(engine, catalog, signer, key, part, now, report)
    return report


def _due(engine: Engine, catalog: Catalog, now: datetime) -> list[Queued]:
    """What is handed over next; where several processes send, it is this one's already."""
    if not engine.is_shared:
        return outbox.waiting(engine, now, _ROUND)
    return outbox.take(engine, now, _SHARE, () if engine.has_analytics else asking_analytics(catalog))


def channel_key(catalog: Catalog, message: Queued) -> str:
    """The channel that carries a message; an audience's document names its own."""
    if message.medium != "ads":
        return message.channel
    document = catalog.documents.get(("audience", message.template))
    return audience_document.spec_of(document).channel if document else message.channel


def _recover(engine: Engine, catalog: Catalog, now: datetime, report: DispatchReport) -> None:
    """Settle claims of a dispatch that died."""
    claimed = outbox.claimed(engine)
    if not claimed:
        return
    again: list[str] = []
    unsure: list[str] = []
    for message in claimed:
        kind = channel_document.kind_of(catalog, channel_key(catalog, message))
        (again if kind and kind.capabilities.idempotent else unsure).append(message.message_id)
    outbox.unclaim(engine, again)
    if unsure:
        why = "the process ended while it was handed over"
        rows = [(one, outbox.UNCERTAIN, why) for one in unsure]
        engine.act("deliver", lambda tx, batch: outbox.give_up(tx, batch, rows, now), now=now)
        report.uncertain += len(unsure)


def _still_allowed(
    engine: Engine, purposes: Purposes, messages: Sequence[Queued], now: datetime, report: DispatchReport
) -> list[Queued]:
    """Those that may still go: what is not allowed or suppressed any more since the decision is taken back."""
    asked = [(one.profile_key, one.medium, one.purpose) for one in messages]
    told = permissions(engine.ops, table_of(_ASKED, asked), purposes, now)
    refused = told.filter(pc.invert(told["allowed"])).select(list(_REFUSED)).to_pylist()
    found = {tuple(row[name] for name in _REFUSED[:3]): row["found"] for row in refused}
    listed = outbox.suppressed_among(engine, messages)
    stopped = {}
    for message in messages:
        if message.medium == "ads" and json.loads(message.variables)["action"] == "leave":
            continue
        reason = found.get((message.profile_key, message.medium, message.purpose))
        if reason is not None:
            stopped[message.message_id] = _WITHDRAWN.get(reason, f"not allowed any more: {reason}")
        elif (message.medium, message.address) in listed:
            stopped[message.message_id] = "the address was suppressed"
    if stopped:
        rows = [(message_id, outbox.CANCELLED, why) for message_id, why in stopped.items()]
        engine.act("deliver", lambda tx, batch: outbox.give_up(tx, batch, rows, now), now=now)
        report.cancelled += len(rows)
    return [message for message in messages if message.message_id not in stopped]


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
        outbox.claim(engine, [message.message_id for message in messages])
        receipts = [Receipt(message.message_id, "later", error=why) for message in messages]
        _record(engine, now, [_judge(catalog, now, *pair) for pair in _pairs(messages, receipts)], report)
        return
    way = _Way(engine, catalog, signer, now, kind, channel)
    size = kind.capabilities.batch_size
    for start in range(0, len(messages), size):
        _send(way, messages[start : start + size], report)


def _send(way: _Way, messages: Sequence[Queued], report: DispatchReport) -> None:
    ready, outgoing, failed = _rendered(way, messages)
    outbox.claim(way.engine, [message.message_id for message in ready])
    reached("deliver.claimed")
    receipts = []
    if outgoing:
        ids = [one.message_id for one in outgoing]
        with spans.handing_over(way.engine.ops, way.kind.name, way.kind.capabilities.medium, ids):
            receipts = _handed_over(way, outgoing)
    reached("deliver.handed_over")
    verdicts = [
        _judge(way.catalog, way.now, message, receipt, way.kind) for message, receipt in _pairs(ready, receipts)
    ]
    _record(way.engine, way.now, [*verdicts, *failed], report)


def _rendered(way: _Way, messages: Sequence[Queued]) -> tuple[list[Queued], list[Outgoing], list[Verdict]]:
    ready, outgoing, failed = [], [], []
    for message, facts in zip(messages, facts_of(way.engine, way.catalog, messages), strict=True):
        try:
            outgoing.append(rendered(way.catalog, way.signer, message, facts))
            ready.append(message)
        except ForetellError as error:
            failed.append(Verdict(message, outbox.FAILED, error=str(error)))
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
    engine.act("deliver", lambda tx, batch: record(tx, batch, verdicts), now=now)
    for (medium, state), count in Counter((one.message.medium, one.state) for one in verdicts).items():
        telemetry.HANDED_OVER.add(medium, "later" if state == outbox.QUEUED else state, amount=count)
    done = (outbox.SENT, outbox.DELIVERED)
    media = Counter(one.message.medium for one in verdicts if one.state in done)
    report.count(media, Counter(one.state for one in verdicts))
