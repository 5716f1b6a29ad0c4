"""Instants and durations. The only file that reads the machine's clock.

Instants are timezone-aware ``datetime`` in UTC. Durations of the condition language are exact
(``90s 15m 24h 7d 2w``) or calendar steps in the workspace's zone (``6mo 1y``, end of month clamped).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from foretell.errors import UsageError

_EXACT = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Of instants that people and systems tell us: what lies outside is a slip or an empty date of some system."""
_DURATION = re.compile(r"(\d{1,6})(mo|[smhdwy])\Z")


class Clock(Protocol):
    """Where the present comes from; everything else is handed its ``now``."""

    def now(self) -> datetime:
        """The present, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands still, for tests, replays and back-tests."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass
class SteppedClock:
    """A clock that is set from one instant to the next, for playing history through."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


@dataclass(frozen=True)
class MovedClock:
    """A clock that runs on from another instant than today's: a demo that begins where its history ends."""

    offset: timedelta
    real: Clock

    @classmethod
    def starting(cls, instant: datetime, real: Clock) -> MovedClock:
        """A clock that shows ``instant`` now."""
        return cls(instant - real.now(), real)

    def now(self) -> datetime:
        return self.real.now() + self.offset


@dataclass(frozen=True)
class Duration:
    """A length of time: ``count`` of ``unit`` (``s m h d w mo y``)."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: object) -> Duration:
        """Read ``90d``; raises :class:`UsageError` for anything else."""
        found = _DURATION.match(text) if isinstance(text, str) else None
        if found is None:
            raise UsageError(
                "BAD_DURATION",
                f"{text!r} is no duration",
                next_step="Write a number and a unit: 90s, 15m, 24h, 7d, 2w, 6mo or 1y.",
            )
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def exact(self) -> timedelta | None:
        """The exact length, or None for calendar steps."""
        seconds = _EXACT.get(self.unit)
        return None if seconds is None else timedelta(seconds=seconds * self.count)

    @property
    def days(self) -> float:
        """Length in days; a calendar month counts as 30.4375 days (for ordering and axes only)."""
        exact = self.exact
        if exact is not None:
            return exact / timedelta(days=1)
        return self.count * (365.25 if self.unit == "y" else 30.4375)

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """``instant`` plus this duration, in UTC."""
        return self._shift(instant, zone, 1)

    def before(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """``instant`` minus this duration, in UTC."""
        return self._shift(instant, zone, -1)

    def _shift(self, instant: datetime, zone: ZoneInfo, sign: int) -> datetime:
        exact = self.exact
        months = sign * self.count * (12 if self.unit == "y" else 1)
        try:
            if exact is not None:
                return instant + sign * exact
            return shift_months(instant.astimezone(zone), months).astimezone(UTC)
        except (OverflowError, ValueError) as error:
            raise UsageError(
                "BAD_DURATION", f"{self} leads out of the calendar", next_step="Write a shorter duration."
            ) from error


def shift_months(instant: datetime, months: int) -> datetime:
    """``instant`` moved by calendar months in its own zone; the day is clamped to the month's end."""
    index = instant.year * 12 + instant.month - 1 + months
    year, month = divmod(index, 12)
    day = min(instant.day, calendar.monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone called ``name``; raises :class:`UsageError` where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            "UNKNOWN_ZONE",
            f"there is no time zone called {name!r}",
            next_step="Use an IANA name such as Europe/London or UTC.",
        ) from error


def parse_instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 date or time as an instant in UTC; without an offset it is read in ``zone``.

    A bare date is the first instant of that day. Raises :class:`UsageError`, also outside of the years
    :data:`FIRST_YEAR` to :data:`LAST_YEAR`.
    """
    try:
        value = datetime.fromisoformat(text)
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise ValueError(text)
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise UsageError(
            "BAD_INSTANT",
            f"{text!r} is no date or time",
            next_step="Write ISO 8601, e.g. 2011-12-09 or 2011-12-09T12:50:00Z.",
        ) from error


def naive_utc(instant: datetime) -> datetime:
    """``instant`` as stored: UTC without a zone (columns of analytics tables)."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def utc(stored: datetime) -> datetime:
    """A stored UTC timestamp as an aware instant."""
    return stored.replace(tzinfo=UTC)


def micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """The instant ``value`` microseconds after 1970-01-01 UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)


def offset_seconds(zone: ZoneInfo, instant: datetime) -> int:
    """By how many seconds the clocks of a zone are ahead of UTC at an instant."""
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def offset_change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which a zone's offset is no longer that of ``before``, by halving.

    Args:
        after: an instant with another offset; in between it changes once.
    """
    low, high = 0, int((after - before).total_seconds())
    old = offset_seconds(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_seconds(zone, before + timedelta(seconds=middle)) == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)
