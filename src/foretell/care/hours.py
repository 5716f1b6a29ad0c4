"""Due times in a team's working hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from foretell.clock import Duration, from_micros, micros, zone_of
from foretell.definitions import Catalog, TeamSection, list_texts
from foretell.errors import UsageError

Instants = npt.NDArray[np.int64]
"""Microseconds since 1970-01-01 UTC, (n,)."""
_WORKED = ("s", "m", "h")
_AHEAD_DAYS, _MOST_DAYS = 30, 20_000
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """When a team works.

    Args:
        week: opening hours from Monday on, in minutes of the day; all empty: always.
        off: days on which it does not work.
    """

    zone: ZoneInfo
    week: tuple[tuple[tuple[int, int], ...], ...]
    off: frozenset[date] = frozenset()

    def after(self, instants: Instants, length: Duration) -> Instants:
        """The instants at which ``length`` of working time has passed since ``instants``.

        Hours, minutes and seconds count while the team works. A day is a working day: the same time of the day so many
        working days on. Weeks, months and years are those of the calendar; where they end outside of working hours,
        work begins again first.

        Raises:
            UsageError: ``BAD_DURATION`` where it leads out of the calendar; ``NO_WORKING_HOURS`` where the
                team never works.
        """
        if not len(instants):
            return instants
        if not any(self.week):
            return self._by_clock(instants, length)
        if length.unit == "d":
            return self._spans(instants, days=length.count).days_on(instants, length.count)
        if length.unit in _WORKED:
            assert length.exact is not None
            worked = length.exact // timedelta(microseconds=1)
            return self._spans(instants, worked=worked).worked_on(instants, worked)
        ends = self._by_clock(instants, length)
        return self._spans(ends).worked_on(ends, 0)

    def _by_clock(self, instants: Instants, length: Duration) -> Instants:
        if length.exact is not None:
            moved: Instants = instants + length.exact // timedelta(microseconds=1)
            return moved
        distinct, place = np.unique(instants, return_inverse=True)
        ends = [micros(length.after(from_micros(int(at)), self.zone)) for at in distinct]
        return np.array(ends, np.int64)[place]

    def _spans(self, instants: Instants, *, days: int = 0, worked: int = 0) -> _Spans:
        """The working time around ``instants``: beyond the last so many working days and microseconds of work."""
        first = from_micros(int(instants.min())).astimezone(self.zone).date()
        last = from_micros(int(instants.max())).astimezone(self.zone).date()
        end = last + _DAY * _AHEAD_DAYS
        found = list(self._opened(first, end))
        while not _reaches(found, last.toordinal(), days, worked):
            ahead = min((end - last).days * 2, _MOST_DAYS)
            if (end - last).days >= _MOST_DAYS:
                raise UsageError(
                    "NO_WORKING_HOURS", "the team works too seldom for such a due time",
                    next_step="Look at its hours and holidays under care in foretell.yaml.",
                )  # fmt: skip
            found += self._opened(end, last + _DAY * ahead)
            end = last + _DAY * ahead
        table = np.array(found, np.int64)
        return _Spans(table[:, 0], table[:, 1], table[:, 2])

    def _opened(self, first: date, end: date) -> Iterator[tuple[int, int, int]]:
        """Day, begin and end of working time from ``first`` until before ``end``."""
        for ordinal in range(first.toordinal(), end.toordinal()):
            day = date.fromordinal(ordinal)
            if day in self.off:
                continue
            for begin, stop in self.week[day.weekday()]:
                yield ordinal, self._instant(day, begin), self._instant(day, stop)

    def _instant(self, day: date, minutes: int) -> int:
        over, within = divmod(minutes, 24 * 60)
        local = datetime.combine(day + _DAY * over, time(*divmod(within, 60)), self.zone)
        return micros(local.astimezone(UTC))


def _reaches(found: list[tuple[int, int, int]], last: int, days: int, worked: int) -> bool:
    beyond = [(day, end - begin) for day, begin, end in found if day > last]
    return len({day for day, _ in beyond}) > days and sum(length for _, length in beyond) > worked


@dataclass(frozen=True)
class _Spans:
    """Working time in order: day, begin and end of each span."""

    day: Instants
    begin: Instants
    end: Instants

    def worked_on(self, instants: Instants, worked: int) -> Instants:
        """``worked`` microseconds of working time on."""
        lengths = self.end - self.begin
        done = np.cumsum(lengths)
        before = done - lengths
        place = np.searchsorted(self.end, instants, side="right")
        target = before[place] + np.maximum(instants - self.begin[place], 0) + worked
        there = np.maximum(np.searchsorted(done, target, side="left"), place)
        result: Instants = self.begin[there] + target - before[there]
        return result

    def days_on(self, instants: Instants, count: int) -> Instants:
        """The same time of the day ``count`` working days on, within its hours."""
        first = np.unique(self.day, return_index=True)[1]
        opens = self.begin[first]
        closes = self.end[np.append(first[1:], len(self.day)) - 1]
        place = np.searchsorted(closes, instants, side="right")
        there = place + count
        result: Instants = np.minimum(opens[there] + np.maximum(instants - opens[place], 0), closes[there])
        return result


def calendar_of(catalog: Catalog, team: str | None) -> Calendar:
    """When a team works; whoever is in no team of the settings always does.

    Raises:
        DefinitionErrors: where its list of holidays can no longer be read.
    """
    told = catalog.settings.care.teams.get(team) if team is not None else None
    if told is None:
        return Calendar(catalog.settings.zone_info, ((),) * 7)
    zone = catalog.settings.zone_info if told.zone is None else zone_of(told.zone)
    return Calendar(zone, told.week(), days_off(catalog, told))


def days_off(catalog: Catalog, team: TeamSection) -> frozenset[date]:
    """A team's holidays: what is a date in its list."""
    listed = None if team.holidays is None else catalog.lists.get(team.holidays)
    if listed is None:
        return frozenset()
    found = (_date(text) for text in list_texts(catalog.root, listed, "day"))
    return frozenset(day for day in found if day is not None)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
