"""Who of the people inside is on which revision and at which step, and whom another revision would concern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from foretell.definitions import Document, revisions_of
from foretell.engine import Engine
from foretell.journey.document import JourneySpec, spec_of
from foretell.journey.published import Published, Revisions

AT_STEPS = (
    "SELECT revision, step, count(*) FROM journey_runs WHERE journey = ? AND due_at IS NOT NULL GROUP BY revision, step"
)
OVER = (
    "SELECT revision, sum(CASE WHEN state = 'held_out' THEN 1 ELSE 0 END) FROM journey_runs "
    "WHERE journey = ? AND goal_until IS NOT NULL AND due_at IS NULL AND state <> 'merged' GROUP BY revision"
)


@dataclass(frozen=True)
class StepStand:
    """A step of a revision at which people stand.

    Args:
        people: runs that are there.
        becomes: what the other revision makes of it: ``same``, ``changed`` or ``gone``; empty where there is none.
    """

    step: str
    people: int
    becomes: str = ""


@dataclass(frozen=True)
class RevisionStand:
    """A revision of a journey that people are on.

    Args:
        made_at: when the revision was applied first.
        in_force: whoever enters now is on it.
        inside: runs that go on.
        held_out: runs of the held out whose goal still counts.
        steps: where they stand, in the order of the document.
    """

    revision: int
    made_at: datetime | None
    in_force: bool
    inside: int
    held_out: int
    steps: tuple[StepStand, ...]

    @property
    def stranded(self) -> int:
        """People at steps that the other revision does not have."""
        return sum(one.people for one in self.steps if one.becomes == "gone")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "stranded": self.stranded}


def stands(engine: Engine, key: str, *, other: JourneySpec | None = None) -> list[RevisionStand]:
    """The revisions of journey ``key`` that people are on, and the one in force; the latest first.

    Args:
        other: what the steps are compared with; None: the revision in force.
    """
    revisions = Revisions(engine.ops)
    made = revisions_of(engine.ops, "journey", key)
    current = revisions.in_force(key)
    against = other or (None if current is None else current.spec)
    here: dict[int, list[tuple[str, int]]] = {}
    for revision, step, people in engine.ops.query(AT_STEPS, (key,)):
        here.setdefault(int(revision), []).append((step, int(people)))
    held = {int(revision): int(people) for revision, people in engine.ops.query(OVER, (key,))}
    in_use = {*here, *held, *([current.revision] if current else [])}
    return [
        RevisionStand(
            number,
            made.get(number),
            current is not None and number == current.revision,
            sum(people for _, people in here.get(number, [])),
            held.get(number, 0),
            _steps(revisions.get(key, number), here.get(number, []), against),
        )
        for number in sorted(in_use, reverse=True)
    ]


def concerned(engine: Engine, document: Document) -> str:
    """Whom applying a changed journey document would concern, in words; empty where nobody is inside.

    They stay on their revision unless they are moved.
    """
    found = stands(engine, document.key, other=spec_of(document))
    inside = sum(one.inside for one in found)
    if not inside:
        return ""
    told = f"{inside:,} inside stay on their revision"
    stranded = sum(one.stranded for one in found)
    return f"{told}; {stranded:,} of them stand at a step that is gone" if stranded else told


def compared(step: str, before: JourneySpec, after: JourneySpec) -> str:
    """What becomes of a step: ``same``, ``changed`` or ``gone``."""
    if all(one.key != step for one in after.steps):
        return "gone"
    old, new = content_of(before, step), content_of(after, step)
    return "same" if old == new else "changed"


def content_of(spec: JourneySpec, step: str) -> Mapping[str, Any]:
    """What a step does and where it leads, without what it is called."""
    content = spec.step(step).model_dump(by_alias=True, exclude={"title", "next"})
    return {**content, "ways": dict(spec.exits(step))}


def _steps(published: Published, here: Sequence[tuple[str, int]], other: JourneySpec | None) -> tuple[StepStand, ...]:
    spec = published.spec
    order = {step.key: place for place, step in enumerate(spec.steps)}
    found = sorted(here, key=lambda row: (order.get(row[0], len(order)), row[0]))
    return tuple(StepStand(*row, "" if other is None else compared(row[0], spec, other)) for row in found)
