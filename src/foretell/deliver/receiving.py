"""What vendors tell afterwards, by signed requests to ``/hooks/channels/KEY``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.deliver import channel_document, standings, suppressions
from foretell.deliver.channels.base import ChannelPlace, HookRequest, Told
from foretell.deliver.engaging import engaged
from foretell.deliver.trying import TEST
from foretell.engine import TIMESTAMP, Engine
from foretell.errors import UsageError

_KEYS_A_QUERY = 2_000
_SETTLED = ("sent", "delivered", "bounced", "cancelled")
"""States of messages that an ``accepted`` tells nothing new of."""
_LATEST = (
    "SELECT message_id FROM messages WHERE medium = 'sms' AND address = ? AND channel = ? "
    "AND state IN ('sent', 'delivered', 'uncertain') ORDER BY at DESC, message_id DESC LIMIT 1"
)


@dataclass(frozen=True)
class ReceiptReport:
    """What a request of a vendor told.

    Args:
        new: reports that were not known.
        unknown: reports of messages that are not there: of another workspace, or of people who were erased.
    """

    told: int
    new: int
    unknown: int


def receive(
    engine: Engine, catalog: Catalog, channel_key: str, request: HookRequest, *, now: datetime
) -> ReceiptReport:
    """Verify what a vendor posted, and take in what it tells of messages of this channel.

    It may come twice and in any order.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION`` where no channel of this key takes receipts; ``BAD_SIGNATURE``,
            ``BAD_JSON``, ``SECRET_MISSING``; nothing has changed then.
        ForetellError: ``VENDOR_UNREACHABLE``, transient.
    """
    document = catalog.documents.get(("channel", channel_key))
    kind = channel_document.kind_of(catalog, channel_key)
    if document is None or kind is None or kind.receive is None:
        raise UsageError(
            "UNKNOWN_DEFINITION",
            f"no channel {channel_key!r} takes receipts",
            thing=f"channel {channel_key}",
            next_step="See `foretell channel list` for those that do, and their addresses.",
        )
    settings = kind.settings.model_validate(channel_document.spec_of(document).settings)
    told = kind.receive(settings, ChannelPlace(catalog.settings, engine.ops), request)
    named = _named(engine, channel_key, kind.capabilities.medium, told, now)
    states = _states(engine, channel_key, sorted({one for one, _ in named if one}))
    kept = [(message_id, one) for message_id, one in named if message_id in states]
    kept = [pair for pair in kept if pair[1].kind != "accepted" or states[pair[0]] not in _SETTLED]
    new = engaged(engine, catalog, _rows(kept, now), now=now) if kept else 0
    unknown = sum(message_id not in states and not message_id.startswith(f"{TEST}_") for message_id, _ in named)
    with engine.ops.write() as tx:
        standings.note_told(tx, channel_key, new, unknown, now)
    return ReceiptReport(len(told), new, unknown)


def _named(
    engine: Engine, channel_key: str, medium: str, told: Sequence[Told], now: datetime
) -> list[tuple[str, Told]]:
    """Everything told, with the message that it is about: an answer is about the latest to its sender."""
    named = []
    for one in told:
        message_id = one.message_id
        if not message_id and one.address:
            found = engine.ops.query(_LATEST, (one.address, channel_key)) if medium == "sms" else []
            message_id = str(found[0][0]) if found else ""
            if not message_id and one.kind == "stop":
                suppressions.suppress(engine, medium, one.address, reason="stopped", now=now)
        named.append((message_id, one))
    return named


def _states(engine: Engine, channel_key: str, ids: Sequence[str]) -> dict[str, str]:
    """Message id → state, of the channel's own messages: one vendor tells nothing of another's."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), _KEYS_A_QUERY):
        part = ids[start : start + _KEYS_A_QUERY]
        marks = ", ".join("?" * len(part))
        sql = f"SELECT message_id, state FROM messages WHERE message_id IN ({marks}) AND channel = ?"
        found.update(engine.ops.query(sql, (*part, channel_key)))
    return found


def _rows(kept: Sequence[tuple[str, Told]], now: datetime) -> pa.Table:
    """Reports as :func:`engaged` takes them; nothing happens later than it is told."""
    told = [one for _, one in kept]
    return pa.table(
        {
            "message_id": pa.array([message_id for message_id, _ in kept], pa.string()),
            "kind": pa.array([one.kind for one in told], pa.string()),
            "at": pa.array([naive_utc(min(one.at, now)) for one in told], TIMESTAMP),
            "url": pa.array([one.url for one in told], pa.string()),
            "machine": pa.array([one.machine or None for one in told], pa.bool_()),
            "key": pa.array([one.key or None for one in told], pa.string()),
            "said": pa.array([one.error or None for one in told], pa.string()),
        }
    )
