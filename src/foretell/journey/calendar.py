"""The clock on the wall: instants of a local time, through daylight saving, leap days and ends of months."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAMES = {name[:3]: str((place + 1) % 7) for place, name in enumerate(WEEKDAYS)}
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_DAYS_AHEAD = 366 * 8 + 1
"""From one 29 February to the next there can be eight years (1896 to 1904, 2096 to 2104)."""


def _clock(text: str) -> str:
    clock_of(text)
    return text


ClockText = Annotated[str, AfterValidator(_clock)]
"""A time of day, ``09:30``."""


def clock_of(text: str) -> time:
    """Read ``09:30``; raises ValueError."""
    hours, sign, minutes = text.partition(":")
    fits = sign and len(hours) == 2 and len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()
    if not fits or int(hours) > 23 or int(minutes) > 59:
        raise ValueError(f"{text!r} is no time of day; write it as 09:30")
    return time(int(hours), int(minutes))


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a clock of ``zone`` shows ``at`` on ``day``.

    Where the clock is put forward over that time, the instant at which it is put forward past it (as if it went on:
    02:30 is 03:30); where it shows it twice, the first.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)


def next_local(
    after: datetime, at: time, zone: ZoneInfo, weekdays: Iterable[str] | None = None, *, same: bool = True
) -> datetime:
    """The first instant (UTC) from ``after`` on at which a clock of ``zone`` shows ``at``, on one of ``weekdays``.

    Args:
        same: whether ``after`` itself may be it.
    """
    wanted = set(WEEKDAYS if weekdays is None else weekdays)
    day = after.astimezone(zone).date()
    for ahead in range(-1, 9):
        one = day + timedelta(days=ahead)
        instant = instant_of(one, at, zone)
        if WEEKDAYS[one.weekday()] in wanted and (instant > after or (same and instant == after)):
            return instant
    raise ValueError("no weekday is wanted")


def last_scheduled(
    schedule: str,
    at: str,
    weekdays: Iterable[str] | None,
    day: int | str | None,
    zone: ZoneInfo,
    *,
    after: datetime,
    until: datetime,
) -> datetime | None:
    """The latest instant (UTC) of a schedule in (``after``, ``until``]; None where there is none."""
    first, last = after.astimezone(zone).date(), until.astimezone(zone).date()
    times = None if schedule in ("daily", "weekly", "monthly") else _cron(schedule)
    one = last
    for _ in range(min((last - first).days + 1, _DAYS_AHEAD)):
        if times is None:
            clocks = [clock_of(at)] if _falls_on(one, schedule, weekdays, day) else []
        else:
            clocks = times.clocks() if times.falls_on(one) else []
        found = [instant for clock in clocks if after < (instant := instant_of(one, clock, zone)) <= until]
        if found:
            return max(found)
        one -= timedelta(days=1)
    return None


def _falls_on(one: date, schedule: str, weekdays: Iterable[str] | None, day: int | str | None) -> bool:
    if schedule == "weekly":
        return WEEKDAYS[one.weekday()] in set(weekdays or ("monday",))
    if schedule == "monthly":
        length = calendar.monthrange(one.year, one.month)[1]
        return one.day == (length if day == "last" else min(int(day or 1), length))
    return True


class _Cron:
    """The five fields of cron (crontab(5)): where both days are given, either will do."""

    def __init__(self, fields: list[set[int]], *, any_day: bool, any_weekday: bool) -> None:
        self._minutes, self._hours, self._days, self._months, weekdays = fields
        self._weekdays = {day % 7 for day in weekdays}
        self._both = any_day or any_weekday

    def clocks(self) -> list[time]:
        return [time(hour, minute) for hour in sorted(self._hours) for minute in sorted(self._minutes)]

    def falls_on(self, one: date) -> bool:
        of_month = one.day in self._days
        of_week = one.isoweekday() % 7 in self._weekdays
        fits = (of_month and of_week) if self._both else (of_month or of_week)
        return one.month in self._months and fits


def _cron(text: str) -> _Cron:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} has {len(fields)} fields")
    sets = [_field(field, *meant) for field, meant in zip(fields, _FIELDS, strict=True)]
    return _Cron(sets, any_day=fields[2].startswith("*"), any_weekday=fields[4].startswith("*"))


def _field(text: str, name: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        if name == "weekday":
            span = "-".join(_NAMES.get(one, one) for one in span.split("-"))
        begin, dash, end = (str(least), "-", str(most)) if span == "*" else span.partition("-")
        if not begin.isdecimal() or (dash and not end.isdecimal()) or (step and not step.isdecimal()):
            raise ValueError(f"{part!r} is no {name}")
        last = int(end) if dash else (most if step else int(begin))
        if not least <= int(begin) <= last <= most or step == "0":
            raise ValueError(f"{part!r} is no {name} from {least} to {most}")
        found |= set(range(int(begin), last + 1, int(step or 1)))
    return found


def cron_problem(text: str) -> str:
    """What is wrong with five fields of cron; empty where nothing is."""
    try:
        found = _cron(text)
    except ValueError as error:
        return str(error)
    some_day = any(found.falls_on(date(2024, 1, 1) + timedelta(days=ahead)) for ahead in range(366))
    return "" if some_day else f"{text!r} never comes"
