"""Why a message went out, or did not: every decision with its checks, and what happened after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from foretell.clock import from_micros, utc
from foretell.deliver import outbox, words
from foretell.deliver.afterwards import BEFORE
from foretell.deliver.attempts import Attempt, attempts_of
from foretell.deliver.ledger import kept_messages
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify import find


@dataclass(frozen=True)
class Check:
    """One check of the gate: its name, whether it let the message pass, what it found."""

    check: str
    passed: bool
    found: str

    @property
    def says(self) -> str:
        """The same as a sentence."""
        return words.says(self.check, self.found)


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
        attempts: hand-overs that were no success, with what the other side said.
    """

    message_id: str
    decisions: tuple[Decision, ...]
    message: dict[str, Any] | None
    happened: tuple[Happening, ...] = field(default=())
    attempts: tuple[Attempt, ...] = field(default=())

    @property
    def story(self) -> tuple[str, ...]:
        """What became of it after the decision, as sentences."""
        told = [_attempt(one) for one in self.attempts]
        return (*told, *_outcome(self.message)) if self.message is not None else ("It was never queued.",)


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
    happened = engine.ops.query(
        "SELECT at, kind, url, machine FROM engagements WHERE message_id = ? ORDER BY at, event_id", (message_id,)
    )
    return Why(
        message_id,
        tuple(sorted(decisions, key=lambda one: (one.at, one.decided_at))),
        kept_messages(engine, [message_id]).get(message_id),
        tuple(
            Happening(from_micros(at), kind.removeprefix(BEFORE), url, bool(machine))
            for at, kind, url, machine in happened
        ),
        attempts_of(engine, message_id),
    )


def _attempt(one: Attempt) -> str:
    again = "" if one.next_at is None else f"; the next try {_iso(one.next_at)}"
    outcome = {"later": "not now", "uncertain": "in doubt"}.get(one.outcome, one.outcome)
    return f"Attempt {one.number}, {_iso(one.at)}: {outcome}{f', {one.said}' if one.said else ''}{again}."


def _outcome(message: Mapping[str, Any]) -> Iterator[str]:
    """Where it stands now."""
    state, error, to = message["state"], message["error"], message["address"]
    if message["handed_over_at"] is not None and state in _LEFT:
        name = f", which calls it {message['accepted_id']}" if message["accepted_id"] else ""
        yield f"Handed over to the channel {message['channel']} for {to}, {_iso(message['handed_over_at'])}{name}."
    if state in _STANDS:
        due = "" if message["next_at"] is None else _iso(message["next_at"])
        yield _STANDS[state].format(error=error or "no reason is given", due=due, to=to)


_LEFT = (outbox.SENT, outbox.DELIVERED, outbox.BOUNCED)
_STANDS: Mapping[str, str] = {
    outbox.QUEUED: "It waits to be handed over for {to}; its turn comes {due}.",
    outbox.CLAIMED: "It is being handed over for {to}.",
    outbox.BOUNCED: "It came back: {error}.",
    outbox.FAILED: "It was given up: {error}.",
    outbox.UNCERTAIN: "Nobody knows whether {to} has it: {error}. Somebody has to look and say so.",
    outbox.CANCELLED: "It was taken back before it left: {error}.",
    outbox.SANDBOXED: "Outside the sandbox it would have gone to {to}.",
}


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


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
