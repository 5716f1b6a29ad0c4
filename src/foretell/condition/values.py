"""From value tests to SQL over a text column and a number column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from foretell.condition import moments, sql
from foretell.condition.nodes import Check, Operand, Scalar, Test, Variable

_SYMBOLS = {"is": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_TEXTS = {
    "contains": "contains",
    "starts_with": "starts_with",
    "ends_with": "ends_with",
    "matches": "regexp_matches",
}


class Surroundings(Protocol):
    """What some tests read beside the value."""

    def listed(self, check: Check, value: Value) -> str:
        """SQL: the value stands in a reference list."""
        ...

    def anniversary(self, check: Check, value: Value) -> str:
        """SQL: the yearly return of the date falls into the next days."""
        ...


@dataclass(frozen=True)
class Frame:
    """From where one looks: the instant and the workspace's zone; ``around`` is set by the scope that is read.

    Args:
        bound: SQL of the key of the value that a :class:`~foretell.condition.nodes.Variable` stands for.
    """

    as_of: datetime
    zone: ZoneInfo
    around: Surroundings | None = field(default=None, compare=False, repr=False)
    bound: str = "e.bound_key"


@dataclass(frozen=True)
class Value:
    """Where a value stands: SQL of its text and of its number in micro units; null where missing.

    Args:
        person: SQL of the key of the person whose it is.
        name: what the trait or property is called.
    """

    text: str
    number: str
    person: str = "CAST(NULL AS BIGINT)"
    name: str = ""


def key(value: Value) -> str:
    """SQL: a text for each different value, as ``distinct`` tells them apart (a text is no number); null if missing."""
    return f"coalesce('s' || {value.text}, 'n' || CAST({value.number} AS VARCHAR))"


MISSING = Value("CAST(NULL AS VARCHAR)", "CAST(NULL AS BIGINT)")


def holds(test: Test, value: Value, frame: Frame) -> str:
    """SQL that is true exactly where all checks of ``test`` hold (null or false elsewhere)."""
    return sql.both(_signed(check, positive(check, value, frame)) for check in test)


def _signed(check: Check, positive_sql: str) -> str:
    return sql.negation(positive_sql) if check.negated else positive_sql


def positive(check: Check, value: Value, frame: Frame) -> str:
    """SQL of a check's positive form; null where the value is missing."""
    if check.name == "exists":
        return f"({value.text} IS NOT NULL OR {value.number} IS NOT NULL)"
    if check.name in _TEXTS:
        return f"{_TEXTS[check.name]}({value.text}, {_text(check.operands[0])})"
    if check.name in ("before", "after") or check.name.startswith(("ago_", "age_")):
        return moments.text_test(value.text, moments.bounds(check, frame.as_of, frame.zone))
    if check.name == "in":
        return _among(check.operands, value)
    if check.name in ("in_list", "anniversary_in"):
        assert frame.around is not None, "the frame of a scope is asked for"
        around = frame.around
        return around.listed(check, value) if check.name == "in_list" else around.anniversary(check, value)
    if check.name == "between":
        low, high = check.operands
        return f"{_side(low, value)} BETWEEN {_literal(low)} AND {_literal(high)}"
    operand = check.operands[0]
    if isinstance(operand, Variable):
        return f"{key(value)} = {frame.bound}"
    return f"{_side(operand, value)} {_SYMBOLS[check.name]} {_literal(operand)}"


def _among(operands: Iterable[Operand], value: Value) -> str:
    by_side: dict[str, list[str]] = {}
    for operand in operands:
        by_side.setdefault(_side(operand, value), []).append(_literal(operand))
    return sql.either(f"{side} IN ({', '.join(found)})" for side, found in by_side.items())


def _side(operand: Operand, value: Value) -> str:
    return value.number if isinstance(operand, Decimal) else value.text


def _literal(operand: Operand | Scalar) -> str:
    if isinstance(operand, Decimal):
        return sql.micro(operand)
    if isinstance(operand, bool):
        return "'true'" if operand else "'false'"
    return _text(operand)


def _text(operand: Operand) -> str:
    assert isinstance(operand, str)
    return sql.text(operand)


def number_holds(test: Test, compare: Callable[[str, Decimal], str], known: str = "TRUE") -> str:
    """SQL that is true exactly where a computed number keeps ``test``.

    Args:
        compare: SQL of ``number SYMBOL decimal``.
        known: SQL that is false where the number is missing.
    """
    return sql.both(
        _signed(
            check,
            f"{known} AND {_compared(check, compare)}" if known != "TRUE" else _compared(check, compare),
        )
        for check in test
    )


def _compared(check: Check, compare: Callable[[str, Decimal], str]) -> str:
    numbers = [operand for operand in check.operands if isinstance(operand, Decimal)]
    if check.name == "exists":
        return "TRUE"
    if check.name == "in":
        return sql.either(compare("=", number) for number in numbers)
    if check.name == "between":
        return f"{compare('>=', numbers[0])} AND {compare('<=', numbers[1])}"
    return compare(_SYMBOLS[check.name], numbers[0])


def holds_at(test: Test, number: Decimal | None) -> bool:
    """Whether ``test`` holds for a number known now; None is missing."""
    return all(_holds_one(check, number) != check.negated for check in test)


def _holds_one(check: Check, number: Decimal | None) -> bool:
    if number is None:
        return False
    numbers = [operand for operand in check.operands if isinstance(operand, Decimal)]
    match check.name:
        case "exists":
            return True
        case "in":
            return number in numbers
        case "between":
            return numbers[0] <= number <= numbers[1]
        case "is":
            return number == numbers[0]
        case "gt":
            return number > numbers[0]
        case "gte":
            return number >= numbers[0]
        case "lt":
            return number < numbers[0]
    return number <= numbers[0]
