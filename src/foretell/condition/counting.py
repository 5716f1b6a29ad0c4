"""``did`` and measures: from counts and aggregates of the selected events to SQL."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from foretell.condition import sql
from foretell.condition.nodes import Aggregate, Check, Did, Function, Measure, Selection, Test
from foretell.condition.people import People, intersection
from foretell.condition.scope import Scope
from foretell.condition.values import Value, holds_at, number_holds
from foretell.condition.where import element_join, selected

REFUND = "Order Refunded"
_ONCE = Check("gte", (Decimal(1),))


def did(part: Did, scope: Scope) -> People:
    """Who has as many of the selected events, adding up to as much, as ``part`` says."""
    flat: list[tuple[str, bool]] = [] if part.times is None else [_times(part.times)]
    sets = []
    for aggregate in part.aggregates:
        array, value = scope.value(aggregate.name)
        test = _aggregate(aggregate, part.selection, value)
        if array is None:
            flat.append(test)
        else:
            sets.append(_grouped(part.selection, [test], scope, array))
    if part.times == (_ONCE,) and len(flat) == 1:
        sets.append(People(f"SELECT DISTINCT e.profile_key {_source(part.selection, scope, None)}", seen=_seen(scope)))
    elif flat:
        sets.append(_grouped(part.selection, flat, scope, None))
    people = intersection(sets)
    return people.complement() if part.negated else people


def measure(part: Measure, scope: Scope) -> str:
    """SQL: ``profile_key`` and ``value`` of everybody with selected events.

    ``value`` is in micro units, except that counts (also ``distinct``) are plain; it is null where
    avg, min and max have nothing to read. An average is rounded towards zero to a micro unit.
    """
    array, value = scope.value(part.name) if part.function else (None, Value("", ""))
    result = "count(*)" if part.function is None else _result(part.function, part.selection, value)
    return (
        f"SELECT e.profile_key, CAST({result} AS BIGINT) AS value "
        f"{_source(part.selection, scope, array)} GROUP BY e.profile_key"
    )


def _grouped(selection: Selection, tests: list[tuple[str, bool]], scope: Scope, array: str | None) -> People:
    """People by tests of their group of events; each test comes with what it says of no events."""
    having = sql.both(test for test, _ in tests)
    nothing = all(at_nothing for _, at_nothing in tests)
    kept = sql.negation(f"({having})") if nothing else having
    query = f"SELECT e.profile_key {_source(selection, scope, array)} GROUP BY e.profile_key HAVING {kept}"
    return People(query, inverted=nothing, seen=_seen(scope))


def _source(selection: Selection, scope: Scope, array: str | None) -> str:
    matches = selected(selection, scope)
    join = (
        "" if array is None else f" JOIN event_elements AS x ON {element_join(array, matches.elements.get(array, ()))}"
    )
    return f"FROM {scope.log('log_events')} AS e{join} WHERE {matches.all(joined=array)}"


def _seen(scope: Scope) -> bool:
    return scope.future is None


def _times(test: Test) -> tuple[str, bool]:
    return number_holds(test, _compare("count(*)", str)), holds_at(test, Decimal(0))


def _aggregate(aggregate: Aggregate, selection: Selection, value: Value) -> tuple[str, bool]:
    function = aggregate.function
    at_nothing = holds_at(aggregate.test, Decimal(0) if function in ("sum", "distinct") else None)
    if function == "avg":
        return number_holds(aggregate.test, _average(value)), at_nothing
    literal = str if function == "distinct" else sql.micro
    compare = _compare(_result(function, selection, value), literal)
    return number_holds(aggregate.test, compare), at_nothing


def _compare(number: str, literal: Callable[[Decimal], str]) -> Callable[[str, Decimal], str]:
    return lambda symbol, operand: f"{number} {symbol} {literal(operand)}"


def _average(value: Value) -> Callable[[str, Decimal], str]:
    """Averages are compared without a division: the sum with the operand times the count."""
    number = value.number
    return lambda symbol, operand: f"sum({number}) {symbol} CAST({sql.micro(operand)} AS HUGEINT) * count({number})"


def _result(function: Function, selection: Selection, value: Value) -> str:
    number, text = value.number, value.text
    if function == "sum":
        return f"coalesce(sum({_signed(selection, number)}), 0)"
    if function == "distinct":
        return f"count(DISTINCT {text}) + count(DISTINCT CASE WHEN {text} IS NULL THEN {number} END)"
    if function == "avg":
        return f"sum({number}) // count({number})"
    return f"{function}({number})"


def _signed(selection: Selection, number: str) -> str:
    """Beside other events, refunds count negative; alone they are the amount refunded."""
    check = selection.event[0]
    if len(selection.event) == 1 and check.name == "is" and not check.negated:
        return number
    return f"CASE WHEN e.event = {sql.text(REFUND)} THEN -abs({number}) ELSE {number} END"
