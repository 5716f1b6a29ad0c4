"""What we know of one person: traits, identifiers, first and last seen, timeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pyarrow as pa

from foretell.clock import from_micros, utc
from foretell.engine import Engine
from foretell.identify import Match
from foretell.profile.by_node import seen_of
from foretell.profile.consents import USUAL, Purposes, consents
from foretell.profile.golden import TraitTold, traits_told
from foretell.profile.survivorship import USUAL_SURVIVORSHIP, Survivorship


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
    """The word on a purpose over a channel that counts: ``granted``, ``denied`` or ``expired``, when and where it was
    said."""

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
        traits: name → the value that stands; numbers are exact decimals.
        events: number of events.
        consents: by channel and purpose; what is not there was never granted.
        timeline: the latest events, newest first.
        told: the same traits with their source, and what other sources say instead.
    """

    profile_id: str
    first_seen: datetime | None
    last_seen: datetime | None
    events: int
    identifiers: dict[str, list[str]]
    traits: dict[str, str | Decimal]
    timeline: list[Entry]
    consents: list[Consent] = field(default_factory=list)
    told: list[TraitTold] = field(default_factory=list)


def show(
    engine: Engine,
    match: Match,
    *,
    events: int = 20,
    rules: Survivorship = USUAL_SURVIVORSHIP,
    at: datetime | None = None,
    purposes: Purposes = USUAL,
) -> Profile:
    """The profile of a person found by :func:`foretell.identify.find`.

    Args:
        events: length of the timeline.
        rules: which values of traits stand, see :func:`~foretell.profile.survivorship_of`.
        at: grants that have lapsed by then are shown so; None: as they were given.
        purposes: what the workspace's document says of them, see :func:`~foretell.profile.purposes_of`.
    """
    key = match.profile_key
    seen = seen_of(engine.ops, [key]).to_pylist()
    told = traits_told(engine.ops, key, rules)
    return Profile(
        match.profile_id,
        from_micros(seen[0]["first_seen"]) if seen else None,
        from_micros(seen[0]["last_seen"]) if seen else None,
        seen[0]["events"] if seen else 0,
        _identifiers(engine, key),
        {one.name: one.value for one in told},
        timeline(engine, key, events),
        _consents(engine, key, at, purposes),
        told,
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


def _consents(engine: Engine, key: int, at: datetime | None, purposes: Purposes) -> list[Consent]:
    found = consents(engine.ops, pa.array([key], pa.int64()), at=at, purposes=purposes).to_pylist()
    return [Consent(row["channel"], row["purpose"], row["state"], utc(row["ts"]), row["source"]) for row in found]
