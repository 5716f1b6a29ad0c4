"""Which events a selection means whatever the instant, for whoever keeps them ready: tests and values as SQL."""

from __future__ import annotations

from foretell.condition import sql
from foretell.condition.nodes import Selection
from foretell.condition.scope import Scope
from foretell.condition.values import Value, holds
from foretell.condition.where import properties

REFUND = "Order Refunded"


def hits_sql(selection: Selection, scope: Scope) -> str:
    """SQL: a test of ``log_events AS e`` that its name and properties are those of ``selection``.

    Windows, instants and the person's clock are left to the caller.
    """
    name = Value("e.event", "CAST(NULL AS BIGINT)")
    return sql.both([holds(selection.event, name, scope.frame), properties(selection.where, scope).all()])


def hit_value_sql(selection: Selection, name: str, scope: Scope, *, signed: bool) -> str | None:
    """SQL: the number (micro units) of property ``name`` of an event ``e``; None where it lies in an array.

    Args:
        signed: as sums read it: beside other events refunds count negative.
    """
    array, value = scope.value(name)
    if array is not None:
        return None
    check = selection.event[0]
    alone = len(selection.event) == 1 and check.name == "is" and not check.negated
    if not signed or alone:
        return value.number
    return f"CASE WHEN e.event = {sql.text(REFUND)} THEN -abs({value.number}) ELSE {value.number} END"
