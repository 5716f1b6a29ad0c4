"""``is_not: $c``: what a person did in all, less what they did with the value; no event is read for each value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from foretell.condition import counting, sql
from foretell.condition.nodes import Did, Property, Variable
from foretell.condition.people import People
from foretell.condition.scope import Scope
from foretell.condition.values import number_holds
from foretell.condition.without import chosen

Paired = Callable[[Did], Scope]


def apart(part: Did, found: str, scope: Scope, paired: Paired) -> People | None:
    """The pairs among ``found`` whose events without the value keep the tests of ``part``.

    None where that is no difference of two numbers: the value is spoken of otherwise too, or what is tested is no
    number of events and no sum.

    Args:
        paired: the scope in which the events of a part that says ``is: $c`` are read by person and value.
    """
    test = _sole(part, scope)
    if test is None or not _subtracts(part, scope):
        return None
    others = tuple(one for one in part.selection.where if one is not test)
    alike = replace(test, test=(replace(test.test[0], negated=False),))
    whole = replace(part, selection=replace(part.selection, where=others))
    valued = replace(part, selection=replace(part.selection, where=(*others, alike)))
    numbers = ["n", *(f"n{place}" for place in range(len(part.aggregates)))]
    rest = {name: f"coalesce(w.{name}, 0) - coalesce(v.{name}, 0)" for name in numbers}
    tests = [] if part.times is None else [number_holds(part.times, _against(rest["n"], str))]
    tests += [
        number_holds(one.test, _against(rest[f"n{place}"], sql.micro)) for place, one in enumerate(part.aggregates)
    ]
    query = (
        f"SELECT b.pair AS profile_key FROM ({found}) AS b "
        f"LEFT JOIN ({_totals(whole, scope)}) AS w ON w.profile_key = b.person_key "
        f"LEFT JOIN ({_totals(valued, paired(valued))}) AS v ON v.profile_key = b.pair WHERE {sql.both(tests)}"
    )
    return People(query)


def _sole(part: Did, scope: Scope) -> Property | None:
    """The only test of the value, ``is_not``; its array is not read otherwise."""
    speaking = [one for one in part.selection.where if any(_speaks(check.operands) for check in one.test)]
    if len(speaking) != 1 or len(speaking[0].test) != 1 or not speaking[0].test[0].negated:
        return None
    array = scope.value(speaking[0].name)[0]
    others = [one for one in part.selection.where if one is not speaking[0]]
    shared = bool(part.same) or any(scope.value(one.name)[0] == array for one in others)
    return None if array is not None and shared else speaking[0]


def _speaks(operands: tuple[object, ...]) -> bool:
    return any(isinstance(operand, Variable) for operand in operands)


def _subtracts(part: Did, scope: Scope) -> bool:
    if part.in_any is not None or part.change is not None:
        return False
    return all(one.function == "sum" and scope.value(one.name)[0] is None for one in part.aggregates)


def _totals(part: Did, scope: Scope) -> str:
    sums = [
        f"{counting.result('sum', part.selection, scope.value(one.name)[1])} AS n{place}"
        for place, one in enumerate(part.aggregates)
    ]
    numbers = ", ".join(["count(*) AS n", *sums])
    return f"SELECT e.profile_key, {numbers} {counting.events(chosen(part, scope), scope)} GROUP BY e.profile_key"


def _against(number: str, literal: Callable[[Decimal], str]) -> Callable[[str, Decimal], str]:
    return lambda symbol, operand: f"{number} {symbol} {literal(operand)}"
