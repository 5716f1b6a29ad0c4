"""The tree of an expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    """A number, a text, ``true`` or ``false``, or ``missing`` (None)."""

    value: int | float | str | bool | None


@dataclass(frozen=True)
class Column:
    """A column of the file."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function, or an operator (``+ - * / = != < <= > >= and or not neg in``), and its arguments."""

    name: str
    arguments: tuple[Expression, ...]


Expression = Literal | Column | Call


def columns_of(expression: Expression) -> Iterator[str]:
    """Names of the columns that ``expression`` reads, repeated as it repeats them."""
    if isinstance(expression, Column):
        yield expression.name
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from columns_of(argument)


def height(expression: Expression) -> int:
    """Levels of the tree; found without recursion, as it may be higher than calls can be deep."""
    levels, current = 0, [expression]
    while current:
        levels += 1
        current = [part for call in current if isinstance(call, Call) for part in call.arguments]
    return levels
