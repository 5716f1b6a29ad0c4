"""Tree to SQL over the rows of a file.

Texts and numbers are told apart when compiling: a column of text that meets arithmetic is read as a
number, missing where it is none. Integers stay exact to the last digit, also as text; arithmetic is in
doubles, and sums are exact to 1e-6. Conditions are
two-valued: a comparison with something missing is false.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from foretell.collect.expressions.functions import AGGREGATES, FUNCTIONS, Function, Type
from foretell.collect.expressions.numbers import finite, number_text
from foretell.collect.expressions.tree import Call, Column, Expression, Literal
from foretell.definitions import nearest, suggestion
from foretell.engine import scratch
from foretell.errors import UsageError

_ARITHMETIC = ("+", "-", "*", "/")
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_LONGEST = 200_000
"""Characters of SQL of one expression."""
_INTEGER_LIMIT = 10**38


@dataclass(frozen=True)
class Compiled:
    """SQL text, its type, and whether it stands for a whole group."""

    sql: str
    type: Type
    grouped: bool = False


@dataclass
class Scope:
    """What an expression may read.

    Args:
        columns: column of the file → its SQL and type.
        grouped: True where one result is wanted for a group; a bare column is then the first line's.
        numbers: filled while compiling: columns of text that were read as numbers.
    """

    columns: Mapping[str, Compiled]
    grouped: bool = False
    numbers: dict[str, str] = field(default_factory=dict)


def compiled(expression: Expression, scope: Scope) -> Compiled:
    """Compile for ``scope``.

    Raises:
        UsageError: ``UNKNOWN_COLUMN``, ``UNKNOWN_FUNCTION``, ``BAD_EXPRESSION``.
    """
    result = _compiled(expression, scope, inside=False)
    if scope.grouped and not result.grouped:
        return Compiled(f"arg_min({result.sql}, line)", result.type, grouped=True)
    return result


def _compiled(expression: Expression, scope: Scope, *, inside: bool) -> Compiled:
    result = _any(expression, scope, inside=inside)
    if len(result.sql) > _LONGEST:
        raise UsageError("BAD_EXPRESSION", "the expression is too large", next_step="Split it, or shorten it.")
    return result


def _any(expression: Expression, scope: Scope, *, inside: bool) -> Compiled:
    if isinstance(expression, Literal):
        return _literal(expression)
    if isinstance(expression, Column):
        return _column(expression.name, scope, inside=inside)
    if expression.name in AGGREGATES:
        return _aggregate(expression, scope, inside=inside)
    arguments = [_compiled(argument, scope, inside=inside) for argument in expression.arguments]
    if expression.name == "matches":
        _check_pattern(expression)
    return _operator(expression, arguments, scope) or _function(expression.name, FUNCTIONS, arguments, scope)


def _literal(literal: Literal) -> Compiled:
    value = literal.value
    if value is None:
        return Compiled("NULL", "any", grouped=True)
    if isinstance(value, bool):
        return Compiled("true" if value else "false", "bool", grouped=True)
    if isinstance(value, str):
        return Compiled("'" + value.replace("'", "''") + "'", "text", grouped=True)
    if isinstance(value, int) and abs(value) < _INTEGER_LIMIT:
        return Compiled(f"CAST({value} AS HUGEINT)", "integer", grouped=True)
    return Compiled(f"CAST({float(value)!r} AS DOUBLE)", "number", grouped=True)


def _check_pattern(call: Call) -> None:
    pattern = call.arguments[1] if len(call.arguments) == 2 else None
    if pattern is None:
        return
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        raise UsageError("BAD_EXPRESSION", "the pattern of matches() must be a text in quotes")
    given = pa.table({"pattern": [pattern.value]})
    tried = scratch("SELECT TRY(regexp_matches('', pattern)) IS NULL AS bad FROM given", {"given": given})
    if tried["bad"][0].as_py():
        raise UsageError("BAD_EXPRESSION", f"the pattern {pattern.value!r} is no regular expression")


def _column(name: str, scope: Scope, *, inside: bool) -> Compiled:
    found = scope.columns.get(name)
    if found is None:
        raise UsageError(
            "UNKNOWN_COLUMN",
            f"there is no column {name!r}",
            next_step=suggestion(name, list(scope.columns), what="columns"),
        )
    if scope.grouped and not inside:
        return Compiled(f"arg_min({found.sql}, line)", found.type, grouped=True)
    return found


def _aggregate(call: Call, scope: Scope, *, inside: bool) -> Compiled:
    if not scope.grouped or inside:
        why = "inside another aggregate" if inside else "where there is no group_by, or in a line of a group"
        raise UsageError("BAD_EXPRESSION", f"{call.name}() has no meaning {why}")
    arguments = [_compiled(argument, scope, inside=True) for argument in call.arguments]
    if call.name == "count" and not arguments:
        arguments = [Compiled("true", "bool")]
    result = _function(call.name, AGGREGATES, arguments, scope)
    return Compiled(result.sql, result.type, grouped=True)


def _operator(call: Call, arguments: list[Compiled], scope: Scope) -> Compiled | None:
    name = call.name
    grouped = all(argument.grouped for argument in arguments)
    if name in _ARITHMETIC:
        left, right = (as_number(argument, scope) for argument in arguments)
        sql = f"({left} / nullif({right}, 0))" if name == "/" else f"({left} {name} {right})"
        return Compiled(sql, "number", grouped)
    if name == "neg":
        return Compiled(f"(-{as_number(arguments[0], scope)})", "number", grouped)
    if name in _COMPARISONS:
        left, right = _alike(arguments, scope)
        sql = f"{left} IS DISTINCT FROM {right}" if name == "!=" else f"{left} {name} {right}"
        return Compiled(f"coalesce({sql}, false)", "bool", grouped)
    if name == "in":
        first, *rest = _alike(arguments, scope)
        return Compiled(f"coalesce({first} IN ({', '.join(rest)}), false)", "bool", grouped)
    if name in ("and", "or"):
        left, right = (as_bool(argument) for argument in arguments)
        return Compiled(f"({left} {name.upper()} {right})", "bool", grouped)
    if name == "not":
        return Compiled(f"(NOT {as_bool(arguments[0])})", "bool", grouped)
    return None


def _alike(arguments: list[Compiled], scope: Scope) -> list[str]:
    """The arguments of a comparison in one type: numbers where any is a number."""
    types = {argument.type for argument in arguments}
    if types == {"integer"}:
        return [argument.sql for argument in arguments]
    if types & {"number", "integer"}:
        return [as_number(argument, scope) for argument in arguments]
    if types == {"bool"}:
        return [as_bool(argument) for argument in arguments]
    return [as_text(argument) for argument in arguments]


def _function(name: str, known: Mapping[str, Function], arguments: list[Compiled], scope: Scope) -> Compiled:
    function = known.get(name)
    if function is None:
        near = nearest(name, [*FUNCTIONS, *AGGREGATES])
        raise UsageError(
            "UNKNOWN_FUNCTION",
            f"there is no function {name}()",
            next_step=f"Did you mean {near}()?" if near else f"Known functions: {', '.join(FUNCTIONS)}.",
        )
    most = len(function.takes)
    if len(arguments) < function.needs or (len(arguments) > most and not function.repeats):
        wanted = str(most) if function.needs == most else f"{function.needs} to {most}"
        raise UsageError("BAD_EXPRESSION", f"{name}() takes {wanted} arguments, not {len(arguments)}")
    texts = _arguments(function, arguments, scope)
    if len(texts) < most and function.rest:
        texts.append(function.rest)
    if name in _EXACT:
        exact = _exactly(name, arguments[0], texts[0])
        if exact is not None:
            return exact
    gives = _common(arguments) if function.gives == "any" else function.gives
    grouped = all(argument.grouped for argument in arguments)
    sql = function.sql.format(*texts, all=", ".join(texts))
    return Compiled(f"coalesce({sql}, false)" if function.gives == "bool" else sql, gives, grouped)


def _arguments(function: Function, arguments: list[Compiled], scope: Scope) -> list[str]:
    common = _common(arguments)
    texts = []
    for number, argument in enumerate(arguments):
        wanted = function.takes[min(number, len(function.takes) - 1)]
        texts.append(_as(common if wanted == "any" else wanted, argument, scope))
    return texts


def _common(arguments: list[Compiled]) -> Type:
    """The type of the values among ``arguments``: theirs where they agree, else text."""
    first = 1 if len(arguments) > 1 and arguments[0].type == "bool" else 0
    types = {argument.type for argument in arguments[first:]} - {"any"}
    if types == {"integer", "number"}:
        return "number"
    return types.pop() if len(types) == 1 else "text"


_EXACT = ("number", "whole")


def _exactly(name: str, value: Compiled, number: str) -> Compiled | None:
    """What these functions give where a double would lose digits; None where it would not."""
    if value.type == "integer":
        return value if name == "number" else Compiled(as_text(value), "text", value.grouped)
    if name == "whole" and value.type == "text":
        text = f"trim({value.sql})"
        digits = f"TRY_CAST(regexp_extract({text}, '^[+-]?[0-9]+') AS HUGEINT)"
        sql = FUNCTIONS["whole"].sql.format(number)
        whole = (
            f"CASE WHEN regexp_matches({text}, '^[+-]?[0-9]+([.]0*)?$') THEN CAST({digits} AS VARCHAR) ELSE {sql} END"
        )
        return Compiled(whole, "text", value.grouped)
    return None


def _as(wanted: Type, value: Compiled, scope: Scope) -> str:
    if wanted == "integer":
        return value.sql
    if wanted == "number":
        return as_number(value, scope)
    if wanted == "bool":
        return as_bool(value)
    return as_text(value)


def as_number(value: Compiled, scope: Scope) -> str:
    """``value`` as a number; text is read as one, and remembered so that bad ones can be reported."""
    if value.type == "number" or value.sql == "NULL":
        return value.sql
    if value.type == "integer":
        return f"CAST({value.sql} AS DOUBLE)"
    if value.type == "bool":
        raise UsageError("BAD_EXPRESSION", "a condition stands where a number is wanted")
    number = finite(f"TRY_CAST(trim({value.sql}) AS DOUBLE)")
    for name, column in scope.columns.items():
        if value.sql in (column.sql, f"arg_min({column.sql}, line)"):
            scope.numbers[name] = column.sql
    return number


def as_bool(value: Compiled) -> str:
    """``value`` as a condition."""
    if value.type != "bool":
        raise UsageError(
            "BAD_EXPRESSION",
            "a value stands where a condition is wanted",
            next_step="Compare it with something, e.g. Quantity > 0, or use empty().",
        )
    return f"coalesce({value.sql}, false)"


def as_text(value: Compiled) -> str:
    """``value`` as text; whole numbers lose their ``.0``. Raises :class:`UsageError` for a list."""
    if value.type == "list":
        raise UsageError("BAD_EXPRESSION", "a list stands where one value is wanted")
    if value.type == "number":
        return number_text(value.sql)
    return f"CAST({value.sql} AS VARCHAR)" if value.type in ("bool", "integer") else value.sql
