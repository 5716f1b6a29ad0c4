"""What a back-test says: who would have entered, what would have been sent, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from foretell.journey.backtest.counting import Guess


@dataclass(frozen=True)
class DayOfEntries:
    """Runs that would have begun on a day (of the workspace's zone)."""

    day: str
    treated: Guess
    held_out: Guess


@dataclass(frozen=True)
class DayOfMessages:
    """Messages over a channel on a day."""

    day: str
    channel: str
    sent: Guess


@dataclass(frozen=True)
class ChannelCount:
    """A channel.

    Args:
        refused, deferred: by reason.
        price: of a message, micro units of the currency; None: its document names none.
        cost: minor units.
    """

    channel: str
    medium: str
    sent: Guess
    refused: Mapping[str, Guess]
    deferred: Mapping[str, Guess]
    price: int | None
    cost: Guess


@dataclass(frozen=True)
class ForeseenStep:
    """A step.

    Args:
        arrived: runs that came here; ``here``: that were here at the end of the time.
        channel: over which it sends; empty where it does not.
        ways: step that followed (empty: the end) → runs.
        opened, clicked: *assumed*; None for steps that send nothing.
    """

    key: str
    kind: str
    title: str
    channel: str
    arrived: Guess
    here: Guess
    outcomes: Mapping[str, Guess]
    ways: Mapping[str, Guess]
    opened: Guess | None
    clicked: Guess | None


@dataclass(frozen=True)
class AssumedRate:
    """How replies were drawn from an instant on; ``messages`` 0: a usual rate, since too few had been sent."""

    channel: str
    topic: str
    messages: int
    opened: float
    clicked: float
    bounced: float


@dataclass(frozen=True)
class Conflict:
    """Another journey.

    Args:
        people: in both at one time.
        before_ours: messages of this one that caps would have stopped, with messages of that one in their span.
        after_ours: messages of that one that would have been too many after this one's.
    """

    journey: str
    title: str
    state: str
    people: int
    before_ours: Guess
    after_ours: Guess


@dataclass(frozen=True)
class ScoresUsed:
    """Scores that conditions read.

    Args:
        max_age: of stored ones; those that are made count until the next.
        rescored: made for the back-test; else those that are stored.
        models: model → instants of its scorings.
        first: the first scoring; before it nobody has a score.
    """

    prediction: str
    horizon: str
    max_age: str | None
    rescored: bool
    scorings: int
    models: Mapping[str, int]
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Backtest:
    """A journey played on history: what would have happened, not what it would have changed.

    Args:
        meaning: the same as long as the journey's document says the same.
        every_seconds: from one tick to the next; people enter at ticks alone.
        assumed: whether what happens hangs on replies that are drawn.
        runs: that would have begun; ``people``: whose.
        kept_waiting: turns at which the cap on entries let somebody wait.
        ends: done, goal, left, active → runs.
        goal: arm → people who reached the goal by history, in its time.
        refused, deferred: messages by reason.
        cost: minor units of ``currency``; ``unpriced``: channels that sent and name no price.
        unforeseen, limits: in words.
    """

    journey: str
    title: str
    meaning: str
    begin: datetime
    end: datetime
    every_seconds: int
    zone: str
    draws: int
    assumed: bool
    rescore: str
    seen: int
    runs: Guess
    people: int
    treated: Guess
    held_out: Guess
    kept_waiting: Guess
    entries: tuple[DayOfEntries, ...]
    sent: Guess
    refused: Mapping[str, Guess]
    deferred: Mapping[str, Guess]
    messages: tuple[DayOfMessages, ...]
    channels: tuple[ChannelCount, ...]
    currency: str
    cost: Guess
    unpriced: tuple[str, ...]
    steps: tuple[ForeseenStep, ...]
    ends: Mapping[str, Guess]
    goal: Mapping[str, Guess]
    rates: tuple[AssumedRate, ...]
    conflicts: tuple[Conflict, ...]
    scores: tuple[ScoresUsed, ...]
    unforeseen: tuple[str, ...]
    limits: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report for programs: plain JSON values, ``begin`` and ``end`` as ``from`` and ``to``."""
        told: dict[str, Any] = _plain(asdict(self))
        told["from"], told["to"] = told.pop("begin").isoformat(), told.pop("end").isoformat()
        for one in told["scores"]:
            for name in ("first", "last"):
                one[name] = None if one[name] is None else one[name].isoformat()
        return told


def _plain(value: Any) -> Any:
    """Lists instead of tuples, as JSON has them."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
