"""Calendar steps in the workspace's zone, and the window that is read where none is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from foretell.clock import naive_utc, shift_months, utc
from foretell.engine import Analytics
from foretell.errors import UsageError
from foretell.listen.scores.answers import Whose, Window, answers_sql, text_sql

Grain = Literal["month", "week"]
GRAINS: tuple[Grain, ...] = ("month", "week")
USUAL = timedelta(days=90)
"""Length of the window where none is asked for."""
MOST_STEPS = 240


@dataclass(frozen=True)
class Step:
    """A calendar month or week.

    Args:
        label: ``2026-05`` or ``2026-W20``.
        complete: False where it is not over.
    """

    label: str
    start: datetime
    end: datetime
    complete: bool


def window_of(
    analytics: Analytics, whose: Whose, since: datetime | None, until: datetime | None, now: datetime, zone: ZoneInfo
) -> Window:
    """``[since, until)``; where no end is given the end of the newest answer's day but never after ``now``, where no
    beginning is given :data:`USUAL` before the end.

    Raises:
        UsageError: ``BAD_RANGE`` where it ends before it begins.
    """
    if until is None:
        until = _newest(analytics, whose, now, zone)
    if since is None:
        since = until - USUAL
    if since >= until:
        raise UsageError(
            "BAD_RANGE",
            f"the range ends at {until.astimezone(zone):%Y-%m-%d}, and begins at {since.astimezone(zone):%Y-%m-%d}",
            next_step="Give --from an earlier instant than --to.",
        )
    return Window(since, until)


def _newest(analytics: Analytics, whose: Whose, now: datetime, zone: ZoneInfo) -> datetime:
    survey = "" if whose.survey is None else f" AND r.survey = {text_sql(whose.survey)}"
    found = analytics.query(
        f"SELECT max(r.answered_at) AS newest FROM survey_responses r WHERE r.measure = {text_sql(whose.measure.key)}"
        f"{survey} AND r.answered_at <= $now",
        {"now": naive_utc(now)},
    )["newest"][0].as_py()
    if found is None:
        return now
    midnight = utc(found).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return min((midnight + timedelta(days=1)).astimezone(UTC), now)


def steps(window: Window, grain: Grain, zone: ZoneInfo, now: datetime) -> tuple[Step, ...]:
    """The calendar steps that touch ``window``, whole.

    Raises:
        UsageError: ``TOO_MANY_PERIODS``.
    """
    found = []
    for step in _walk(window, grain, zone, now):
        found.append(step)
        if len(found) > MOST_STEPS:
            raise UsageError(
                "TOO_MANY_PERIODS",
                f"the range has more than {MOST_STEPS} {grain}s",
                next_step="Ask for a shorter range or longer periods.",
            )
    return tuple(found)


def months_before(until: datetime, count: int, zone: ZoneInfo) -> datetime:
    """The first instant of the month that lies ``count`` months before that of the last instant before ``until``."""
    local = (until - timedelta(microseconds=1)).astimezone(zone)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return shift_months(first, -count).astimezone(UTC)


def _walk(window: Window, grain: Grain, zone: ZoneInfo, now: datetime) -> Iterator[Step]:
    local = window.since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    local = local.replace(day=1) if grain == "month" else local - timedelta(days=local.weekday())
    while local.astimezone(UTC) < window.until:
        following = shift_months(local, 1) if grain == "month" else local + timedelta(days=7)
        end = following.astimezone(UTC)
        yield Step(_label(local, grain), local.astimezone(UTC), end, end <= now)
        local = following


def _label(local: datetime, grain: Grain) -> str:
    if grain == "month":
        return f"{local:%Y-%m}"
    year, week, _ = local.isocalendar()
    return f"{year}-W{week:02d}"


def by_steps(whose: Whose, window: Window, found: tuple[Step, ...]) -> str:
    """SQL: the answers of ``window``, each with the ``label`` of its step; limits are read step by step, at the start
    of each."""
    if not whose.limits:
        cases = " ".join(f"WHEN a.answered_at < {_instant(step.end)} THEN {text_sql(step.label)}" for step in found)
        return f"SELECT CASE {cases} END AS label, a.* FROM ({answers_sql(whose, window)}) AS a"
    parts = []
    for step in found:
        own = Window(max(step.start, window.since), min(step.end, window.until))
        parts.append(
            f"SELECT {text_sql(step.label)} AS label, a.* FROM ({answers_sql(whose, own)}) AS a "
            f"WHERE a.answered_at >= {_instant(own.since)} AND a.answered_at < {_instant(own.until)}"
        )
    return " UNION ALL ".join(parts)


def _instant(at: datetime) -> str:
    return f"TIMESTAMP '{naive_utc(at).isoformat(' ', 'microseconds')}'"
