"""One person's path through a journey: each run, step by step, with what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from foretell.clock import naive_utc, utc
from foretell.engine import Engine

_RUNS = """
    SELECT run, revision, arm, state, step, entered_at, ended_at, goal_at, contaminated FROM journey_runs
    WHERE journey = $journey AND profile_id = $profile_id AND entered_at <= $now ORDER BY entered_at DESC, run
"""
_STEPS = """
    SELECT run, revision, step, happened_at, outcome, next FROM journey_steps
    WHERE journey = $journey AND profile_id = $profile_id AND happened_at <= $now
    ORDER BY run, happened_at
"""
_MESSAGES = """
    SELECT m.run, m.step, m.message_id, m.at, m.channel, m.medium, m.template, m.state, m.sent_at, m.opened_at,
           m.clicked_at
    FROM messages m WHERE m.journey = $journey AND m.profile_id = $profile_id ORDER BY m.run, m.at
"""


@dataclass(frozen=True)
class Passed:
    """What happened at a step.

    Args:
        at: by the run's own time, UTC.
        next: the step that followed; the same one where the run waits there; None at the end.
    """

    revision: int
    step: str
    at: datetime
    outcome: str
    next: str | None


@dataclass(frozen=True)
class Path:
    """One run of a person.

    Args:
        passed: what happened, in order.
        messages: what it asked for and the gate let through, in order: the columns of the view ``messages``.
    """

    run: str
    revision: int
    arm: str
    state: str
    step: str
    entered_at: datetime
    ended_at: datetime | None
    goal_at: datetime | None
    contaminated: bool
    passed: tuple[Passed, ...]
    messages: tuple[Mapping[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def path(engine: Engine, key: str, profile_id: str, *, now: datetime) -> list[Path]:
    """The runs of a person through journey ``key`` up to ``now``, the latest first; none where there is none."""
    told = {"journey": key, "profile_id": profile_id}
    rows = engine.analytics.query(_RUNS, told | {"now": naive_utc(now)}).to_pylist()
    steps = engine.analytics.query(_STEPS, told | {"now": naive_utc(now)}).to_pylist()
    messages = engine.analytics.query(_MESSAGES, told).to_pylist()
    return [
        Path(
            **{name: _aware(value) for name, value in row.items()},
            passed=tuple(_passed(row["run"], steps)),
            messages=tuple(
                {name: _aware(value) for name, value in one.items() if name != "run"}
                for one in messages
                if one["run"] == row["run"]
            ),
        )
        for row in rows
    ]


def _passed(run: str, rows: list[dict[str, Any]]) -> list[Passed]:
    """The rows of a run in the order in which they happened: of one instant, each begins where another led."""
    left = [row for row in rows if row["run"] == run]
    found: list[Passed] = []
    at: str | None = None
    while left:
        instant = left[0]["happened_at"]
        same = [row for row in left if row["happened_at"] == instant]
        row = next((one for one in same if one["step"] == at), None) or _first(same)
        left.remove(row)
        found.append(Passed(row["revision"], row["step"], utc(instant), row["outcome"], row["next"]))
        at = row["next"]
    return found


def _first(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of rows of one instant the one that no other leads to; the entry before all."""
    entry = [row for row in rows if row["outcome"] in ("entered", "held_out")]
    led_to = {row["next"] for row in rows if row["next"] != row["step"]}
    return (entry or [row for row in rows if row["step"] not in led_to] or rows)[0]


def _aware(value: Any) -> Any:
    return utc(value) if isinstance(value, datetime) else value
