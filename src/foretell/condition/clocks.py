"""The person's clock: their zone, the hour and the day of the week of their events, the return of their days.

A person's zone is the first of the traits :data:`ZONE_TRAITS` that names a known zone as of the instant, else the
workspace's. How far clocks are ahead of UTC is handed to the engine as rows, so that no engine needs time zones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from foretell.clock import Duration, naive_utc, shift_months, zone_of
from foretell.condition import sql, traits
from foretell.condition.moments import AWARE, WALL
from foretell.condition.nodes import Check, Selection, Test
from foretell.condition.offsets import FIRST, Offset, around, offsets
from foretell.condition.values import Value, holds, holds_at
from foretell.errors import UsageError

if TYPE_CHECKING:
    from foretell.condition.scope import Scope

ZONE_TRAITS = ("timezone", "zone")


@dataclass(frozen=True)
class Zones:
    """What the store tells of clocks.

    Args:
        told: every zone that anybody has in one of :data:`ZONE_TRAITS`, as it came.
        first: the first event, UTC without a zone.
        traits: those of :data:`ZONE_TRAITS` that anybody has, in that order.
    """

    told: Sequence[str] = ()
    first: datetime = FIRST
    traits: Sequence[str] = ZONE_TRAITS


def no_zones() -> Zones:
    """Where nobody has told a zone."""
    return Zones()


@dataclass(frozen=True)
class Clock:
    """Whose clocks are read, and from where; ``zones`` is asked only where a condition needs it."""

    scope: Scope
    zones: Callable[[], Zones] = field(default=no_zones, repr=False)

    @property
    def here(self) -> str:
        """The workspace's zone."""
        return self.scope.frame.zone.key

    def known(self) -> list[str]:
        """The zones that a person may have, the workspace's first."""
        told = [name for name in sorted(set(self.zones().told)) if name != self.here and _exists(name)]
        return [self.here, *told]

    def zone(self, person: str) -> str:
        """SQL: the name of the zone of the person whose key is the SQL ``person``."""
        if len(self.known()) == 1:
            return sql.text(self.here)
        told = f"(SELECT max(k.zone) FROM ({self.people()}) AS k WHERE k.profile_key = {person})"
        return f"coalesce({told}, {sql.text(self.here)})"

    def people(self) -> str:
        """SQL: ``profile_key zone`` of everybody who has a known zone of their own."""
        names, asked = ", ".join(map(sql.text, self.known())), self.zones().traits
        told = " UNION ALL ".join(
            f"SELECT {place} AS place, v.profile_key, v.s FROM ({traits.trait_values(name, self.scope)}) AS v "
            f"WHERE v.place = 1 AND v.s IN ({names})"
            for place, name in enumerate(asked)
        )
        ranked = ", ".join(f"max(CASE WHEN q.place = {place} THEN q.s END)" for place in range(len(asked)))
        return f"SELECT q.profile_key, coalesce({ranked}) AS zone FROM ({told}) AS q GROUP BY q.profile_key"

    def ahead(
        self, instant: str, person: str, since: datetime, until: datetime, days: tuple[date, date] | None = None
    ) -> str:
        """SQL: how many seconds the person's clock was ahead of UTC at ``instant``, between two instants UTC.

        Args:
            days: only dates from the one to the other of any year have to be told from others.
        """
        by_zone = [offsets(zone, since, until) for zone in self.known()]
        rows = [row for found in by_zone for row in (found if days is None else around(found, *days))]
        if len({row.ahead for row in rows}) == 1:
            return str(rows[0].ahead)
        then = f"{instant} >= z.since AND {instant} < z.until"
        if len(by_zone) == 1:
            return f"(SELECT max(z.ahead) FROM {_values(rows)} WHERE {then})"
        # Joined, not asked for within the question: not every engine looks two questions far out.
        here = [row for row in rows if row.zone == self.here]
        return (
            f"coalesce((SELECT max(z.ahead) FROM {_values(rows)} JOIN ({self.people()}) AS k ON k.zone = z.zone "
            f"WHERE k.profile_key = {person} AND {then}), "
            f"(SELECT max(z.ahead) FROM {_values(here)} WHERE {then}))"
        )


def _values(rows: Sequence[Offset]) -> str:
    listed = ", ".join(f"({sql.text(o.zone)}, {sql.wall(o.since)}, {sql.wall(o.until)}, {o.ahead})" for o in rows)
    return f"(VALUES {listed}) AS z(zone, since, until, ahead)"


def _exists(name: str) -> bool:
    try:
        return bool(zone_of(name))
    except UsageError:
        return False


def clock_tests(selection: Selection, scope: Scope) -> list[str]:
    """SQL over the event ``e``: its hour and day on the person's clock keep the selection's tests."""
    if not selection.hours and not selection.weekdays:
        return []
    clock, (since, until) = scope.clock, _span(selection, scope)
    rows = [row for zone in clock.known() for row in offsets(zone, since, until)]
    if len({row.ahead for row in rows}) == 1:
        return [_shown(selection, f"e.ts + {rows[0].ahead} * INTERVAL 1 SECOND")]
    if scope.accounts or len(clock.known()) == 1:
        return [_shown(selection, f"e.ts + {clock.ahead('e.ts', scope.person('e'), since, until)} * INTERVAL 1 SECOND")]
    return [f"e.seq IN ({_on_clock(selection, scope.plain(), rows)})"]


def _on_clock(selection: Selection, scope: Scope, rows: Sequence[Offset]) -> str:
    """SQL: ``seq`` of the events of the window that keep the tests: joined once, not asked for each event."""
    named = holds(selection.event, Value("c.event", "CAST(NULL AS BIGINT)"), scope.frame)
    zone = f"coalesce(p.zone, {sql.text(scope.clock.here)})"
    tests = [named, *scope.events("c", selection.within), _shown(selection, "c.ts + z.ahead * INTERVAL 1 SECOND")]
    return (
        f"SELECT c.seq FROM {scope.log('log_events')} AS c LEFT JOIN ({scope.clock.people()}) AS p "
        f"ON p.profile_key = c.profile_key JOIN {_values(rows)} ON z.zone = {zone} "
        f"AND c.ts >= z.since AND c.ts < z.until WHERE {sql.both(tests)}"
    )


def _shown(selection: Selection, local: str) -> str:
    """SQL: the wall time ``local`` keeps the tests."""
    tests = []
    if selection.hours:
        tests.append(f"extract(hour FROM {local}) IN ({_allowed(selection.hours, range(24))})")
    if selection.weekdays:
        tests.append(f"extract(isodow FROM {local}) IN ({_allowed(selection.weekdays, range(1, 8))})")
    return sql.both(tests)


def _span(selection: Selection, scope: Scope) -> tuple[datetime, datetime]:
    frame = scope.frame
    if scope.future is not None:
        return naive_utc(frame.as_of), naive_utc(scope.future.after(frame.as_of, frame.zone))
    first = scope.clock.zones().first
    if selection.within is not None:
        first = max(first, naive_utc(selection.within.before(frame.as_of, frame.zone)))
    return max(first, FIRST), naive_utc(frame.as_of)


def _allowed(test: Test, values: Iterable[int]) -> str:
    return ", ".join(str(value) for value in values if holds_at(test, Decimal(value))) or "NULL"


def anniversary(check: Check, value: Value, clock: Clock) -> str:
    """SQL: the yearly return of the date in a text falls into the days from today; null where it is no date."""
    (length,) = check.operands
    assert isinstance(length, Duration)
    by_day: dict[date, list[str]] = {}
    for name in clock.known():
        by_day.setdefault(clock.scope.frame.as_of.astimezone(zone_of(name)).date(), []).append(name)
    arms = [
        f"WHEN w.zone IN ({', '.join(map(sql.text, names))}) THEN {_returns('w.written', day, length)}"
        for day, names in by_day.items()
    ]
    days = (min(by_day), _days(max(by_day), length)[-1])
    written = f"SELECT {_date(value, clock, days)} AS written, {clock.zone(value.person)} AS zone"
    return f"(SELECT CASE {' '.join(arms)} END FROM ({written}) AS w)"


def _date(value: Value, clock: Clock, days: tuple[date, date]) -> str:
    """SQL: the date ``YYYY-MM-DD`` in a text; of one with an offset that on the person's clock."""
    aware = f"CASE WHEN regexp_matches({value.text}, '{AWARE}') THEN {value.text} END"
    instant = f"CAST(TRY_CAST({aware} AS TIMESTAMPTZ) AS TIMESTAMP)"
    until = naive_utc(clock.scope.frame.as_of) + timedelta(days=2)
    ahead = clock.ahead(instant, value.person, FIRST, until, days)
    local = f"CAST(CAST({instant} + {ahead} * INTERVAL 1 SECOND AS DATE) AS VARCHAR)"
    return (
        f"CASE WHEN regexp_matches({value.text}, '{WALL}') "
        f"THEN CAST(CAST(TRY_CAST({value.text} AS TIMESTAMP) AS DATE) AS VARCHAR) ELSE {local} END"
    )


def _returns(written: str, today: date, length: Duration) -> str:
    """A return is in a later year than the date itself."""
    by_year: dict[int, list[str]] = {}
    for day in _days(today, length):
        found = by_year.setdefault(day.year, [])
        found.append(f"{day:%m-%d}")
        if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3:
            found.append("02-29")
    return sql.either(
        f"substring({written}, 6) IN ({', '.join(map(sql.text, days))}) AND substring({written}, 1, 4) < '{year:04}'"
        for year, days in by_year.items()
    )


def _days(today: date, length: Duration) -> list[date]:
    midnight = datetime.combine(today, time())
    months = length.count * (12 if length.unit == "y" else 1)
    until = shift_months(midnight, months) if length.exact is None else midnight + length.exact
    whole = -((midnight - until) // timedelta(days=1))
    return [today + timedelta(days=number) for number in range(whole)]
