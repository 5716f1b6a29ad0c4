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


@dataclass(frozen=True)
class Happening:
    """One change of a case.

    Args:
        by: who made it; ``foretell`` for the product itself.
        what: ``opened``, ``state``, ``owner``, ``priority``, ``due_at``, ``note`` or ``closed``.
    """

    at: datetime
    by: str
    what: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Case:
    """Something that somebody of the team has to do for a person.

    Args:
        node_key: the node that it was opened for, to which a split gives it back.
        due_at: by when; None where it has no date.
        version: grows with every change; a change made on an older one is refused.
        history: oldest first; only where one case is asked for.
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
    history: tuple[Happening, ...] = field(default=())


@dataclass(frozen=True)
class CasePage:
    """Cases of one page, and how many there are in all."""

    total: int
    cases: tuple[Case, ...]
