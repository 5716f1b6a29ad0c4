"""``table``: people (inside ``account``: accounts) by their rows in a table of the workspace's own.

A row's values are properties of the events that told it, below ``row.``; its latest version by the
instant counts, whoever owned the earlier ones.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from foretell.condition import sql
from foretell.condition.nodes import Property, Table
from foretell.condition.people import People
from foretell.condition.scope import Scope
from foretell.condition.values import holds_at, number_holds
from foretell.condition.where import properties

PREFIX = "row."
"""Of the properties that hold a row's values."""


def table(part: Table, scope: Scope) -> People:
    """Who has as many rows of the table, with such values, as ``part`` says."""
    nothing = holds_at(part.times, Decimal(0))
    having = number_holds(part.times, lambda symbol, number: f"count(*) {symbol} {number}")
    kept = sql.negation(f"({having})") if nothing else having
    query = f"SELECT q.profile_key FROM ({rows(part, scope)}) AS q GROUP BY q.profile_key HAVING {kept}"
    return People(query, inverted=nothing)


def rows(part: Table, scope: Scope) -> str:
    """SQL: ``profile_key row_key seq ts`` of each row that keeps the tests, by its owner."""
    owner = "r.account_id" if scope.accounts else "r.profile_key"
    tests = properties(
        tuple(Property(PREFIX + test.name, test.test) for test in part.where), replace(scope, owner=owner)
    )
    kept = sql.both(["r.place = 1", "NOT r.removed", f"{owner} IS NOT NULL", tests.all(), *_owned(owner, scope)])
    return (
        f"SELECT {owner} AS profile_key, r.row_key, r.seq, r.ts FROM ({versions(part.key, scope)}) AS r "
        f"JOIN event_log AS e ON e.seq = r.seq WHERE {kept}"
    )


def _owned(owner: str, scope: Scope) -> list[str]:
    return [] if scope.accounts else [f"{owner} > 0", *scope.ones(owner)]


def versions(key: str, scope: Scope) -> str:
    """SQL: every version of each row of a table by the instant; the latest has place 1."""
    known = "" if scope.known_at is None else f" AND t.known_at <= {sql.instant(scope.known_at)}"
    return (
        "SELECT t.profile_key, t.account_id, t.row_key, t.removed, t.seq, t.ts, row_number() OVER "
        "(PARTITION BY t.row_key ORDER BY t.ts DESC, t.seq DESC) AS place FROM log_table_rows AS t "
        f"WHERE t.table_key = {sql.text(key)} AND t.ts <= {sql.instant(scope.frame.as_of)}{known}"
    )
