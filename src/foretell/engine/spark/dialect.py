"""SQL of the portable subset (DuckDB's words) as Spark reads it.

Enters: the text of a query, and the kinds of its parameters. Leaves: Spark SQL with ``:p_name`` for ``$name``. What
Spark cannot answer in the same way is refused here, before anything runs, and the refusal names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from foretell.engine.spark.doubles import Doubles
from foretell.engine.spark.rewriting import REWRITES
from foretell.engine.spark.words import require_carried
from foretell.errors import ForetellError, UsageError

PREFIX = "p_"
"""Before the names of parameters, so that none is a word of Spark's."""
EXTRA = "extra_"
KEPT = 2_000
"""Translations that are remembered."""
_KINDS: dict[type, str] = {datetime: "TIMESTAMP_NTZ", date: "DATE", bytes: "BINARY"}
Kinds = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Carried:
    """A query for Spark.

    Args:
        text: Spark SQL.
        relations: tables and views that it reads, in lower case.
    """

    text: str
    relations: frozenset[str]


def to_spark(
    sql: str,
    params: Mapping[str, object] | None = None,
    doubles: frozenset[str] = frozenset(),
    extra: frozenset[str] = frozenset(),
) -> Carried:
    """``sql`` for Spark.

    Args:
        params: values for ``$name``; only their kinds matter to the text.
        doubles: names, in lower case, of columns that hold floating-point numbers in some table.
        extra: names, in lower case, of tables that only this query reads; in Spark :data:`EXTRA` stands before them,
            so that no table of the store is meant by them.

    Raises:
        UsageError: ``BAD_SQL`` where the text cannot be read.
        ForetellError: ``NOT_ON_SPARK``, which names what cannot be carried.
    """
    kinds = tuple(sorted((name, _kind(value)) for name, value in (params or {}).items()))
    return _translated(sql, kinds, doubles, extra)


def spark_params(params: Mapping[str, object] | None) -> dict[str, object]:
    """The values for the text that :func:`to_spark` gives."""
    return {f"{PREFIX}{name}": _value(value) for name, value in (params or {}).items()}


def _kind(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"ARRAY<{_kind(value[0]) if value else ''}>"
    # A bool is no int to SQL, and an instant no day.
    return _KINDS.get(type(value), "")


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, list | tuple):
        return [_value(one) for one in value]
    if isinstance(value, Decimal | date):
        return value if isinstance(value, Decimal) else value.isoformat()
    return value


@lru_cache(maxsize=KEPT)
def _translated(sql: str, kinds: Kinds, doubles: frozenset[str], extra: frozenset[str]) -> Carried:
    tree = _parsed(sql)
    relations = _read(tree) - extra
    _name_extra(tree, extra)
    found = Doubles(tree, doubles)
    for node in list(tree.walk(bfs=False))[::-1]:
        rewrite = REWRITES.get(type(node))
        if rewrite is not None:
            put = rewrite(node, found)
            if put is not node:
                tree = put if node is tree else tree
                node.replace(put)
    _put_params(tree, dict(kinds))
    require_carried(tree)
    try:
        return Carried(tree.sql("spark", unsupported_level=ErrorLevel.RAISE), relations)
    except UnsupportedError as error:
        raise ForetellError(
            "NOT_ON_SPARK", str(error).splitlines()[0], thing="query", next_step="Say it in the portable subset of SQL."
        ) from error


def _parsed(sql: str) -> exp.Expr:
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="duckdb") if tree is not None]
    except SqlglotError as error:
        raise UsageError("BAD_SQL", str(error).splitlines()[0], thing="query") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query | exp.Values):
        raise UsageError(
            "BAD_SQL", "only one SELECT can be asked", thing="query", next_step="Begin with SELECT, WITH or VALUES."
        )
    return trees[0]


def _read(tree: exp.Expr) -> frozenset[str]:
    """Names of relations, those among them that a WITH gives: a view of that name is read for nothing at worst."""
    return frozenset(table.name.lower() for table in tree.find_all(exp.Table))


def _name_extra(tree: exp.Expr, extra: frozenset[str]) -> None:
    for table in tree.find_all(exp.Table):
        name = table.name
        if name.lower() in extra:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
            table.set("this", exp.to_identifier(EXTRA + name.lower()))


def _put_params(tree: exp.Expr, kinds: Mapping[str, str]) -> None:
    for place in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        name = place.name
        put: exp.Expr = exp.Placeholder(this=f"{PREFIX}{name}")
        if kinds.get(name):
            put = exp.cast(put, exp.DataType.build(kinds[name], dialect="spark"))
        place.replace(put)
