"""``did`` with everything that qualifies it, and the pairs of person and value for which it holds."""

from __future__ import annotations

from foretell.condition import changes, counting, ranking, sql, windows
from foretell.condition.apart import apart
from foretell.condition.keys import place
from foretell.condition.nodes import Did, Variable
from foretell.condition.people import People, intersection
from foretell.condition.scope import Of, Pairs, Scope
from foretell.condition.values import key
from foretell.condition.where import named
from foretell.condition.without import chosen


def did(part: Did, scope: Scope, of: Of) -> People:
    """Who did what ``part`` says; of ``did_not`` everybody else. ``of`` is the universe that is asked for."""
    people = intersection(_tested(part, scope, of)) if part.per is None else _for_some_value(part, scope, of)
    return people.complement() if part.negated else people


def _tested(part: Did, scope: Scope, of: Of) -> list[People]:
    sets = counting.counted(part, scope) if part.in_any is None else [windows.in_any(part, part.in_any, scope)]
    if part.change is not None:
        sets += changes.changed(part, part.change, scope)
    if part.top is not None:
        sets.append(ranking.first(part, part.top, scope, of))
    return sets


def _for_some_value(part: Did, scope: Scope, of: Of) -> People:
    query = f"SELECT DISTINCT b.person_key AS profile_key FROM ({pairs(part, scope, of)}) AS b"
    return People(query)


def pairs(part: Did, scope: Scope, of: Of) -> str:
    """SQL: ``pair person_key bound_key`` of each person and value of ``per`` for whose events the tests hold."""
    assert part.per is not None
    paired = by_value(part, scope)
    flat, sets = counting.split(part, paired) if part.in_any is None else ([], _tested(part, paired, of))
    if part.change is not None and part.in_any is None:
        sets += changes.changed(part, part.change, paired)
    having = sql.both(test for test, _ in flat)
    events = counting.events(chosen(part, paired), paired)
    found = (
        f"SELECT {pair('h.person_key', 'h.bound_key')} AS pair, h.person_key, h.bound_key FROM "
        f"(SELECT e.person_key, e.bound_key {events} GROUP BY e.person_key, e.bound_key HAVING {having}) AS h"
    )
    if not sets:
        return found
    tests = sql.both(
        f"{'NOT ' if one.inverted else ''}EXISTS (SELECT 1 FROM ({one.query}) AS c WHERE c.profile_key = g.pair)"
        for one in sets
    )
    return f"SELECT g.pair, g.person_key, g.bound_key FROM ({found}) AS g WHERE {tests}"


def by_value(part: Did, scope: Scope) -> Scope:
    """The scope for events by person and value of the property ``per``."""
    assert part.per is not None
    return scope.by_value(Pairs(_relation(part, part.per, scope), part.per))


def _relation(part: Did, name: str, scope: Scope) -> str:
    """SQL: every event once for each value of a property."""
    where = place(name, scope, "i")
    if where.elements is None:
        bound, array, join = where.own, "CAST(NULL AS VARCHAR)", ""
    else:
        values = (
            f'SELECT DISTINCT y.seq, y."array" AS place, y.k FROM ({where.elements}) AS y '
            f"WHERE y.seq IN ({_numbers(part, scope)})"
        )
        bound, array = f"coalesce({where.own}, v.k)", f"CASE WHEN {where.own} IS NULL THEN v.place END"
        join = f" LEFT JOIN ({values}) AS v ON v.seq = i.seq AND {where.own} IS NULL"
    return (
        f"SELECT i.* EXCLUDE (profile_key), {pair('i.profile_key', bound)} AS profile_key, "
        f"i.profile_key AS person_key, {bound} AS bound_key, {array} AS bound_array "
        f"FROM {scope.log('log_events')} AS i{join} WHERE {bound} IS NOT NULL"
    )


def _numbers(part: Did, scope: Scope) -> str:
    """SQL: the ``seq`` of the events whose elements may be read."""
    within = None if part.change is not None else part.selection.within
    tests = sql.both([named(part.selection, scope), *scope.events("e", within)])
    return f"SELECT e.seq FROM {scope.log('log_events')} AS e WHERE {tests}"


def pair(person: str, bound: str) -> str:
    """SQL: a text for each pair of a person and a value."""
    return f"CAST({person} AS VARCHAR) || ':' || {bound}"


def of_bound(part: Did, found: str, scope: Scope) -> People:
    """The pairs among ``found`` (see :func:`pairs`) for which a part that speaks of the value holds."""

    def paired(one: Did) -> Scope:
        return scope.by_value(Pairs(_bound_relation(one, found, scope)))

    people = apart(part, found, scope, paired) or intersection(_tested(part, paired(part), "all"))
    return people.complement() if part.negated else people


def _bound_relation(part: Did, found: str, scope: Scope) -> str:
    """SQL: the events that may have to do with a bound value: those with it where ``where`` says so, else all."""
    source, tests = f"{scope.log('log_events')} AS i", ["b.person_key = i.profile_key"]
    for test in part.selection.where:
        if any(isinstance(one, Variable) and not check.negated for check in test.test for one in check.operands):
            array, value = scope.value(test.name, "i")
            if array is None:
                tests.append(f"b.bound_key = {key(value)}")
            else:
                values = (
                    f"SELECT DISTINCT x.seq, {key(value)} AS k FROM event_elements AS x "
                    f'WHERE x."array" = {sql.text(array)} AND {key(value)} IS NOT NULL '
                    f"AND x.seq IN ({_numbers(part, scope)})"
                )
                source += f" JOIN ({values}) AS v ON v.seq = i.seq"
                tests.append("b.bound_key = v.k")
            break
    return (
        "SELECT i.* EXCLUDE (profile_key), b.pair AS profile_key, b.person_key, b.bound_key, "
        f"CAST(NULL AS VARCHAR) AS bound_array FROM {source} JOIN ({found}) AS b ON {sql.both(tests)}"
    )
