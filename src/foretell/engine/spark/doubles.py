"""Which expressions of a query may be floating-point numbers, or days.

Spark turns them into whole numbers, texts and differences otherwise than DuckDB does. Types are not known where only
a text is read, so this goes by names: whoever is called like a column that holds such values may hold them too.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

_DOUBLE = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}
_REAL = (exp.Div, exp.Sqrt, exp.Ln, exp.Log, exp.Exp, exp.Pow, exp.Sin, exp.Cos, exp.Avg, exp.Stddev, exp.StddevPop,
         exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr, exp.Median, exp.PercentileCont, exp.Pi, exp.Rand,
         exp.Atan, exp.Atan2, exp.Asin, exp.Acos, exp.Tan, exp.Radians, exp.Degrees)  # fmt: skip
_PASSING = (exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sum, exp.Min, exp.Max, exp.Coalesce,
            exp.Nullif, exp.Greatest, exp.Least, exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Case, exp.If, exp.Window,
            exp.Filter, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.ArgMin, exp.ArgMax, exp.AnyValue,
            exp.IgnoreNulls)  # fmt: skip
"""What is floating-point where one of its parts is."""


class Doubles:
    """What is known of one query.

    Args:
        doubles: names of columns, in lower case, that hold floating-point numbers in some table.
    """

    def __init__(self, tree: exp.Expr, doubles: frozenset[str]) -> None:
        self._doubles, self._days = set(doubles), {"utc_date"}
        _grow(tree, self._doubles, self.is_double)
        _grow(tree, self._days, self.is_day)

    def is_double(self, node: exp.Expr | None) -> bool:
        """True where ``node`` may be a floating-point number."""
        if node is None:
            return False
        if isinstance(node, exp.Cast):
            return node.to.this in _DOUBLE
        if isinstance(node, exp.Column):
            return node.name.lower() in self._doubles
        if isinstance(node, exp.Literal):
            return not node.is_string and "e" in node.name.lower()
        if isinstance(node, exp.Subquery | exp.Select):
            return any(self.is_double(one.unalias()) for one in node.selects)
        if isinstance(node, _REAL):
            return True
        if isinstance(node, _PASSING):
            return any(self.is_double(part) for part in node.iter_expressions())
        return False

    def is_day(self, node: exp.Expr | None) -> bool:
        """True where ``node`` is a day, as far as its text says."""
        if isinstance(node, exp.Cast):
            return bool(node.to.this == exp.DataType.Type.DATE)
        if isinstance(node, exp.Column):
            return node.name.lower() in self._days
        return isinstance(node, exp.Paren | exp.Min | exp.Max) and self.is_day(node.this)


def _grow(tree: exp.Expr, names: set[str], holds: Callable[[exp.Expr | None], bool]) -> None:
    """Add to ``names`` those that the query gives to expressions for which ``holds`` is true by them."""
    aliases = [node for node in tree.find_all(exp.Alias) if node.alias.lower() not in names]
    grown = -1
    while grown != len(names):
        grown = len(names)
        names.update(node.alias.lower() for node in aliases if holds(node.this))
