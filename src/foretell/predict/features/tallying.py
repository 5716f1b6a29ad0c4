"""Tallies of all families of a plan as queries, each a scan that groups by what it needs.

Counts and instants of all events are one scan, numbers of a property another over the events that have it; days and
distinct values are grouped by person and value, with the latest instant of each, which serves all windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from foretell.predict.features.families import Tally, families
from foretell.predict.features.families.base import EVER
from foretell.predict.features.plan import FeaturePlan
from foretell.predict.features.reading import Instants

_Part = tuple[str, str, tuple[str, ...]]
_APART = ("days", "distinct", "latest")


def tallies_of(plan: FeaturePlan) -> list[Tally]:
    """All that a plan needs, each once; without those of properties that were never seen."""
    found: dict[str, Tally] = {}
    for name in plan.families:
        found |= {tally.name: tally for tally in families()[name].tallies}
    found |= {tally.name: tally for tally in plan.tallies}
    return [tally for tally in found.values() if _readable(tally, plan)]


def windows(plan: FeaturePlan) -> set[int]:
    """Lengths of the windows in days."""
    return {days for tally in tallies_of(plan) for days in tally.windows if days != EVER}


def parameters(plan: FeaturePlan) -> dict[str, object]:
    """Names of events and texts as named parameters."""
    return {name: text for text, name in _texts(plan).items()}


def parts(plan: FeaturePlan, day: str, instants: Instants) -> list[_Part]:
    """The named queries.

    Args:
        day: SQL for the local day of ``e.ts``.
    """
    query = _Query(plan, day, instants)
    scanned: dict[str, list[Tally]] = {}
    found: list[_Part] = []
    for tally in tallies_of(plan):
        if tally.function == "latest":
            found.append(query.latest(tally))
        elif tally.function in _APART:
            found.append(query.apart(tally))
        else:
            number = plan.paths[tally.of][1] if tally.of is not None else ""
            scanned.setdefault(number, []).append(tally)
    return [query.scanned(number, tallies) for number, tallies in scanned.items()] + found


@dataclass(frozen=True)
class _Grid:
    """Where events stand for the tallies of one scan: by their name, and by the shortest window that they lie in.

    Args:
        names: of events; all others stand after them.
        windows: lengths in days, the shortest first; what is older stands after them.
    """

    names: tuple[str, ...]
    windows: tuple[int, ...]

    @classmethod
    def of(cls, tallies: Sequence[Tally]) -> _Grid:
        names = dict.fromkeys(name for tally in tallies for name in tally.events)
        return cls(tuple(names), tuple(sorted({days for tally in tallies for days in tally.windows if days != EVER})))

    @property
    def _width(self) -> int:
        return len(self.windows) + 1

    def first(self, name: str | None) -> int:
        """The first slot of an event's name; None: of all others."""
        return self._width * (len(self.names) if name is None else self.names.index(name))

    def test(self, events: Sequence[str], days: int) -> list[str]:
        """That a row of ``g`` is one of these events (empty: of all) in the last ``days``."""
        last = self._width - 1 if days == EVER else self.windows.index(days)
        if not events:
            return [] if days == EVER else [f"g.span <= {last}"]
        slots = [f"g.slot BETWEEN {self.first(name)} AND {self.first(name) + last}" for name in events]
        return [slots[0] if len(slots) == 1 else f"({' OR '.join(slots)})"]


class _Query:
    """What the parts of one plan have in common."""

    def __init__(self, plan: FeaturePlan, day: str, instants: Instants) -> None:
        self._paths, self._texts = plan.paths, _texts(plan)
        self._day, self._instants = day, instants

    def scanned(self, number: str, tallies: Sequence[Tally]) -> _Part:
        """Counts, sums and extremes in one select.

        Args:
            number: the column of numbers that all of them read; empty where they read none.
        """
        grid, key = _Grid.of(tallies), self._instants.key
        columns = {
            name: _aggregate(tally.function, number, [*grid.test(tally.events, days), *self._tests(tally, "g")])
            for tally in tallies
            for name, days in _columns(tally)
        }
        tests = [self._is(grid.names)] if all(tally.events for tally in tallies) else []
        tests += self._lately(tallies) + ([f"e.{number} IS NOT NULL"] if number else [])
        read = dict.fromkeys([name for tally in tallies for name in self._tested(tally)] + ([number] if number else []))
        shown = ", ".join([self._instants.event_key, "e.ts", *(f"e.{name}" for name in read), *self._places(grid)])
        sql = (
            f"\n  SELECT g.{key}, {_listed(columns)}\n  FROM (SELECT {shown}"
            f"\n    {self._instants.events(tests)}) AS g GROUP BY g.{key}"
        )
        return f"tallied_{number}" if number else "tallied", sql, tuple(columns)

    def apart(self, tally: Tally) -> _Part:
        """Different days or values: each with the latest instant at which it was seen."""
        own, key = self._instants.event_carried, self._instants.key
        tests = [*self._of(tally), *self._lately([tally])]
        values = self._day
        if tally.of is not None:
            text, number = self._paths[tally.of]
            values = f"e.{text}, e.{number}"
            tests.append(f"(e.{text} IS NOT NULL OR e.{number} IS NOT NULL)")
        columns = {
            name: "count(*)" + ("" if days == EVER else f" FILTER (WHERE {self._instants.since('g.seen', days, 'g')})")
            for name, days in _columns(tally)
        }
        seen = ", max(e.ts) AS seen" if {*tally.windows} != {EVER} else ""
        sql = (
            f"\n  SELECT g.{key}, {_listed(columns)}\n  FROM (SELECT {own}{seen}"
            f"\n    {self._instants.events(tests)} GROUP BY {own}, {values}) AS g GROUP BY g.{key}"
        )
        return f"apart_{tally.name}", sql, tuple(columns)

    def latest(self, tally: Tally) -> _Part:
        """The number that the latest event has which has one; ties in time go by sequence."""
        assert tally.of is not None
        number, own, key = f"e.{self._paths[tally.of][1]}", self._instants.event_key, self._instants.key
        column = f"{tally.name}_{EVER}"
        tests = [*self._of(tally), f"{number} IS NOT NULL"]
        sql = (
            f"\n  SELECT r.{key}, r.v AS {column} FROM (\n    SELECT {own}, {number} AS v,"
            f"\n      row_number() OVER (PARTITION BY {own} ORDER BY e.ts DESC, e.seq DESC) AS turn"
            f"\n    {self._instants.events(tests)}) AS r\n  WHERE r.turn = 1"
        )
        return f"latest_{tally.name}", sql, (column,)

    def _places(self, grid: _Grid) -> list[str]:
        """The window (``span``) and the slot of an event ``e``, whole numbers: worked out once, told apart by each
        column, which is many times cheaper than to compare names and instants for each."""
        within = [(self._instants.since("e.ts", days, "p"), place) for place, days in enumerate(grid.windows)]
        named = [(self._is([name]), grid.first(name)) for name in grid.names]
        span, slot = _case(within, len(grid.windows)), _case(named, grid.first(None))
        return [f"{span} AS span", f"{slot} + {span} AS slot"]

    def _lately(self, tallies: Sequence[Tally]) -> list[str]:
        """That an event lies in the longest of the windows, where all have a beginning."""
        days = [days for tally in tallies for days in tally.windows]
        return [] if EVER in days else [self._instants.since("e.ts", max(days), "p")]

    def _of(self, tally: Tally) -> list[str]:
        """Tests that an event ``e`` counts, wherever in time."""
        return ([self._is(tally.events)] if tally.events else []) + self._tests(tally, "e")

    def _is(self, events: Sequence[str]) -> str:
        """That an event ``e`` has one of these names."""
        names = [f"${self._texts[name]}" for name in events]
        return f"e.event = {names[0]}" if len(names) == 1 else f"e.event IN ({', '.join(names)})"

    def _tests(self, tally: Tally, alias: str) -> list[str]:
        """Tests beside its name that an event counts."""
        found = []
        if tally.without is not None and tally.without in self._paths:
            found.append(f"coalesce({alias}.{self._paths[tally.without][0]}, '') <> 'true'")
        if tally.where is not None:
            found.append(f"{alias}.{self._paths[tally.where[0]][0]} = ${self._texts[tally.where[1]]}")
        return found

    def _tested(self, tally: Tally) -> list[str]:
        """Columns that :meth:`_tests` reads."""
        read = [tally.without, None if tally.where is None else tally.where[0]]
        return [self._paths[path][0] for path in read if path is not None and path in self._paths]


def _aggregate(function: str, number: str, tests: Sequence[str]) -> str:
    """Over rows of ``g`` that pass the tests. What passes is a value and the rest is none: to pick out
    rows for an aggregate (FILTER) costs twice as much."""

    def kept(value: str) -> str:
        return f"CASE WHEN {' AND '.join(tests)} THEN {value} END" if tests else value

    match function:
        case "count":
            return f"count({kept('1')})"
        case "values":
            return f"count({kept(f'g.{number}')})"
        case "sum":
            return f"CAST(sum({kept(f'g.{number}')}) AS BIGINT)"
        case "max":
            return f"max({kept(f'g.{number}')})"
        case "first":
            return f"min({kept('g.ts')})"
        case _:
            return f"max({kept('g.ts')})"


def _case(cases: Sequence[tuple[str, int]], otherwise: int) -> str:
    """The number of the first case that holds."""
    told = " ".join(f"WHEN {test} THEN {number}" for test, number in cases)
    return f"CASE {told} ELSE {otherwise} END" if told else str(otherwise)


def _readable(tally: Tally, plan: FeaturePlan) -> bool:
    needed = [tally.of, None if tally.where is None else tally.where[0]]
    return all(path is None or path in plan.paths for path in needed)


def _texts(plan: FeaturePlan) -> dict[str, str]:
    """Text → the parameter that holds it."""
    tallies = tallies_of(plan)
    named = [name for tally in tallies for name in tally.events]
    named += [tally.where[1] for tally in tallies if tally.where is not None]
    return {text: f"tallied_{place}" for place, text in enumerate(dict.fromkeys(named))}


def _columns(tally: Tally) -> Iterator[tuple[str, int]]:
    """Name of each column, and its window in days."""
    yield from ((f"{tally.name}_{days}", days) for days in tally.windows)


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
