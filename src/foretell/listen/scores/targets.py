"""How a score stands to its targets: where the months so far lead by the day on which the target is due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from foretell.clock import Duration, parse_instant
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.listen.scores.answers import Whose, Window, bounds, cells, people
from foretell.listen.scores.estimates import LEAST, Score, score_of
from foretell.listen.scores.measures import Figure, Measure
from foretell.listen.scores.query import Asked, main_measure
from foretell.listen.scores.spans import by_steps, steps
from foretell.listen.surveys import ScoreTarget, spec_of
from foretell.stats import Floats, normal_quantile, scale_means

Course = Literal["on_course", "not_yet", "behind", "reached", "missed"]
LEAST_MONTHS = 3
"""Months with enough people that a trend needs."""


@dataclass(frozen=True)
class TargetReading:
    """Where a target stands.

    Args:
        survey: key of the survey whose document states it.
        goal: the score to reach; None where the score that is to be raised is not known.
        due: the instant by which.
        base, now: the score before the target began, and in the stretch of the same length up to now.
        expected: where a straight way from base to goal would be now.
        projected, low, high: where the months lead by ``due``, with the 90 % interval.
        course: ``on_course``: they lead to the goal or beyond; ``not_yet``: below it, but it lies within the interval,
            or too little is known; ``behind``: the interval lies below it; ``reached`` or ``missed`` once it is due.
        words: the same in a sentence.
    """

    survey: str
    figure: Figure
    since: datetime
    due: datetime
    goal: float | None
    base: Score
    now: Score
    expected: float | None
    projected: float | None
    low: float | None
    high: float | None
    course: Course
    words: str


@dataclass(frozen=True)
class _Line:
    """A straight line through months: its value at the due day with its standard error, by a count of months."""

    value: float
    error: float
    months: int


def read_target(engine: Engine, whose: Whose, target: ScoreTarget, *, now: datetime, zone: ZoneInfo) -> TargetReading:
    """Where ``target`` stands at ``now``, by answers up to then."""
    figure = whose.measure.main
    since = parse_instant(datetime.combine(target.since, time()).isoformat(), zone)
    due, length = Duration.parse(target.within).after(since, zone), Duration.parse(target.base)
    end = min(now, due)
    base = _score(engine, whose, Window(length.before(since, zone), since))
    newest = _score(engine, whose, Window(length.before(end, zone), end))
    goal = goal_of(target, figure, base)
    told = (whose.survey or "", figure, since, due, goal, base, newest)
    if goal is None:
        return TargetReading(*told, None, None, None, None, "not_yet", _words_without_base(base))
    expected = _expected(base, goal, (now - since) / (due - since))
    if now >= due:
        return TargetReading(*told, expected, None, None, None, *_over(newest, goal))
    line = _line(engine, whose, Window(length.before(since, zone), now), due, zone, now)
    if line is None:
        words = (
            f"Not yet: a trend needs {LEAST_MONTHS} months with {LEAST} people or more since before the target began."
        )
        return TargetReading(*told, expected, None, None, None, "not_yet", words)
    half = normal_quantile(0.9) * line.error
    ends = (figure.scale.lowest, figure.scale.highest)
    value, low, high = (float(np.clip(one, *ends)) for one in (line.value, line.value - half, line.value + half))
    return TargetReading(*told, expected, value, low, high, *_course(value, high, goal))


def _score(engine: Engine, whose: Whose, window: Window) -> Score:
    return score_of(whose.measure.main, people(engine.analytics, whose, window))


def goal_of(target: ScoreTarget, figure: Figure, base: Score) -> float | None:
    """The score to reach; None where the one that is to be raised is not known."""
    if target.reach is not None:
        return target.reach
    if base.value is None or target.raise_by is None:
        return None
    return min(base.value + target.raise_by * abs(base.value), figure.scale.highest)


def _expected(base: Score, goal: float, gone: float) -> float | None:
    """Where a straight way from base to goal is when the share ``gone`` of the time is over."""
    return None if base.value is None else base.value + min(max(gone, 0.0), 1.0) * (goal - base.value)


def _line(engine: Engine, whose: Whose, window: Window, due: datetime, zone: ZoneInfo, now: datetime) -> _Line | None:
    """Weighted least squares through the months' scores; where they scatter more than their own errors say, the
    errors are taken to be larger (Birge, Physical Review 40, 1932). None before the months that it needs."""
    if window.since >= window.until:
        return None
    figure = whose.measure.main
    found = steps(window, "month", zone, now)
    read = cells(engine.analytics, [figure], by_steps(whose, window, found), bounds(window))
    sums = read.sums[figure.key]
    means = scale_means(sums, figure.scale)
    middle = {step.label: (max(step.start, window.since), min(step.end, window.until)) for step in found}
    at = np.array([_years(since + (until - since) / 2, due) for since, until in (middle[one] for one in read.labels)])
    kept = sums.people >= LEAST
    if kept.sum() < LEAST_MONTHS:
        return None
    return _fitted(at[kept], means.value[kept], means.error[kept])


def _fitted(at: Floats, value: Floats, error: Floats) -> _Line:
    design, weight = np.stack([np.ones(at.size), at], axis=1), error**-2.0
    covariance = np.linalg.inv((design.T * weight) @ design)
    line = covariance @ (design.T @ (weight * value))
    scatter = float((weight * (value - design @ line) ** 2).sum()) / (at.size - 2)
    return _Line(float(line[0]), float((covariance[0, 0] * max(scatter, 1.0)) ** 0.5), int(at.size))


def _years(instant: datetime, due: datetime) -> float:
    """How long before (negative) or after the due day."""
    return (instant - due).total_seconds() / (365.25 * 86_400)


def _course(value: float, high: float, goal: float) -> tuple[Course, str]:
    if value >= goal:
        return "on_course", "On course: the months so far lead to the target or beyond."
    if high >= goal:
        return "not_yet", "Not yet: the months so far lead below the target, which may be chance."
    return "behind", "Behind: where the months so far lead, the target is out of the interval."


def _over(newest: Score, goal: float) -> tuple[Course, str]:
    if newest.value is None:
        return "missed", "It was due, and too few people answered to say that it was reached."
    if newest.value >= goal:
        return "reached", "It was due, and was reached."
    return "missed", "It was due, and was missed."


def _words_without_base(base: Score) -> str:
    return (
        f"Not yet: {base.people} of {LEAST} people had answered before the target began, so there is nothing to raise."
    )


def targets(engine: Engine, catalog: Catalog, asked: Asked, *, now: datetime) -> tuple[TargetReading, ...]:
    """Where the targets of the survey that was asked for stand, or those of every survey of the measure, by due day.

    The window plays no part: a target has its own.
    """
    whose, zone = asked.whose, catalog.settings.zone_info
    keys = [document.key for document in catalog.all("survey")] if whose.survey is None else [whose.survey]
    read = [
        read_target(engine, replace(whose, survey=key), target, now=now, zone=zone)
        for key in keys
        for target in targets_of(catalog, key, whose.measure)
    ]
    return tuple(sorted(read, key=lambda one: (one.due, one.survey)))


def targets_of(catalog: Catalog, key: str, measure: Measure) -> tuple[ScoreTarget, ...]:
    """The targets of a survey whose scores are told in ``measure``; none where there is no such document."""
    if not catalog.has("survey", key) or ("survey", key) in catalog.broken:
        return ()
    document = catalog.get("survey", key)
    return spec_of(document).targets if main_measure(document) == measure.key else ()
