"""Where Spark's words mean something else than DuckDB's: one rewriting a kind of expression.

Each takes a node of the syntax tree, whose parts are rewritten already, and gives what stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from foretell.engine.spark.doubles import Doubles
from foretell.errors import ForetellError

Type = exp.DataType.Type
_WHOLE = {Type.BIGINT, Type.INT, Type.SMALLINT, Type.TINYINT, Type.INT128}
_TEXT = {Type.TEXT, Type.VARCHAR, Type.CHAR}
_UNITS = {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "HOUR", "MINUTE", "SECOND"}
_NTZ, _LTZ = exp.DataType.build("TIMESTAMP_NTZ", dialect="spark"), exp.DataType.build("TIMESTAMP_LTZ", dialect="spark")
_HUGE = exp.DataType.build("DECIMAL(38, 0)", dialect="spark")
Rewrite = Callable[[exp.Expr, Doubles], exp.Expr]


def not_on_spark(what: str, step: str = "Say it in the portable subset of SQL.") -> ForetellError:
    """The refusal of something that Spark would answer otherwise, or not at all."""
    return ForetellError("NOT_ON_SPARK", f"{what} is not carried to Spark", thing="query", next_step=step)


def called(name: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    """A function of Spark's."""
    return exp.Anonymous(this=name, expressions=[exp.convert(one) for one in arguments])


def _epoch_us(node: exp.Anonymous) -> exp.Expr:
    (moment,) = node.expressions
    inner = moment.unnest()
    if isinstance(inner, exp.Sub) and not isinstance(inner.expression.unnest(), exp.Interval | exp.Mul):
        return exp.Paren(this=exp.Sub(this=_micros(inner.this), expression=_micros(inner.expression)))
    return _micros(moment)


def _micros(moment: exp.Expr) -> exp.Expr:
    return called("UNIX_MICROS", exp.cast(moment.copy(), _LTZ))


_CALLS: dict[str, Callable[[exp.Anonymous], exp.Expr]] = {
    "epoch_us": _epoch_us,
    "count_star": lambda _: exp.Count(this=exp.Star()),
}


def _anonymous(node: exp.Expr, _: Doubles) -> exp.Expr:
    call = _CALLS.get(node.name.lower())
    return call(node) if call and isinstance(node, exp.Anonymous) else node


def _from_epoch(node: exp.Expr, _: Doubles) -> exp.Expr:
    scale = node.args.get("scale")
    if scale is None or scale.name not in {"6", "3"}:
        raise not_on_spark("to_timestamp", "Use make_timestamp with microseconds.")
    moment = called("TIMESTAMP_MICROS" if scale.name == "6" else "TIMESTAMP_MILLIS", node.this)
    return exp.cast(moment, _NTZ)


def _truncated(node: exp.Expr, _: Doubles) -> exp.Expr:
    return exp.cast(called("DATE_TRUNC", exp.Literal.string(node.args["unit"].name), node.this), _NTZ)


def _between(node: exp.Expr, _: Doubles) -> exp.Expr:
    """DuckDB counts the boundaries that are crossed; Spark whole units that have passed."""
    unit = node.args["unit"].name.upper()
    if unit not in _UNITS:
        raise not_on_spark(f"date_diff of a {unit.lower()}")
    first, last = (called("DATE_TRUNC", exp.Literal.string(unit), part) for part in (node.expression, node.this))
    return called("TIMESTAMPDIFF", exp.Var(this=unit), first, last)


def _extracted(node: exp.Expr, _: Doubles) -> exp.Expr:
    part = node.name.upper()
    if part == "ISODOW":
        return exp.Extract(this=exp.Var(this="DAYOFWEEK_ISO"), expression=node.expression)
    if part in {"DOW", "DAYOFWEEK"}:
        whole = exp.Extract(this=exp.Var(this="DAYOFWEEK"), expression=node.expression)
        return exp.Paren(this=exp.Sub(this=whole, expression=exp.Literal.number(1)))
    if part == "EPOCH":
        return exp.Paren(this=exp.Div(this=_micros(node.expression), expression=exp.cast("1000000", "DOUBLE")))
    if part in {"SECOND", "MILLISECOND", "MICROSECOND", "MILLISECONDS", "MICROSECONDS"}:
        raise not_on_spark(f"extract of {part.lower()}", "Use epoch_us.")
    return node


def _divided(node: exp.Expr, _: Doubles) -> exp.Expr:
    """Always of doubles; by zero it is infinite, or no number."""
    above, below = (exp.cast(part.copy(), "DOUBLE") for part in (node.this, node.expression))
    known = node.expression.unnest()
    if isinstance(known, exp.Cast):
        known = known.this.unnest()
    if isinstance(known, exp.Nullif) or (isinstance(known, exp.Literal) and float(known.name or 0)):
        return exp.Paren(this=exp.Div(this=above, expression=below))
    infinite = exp.Mul(this=above.copy(), expression=exp.cast(exp.Literal.string("Infinity"), "DOUBLE"))
    zero = exp.EQ(this=below.copy(), expression=exp.Literal.number(0))
    return called("IF", zero, infinite, exp.Div(this=above, expression=below))


_WITHOUT_SECONDS = ("([T ][0-9]{2}:[0-9]{2})([Z+-])", "$1:00$2")
"""An instant with an offset may lack its seconds; to Spark it is none then."""


def _cast(node: exp.Expr, doubles: Doubles) -> exp.Expr:
    assert isinstance(node, exp.Cast)
    kind, value = node.to.this, node.this
    if kind in _WHOLE and doubles.is_double(value):
        node.set("this", called("BROUND", value))
    elif kind in _WHOLE and any(not one.is_string and "." in one.name for one in value.find_all(exp.Literal)):
        node.set("this", called("ROUND", value))
    elif kind in _TEXT and doubles.is_double(value):
        raise not_on_spark("a floating-point number as text", "Round it, and cast it to BIGINT first.")
    if kind == Type.INT128:
        node.set("to", _HUGE.copy())
    elif kind == Type.TIMESTAMPTZ:
        node.set("to", _LTZ.copy())
        if not value.is_string:
            node.set("this", called("REGEXP_REPLACE", value, *map(exp.Literal.string, _WITHOUT_SECONDS)))
    elif kind in {Type.UBIGINT, Type.UINT, Type.USMALLINT, Type.UTINYINT, Type.UINT128, Type.JSON, Type.UUID}:
        raise not_on_spark(f"the type {kind.value}")
    return node


def _pattern(node: exp.Expr | None) -> exp.Expr:
    """A regular expression of RE2's as Java's: the end is the end, and lines end with a newline alone."""
    if not isinstance(node, exp.Literal):
        raise not_on_spark("a regular expression that is no literal")
    text = re.sub(r"\\.|\[\^?\]?[^\]]*\]|\$", lambda found: r"\z" if found[0] == "$" else found[0], node.name)
    return exp.Literal.string(f"(?du){text}" if text != re.escape(text) else text)


def _matched(node: exp.Expr, _: Doubles) -> exp.Expr:
    return exp.RegexpLike(this=node.this, expression=_pattern(node.expression))


def _replaced(node: exp.Expr, _: Doubles) -> exp.Expr:
    if "g" not in (node.args["modifiers"].name if node.args.get("modifiers") else ""):
        raise not_on_spark("regexp_replace of the first match alone", "Give it 'g', or anchor the pattern.")
    put = node.args.get("replacement")
    if not isinstance(put, exp.Literal):
        raise not_on_spark("regexp_replace by something that is no literal")
    text = re.sub(r"\\(\d)", r"$\1", put.name.replace("$", r"\$"))
    return called("REGEXP_REPLACE", node.this, _pattern(node.expression), exp.Literal.string(text))


def _taken_out(node: exp.Expr, _: Doubles) -> exp.Expr:
    group = node.args.get("group") or exp.Literal.number(0)
    return called("REGEXP_EXTRACT", node.this, _pattern(node.expression), group)


def _like(node: exp.Expr, _: Doubles) -> exp.Expr:
    """Without ESCAPE a backslash is a character like any other; in Spark it is not."""
    if isinstance(node.parent, exp.Escape):
        return node
    if isinstance(node.expression, exp.Literal):
        node.set("expression", exp.Literal.string(node.expression.name.replace("\\", "\\\\")))
    else:
        one, two = exp.Literal.string("\\"), exp.Literal.string("\\\\")
        node.set("expression", called("REPLACE", node.expression, one, two))
    return node


def _upper(node: exp.Expr, _: Doubles) -> exp.Expr:
    """One letter stays one: Java makes two of the German one that DuckDB has a capital for."""
    node.set("this", called("REPLACE", node.this, exp.Literal.string("ß"), exp.Literal.string("ẞ")))
    return node


def _logarithm(node: exp.Expr, _: Doubles) -> exp.Expr:
    return called("LOG10", node.this) if node.expression is None else node


def _if(node: exp.Expr, _: Doubles) -> exp.Expr:
    if isinstance(node.this, exp.Null):
        node.set("this", exp.cast(node.this, "BOOLEAN"))
    return node


def _element(node: exp.Expr, _: Doubles) -> exp.Expr:
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise not_on_spark("a slice of a list")
    return called("GET", node.this, *node.expressions)


def _window(node: exp.Expr, _: Doubles) -> exp.Expr:
    """Spark takes no FILTER within a window."""
    inner = node.this
    if not isinstance(inner, exp.Filter):
        return node
    aggregate, condition = inner.this, inner.expression.this
    counted = aggregate.this if aggregate.this is not None and not isinstance(aggregate.this, exp.Star) else None
    value = counted or exp.Literal.number(1)
    aggregate.set("this", exp.Case(ifs=[exp.If(this=condition, true=value)]))
    node.set("this", aggregate)
    return node


def _of_least(node: exp.Expr, _: Doubles) -> exp.Expr:
    """DuckDB passes over rows whose value is missing."""
    there = exp.Not(this=exp.Is(this=node.this.copy(), expression=exp.Null()))
    place = exp.Case(ifs=[exp.If(this=there, true=node.expression)])
    return called("MIN_BY" if isinstance(node, exp.ArgMin) else "MAX_BY", node.this, place)


def _quantile(node: exp.Expr, _: Doubles) -> exp.Expr:
    return called("PERCENTILE", node.this, node.expression) if node.expression is not None else node


def _whole(node: exp.Expr, doubles: Doubles) -> exp.Expr:
    return exp.cast(node.copy(), "DOUBLE") if doubles.is_double(node.this) else node


def _summed(node: exp.Expr, doubles: Doubles) -> exp.Expr:
    """Sums of whole numbers are as wide as DuckDB's, so that none overflows that does not there."""
    value = node.this
    counted = value.this if isinstance(value, exp.Distinct) else value
    if counted is None or doubles.is_double(counted) or _is_counting(counted):
        return node
    if any(not one.is_string and "." in one.name for one in counted.find_all(exp.Literal)):
        return node
    if not isinstance(value, exp.Distinct):
        node.set("this", exp.cast(value.copy(), _HUGE.copy()))
    return node


def _is_counting(node: exp.Expr) -> bool:
    """True where it is one of some written numbers: of these no sum grows too large."""
    if isinstance(node, exp.Case | exp.If):
        ends = [one.args["true"] for one in node.args.get("ifs") or [node]]
        ends += [one for one in (node.args.get("default"), node.args.get("false")) if one is not None]
        return all(_is_counting(one) for one in ends)
    return isinstance(node.unnest(), exp.Literal | exp.Null)


def _difference(node: exp.Expr, doubles: Doubles) -> exp.Expr:
    """Days apart are a number; a day and a length of time are an instant."""
    if doubles.is_day(node.this) and doubles.is_day(node.expression) and isinstance(node, exp.Sub):
        return called("DATEDIFF", node.this, node.expression)
    if isinstance(node.expression.unnest(), exp.Interval) and doubles.is_day(node.this):
        node.set("this", exp.cast(node.this.copy(), _NTZ))
    return node


def _given(node: exp.Expr, _: Doubles) -> exp.Expr:
    """``(SELECT … w.a … FROM (SELECT … AS a) AS w)`` names values for one expression. Spark finds nothing of a query
    in a subquery of a subquery, so they become columns of what that query reads, or else stand where they are named."""
    inner = node.this
    if not isinstance(node, exp.Subquery) or node.alias or not _is_plain(inner) or len(inner.selects) != 1:
        return node
    source = inner.args["from_"].this if inner.args.get("from_") else None
    if not isinstance(source, exp.Subquery) or not source.alias or not _is_plain(source.this):
        return node
    if source.this.args.get("from_") or inner.selects[0].find(exp.Query):
        return node
    values = {value.alias: value.unalias() for value in source.this.selects}
    if (read := _only_source(node)) is not None:
        values = _with_columns(read, source.alias, values)
    body = inner.selects[0].unalias().copy()
    for column in list(body.find_all(exp.Column)):
        if column.table == source.alias:
            column.replace(exp.Paren(this=values[column.name].copy()))
    return exp.Paren(this=body)


def _only_source(node: exp.Expr) -> exp.Expr | None:
    """What the query around ``node`` reads, where that is one relation, and the query names all its columns."""
    query = node.parent_select
    if query is None or not query.args.get("from_") or query.args.get("joins") or query.args.get("laterals"):
        return None
    if any(select.is_star for select in query.selects):
        return None
    source: exp.Expr = query.args["from_"].this
    return source if source.alias_or_name else None


def _with_columns(read: exp.Expr, name: str, values: dict[str, exp.Expr]) -> dict[str, exp.Expr]:
    """Let ``read`` have ``values`` as columns; gives the columns."""
    alias, place = read.alias_or_name, len(list(read.find_all(exp.Alias)))
    named = {value: f"given_{name}_{place}_{value}" for value in values}
    told = [exp.alias_(values[value].copy(), named[value]) for value in values]
    star = exp.Column(this=exp.Star(), table=exp.to_identifier(alias))
    wider = exp.Select(expressions=[star, *told]).from_(read.copy())
    read.replace(exp.Subquery(this=wider, alias=exp.TableAlias(this=exp.to_identifier(alias))))
    return {value: exp.column(named[value], table=alias) for value in values}


def _is_plain(node: exp.Expr | None) -> bool:
    """A SELECT of expressions and perhaps FROM, and nothing else."""
    told = {name for name, value in node.args.items() if value} if isinstance(node, exp.Select) else {""}
    return told <= {"expressions", "from_"}


def _weekday_name(node: exp.Expr, _: Doubles) -> exp.Expr:
    return called("DATE_FORMAT", node.this, exp.Literal.string("EEEE" if isinstance(node, exp.Dayname) else "MMMM"))


def _weekday(node: exp.Expr, _: Doubles) -> exp.Expr:
    whole = exp.Extract(this=exp.Var(this="DAYOFWEEK"), expression=node.this)
    return exp.Paren(this=exp.Sub(this=whole, expression=exp.Literal.number(1)))


REWRITES: dict[type[exp.Expr], Rewrite] = {
    exp.Anonymous: _anonymous, exp.UnixToTime: _from_epoch, exp.TimestampTrunc: _truncated, exp.DateTrunc: _truncated,
    exp.DateDiff: _between, exp.Extract: _extracted, exp.Div: _divided, exp.Cast: _cast, exp.TryCast: _cast,
    exp.RegexpLike: _matched, exp.RegexpReplace: _replaced, exp.RegexpExtract: _taken_out, exp.Like: _like,
    exp.ILike: _like, exp.Log: _logarithm, exp.If: _if, exp.Bracket: _element, exp.Window: _window,
    exp.ArgMin: _of_least, exp.ArgMax: _of_least, exp.PercentileCont: _quantile, exp.Floor: _whole, exp.Ceil: _whole,
    exp.Subquery: _given, exp.Sub: _difference, exp.Add: _difference, exp.Dayname: _weekday_name,
    exp.DayOfWeek: _weekday, exp.Sum: _summed, exp.Upper: _upper,
}  # fmt: skip
