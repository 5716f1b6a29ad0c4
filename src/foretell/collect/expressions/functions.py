"""The functions of the language: what they take, what they give, and their SQL.

``text``, ``number`` and ``bool`` are the types; ``any`` takes and gives what comes. ``*`` repeats the
last type. A value may also be an ``integer``, exact to its last digit until arithmetic makes it a number; and a
``list`` of texts, which only a property or a trait can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from foretell.collect.expressions.numbers import rounded

Type = Literal["text", "number", "integer", "bool", "list", "any"]


@dataclass(frozen=True)
class Function:
    """One function.

    Args:
        takes: types of the arguments; those from ``needs`` on may be left out.
        gives: type of the result; ``any`` is the type of the last argument.
        sql: text with ``{0}``, ``{1}`` … or ``{all}`` (all arguments, with commas).
        repeats: the last argument may come again.
        rest: SQL of the last argument where it is left out.
    """

    takes: tuple[Type, ...]
    gives: Type
    sql: str
    needs: int
    repeats: bool = False
    rest: str = ""


def _of(takes: str, gives: Type, sql: str, *, needs: int | None = None, rest: str = "") -> Function:
    names = takes.replace("*", "").split()
    kinds: tuple[Type, ...] = tuple(_TYPES[name] for name in names)
    return Function(kinds, gives, sql, len(kinds) if needs is None else needs, "*" in takes, rest)


_TYPES: Mapping[str, Type] = {"text": "text", "number": "number", "bool": "bool", "any": "any"}

FUNCTIONS: Mapping[str, Function] = {
    "lower": _of("text", "text", "lower({0})"),
    "upper": _of("text", "text", "upper({0})"),
    "trim": _of("text", "text", "trim({0})"),
    "length": _of("text", "number", "CAST(length({0}) AS DOUBLE)"),
    "replace": _of("text text text", "text", "replace({0}, {1}, {2})"),
    "concat": _of("text text*", "text", "concat({all})"),
    "left": _of("text number", "text", "left({0}, TRY_CAST({1} AS BIGINT))"),
    "right": _of("text number", "text", "right({0}, TRY_CAST({1} AS BIGINT))"),
    "substring": _of(
        "text number number",
        "text",
        "substring({0}, TRY_CAST({1} AS BIGINT), TRY_CAST({2} AS BIGINT))",
        needs=2,
        rest="2147483647",
    ),
    "split": _of("text text number", "text", "nullif(split_part({0}, {1}, TRY_CAST({2} AS BIGINT)), '')"),
    "parts": _of("text text", "list", "string_split({0}, {1})"),
    "list": _of("text text*", "list", "string_split(nullif(concat_ws(chr(30), {all}), ''), chr(30))", needs=1),
    "starts_with": _of("text text", "bool", "starts_with({0}, {1})"),
    "ends_with": _of("text text", "bool", "ends_with({0}, {1})"),
    "contains": _of("text text", "bool", "contains({0}, {1})"),
    "matches": _of("text text", "bool", "regexp_matches({0}, {1})"),
    "empty": _of("any", "bool", "({0}) IS NULL"),
    "text": _of("text", "text", "{0}"),
    "number": _of("number", "number", "{0}"),
    "whole": _of("number", "text", "CAST(TRY_CAST(round({0}) AS BIGINT) AS VARCHAR)"),
    "round": _of("number number", "number", "round({0}, TRY_CAST({1} AS INTEGER))"),
    "floor": _of("number", "number", "floor({0})"),
    "abs": _of("number", "number", "abs({0})"),
    "coalesce": _of("any any*", "any", "coalesce({all})"),
    "if": _of("bool any any", "any", "CASE WHEN {0} THEN {1} ELSE {2} END", needs=2, rest="NULL"),
}
"""Functions over one row."""

AGGREGATES: Mapping[str, Function] = {
    "sum": _of("number", "number", f"CAST(sum(TRY_CAST({rounded('{0}')} AS DECIMAL(24, 6))) AS DOUBLE)"),
    "min": _of("any", "any", "min({0})"),
    "max": _of("any", "any", "max({0})"),
    "first": _of("any", "any", "arg_min({0}, line)"),
    "last": _of("any", "any", "arg_max({0}, line)"),
    "count": _of("bool", "number", "CAST(count(*) FILTER (WHERE {0}) AS DOUBLE)", needs=0),
    "any": _of("bool", "bool", "bool_or({0})"),
    "all": _of("bool", "bool", "bool_and({0})"),
}
"""Functions over the lines of a group; ``first`` and ``last`` by line number, missing values aside."""
