"""The ledger for people: what was sent, what was not, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from foretell.clock import from_micros, utc
from foretell.deliver import outbox
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify import find

PAGE_SIZE = 50
FILTERS = (
    "profile_key",
    "channel",
    "medium",
    "state",
    "journey",
    "run",
    "step",
    "campaign",
    "topic",
    "template",
    "purpose",
)
_SHOWN = (
    "message_id", "channel", "medium", "template", "purpose", "journey", "run", "step", "campaign", "topic",
    "address", "state", "attempts", "at", "next_at", "sent_at", "handed_over_at", "delivered_at", "opened_at",
    "clicked_at", "ended_at", "accepted_id", "error",
)  # fmt: skip
_TIMES = frozenset(name for name in _SHOWN if name == "at" or name.endswith("_at"))


@dataclass(frozen=True)
class LedgerPage:
    """A page of the ledger, the latest first; ``rows`` have the columns of a message and ``profile_id``."""

    total: int
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Check:
    """One check of the gate: its name, whether it let the message pass, what it found."""

    check: str
    passed: bool
    found: str


@dataclass(frozen=True)
class Decision:
    """What the gate said, once; ``at`` is the instant for which it was asked."""

    message_id: str
    profile_id: str
    at: datetime
    decided_at: datetime
    decision: str
    reason: str
    until: datetime | None
    channel: str | None
    template: str | None
    journey: str | None
    run: str | None
    step: str | None
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Happening:
    """An event of the message."""

    at: datetime
    what: str
    url: str | None = None
    machine: bool = False


@dataclass(frozen=True)
class Why:
    """Why a message went out, or did not.

    Args:
        decisions: every time it was asked for, the earliest first.
        message: the ledger's row, None where it was never queued.
    """

    message_id: str
    decisions: tuple[Decision, ...]
    message: dict[str, Any] | None
    happened: tuple[Happening, ...] = field(default=())


def ledger(
    engine: Engine, filters: Mapping[str, object] | None = None, page: int = 1, *, size: int = PAGE_SIZE
) -> LedgerPage:
    """Messages that were queued, by the instant at which they were due.

    Args:
        filters: column → value, of :data:`FILTERS`; ``None`` values are left out.
        page: from 1.

    Raises:
        UsageError: ``UNKNOWN_FILTER``.
    """
    wanted = {name: value for name, value in (filters or {}).items() if value is not None}
    strange = sorted(set(wanted) - set(FILTERS))
    if strange:
        next_step = f"Columns: {', '.join(FILTERS)}."
        raise UsageError("UNKNOWN_FILTER", f"messages cannot be chosen by {strange[0]!r}", next_step=next_step)
    where = " AND ".join(f"m.{name} = ?" for name in wanted) or "1 = 1"
    params = list(wanted.values())
    total = engine.ops.query(f"SELECT count(*) FROM messages m WHERE {where}", params)[0][0]
    rows = engine.ops.query(
        f"SELECT {', '.join(f'm.{name}' for name in _SHOWN)}, n.profile_id FROM messages m "
        f"LEFT JOIN nodes n ON n.node_key = m.profile_key WHERE {where} "
        "ORDER BY m.at DESC, m.message_id DESC LIMIT ? OFFSET ?",
        [*params, size, max(page - 1, 0) * size],
    )
    return LedgerPage(int(total), tuple(_row(row) for row in rows))


def why(engine: Engine, message_id_or_person: str) -> list[Why]:
    """The chain of checks of a message, or of everything that was asked for a person, the latest first.

    Args:
        message_id_or_person: a message's id, or an identifier as :func:`foretell.identify.find` takes it.

    Raises:
        UsageError: ``MESSAGE_UNKNOWN`` where it is neither; ``PROFILE_AMBIGUOUS``.
    """
    decisions = _decisions(engine, "d.message_id = $id OR d.run = $id", {"id": message_id_or_person})
    known = outbox.of_id(engine.ops, message_id_or_person)
    if not decisions and known is None:
        try:
            match = find(engine, message_id_or_person)
        except UsageError as error:
            if error.code != "PROFILE_UNKNOWN":
                raise
            raise UsageError(
                "MESSAGE_UNKNOWN",
                f"there is no message and no person called {message_id_or_person!r}",
                next_step="Take an id from `foretell messages list`, or name a person, e.g. email:ann@example.com.",
            ) from error
        decisions = _decisions(engine, "d.profile_key = $key", {"key": match.profile_key})
    ids = list(dict.fromkeys(one.message_id for one in decisions)) or ([message_id_or_person] if known else [])
    return [_why(engine, one, tuple(d for d in decisions if d.message_id == one)) for one in ids]


def _why(engine: Engine, message_id: str, decisions: tuple[Decision, ...]) -> Why:
    found = engine.ops.query(
        f"SELECT {', '.join(f'm.{name}' for name in _SHOWN)}, n.profile_id FROM messages m "
        "LEFT JOIN nodes n ON n.node_key = m.profile_key WHERE m.message_id = ?",
        (message_id,),
    )
    happened = engine.ops.query(
        "SELECT at, kind, url, machine FROM engagements WHERE message_id = ? ORDER BY at, event_id", (message_id,)
    )
    return Why(
        message_id,
        tuple(sorted(decisions, key=lambda one: (one.at, one.decided_at))),
        _row(found[0]) if found else None,
        tuple(Happening(from_micros(at), kind, url, bool(machine)) for at, kind, url, machine in happened),
    )


def _decisions(engine: Engine, where: str, params: Mapping[str, object]) -> list[Decision]:
    rows = engine.analytics.query(
        "SELECT d.message_id, coalesce(n.profile_id, '') AS profile_id, d.at, d.decided_at, d.decision, d.reason, "
        'd."until" AS until_at, d.channel, d.template, d.journey, d.run, d.step, d.checks '
        f"FROM log_decisions d LEFT JOIN nodes n ON n.node_key = d.profile_key WHERE {where} "
        "ORDER BY d.at DESC, d.message_id, d.decided_at",
        params,
    ).to_pylist()
    return [_decision(row) for row in rows]


def _decision(row: dict[str, Any]) -> Decision:
    until, checks = row.pop("until_at"), row.pop("checks")
    told = {**row, "at": utc(row["at"]), "decided_at": utc(row["decided_at"])}
    return Decision(
        **told,
        until=None if until is None else utc(until),
        checks=tuple(Check(**one) for one in json.loads(checks or "[]")),
    )


def _row(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: from_micros(value) if name in _TIMES and value is not None else value
        for name, value in zip((*_SHOWN, "profile_id"), row, strict=True)
    }
