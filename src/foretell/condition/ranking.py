"""``top``: who is among the first of everybody by a number over their events."""

from __future__ import annotations

from decimal import Decimal

from foretell.condition import counting, sql
from foretell.condition.nodes import Did, Figure, Top
from foretell.condition.people import People, universe
from foretell.condition.scope import Of, Scope
from foretell.condition.without import chosen

_FINE = 10**13
"""Averages of micro units over a million values each differ by more than a part of this."""


def first(part: Did, top: Top, scope: Scope, of: Of) -> People:
    """Who has fewer people with a greater number ahead than ``top`` allows; ``of`` is the universe asked for."""
    tests = sql.both([_ahead(top, scope, of), *scope.ones("r.profile_key")])
    return People(f"SELECT r.profile_key FROM ({ranked(part, top.figure, scope, of)}) AS r WHERE {tests}")


def ranked(part: Did, figure: Figure, scope: Scope, of: Of) -> str:
    """SQL: ``profile_key value place`` of everybody in the universe with a number; equal numbers have one place."""
    wide = scope.everybody()
    array, value = wide.value(figure.name) if figure.function else (None, counting.NOTHING)
    number = counting.result(figure.function, part.selection, value)
    if figure.function == "avg":
        number = f"CAST(sum({value.number}) AS HUGEINT) * {_FINE} // count({value.number})"
    events = counting.events(chosen(part, wide), wide, array, without_elements=True)
    figures = f"SELECT e.profile_key, {number} AS value {events} GROUP BY e.profile_key"
    return (
        "SELECT f.profile_key, f.value, rank() OVER (ORDER BY f.value DESC) AS place "
        f"FROM ({figures}) AS f WHERE f.value IS NOT NULL "
        f"AND EXISTS (SELECT 1 FROM ({everybody(scope, of)}) AS u WHERE u.profile_key = f.profile_key)"
    )


def everybody(scope: Scope, of: Of) -> str:
    """SQL: the universe that is ranked."""
    return universe(scope.everybody(), scope.ranked_in or of).query


def _ahead(top: Top, scope: Scope, of: Of) -> str:
    if top.count is not None:
        return f"r.place <= {top.count}"
    assert top.share is not None
    size = f"(SELECT count(*) FROM ({everybody(scope, of)}) AS u)"
    return f"(r.place - 1) * {sql.micro(Decimal(1))} < {sql.micro(top.share)} * {size}"
