"""Since when a condition that never becomes false again holds, for everybody in one query.

Wider than :mod:`~foretell.condition.firsts`, which journeys wait by: it reads counts, ``all`` and segments as well.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from foretell.condition.firsts import first_instants
from foretell.condition.nodes import All, AnyOf, Check, Condition, Did, Segment
from foretell.condition.scope import Scope
from foretell.condition.where import selected

_ONCE = (Check("gte", (Decimal(1),)),)


def lasting_instants(tree: Condition, scope: Scope) -> str | None:
    """SQL: ``profile_key`` and ``first_at`` of everybody, each once, for whom ``tree`` holds at the scope's instant.

    Answers for what :func:`~foretell.condition.firsts.first_instants` answers for, for ``did`` so many times or more
    without a window, and for ``all``, ``any`` and segments of these. None for what can become false again, or true
    by the passing of time. The universe is left to the caller.
    """
    if isinstance(tree, All | AnyOf):
        return _joined(tree, scope)
    if isinstance(tree, Segment):
        if tree.key in scope.inside:
            return None  # reading it says that it goes round in a loop
        inner, own = scope.references.segment(tree.key)
        return lasting_instants(inner, scope.within_segment(tree.key, own))
    if isinstance(tree, Did) and (count := _at_least(tree)) > 1 and _once(tree, scope) is not None:
        return _nth(tree, count, scope)
    return first_instants(tree, scope)


def _joined(tree: All | AnyOf, scope: Scope) -> str | None:
    queries = [lasting_instants(part, scope) for part in tree.parts]
    if not queries or any(query is None for query in queries):
        return None
    union = " UNION ALL ".join(f"SELECT p.profile_key, p.first_at FROM ({query}) AS p" for query in queries)
    edge, kept = ("max", f" HAVING count(*) = {len(queries)}") if isinstance(tree, All) else ("min", "")
    return f"SELECT f.profile_key, {edge}(f.first_at) AS first_at FROM ({union}) AS f GROUP BY f.profile_key{kept}"


def _once(part: Did, scope: Scope) -> str | None:
    """The same for once: tells whether one more event can make it false."""
    if part.bind is not None:
        return None
    return first_instants(replace(part, times=_ONCE), scope)


def _at_least(part: Did) -> int:
    """How often it has to be done; 0 where that is not all that is asked."""
    if part.times is None or len(part.times) != 1:
        return 0
    check = part.times[0]
    if check.negated or check.name not in ("gte", "gt"):
        return 0
    least = Decimal(str(check.operands[0]))
    whole = int(least)
    return whole + 1 if check.name == "gt" or whole < least else whole


def _nth(part: Did, count: int, scope: Scope) -> str:
    events = f"{scope.log('log_events')} AS e WHERE {selected(part.selection, scope).all()}"
    return (
        "SELECT o.profile_key, o.ts AS first_at FROM (SELECT e.profile_key, e.ts, row_number() OVER "
        f"(PARTITION BY e.profile_key ORDER BY e.ts, e.seq) AS place FROM {events}) AS o WHERE o.place = {count}"
    )
