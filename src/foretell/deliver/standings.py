"""How channels stand: when each worked last, what failed, what it was told. A row a channel, nothing of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import from_micros, micros
from foretell.engine import Engine, OperationalStore, Tx

TABLE = """
CREATE TABLE channel_standings (
    channel TEXT PRIMARY KEY, accepted_at BIGINT, accepted BIGINT NOT NULL, failed_at BIGINT, failed BIGINT NOT NULL,
    error TEXT NOT NULL, received_at BIGINT, receipts BIGINT NOT NULL, unknown BIGINT NOT NULL) /*clustered*/;
ALTER TABLE messages ADD COLUMN failure TEXT;
ALTER TABLE engagements ADD COLUMN said TEXT;
CREATE INDEX messages_dead ON messages (ended_at, message_id) WHERE state = 'failed';
CREATE INDEX messages_by_number ON messages (address, at) WHERE medium = 'sms';
"""
"""``failure``: why a message of the state ``failed`` is: ``transient`` (every try failed) or ``terminal`` (refused).
``said``: the vendor's words. ``unknown``: receipts of messages that are not there (any more)."""
_COLUMNS = "channel, accepted_at, accepted, failed_at, failed, error, received_at, receipts, unknown"
_ADD = (
    f"INSERT INTO channel_standings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (channel) DO UPDATE SET "
    "accepted_at = coalesce(excluded.accepted_at, channel_standings.accepted_at), "
    "accepted = channel_standings.accepted + excluded.accepted, "
    "failed_at = coalesce(excluded.failed_at, channel_standings.failed_at), "
    "failed = channel_standings.failed + excluded.failed, "
    "error = CASE WHEN excluded.failed > 0 THEN excluded.error ELSE channel_standings.error END, "
    "received_at = coalesce(excluded.received_at, channel_standings.received_at), "
    "receipts = channel_standings.receipts + excluded.receipts, "
    "unknown = channel_standings.unknown + excluded.unknown"
)


@dataclass(frozen=True)
class ChannelStanding:
    """How a channel stands.

    Args:
        accepted_at: when it took a message last, UTC; ``accepted``: how many it has taken.
        failed_at: when it took one not last, UTC; ``error``: why.
        received_at: when it told something last, UTC; ``receipts``: how many were new, ``unknown``: how many were of
            messages that are not there.
    """

    channel: str
    accepted_at: datetime | None = None
    accepted: int = 0
    failed_at: datetime | None = None
    failed: int = 0
    error: str = ""
    received_at: datetime | None = None
    receipts: int = 0
    unknown: int = 0


def note_sent(tx: Tx, rows: Iterable[tuple[str, int, int, str]], now: datetime) -> None:
    """Note what channels took: (channel, how many it took, how many it did not, why the last of them)."""
    at = micros(now)
    told = [
        (channel, at if taken else None, taken, at if failed else None, failed, why, None, 0, 0)
        for channel, taken, failed, why in rows
    ]
    tx.executemany(_ADD, told)


def note_told(tx: Tx, channel: str, receipts: int, unknown: int, now: datetime) -> None:
    """Note what a channel told."""
    tx.execute(_ADD, (channel, None, 0, None, 0, "", micros(now), receipts, unknown))


def standings(engine: Engine) -> dict[str, ChannelStanding]:
    """Every channel that was ever used, by its key."""
    return _read(engine.ops)


def _read(store: OperationalStore) -> dict[str, ChannelStanding]:
    rows = store.query(f"SELECT {_COLUMNS} FROM channel_standings ORDER BY channel")
    found = {}
    for channel, accepted_at, accepted, failed_at, failed, error, received_at, receipts, unknown in rows:
        at = [None if one is None else from_micros(one) for one in (accepted_at, failed_at, received_at)]
        found[channel] = ChannelStanding(channel, at[0], accepted, at[1], failed, error, at[2], receipts, unknown)
    return found
