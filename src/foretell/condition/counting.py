"""Numbers over events and measures: from counts and aggregates of the selected events to SQL."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from foretell.condition import sql
from foretell.condition.nodes import Aggregate, Check, Did, Function, Measure, Selection, Test
from foretell.condition.people import People
from foretell.condition.scope import Scope
from foretell.condition.values import Value, holds_at, number_holds
from foretell.condition.where import Matches, element_join, selected
from foretell.condition.without import chosen

REFUND = "Order Refunded"
AT_LEAST_ONCE: Test = (Check("gte", (Decimal(1),)),)
NOTHING = Value("", "")
"""The value of no property."""


def counted(part: Did, scope: Scope) -> list[People]:
    """The sets of those who have as many of the selected events, adding up to as much, as ``part`` says."""
    flat, sets = split(part, scope)
    if part.times == AT_LEAST_ONCE and len(flat) == 1:
        source = events(chosen(part, scope), scope)
        sets.append(People(f"SELECT DISTINCT e.profile_key {source}"))
    elif flat:
        sets.append(_grouped(part, flat, scope, None))
    return sets


def split(part: Did, scope: Scope) -> tuple[list[tuple[str, bool]], list[People]]:
    """The tests that one grouping of the events answers, and the sets of those that read elements."""
    flat: list[tuple[str, bool]] = [] if part.times is None else [times(part.times)]
    sets = []
    for aggregate in part.aggregates:
        array, value = scope.value(aggregate.name)
        test = _aggregate(aggregate, part.selection, value)
        if array is None:
            flat.append(test)
        else:
            sets.append(_grouped(part, [test], scope, array))
    return flat, sets


def measure(part: Measure, scope: Scope) -> str:
    """SQL: ``profile_key`` and ``value`` of everybody with selected events.

    ``value`` is in micro units, except that counts (also ``distinct``) are plain; it is null where
    avg, min and max have nothing to read. An average is rounded towards zero to a micro unit.
    """
    array, value = scope.value(part.name) if part.function else (None, NOTHING)
    number = result(part.function, part.selection, value)
    source = events(selected(part.selection, scope), scope, array)
    return f"SELECT e.profile_key, CAST({number} AS BIGINT) AS value {source} GROUP BY e.profile_key"


def grouped(source: str, tests: list[tuple[str, bool]]) -> People:
    """People by tests of their group of events ``e``; each test comes with what it says of no events."""
    having = sql.both(test for test, _ in tests)
    nothing = all(at_nothing for _, at_nothing in tests)
    kept = sql.negation(f"({having})") if nothing else having
    return People(f"SELECT e.profile_key {source} GROUP BY e.profile_key HAVING {kept}", inverted=nothing)


def _grouped(part: Did, tests: list[tuple[str, bool]], scope: Scope, array: str | None) -> People:
    return grouped(events(chosen(part, scope), scope, array), tests)


def events(matches: Matches, scope: Scope, array: str | None = None, *, without_elements: bool = False) -> str:
    """SQL from ``FROM``: the events ``e`` that match; beside those of ``array`` the elements ``x`` that are read.

    Args:
        without_elements: events without such an element are there too.
    """
    join = ""
    if array is not None:
        kept = [*matches.elements.get(array, ()), *matches.alike.get(array, ())]
        join = f" {'LEFT ' if without_elements else ''}JOIN event_elements AS x ON {element_join(array, kept)}"
    return f"FROM {scope.log('log_events')} AS e{join} WHERE {matches.all(joined=None if without_elements else array)}"


def times(test: Test) -> tuple[str, bool]:
    """SQL of a test of the number of events ``e`` of a group, and what it says of none."""
    return number_holds(test, _compare("count(*)", str)), holds_at(test, Decimal(0))


def _aggregate(aggregate: Aggregate, selection: Selection, value: Value) -> tuple[str, bool]:
    function = aggregate.function
    at_nothing = holds_at(aggregate.test, Decimal(0) if function in ("sum", "distinct") else None)
    if function == "avg":
        return number_holds(aggregate.test, _average(value)), at_nothing
    literal = str if function == "distinct" else sql.micro
    compare = _compare(result(function, selection, value), literal)
    return number_holds(aggregate.test, compare), at_nothing


def _compare(number: str, literal: Callable[[Decimal], str]) -> Callable[[str, Decimal], str]:
    return lambda symbol, operand: f"{number} {symbol} {literal(operand)}"


def _average(value: Value) -> Callable[[str, Decimal], str]:
    """Averages are compared without a division: the sum with the operand times the count."""
    number = value.number
    return lambda symbol, operand: f"sum({number}) {symbol} CAST({sql.micro(operand)} AS HUGEINT) * count({number})"


def result(function: Function | None, selection: Selection, value: Value) -> str:
    """SQL: what a property of the events ``e`` of a group comes to; without a function their number."""
    number, text = value.number, value.text
    if function is None:
        return "count(*)"
    if function == "sum":
        return f"coalesce(sum({signed(selection, number)}), 0)"
    if function == "distinct":
        return f"count(DISTINCT {text}) + count(DISTINCT CASE WHEN {text} IS NULL THEN {number} END)"
    if function == "avg":
        return f"sum({number}) // count({number})"
    return f"{function}({number})"


def signed(selection: Selection, number: str) -> str:
    """SQL: what a number adds to a sum: refunds take away beside other events; alone they are the amount refunded."""
    check = selection.event[0]
    if len(selection.event) == 1 and check.name == "is" and not check.negated:
        return number
    return f"CASE WHEN e.event = {sql.text(REFUND)} THEN -abs({number}) ELSE {number} END"
