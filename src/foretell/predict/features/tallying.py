"""Tallies of all families of a plan as queries, each a scan that groups by what it needs.

Named events are grouped by person and event, so that a row is looked at once a window and not once a window and name;
days and distinct values by person and value, with the latest instant of each, which serves all windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    tallies, query = tallies_of(plan), _Query(plan, day, instants)
    named = [tally for tally in tallies if tally.function == "count" and tally.events]
    plain = [tally for tally in tallies if tally.function not in _APART and tally not in named]
    found = ([query.plain(plain)] if plain else []) + ([query.named(named)] if named else [])
    for tally in tallies:
        if tally.function == "latest":
            found.append(query.latest(tally))
        elif tally.function in _APART:
            found.append(query.apart(tally))
    return found


class _Query:
    """What the parts of one plan have in common."""

    def __init__(self, plan: FeaturePlan, day: str, instants: Instants) -> None:
        self._paths, self._texts = plan.paths, _texts(plan)
        self._day, self._instants = day, instants

    def plain(self, tallies: Sequence[Tally]) -> _Part:
        """Sums, extremes and whatever counts all events, in one select."""
        columns = {
            name: self._aggregate(tally, days, named=True) for tally in tallies for name, days in _columns(tally)
        }
        key, names = f"p.{self._instants.key}", dict.fromkeys(name for tally in tallies for name in tally.events)
        only = [self._is(tuple(names), "e")] if all(tally.events for tally in tallies) else []
        sql = f"\n  SELECT {key}, {_listed(columns)}\n  {self._from(only)} GROUP BY {key}"
        return "tallies", sql, tuple(columns)

    def named(self, tallies: Sequence[Tally]) -> _Part:
        """Counts of events by name: a group for each event of a person, then a column for each of them."""
        columns: dict[str, str] = {}
        inner: dict[str, str] = {}
        for tally in tallies:
            for name, days in _columns(tally):
                part = inner.setdefault(self._aggregate(tally, days), f"v{len(inner)}")
                kept = f"sum(g.{part}) FILTER (WHERE {self._is(tally.events, 'g')})"
                columns[name] = f"CAST({kept} AS BIGINT)"
        own, key = self._instants.carried, self._instants.key
        names = dict.fromkeys(name for tally in tallies for name in tally.events)
        counts = _listed({name: sql for sql, name in inner.items()})
        sql = (
            f"\n  SELECT g.{key}, {_listed(columns)}\n  FROM (SELECT {own}, e.event, {counts}"
            f"\n    {self._from([self._is(tuple(names), 'e')])} GROUP BY {own}, e.event) AS g GROUP BY g.{key}"
        )
        return "named_tallies", sql, tuple(columns)

    def apart(self, tally: Tally) -> _Part:
        """Different days or values: each with the latest instant at which it was seen."""
        own, key = self._instants.carried, self._instants.key
        tests = ([self._is(tally.events, "e")] if tally.events else []) + self._tests(tally)
        values = self._day
        if tally.of is not None:
            text, number = self._paths[tally.of]
            values = f"e.{text}, e.{number}"
            tests.append(f"(e.{text} IS NOT NULL OR e.{number} IS NOT NULL)")
        columns = {
            name: "count(*)" + ("" if days == EVER else f" FILTER (WHERE {self._instants.since('g.seen', days, 'g')})")
            for name, days in _columns(tally)
        }
        sql = (
            f"\n  SELECT g.{key}, {_listed(columns)}\n  FROM (SELECT {own}, max(e.ts) AS seen"
            f"\n    {self._from(tests)} GROUP BY {own}, {values}) AS g GROUP BY g.{key}"
        )
        return f"apart_{tally.name}", sql, tuple(columns)

    def latest(self, tally: Tally) -> _Part:
        """The number that the latest event has which has one; ties in time go by sequence."""
        assert tally.of is not None
        number, key = f"e.{self._paths[tally.of][1]}", self._instants.key
        column = f"{tally.name}_{EVER}"
        tests = [*([self._is(tally.events, "e")] if tally.events else []), *self._tests(tally), f"{number} IS NOT NULL"]
        sql = (
            f"\n  SELECT r.{key}, r.v AS {column} FROM (\n    SELECT p.{key}, {number} AS v,"
            f"\n      row_number() OVER (PARTITION BY p.{key} ORDER BY e.ts DESC, e.seq DESC) AS turn"
            f"\n    {self._from(tests)}) AS r\n  WHERE r.turn = 1"
        )
        return f"latest_{tally.name}", sql, (column,)

    def _from(self, tests: Sequence[str]) -> str:
        """The events of people that had happened and were known."""
        kept = " AND ".join([self._instants.there("e"), *tests])
        return f"FROM log_events e JOIN people p ON p.profile_key = e.profile_key WHERE {kept}"

    def _is(self, events: Sequence[str], alias: str) -> str:
        """That an event has one of these names."""
        names = [f"${self._texts[name]}" for name in events]
        return f"{alias}.event = {names[0]}" if len(names) == 1 else f"{alias}.event IN ({', '.join(names)})"

    def _tests(self, tally: Tally) -> list[str]:
        """Tests beside its name that an event counts."""
        found = []
        if tally.without is not None and tally.without in self._paths:
            found.append(f"coalesce(e.{self._paths[tally.without][0]}, '') <> 'true'")
        if tally.where is not None:
            found.append(f"e.{self._paths[tally.where[0]][0]} = ${self._texts[tally.where[1]]}")
        return found

    def _aggregate(self, tally: Tally, days: int, *, named: bool = False) -> str:
        """Of one window; ``named``: of the tally's events alone, else whatever the event is called."""
        tests = [self._is(tally.events, "e")] if named and tally.events else []
        tests += self._tests(tally) + ([] if days == EVER else [self._instants.since("e.ts", days, "p")])
        kept = f" FILTER (WHERE {' AND '.join(tests)})" if tests else ""
        number = self._paths[tally.of][1] if tally.of is not None else ""
        match tally.function:
            case "count":
                return f"count(*){kept}"
            case "values":
                return f"count(e.{number}){kept}"
            case "sum":
                return f"CAST(sum(e.{number}){kept} AS BIGINT)"
            case "max":
                return f"max(e.{number}){kept}"
            case "first":
                return f"min(e.ts){kept}"
            case _:
                return f"max(e.ts){kept}"


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
