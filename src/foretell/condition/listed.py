"""``in_list``: values that stand in a reference list of the workspace, as it was at the instant.

``definitions`` keeps the lists in the table ``list_values``: a row a version, column and value. The column that
is called like the trait or property counts, else the first. A listed text is a value that is the same text, or a
number that it writes. Before the first version of a list it is empty.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from foretell.condition import sql
from foretell.condition.nodes import Check
from foretell.condition.values import Value

if TYPE_CHECKING:
    from foretell.condition.scope import Scope

_ROW = "row."


def listed(check: Check, value: Value, scope: Scope) -> str:
    """SQL: the value is in the list; null where it is missing."""
    key = str(check.operands[0])
    name = value.name.removeprefix(_ROW) if scope.owner else value.name
    version = (
        f"(SELECT max(w.valid_from) FROM list_values AS w WHERE w.list_key = {sql.text(key)} "
        f"AND w.valid_from <= {sql.instant(_read_at(scope))})"
    )
    column = (
        f"coalesce((SELECT min(c.place) FROM list_values AS c WHERE c.list_key = {sql.text(key)} "
        f"AND c.valid_from = {version} AND c.field = {sql.text(name)}), 0)"
    )
    rows = (
        f"FROM list_values AS v WHERE v.list_key = {sql.text(key)} AND v.valid_from = {version} AND v.place = {column}"
    )
    return (
        f"({value.text} IN (SELECT v.s {rows} AND v.s IS NOT NULL) "
        f"OR ({value.text} IS NULL AND {value.number} IN (SELECT v.n {rows} AND v.n IS NOT NULL)))"
    )


def _read_at(scope: Scope) -> datetime:
    as_of = scope.frame.as_of
    return as_of if scope.known_at is None else min(as_of, scope.known_at)
