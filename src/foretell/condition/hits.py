"""What a part means row by row, whatever the instant, for whoever keeps rows ready: tests and values as SQL."""

from __future__ import annotations

from foretell.condition import sql
from foretell.condition.nodes import Prediction, Selection, Trait
from foretell.condition.scope import Scope
from foretell.condition.values import Value, holds, number_holds
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


def trait_hits_sql(part: Trait, scope: Scope) -> str | None:
    """SQL: whether a value of the trait (``log_traits AS t``) keeps the test, never null; of what was unset too.

    None where that is not said by the latest value and once for good.
    """
    passing = ("ago_", "age_", "anniversary_in", "in_list")
    if not scope.references.survivorship().only(part.name).plain:
        return None
    if any(check.name.startswith(passing) for check in part.test):
        return None
    return f"coalesce({holds(part.test, Value('t.s', 't.n', 't.profile_key', part.name), scope.frame)}, FALSE)"


def score_hits_sql(part: Prediction) -> str:
    """SQL: whether a stored score (``score_rows AS p``) keeps the test, never null."""
    test = number_holds(
        part.test,
        lambda symbol, number: f"p.score {symbol} CAST('{float(number)!r}' AS DOUBLE)",
        known="p.score IS NOT NULL",
    )
    return f"coalesce({test}, FALSE)"
