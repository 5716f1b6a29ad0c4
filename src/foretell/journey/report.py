"""What a journey did so far: people, steps, messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from foretell.clock import naive_utc, utc
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.journey.asking import waiting_to_enter
from foretell.journey.document import spec_of
from foretell.journey.graph import StepNode, graph
from foretell.journey.states import State, state_of

_RUNS = """
    SELECT arm, state, count(*) AS runs, count(goal_at) AS goals,
           sum(CASE WHEN contaminated THEN 1 ELSE 0 END) AS contaminated
    FROM journey_runs WHERE journey = $journey AND entered_at <= $now GROUP BY arm, state
"""
_HERE = """
    SELECT step, count(*) AS runs FROM journey_runs
    WHERE journey = $journey AND state = 'active' AND entered_at <= $now GROUP BY step
"""
_STEPS = """
    SELECT step, outcome, count(*) AS times, count(DISTINCT run) AS runs FROM journey_steps
    WHERE journey = $journey AND happened_at <= $now GROUP BY step, outcome ORDER BY step, outcome
"""
_NEXT = """
    SELECT next AS step, count(DISTINCT run) AS runs FROM journey_steps
    WHERE journey = $journey AND happened_at <= $now AND (next <> step OR outcome = 'entered') GROUP BY next
"""
_ONWARD = """
    SELECT step, outcome, next, count(DISTINCT run) AS runs FROM journey_steps
    WHERE journey = $journey AND happened_at <= $now AND coalesce(next, '') <> step
      AND outcome NOT IN ('entered', 'held_out', 'goal', 'left', 'stopped', 'merged') AND outcome NOT LIKE 'moved: %'
    GROUP BY step, outcome, next
"""
_OF_PERSON = """
    SELECT run, journey, revision, arm, entered_at, state, step, ended_at, goal_at, contaminated
    FROM journey_runs WHERE profile_id = $profile_id ORDER BY entered_at DESC, run
"""


@dataclass(frozen=True)
class StepCount:
    """A step with its counts.

    Args:
        arrived: runs that came here; ``here``: runs that are here now.
        sent: runs whose message was sent; ``refused``: reason → runs; ``deferred``: reason → runs.
        outcomes: every outcome → runs.
        passed: name of each way → runs that took it.
    """

    node: StepNode
    arrived: int
    here: int
    sent: int
    refused: Mapping[str, int]
    deferred: Mapping[str, int]
    outcomes: Mapping[str, int]
    passed: Mapping[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Runs that came here and are here no more."""
        return max(self.arrived - self.here, 0)


@dataclass(frozen=True)
class JourneyReport:
    """What a journey did up to an instant; counts of runs.

    Args:
        entered: all that entered, the held out among them.
        waiting: people who were let in and wait for the next tick, or for the journey's cap.
        goal: by arm.
        messages: ``sent``, and ``refused``: reason → number.
    """

    journey: str
    title: str
    state: State
    entered: int
    treated: int
    held_out: int
    active: int
    done: int
    left: int
    stopped: int
    merged: int
    contaminated: int
    waiting: int
    goal: Mapping[str, int]
    sent: int
    refused: Mapping[str, int]
    steps: tuple[StepCount, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report for programs."""
        return {**asdict(self), "steps": [{**asdict(step), "done": step.done} for step in self.steps]}


@dataclass(frozen=True)
class JourneyLine:
    """A journey in the list of all."""

    journey: str
    title: str
    state: State
    changed_at: datetime | None
    entered: int
    active: int
    held_out: int
    goal: int


def report(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> JourneyReport:
    """What journey ``key`` did up to ``now``, over all of its revisions; the steps are those of the document.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``.
    """
    spec = spec_of(catalog.get("journey", key))
    told = {"journey": key, "now": naive_utc(now)}
    rows = engine.analytics.query(_RUNS, told).to_pylist()
    here = {row["step"]: row["runs"] for row in engine.analytics.query(_HERE, told).to_pylist()}
    arrived = {row["step"]: row["runs"] for row in engine.analytics.query(_NEXT, told).to_pylist()}
    outcomes = engine.analytics.query(_STEPS, told).to_pylist()
    onward = engine.analytics.query(_ONWARD, told).to_pylist()
    steps = tuple(
        _step(node, arrived.get(node.key, 0), here.get(node.key, 0), [r for r in outcomes if r["step"] == node.key])
        for node in graph(spec)
    )
    steps = tuple(
        replace(one, passed=_passed(one.node, [row for row in onward if row["step"] == one.node.key])) for one in steps
    )

    def runs(**like: str) -> int:
        return sum(row["runs"] for row in rows if all(row[name] == value for name, value in like.items()))

    goals = {arm: sum(row["goals"] for row in rows if row["arm"] == arm) for arm in ("treated", "held_out")}
    refused: dict[str, int] = {}
    for step in steps:
        for reason, count in step.refused.items():
            refused[reason] = refused.get(reason, 0) + count
    return JourneyReport(
        journey=key,
        title=spec.title or key,
        state=state_of(engine, key).state,
        entered=runs(),
        treated=runs(arm="treated"),
        held_out=runs(arm="held_out"),
        active=runs(state="active"),
        done=runs(state="done"),
        left=runs(state="left"),
        stopped=runs(state="stopped"),
        merged=runs(state="merged"),
        contaminated=sum(int(row["contaminated"]) for row in rows),
        waiting=waiting_to_enter(engine, key),
        goal=goals,
        sent=sum(step.sent for step in steps),
        refused=refused,
        steps=steps,
    )


def list_journeys(engine: Engine, catalog: Catalog, *, now: datetime) -> list[JourneyLine]:
    """All journeys by key, with their numbers up to ``now``."""
    found = engine.analytics.query(
        "SELECT journey, count(*) AS entered, sum(CASE WHEN state = 'active' THEN 1 ELSE 0 END) AS active, "
        "sum(CASE WHEN arm = 'held_out' THEN 1 ELSE 0 END) AS held_out, count(goal_at) AS goal "
        "FROM journey_runs WHERE entered_at <= $now GROUP BY journey",
        {"now": naive_utc(now)},
    )
    counts = {row["journey"]: row for row in found.to_pylist()}
    lines = []
    for document in catalog.all("journey"):
        state, row = state_of(engine, document.key), counts.get(document.key, {})
        numbers = {name: int(row.get(name) or 0) for name in ("entered", "active", "held_out", "goal")}
        title = spec_of(document).title or document.key
        lines.append(JourneyLine(document.key, title, state.state, state.changed_at, **numbers))
    return lines


def runs_of(engine: Engine, profile_id: str) -> list[dict[str, Any]]:
    """The runs of a person, the latest first: the columns of the view ``journey_runs``; instants aware."""
    rows = engine.analytics.query(_OF_PERSON, {"profile_id": profile_id}).to_pylist()
    return [{name: utc(value) if isinstance(value, datetime) else value for name, value in row.items()} for row in rows]


def _step(node: StepNode, arrived: int, here: int, rows: list[dict[str, Any]]) -> StepCount:
    def by_reason(word: str) -> dict[str, int]:
        start = f"{word}: "
        return {row["outcome"].removeprefix(start): row["runs"] for row in rows if row["outcome"].startswith(start)}

    counts = {row["outcome"]: row["runs"] for row in rows}
    return StepCount(node, arrived, here, counts.get("sent", 0), by_reason("refused"), by_reason("deferred"), counts)


def _passed(node: StepNode, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Runs by way: what happened names it, else where it led to."""
    found = dict.fromkeys(node.ways, 0)
    for row in rows:
        leads = [name for name, to in node.ways.items() if to == row["next"]]
        said = row["outcome"].removeprefix("chosen: ")
        if leads:
            found[said if said in leads else leads[0]] += row["runs"]
    return found
