"""Week by week: the instants at which a segment's size is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from foretell.clock import utc
from foretell.engine import Analytics

MOST_WEEKS = 260


def weeks_until(now: datetime, weeks: int, zone: ZoneInfo, first: datetime | None) -> tuple[datetime, ...]:
    """The beginnings of the last ``weeks`` weeks up to ``now``, oldest first: Mondays, midnight in ``zone``, in UTC.

    Args:
        first: none before this instant; None leaves none.
    """
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    days = (monday - timedelta(weeks=back) for back in range(min(weeks, MOST_WEEKS)))
    instants = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    return tuple(sorted(at for at in instants if first is not None and first <= at <= now))


def first_event(analytics: Analytics) -> datetime | None:
    """When the first event happened; None where there is none."""
    found = analytics.query("SELECT min(ts) AS first FROM event_log")["first"][0].as_py()
    return None if found is None else utc(found)
