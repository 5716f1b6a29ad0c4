"""What of DuckDB's SQL is carried to Spark. Whatever is not listed is refused, since it may answer otherwise there."""

from __future__ import annotations

from sqlglot import exp

from foretell.engine.spark.rewriting import not_on_spark

CARRIED: tuple[type[exp.Expr], ...] = (
    exp.Abs, exp.And, exp.AnyValue, exp.Array, exp.ArrayContains, exp.Acos, exp.Asin, exp.Atan, exp.Atan2, exp.Avg,
    exp.Case, exp.Cast, exp.Ceil, exp.Chr, exp.Coalesce, exp.Concat, exp.ConcatWs, exp.Contains, exp.Corr, exp.Cos,
    exp.Count, exp.CountIf, exp.CovarPop, exp.CovarSamp, exp.Day, exp.DayOfWeekIso, exp.Degrees, exp.DenseRank,
    exp.Exists, exp.Exp, exp.Explode, exp.Extract, exp.FirstValue, exp.Floor, exp.Greatest, exp.GroupConcat, exp.Hour,
    exp.If, exp.IsNan, exp.Lag, exp.LastDay, exp.LastValue, exp.Lead, exp.Least, exp.Left, exp.Length, exp.Ln, exp.Log,
    exp.LogicalAnd, exp.LogicalOr, exp.Lower, exp.MD5, exp.Max, exp.Median, exp.Min, exp.Minute, exp.Month,
    exp.NthValue, exp.Ntile, exp.Nullif, exp.Or, exp.Pi, exp.Pow, exp.Quarter, exp.Radians, exp.Rank, exp.RegexpLike,
    exp.Repeat, exp.Replace, exp.Reverse, exp.Right, exp.Round, exp.RowNumber, exp.Sign, exp.Sin, exp.Split,
    exp.SplitPart, exp.Sqrt, exp.StartsWith, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.StrPosition, exp.Substring,
    exp.Sum, exp.Tan, exp.Trim, exp.TryCast, exp.Unnest, exp.Upper, exp.Variance, exp.VariancePop, exp.Xor, exp.Year,
    exp.ArraySize, exp.EndsWith, exp.TimeToStr, exp.DateFromParts,
    exp.PercentRank, exp.CumeDist, exp.Pad, exp.Ascii,
)  # fmt: skip
_OURS = frozenset({
    "ARRAY", "BROUND", "DATE_FORMAT", "DATE_TRUNC", "DATEDIFF", "GET", "IF", "LOG10", "MAX_BY", "MIN_BY",
    "NAMED_STRUCT", "PERCENTILE", "REGEXP_EXTRACT", "REGEXP_REPLACE", "REPLACE", "ROUND", "TIMESTAMPDIFF",
    "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS", "TRANSFORM", "UNIX_MICROS",
})  # fmt: skip
"""Functions of Spark's that the rewriting puts."""
_SHAPES: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Pivot, "PIVOT"), (exp.TableSample, "a sample of a table"), (exp.Columns, "COLUMNS"), (exp.Glob, "GLOB"),
    (exp.SimilarTo, "SIMILAR TO"), (exp.JSONExtract, "reading JSON"), (exp.AtTimeZone, "AT TIME ZONE"),
)  # fmt: skip


def require_carried(tree: exp.Expr) -> None:
    """Refuse what Spark would answer otherwise than DuckDB does.

    Raises:
        ForetellError: ``NOT_ON_SPARK``.
    """
    for node in tree.walk():
        what = _function(node) if isinstance(node, exp.Func) else _shape(node)
        if what:
            raise not_on_spark(what)


def _function(node: exp.Func) -> str:
    """The function's name where it is not carried."""
    if isinstance(node, exp.Anonymous):
        return "" if node.name in _OURS else f"the function {node.name.lower()}"
    named = next((what for kind, what in _SHAPES if isinstance(node, kind)), "")
    return named or ("" if isinstance(node, CARRIED) else f"the function {node.sql_name().lower()}")


def _shape(node: exp.Expr) -> str:
    """What kind of clause it is where that is not carried."""
    if isinstance(node, exp.Join) and node.method in {"ASOF", "POSITIONAL"}:
        return f"a {node.method} JOIN"
    if isinstance(node, exp.Star) and (node.args.get("replace") or node.args.get("rename")):
        return "* REPLACE"
    if isinstance(node, exp.SetOperation) and node.args.get("by_name"):
        return "UNION BY NAME"
    return next((what for kind, what in _SHAPES if isinstance(node, kind)), "")
