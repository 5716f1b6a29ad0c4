"""What we know of one person: traits, identifiers, first and last seen, timeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pyarrow as pa

from foretell.clock import from_micros, utc
from foretell.engine import Engine
from foretell.identify import Match
from foretell.money import from_micro
from foretell.profile.consent import consents


@dataclass(frozen=True)
class Entry:
    """An event on the timeline."""

    at: datetime
    event: str
    source: str
    properties: str
    message_id: str


@dataclass(frozen=True)
class Consent:
    """The latest word on a purpose over a channel: ``granted`` or ``denied``, when and where it was said."""

    channel: str
    purpose: str
    state: str
    at: datetime
    source: str


@dataclass(frozen=True)
class Profile:
    """One person.

    Args:
        identifiers: kind → values, sorted.
        traits: name → value as last told; numbers are exact decimals.
        events: number of events.
        consents: by channel and purpose; what is not there was never granted.
        timeline: the latest events, newest first.
    """

    profile_id: str
    first_seen: datetime | None
    last_seen: datetime | None
    events: int
    identifiers: dict[str, list[str]]
    traits: dict[str, str | Decimal]
    timeline: list[Entry]
    consents: list[Consent] = field(default_factory=list)


def show(engine: Engine, match: Match, *, events: int = 20) -> Profile:
    """The profile of a person found by :func:`foretell.identify.find`.

    Args:
        events: length of the timeline.
    """
    key = match.profile_key
    row = engine.ops.query("SELECT first_seen, last_seen, events FROM profiles WHERE profile_key = ?", (key,))
    first, last, count = row[0] if row else (None, None, 0)
    return Profile(
        match.profile_id,
        None if first is None else from_micros(first),
        None if last is None else from_micros(last),
        int(count),
        _identifiers(engine, key),
        _traits(engine, key),
        timeline(engine, key, events),
        _consents(engine, key),
    )


def timeline(engine: Engine, profile_key: int, limit: int) -> list[Entry]:
    """The latest ``limit`` events of a person, newest first; ties by message id."""
    found = engine.analytics.query(
        "SELECT ts, event, source, properties, message_id FROM log_events WHERE profile_key = $key "
        "ORDER BY ts DESC, message_id DESC LIMIT $limit",
        {"key": profile_key, "limit": limit},
    )
    return [
        Entry(utc(row["ts"]), row["event"], row["source"], row["properties"] or "{}", row["message_id"])
        for row in found.to_pylist()
    ]


def _identifiers(engine: Engine, key: int) -> dict[str, list[str]]:
    rows = engine.ops.query(
        "SELECT kind, value FROM identifiers WHERE node_key = ? OR node_key IN "
        "(SELECT node_key FROM merged WHERE profile_key = ?) ORDER BY kind, value",
        (key, key),
    )
    result: dict[str, list[str]] = {}
    for kind, value in rows:
        result.setdefault(str(kind), []).append(str(value))
    return result


def _consents(engine: Engine, key: int) -> list[Consent]:
    found = consents(engine.ops, pa.array([key], pa.int64())).to_pylist()
    return [Consent(row["channel"], row["purpose"], row["state"], utc(row["ts"]), row["source"]) for row in found]


def _traits(engine: Engine, key: int) -> dict[str, str | Decimal]:
    rows = engine.ops.query("SELECT trait, s, n FROM profile_traits WHERE profile_key = ? ORDER BY trait", (key,))
    return {
        str(trait): from_micro(number) if text is None else str(text)
        for trait, text, number in rows
        if text is not None or number is not None
    }
