"""Periods and instants at which KPIs are read: calendar steps in the workspace's zone.

An event measure adds up what happened in ``[start, end)``. A stock is read at one instant, so its
period begins and ends there. Boundaries are computed here and handed to SQL as values, so that no
engine needs to know a time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from foretell.clock import naive_utc, shift_months
from foretell.engine import TIMESTAMP, table_of
from foretell.errors import UsageError

GRAINS = ("month", "week", "day")
MAX_POINTS = 1200
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Period:
    """A stretch of time, or for stocks an instant (``start == end``).

    Args:
        label: ``2011-03``, ``2011-W09`` or ``2011-03-01``; ``total`` for the whole range.
        complete: False where the period was cut by the range asked for, or has not ended yet.
    """

    label: str
    start: datetime
    end: datetime
    complete: bool

    @property
    def last_instant(self) -> datetime:
        """The last instant that belongs to it."""
        return self.end if self.start == self.end else self.end - _MICROSECOND


def periods(
    since: datetime, until: datetime, grain: str | None, zone: ZoneInfo, present: datetime
) -> tuple[Period, ...]:
    """``[since, until)`` cut at calendar boundaries; the whole of it where ``grain`` is None.

    Args:
        present: up to when everything that happened is known.
    """
    _check_range(since, until, zone)
    if grain is None:
        return (Period("total", since, until, until <= present),)
    found = []
    for start, end in _steps(since, until, grain, zone):
        whole = since <= start and end <= until and end <= present
        found.append(Period(_label(start, grain, zone), max(start, since), min(end, until), whole))
        _check_number(len(found), grain)
    return tuple(found)


def instants(
    since: datetime, until: datetime, grain: str | None, zone: ZoneInfo, known_until: datetime
) -> tuple[Period, ...]:
    """Instants at which a stock is read: every calendar boundary in ``[since, until]``, and ``until``.

    Args:
        known_until: a stock at a later instant is not complete yet.
    """
    _check_range(since, until, zone)
    moments = []
    if grain is not None:
        for start, _ in _steps(since, until, grain, zone):
            if start >= since:
                moments.append(start)
                _check_number(len(moments), grain)
    if not moments or moments[-1] != until:
        moments.append(until)
    return tuple(Period(_label(at, "day", zone), at, at, at <= known_until) for at in moments)


def local_days(since: datetime, until: datetime, zone: ZoneInfo) -> pa.Table:
    """The zone's days that touch ``[since, until]``, for KPIs that count days.

    Columns ``day`` (date), ``start_at`` and ``end_at`` (naive UTC), ``utc_date``: one row for each date in
    UTC that the day touches, so that engines can join on equality before they compare instants.
    """
    rows = [
        (start.astimezone(zone).date(), naive_utc(start), naive_utc(end), date)
        for start, end in _steps(since, until + _MICROSECOND, "day", zone)
        for date in sorted({start.date(), (end - _MICROSECOND).date()})
    ]
    columns = {"day": pa.date32(), "start_at": TIMESTAMP, "end_at": TIMESTAMP, "utc_date": pa.date32()}
    return table_of(columns, rows)


def start_of_day(instant: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the zone's day that ``instant`` lies in."""
    return _floor(instant.astimezone(zone), "day").astimezone(UTC)


def end_of_day(instant: datetime, zone: ZoneInfo) -> datetime:
    """The first instant of the zone's day after the one that ``instant`` lies in."""
    return _next(_floor(instant.astimezone(zone), "day"), "day").astimezone(UTC)


def _steps(since: datetime, until: datetime, grain: str, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    local = _floor(since.astimezone(zone), grain)
    while local.astimezone(UTC) < until:
        following = _next(local, grain)
        yield local.astimezone(UTC), following.astimezone(UTC)
        local = following


def _floor(local: datetime, grain: str) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if grain == "month":
        return midnight.replace(day=1)
    return midnight - timedelta(days=midnight.weekday()) if grain == "week" else midnight


def _next(local: datetime, grain: str) -> datetime:
    if grain == "month":
        return shift_months(local, 1)
    return local + timedelta(days=7 if grain == "week" else 1)


def _label(start: datetime, grain: str, zone: ZoneInfo) -> str:
    local = start.astimezone(zone)
    if grain == "month":
        return f"{local:%Y-%m}"
    if grain == "week":
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{local:%Y-%m-%d}"


def _check_range(since: datetime, until: datetime, zone: ZoneInfo) -> None:
    if until < since:
        since, until = since.astimezone(zone), until.astimezone(zone)
        raise UsageError(
            "BAD_RANGE",
            f"the range ends at {until:%Y-%m-%d}, before it begins at {since:%Y-%m-%d}",
            next_step="Give --from an earlier date than --to.",
        )


def _check_number(number: int, grain: str) -> None:
    if number > MAX_POINTS:
        raise UsageError(
            "TOO_MANY_PERIODS",
            f"the range has more than {MAX_POINTS} {grain}s",
            next_step="Ask for a shorter range or longer periods.",
        )
