"""What a map says: plain values, as pages and commands show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Span:
    """A stretch of time ``(since, until]``."""

    since: datetime
    until: datetime

    @property
    def before(self) -> Span:
        """The stretch of the same length that ends where this one begins."""
        return Span(self.since - (self.until - self.since), self.since)


@dataclass(frozen=True)
class Rate:
    """A number with its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Course:
    """Counts of the people who came to a stage in the window, and what they had done by its end.

    Args:
        entered: who came.
        ahead: of them, who had been at a later stage before; of all others it is told who goes on.
        next: went on to the next stage; ``skipped``: to a later one without it.
        stopped: had as long as people may take, and did not go on; ``not_yet``: have not had so long.
    """

    entered: int = 0
    ahead: int = 0
    next: int = 0
    skipped: int = 0
    stopped: int = 0
    not_yet: int = 0

    @property
    def judged(self) -> int:
        """Of whom it is asked whether they go on."""
        return self.entered - self.ahead


@dataclass(frozen=True)
class GoingOn:
    """Who goes on from a stage, and when.

    Args:
        course: the counts.
        share: who goes on within ``within_hours`` (Kaplan–Meier); None where too few came.
        within_hours: as long as people may take; where nobody has had so long, as long as enough were watched.
        whole: False where it is not yet as long as people may take.
        median_hours: when half of those who go on within it have gone on.
        reason: ``too_few`` where there is no share yet, ``last`` at the last stage; else empty.
    """

    course: Course
    share: Rate | None
    within_hours: float
    whole: bool
    median_hours: Rate | None
    reason: str = ""


@dataclass(frozen=True)
class Voice:
    """What people said: a measure's score, or ``sentiment`` (-1 to 1).

    Args:
        unit: ``points``, ``share``, ``mean`` or ``sentiment``.
        value: None where fewer than ten people spoke.
    """

    measure: str
    title: str
    unit: str
    value: Rate | None
    people: int


@dataclass(frozen=True)
class TouchpointReading:
    """A touchpoint in the window.

    Args:
        condition: of the people who met it in the window, read at its end.
        people, volume: who met it, and how often it was met.
        open_cases, open_issues: at the window's end, of those who met it.
    """

    key: str
    title: str
    lane: str
    stage: str
    says: str
    condition: Mapping[str, Any]
    people: int
    volume: int
    people_before: int
    volume_before: int
    open_cases: int
    open_issues: int
    voices: tuple[Voice, ...] = ()


@dataclass(frozen=True)
class StageReading:
    """A stage at the window's end, and how people came and went in it.

    Args:
        condition, furthest_condition, missed_condition: of the people of the three counts beside.
        exact: since when people are at it is read from events, not by looking day by day.
        people: at the stage; ``people_before``: at the window's begin.
        furthest: at no later stage; ``missed``: at a later one, and not at this.
        going, going_before: of the window, and of the one before.
        change: of the share that goes on, in shares; None where one of them is not known.
        open_cases, open_issues: of those who are no further.
    """

    key: str
    title: str
    description: str | None
    says: str
    condition: Mapping[str, Any]
    furthest_condition: Mapping[str, Any]
    missed_condition: Mapping[str, Any] | None
    exact: bool
    people: int
    people_before: int
    furthest: int
    missed: int
    going: GoingOn
    going_before: GoingOn
    change: Rate | None
    open_cases: int
    open_issues: int
    voices: tuple[Voice, ...] = ()

    @property
    def feeling(self) -> Voice | None:
        """The sentiment of what people wrote at this stage."""
        return next((one for one in self.voices if one.measure == "sentiment"), None)


@dataclass(frozen=True)
class Group:
    """How one segment or persona goes through the stages: stage → people, going on."""

    key: str
    title: str
    people: Mapping[str, int]
    going: Mapping[str, GoingOn]


@dataclass(frozen=True)
class JourneyMap:
    """A map, read.

    Args:
        since, until: the window; ``until`` is the instant of all that stands.
        lanes: key and title, in order.
        by: ``segment`` or ``persona`` where ``groups`` are told.
        listening: which of ``scores`` and ``sentiment`` there are data for at all.
        notes: sentences that belong beside the numbers.
    """

    key: str
    title: str
    description: str | None
    of: str
    since: datetime
    until: datetime
    segment: str
    lanes: tuple[tuple[str, str], ...]
    stages: tuple[StageReading, ...]
    touchpoints: tuple[TouchpointReading, ...]
    by: str
    groups: tuple[Group, ...]
    listening: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class MapLine:
    """A map in the list."""

    key: str
    title: str
    description: str | None
    owner: str | None
    stages: tuple[str, ...]
    touchpoints: int


def as_dict(found: JourneyMap) -> dict[str, Any]:
    """Plain JSON values."""
    told = asdict(found)
    told["since"], told["until"] = found.since.isoformat(), found.until.isoformat()
    told["lanes"] = [{"key": key, "title": title} for key, title in found.lanes]
    return told
