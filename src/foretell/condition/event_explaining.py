"""What was found of the heads that speak of events, for one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from foretell.clock import Duration, naive_utc, utc
from foretell.condition import changes, counting, doing, event_words, people_wording, ranking, sql, windows
from foretell.condition.evidence import Evidence, shown_key, shown_number
from foretell.condition.nodes import Change, Did, Figure, Measure, Ratio, Top
from foretell.condition.scope import Of, Scope
from foretell.condition.where import Matches
from foretell.condition.without import chosen

MOST_EVENTS = 5
Ask = Callable[[str], pa.Table]
Found = tuple[str, tuple[Evidence, ...]]


def listed(ask: Ask, source: str, *, descending: bool = True) -> tuple[tuple[Evidence, ...], int]:
    """The latest (earliest) of the events ``e`` that the SQL ``source`` selects, and their number."""
    order = "DESC" if descending else "ASC"
    rows = ask(
        f"SELECT e.message_id, e.event, e.ts, count(*) OVER () AS number {source} "
        f"ORDER BY e.ts {order}, e.message_id {order} LIMIT {MOST_EVENTS}"
    ).to_pylist()
    found = tuple(Evidence(row["message_id"], row["event"], utc(row["ts"])) for row in rows)
    return found, int(rows[0]["number"]) if rows else 0


@dataclass(frozen=True)
class Asker:
    """Asks for what was found; ``ask`` answers queries, ``scope`` is that of the one person."""

    ask: Ask
    scope: Scope
    of: Of

    def did(self, part: Did) -> Found:
        """The events that count and what they add up to; of one value or window where such are meant."""
        said: list[str] = []
        scope = self.scope
        tests: list[str] = []
        if part.per is not None:
            scope, tests = self._of_value(part, part.per, said)
        if part.in_any is not None:
            tests += self._in_window(part, part.in_any, scope, tests, said)
        matches = chosen(part, scope)
        matches.tests += tests
        events, number = listed(self.ask, counting.events(matches, scope))
        said.append(f"{number} events")
        said += [self._total(part, Figure(one.function, one.name), matches, scope) for one in part.aggregates]
        if part.change is not None:
            said.append(self._change(part, part.change))
        if part.top is not None:
            said.append(self._top(part, part.top))
        return "; ".join(said), events

    def _of_value(self, part: Did, name: str, said: list[str]) -> tuple[Scope, list[str]]:
        """The first of the values for which the tests hold, else all of them."""
        pairs = doing.pairs(part, self.scope, self.of)
        keys = self.ask(f"SELECT v.bound_key FROM ({pairs}) AS v ORDER BY v.bound_key")["bound_key"].to_pylist()
        shown = [shown_key(key) for key in keys[:MOST_EVENTS]]
        said.append(f"{name}: {', '.join(shown)}" if keys else f"no {name} for which it holds")
        if not keys:
            return self.scope, []
        return doing.by_value(part, self.scope), [f"e.bound_key = {sql.text(keys[0])}"]

    def _in_window(self, part: Did, length: Duration, scope: Scope, tests: list[str], said: list[str]) -> list[str]:
        """The latest window for which the tests hold."""
        told, kept = windows.after_each(part, length, scope, tests)
        rows = self.ask(f"SELECT max(w.t) AS t FROM ({told}) AS w WHERE {kept}").to_pylist()
        end = rows[0]["t"]
        if end is None:
            said.append(f"no such {length}")
            return []
        begin = naive_utc(length.before(utc(end), scope.frame.zone))
        said.append(f"in the {length} up to {utc(end).isoformat()}")
        return [f"e.ts > {sql.wall(begin)}", f"e.ts <= {sql.wall(end)}"]

    def _total(self, part: Did, figure: Figure, matches: Matches, scope: Scope) -> str:
        array, value = scope.value(figure.name)
        number = counting.result(figure.function, part.selection, value)
        source = counting.events(matches, scope, array)
        total = self.ask(f"SELECT CAST({number} AS BIGINT) AS value {source}")["value"].to_pylist()[0]
        words = event_words.measure(Measure(part.selection, figure.function, figure.name))
        return f"{words}: {_shown(figure, total)}"

    def _change(self, part: Did, change: Change) -> str:
        words = event_words.figure(change.figure)
        return f"{words}: {_compared(self._row(changes.numbers(part, change.figure, self.scope)), change.figure)}"

    def _top(self, part: Did, top: Top) -> str:
        ranked = ranking.ranked(part, top.figure, self.scope, self.of)
        mine = self._row(f"SELECT * FROM ({ranked}) AS r WHERE r.profile_key = {int(self.scope.only or 0)}")
        size = self._row(f"SELECT count(*) AS size FROM ({ranking.everybody(self.scope, self.of)}) AS u")["size"]
        if not mine:
            return f"no place among {size}"
        number = "" if top.figure.function == "avg" else f" with {_shown(top.figure, int(mine['value']))}"
        return f"place {mine['place']} among {size}{number}"

    def ratio(self, part: Ratio) -> Found:
        """How many of the one and of the other, in the window and in that before."""
        row = self._row(changes.ratio_numbers(part, self.scope))
        said = _quotient(row.get("n", 0), row.get("nd", 0))
        if part.change is not None:
            said += f"; before {_quotient(row.get('b', 0), row.get('bd', 0))}"
        return said, ()

    def _row(self, query: str) -> dict[str, Any]:
        rows = self.ask(query).to_pylist()
        return rows[0] if rows else {}


def _shown(figure: Figure, number: int | None) -> str:
    if number is None:
        return "missing"
    return str(number) if figure.function in (None, "distinct") else shown_number(number)


def _compared(row: dict[str, Any], figure: Figure) -> str:
    now, before = (_figure(row, names, figure) for names in (("n", "nd"), ("b", "bd")))
    said = f"{_amount(now)}, before {_amount(before)}"
    if now is None or not before:
        return said
    return f"{said} ({people_wording.percent(((now - before) / before).quantize(Decimal('0.0001')))})"


def _figure(row: dict[str, Any], names: tuple[str, str], figure: Figure) -> Decimal | None:
    number, of = (row.get(name) for name in names)
    if number is None or not of:
        return None if row or figure.function in ("avg", "min", "max") else Decimal(0)
    exact = Decimal(int(number)) / Decimal(int(of))
    return exact if figure.function in (None, "distinct") else exact / 1_000_000


def _amount(number: Decimal | None) -> str:
    return "missing" if number is None else f"{number.quantize(Decimal('0.000001')).normalize():f}"


def _quotient(number: int, of: int) -> str:
    share = f" ({people_wording.percent((Decimal(int(number)) / int(of)).quantize(Decimal('0.0001')))})" if of else ""
    return f"{number} of {of}{share}"
