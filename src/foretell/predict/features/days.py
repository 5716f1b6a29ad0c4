"""Days as people of the workspace count them, in portable SQL without a zone database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from foretell.clock import naive_utc, offset_change, offset_seconds

_YEARS_BACK = 10


def local_day(column: str, zone: ZoneInfo, as_of: datetime) -> str:
    """SQL for the number of days from 1970-01-01 to the local day of the UTC timestamp ``column``.

    Changes of the zone's offset in the ten years before ``as_of`` are spelled out; earlier
    timestamps take the oldest of these offsets.
    """
    steps = _offsets(zone, as_of)
    shifted = column
    if len(steps) > 1:
        cases = " ".join(
            f"WHEN {column} >= TIMESTAMP '{start:%Y-%m-%d %H:%M:%S}' THEN INTERVAL '{seconds}' SECOND"
            for start, seconds in reversed(steps[1:])
        )
        shifted = f"{column} + CASE {cases} ELSE INTERVAL '{steps[0][1]}' SECOND END"
    elif steps[0][1]:
        shifted = f"{column} + INTERVAL '{steps[0][1]}' SECOND"
    return f"date_diff('day', DATE '1970-01-01', CAST({shifted} AS DATE))"


def day_number(instant: datetime, zone: ZoneInfo) -> int:
    """Days from 1970-01-01 to the local day of ``instant``."""
    return instant.astimezone(zone).date().toordinal() - datetime(1970, 1, 1).toordinal()


def observed_until(as_of: datetime, zone: ZoneInfo, latest: float) -> float:
    """The last observed day, in days from 1970-01-01.

    The local day of ``as_of``; where that is exactly midnight, the day that ends there, unless
    purchases are dated at that midnight (files with dates and no time of day).

    Args:
        latest: day of the latest purchase, -inf where there is none.
    """
    local = as_of.astimezone(zone)
    today = day_number(as_of, zone)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return float(today - 1) if midnight and latest < today else float(today)


def _offsets(zone: ZoneInfo, as_of: datetime) -> list[tuple[datetime, int]]:
    """(naive UTC start, offset in seconds) of every stretch of equal offset, oldest first."""
    start = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [start + timedelta(days=day) for day in range(-365 * _YEARS_BACK, 2)]
    steps = [(naive_utc(days[0]), offset_seconds(zone, days[0]))]
    for before, after in pairwise(days):
        if offset_seconds(zone, before) != offset_seconds(zone, after):
            change = offset_change(zone, before, after)
            steps.append((naive_utc(change), offset_seconds(zone, change)))
    return steps
