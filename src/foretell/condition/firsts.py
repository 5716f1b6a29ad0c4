"""Since when a condition holds, where one event makes it true for good."""

from __future__ import annotations

from decimal import Decimal

from foretell.condition.nodes import Anchor, AnyOf, Check, Condition, Did, Message, Property
from foretell.condition.running import message_events
from foretell.condition.scope import Scope
from foretell.condition.where import selected

_ONCE = (Check("gte", (Decimal(1),)),)
_OF_TODAY = ("ago_", "age_", "anniversary_in", "in_list")


def first_instants(tree: Condition, scope: Scope) -> str | None:
    """SQL: ``profile_key`` and ``first_at`` of everybody for whom ``tree`` holds at the scope's instant.

    Answers for what one event makes true for good: ``did`` once or more without a window, ``message``
    with ``is``, and ``any`` of these. None for other conditions: they can become false again, or true by
    the passing of time.
    """
    queries = _queries(tree, scope)
    if queries is None:
        return None
    union = " UNION ALL ".join(queries)
    return f"SELECT f.profile_key, min(f.first_at) AS first_at FROM ({union}) AS f GROUP BY f.profile_key"


def _queries(tree: Condition, scope: Scope) -> list[str] | None:
    if isinstance(tree, AnyOf):
        parts = [_queries(part, scope) for part in tree.parts]
        return None if None in parts else [query for part in parts for query in part or []]
    if isinstance(tree, Did) and _lasts(tree):
        events = f"log_events AS e WHERE {selected(tree.selection, scope).all()}"
        return [f"SELECT e.profile_key, min(e.ts) AS first_at FROM {events} GROUP BY e.profile_key"]
    if isinstance(tree, Message) and not tree.negated:
        return [f"SELECT a.profile_key, min(e.ts) AS first_at {message_events(tree, scope)} GROUP BY a.profile_key"]
    return None


def _lasts(part: Did) -> bool:
    plain = part == Did(part.selection, _ONCE) and not isinstance(part.selection.since, Anchor)
    return (
        plain
        and part.selection.within is None
        and not _on_clock(part)
        and all(_timeless(test) for test in part.selection.where)
    )


def _on_clock(part: Did) -> bool:
    return bool(part.selection.hours or part.selection.weekdays)


def _timeless(test: Property) -> bool:
    return not any(check.name.startswith(_OF_TODAY) for check in test.test)
