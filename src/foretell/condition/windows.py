"""``in_any``: what holds in some window of a length, whenever it was.

What a window holds changes only when an event enters it, or leaves it; so the changes are added up in the order of
time, and tested after each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from foretell.clock import Duration
from foretell.condition import counting, sql
from foretell.condition.nodes import Aggregate, Did, Test
from foretell.condition.people import People
from foretell.condition.scope import Scope
from foretell.condition.values import key, number_holds
from foretell.condition.where import Matches
from foretell.condition.without import chosen


def in_any(part: Did, length: Duration, scope: Scope) -> People:
    """Who has a window in which as many of the selected events lie, adding up to as much, as ``part`` says."""
    told, kept = after_each(part, length, scope)
    return People(f"SELECT DISTINCT w.profile_key FROM ({told}) AS w WHERE {kept}")


def after_each(part: Did, length: Duration, scope: Scope, more: Sequence[str] = ()) -> tuple[str, str]:
    """SQL of rows ``w`` with ``profile_key t`` and what the window that ends at ``t`` holds; and SQL of the tests.

    Args:
        more: further tests of the events ``e``.
    """
    matches = chosen(part, scope)
    matches.tests += more
    added: list[tuple[Test, str, Callable[[Decimal], str]]] = []
    if part.times is not None:
        added.append((part.times, _added("1", matches, scope, length), str))
    for aggregate in part.aggregates:
        literal = str if aggregate.function == "distinct" else sql.micro
        added.append((aggregate.test, _aggregated(aggregate, part, matches, scope, length), literal))
    columns = range(len(added))
    steps = []
    for here, (_, changes, _) in enumerate(added):
        told = ", ".join(f"{'q.amount' if one == here else '0'} AS d{one}" for one in columns)
        steps.append(f"SELECT q.profile_key, q.t, {told} FROM ({changes}) AS q WHERE q.t <= {sql.instant(scope.end)}")
    sums = ", ".join(f"sum(s.d{one}) OVER (PARTITION BY s.profile_key ORDER BY s.t) AS d{one}" for one in columns)
    kept = sql.both(number_holds(test, _against(f"w.d{one}", to_sql)) for one, (test, _, to_sql) in enumerate(added))
    return f"SELECT s.profile_key, s.t, {sums} FROM ({' UNION ALL '.join(steps)}) AS s", kept


def _against(number: str, literal: Callable[[Decimal], str]) -> Callable[[str, Decimal], str]:
    return lambda symbol, operand: f"{number} {symbol} {literal(operand)}"


def _added(amount: str, matches: Matches, scope: Scope, length: Duration, array: str | None = None) -> str:
    """SQL: ``profile_key t amount``: what each event adds to the window as it enters, and takes along as it leaves."""
    source = counting.events(matches, scope, array)
    return (
        f"SELECT e.profile_key, e.ts AS t, {amount} AS amount {source} "
        f"UNION ALL SELECT e.profile_key, e.ts + {sql.length(length)} AS t, -({amount}) AS amount {source}"
    )


def _aggregated(part: Aggregate, did: Did, matches: Matches, scope: Scope, length: Duration) -> str:
    array, value = scope.value(part.name)
    if part.function == "sum":
        number = counting.signed(did.selection, value.number)
        return _added(f"coalesce({number}, 0)", matches, scope, length, array)
    return _distinct(key(value), counting.events(matches, scope, array), length)


def _distinct(told: str, source: str, length: Duration) -> str:
    """SQL: a value enters a window that it was not in, and leaves it where it does not come again before."""
    order = "OVER (PARTITION BY o.profile_key, o.k ORDER BY o.ts, o.seq)"
    times = (
        f"SELECT o.profile_key, o.ts, lag(o.ts) {order} AS before, lead(o.ts) {order} AS later "
        f"FROM (SELECT e.profile_key, e.ts, e.seq, {told} AS k {source} AND {told} IS NOT NULL) AS o"
    )
    long = sql.length(length)
    return (
        f"SELECT p.profile_key, p.ts AS t, 1 AS amount FROM ({times}) AS p "
        f"WHERE p.before IS NULL OR p.before + {long} <= p.ts "
        f"UNION ALL SELECT p.profile_key, p.ts + {long} AS t, -1 AS amount FROM ({times}) AS p "
        f"WHERE p.later IS NULL OR p.ts + {long} <= p.later"
    )
