"""From when to when there are data: the range of a KPI where none was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from foretell.clock import naive_utc, utc
from foretell.engine import Analytics
from foretell.measure.periods import end_of_day, start_of_day


@dataclass(frozen=True)
class Span:
    """What the stores hold.

    Args:
        first: beginning of the oldest event's day.
        present: up to when everything is known: the end of the newest event's day, but never later
            than now. When data stop arriving, the present stands still, so that silence is not taken
            for customers who left.
        newest_score: instant of the newest stored score up to now, or None.
    """

    first: datetime
    present: datetime
    newest_score: datetime | None = None

    def known_until(self, look_ahead: timedelta) -> datetime:
        """The latest instant at which a stock that looks so far ahead is known."""
        if look_ahead:
            return self.present - look_ahead
        return max(self.present, self.newest_score or self.present)

    def range_for(
        self, measure: str, look_ahead: timedelta, since: datetime | None, until: datetime | None, *, series: bool
    ) -> tuple[datetime, datetime]:
        """The range to read; what is not given is filled in.

        Events: from the oldest event's day to the present. Stocks: up to the present or the newest score; a
        single value that looks ahead is read at the latest instant for which it is known.
        """
        if until is None:
            ahead = look_ahead if not series else timedelta(0)
            until = self.present if measure == "event" else self.known_until(ahead)
        if since is None:
            since = until if measure == "stock" and not series else min(self.first, until)
        return since, until


def span_of(analytics: Analytics, zone: ZoneInfo, now: datetime) -> Span:
    """The span of a workspace's data; without events it is the single instant ``now``."""
    found = analytics.query("SELECT min(ts) AS first, max(ts) AS last FROM event_log")
    first, last = found["first"][0].as_py(), found["last"][0].as_py()
    if first is None:
        return Span(now, now)
    scores = None
    if analytics.columns("score_rows"):
        newest = analytics.query(
            "SELECT max(as_of) AS newest FROM score_rows WHERE as_of <= $now", {"now": naive_utc(now)}
        )
        scores = newest["newest"][0].as_py()
    present = min(end_of_day(utc(last), zone), now)
    return Span(min(start_of_day(utc(first), zone), now), present, utc(scores) if scores else None)
