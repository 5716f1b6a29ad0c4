"""A case as the other rooms see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

STATES = ("open", "in_progress", "waiting", "closed")
"""In the order in which a case usually goes through them."""
PRIORITIES = ("urgent", "high", "normal", "low")
"""Most pressing first."""
OUTCOMES = ("reached", "not_reached", "solved", "not_needed", "handed_over")
"""What came of a closed case."""
LINKS = ("related", "duplicate")
"""How a case stands to another: they have to do with each other, or it is the same matter once more."""
US = "foretell"
"""Who made what nobody of the team did."""


@dataclass(frozen=True)
class Happening:
    """One change of a case.

    Args:
        by: who made it; ``foretell`` for the product itself.
        what: ``opened``, ``again`` (it would have been opened once more), ``state``, ``owner``, ``team``,
            ``priority``, ``due_at``, ``root_cause``, ``note``, ``reply`` (the person's own words), ``contact``,
            ``score`` (another one in the same response), ``snoozed``, ``woken``, ``breached``, ``step_done``,
            ``step_undone``, ``linked``, ``unlinked``, ``closed``,
            ``reopened``, ``ticket`` (the help desk's), or ``overruled``: a change of the help desk that a newer one
            of ours outdid.
    """

    at: datetime
    by: str
    what: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class DoneStep:
    """A step of the playbook that is done."""

    key: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Link:
    """Another case that a case has to do with.

    Args:
        kind: ``related``, ``duplicate`` (of the other), ``duplicated`` (the other is one of this).
    """

    case_id: str
    kind: str
    title: str
    state: str


@dataclass(frozen=True)
class Ticket:
    """A case's ticket at the help desk.

    Args:
        state: ``waiting`` (something is to be told), ``synced``, ``failed`` (given up; see error), ``deleted``,
            ``merged`` (into a ticket that nobody knows) or ``withheld`` (the person is not to be told of to others).
        ticket_id: None where it has none yet.
    """

    state: str
    ticket_id: str | None
    url: str | None
    synced_at: datetime | None
    next_at: datetime | None
    attempts: int
    error: str | None


@dataclass(frozen=True)
class Case:
    """Something that somebody of the team has to do for a person.

    Args:
        node_key: the node that it was opened for, to which a split gives it back.
        due_at: by when; None where it has no date.
        version: grows with every change; a change made on an older one is refused.
        rule: its case rule.
        owner: who has it.
        team: whose it is where nobody has it.
        priority_by: ``given`` (by rule or step), ``value`` (by the money at risk) or ``person``.
        value_minor: money at risk, minor units of the workspace's currency; None where there are no scores.
        snoozed_until: until when it rests.
        survey, response_id, score, words: the answer that it is about, as far as it is known; the score in the scale of
            its survey, the words as the person wrote them, at most 5,000 characters.
        history, done, links, ticket: only where one case is asked for; oldest first.
    """

    case_id: str
    profile_key: int
    node_key: int
    profile_id: str
    title: str
    reason: str
    state: str
    priority: str
    owner: str | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    journey: str | None
    run: str | None
    step: str | None
    version: int
    rule: str | None = None
    team: str | None = None
    priority_by: str = "given"
    value_minor: int | None = None
    root_cause: str | None = None
    snoozed_until: datetime | None = None
    first_contact_at: datetime | None = None
    breached_at: datetime | None = None
    reopened: int = 0
    message_id: str | None = None
    survey: str | None = None
    response_id: str | None = None
    score: float | None = None
    words: str | None = None
    history: tuple[Happening, ...] = field(default=())
    done: tuple[DoneStep, ...] = field(default=())
    links: tuple[Link, ...] = field(default=())
    ticket: Ticket | None = None


@dataclass(frozen=True)
class CasePage:
    """Cases of one page, and how many there are in all."""

    total: int
    cases: tuple[Case, ...]
