"""Words for value tests, numbers and lengths of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from foretell.clock import Duration
from foretell.condition.nodes import Check, Operand, Property, Test, Variable

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_VERBS = {
    "contains": "contains", "starts_with": "starts with", "ends_with": "ends with",
    "matches": "matches the pattern", "before": "is before", "after": "is after",
    "in_list": "is in the list", "anniversary_in": "has its yearly return within",
}  # fmt: skip
_NEGATED = {"is": "is not", "in": "is none of", "contains": "does not contain", "exists": "is missing"}
COMPARED = {"is": "exactly", "gt": "more than", "gte": "at least", "lt": "less than", "lte": "at most"}
_TEXTS = {"gt": "after", "gte": "at or after", "lt": "before", "lte": "at or before"}


def listed(words: Sequence[str], join: str = "and") -> str:
    """``a, b and c``."""
    return " ".join([", ".join(words[:-1]), join, words[-1]]) if len(words) > 1 else "".join(words)


def length(duration: Duration) -> str:
    """``6 months``."""
    return f"{duration.count} {_UNITS[duration.unit]}{'' if duration.count == 1 else 's'}"


def shown(operand: Operand) -> str:
    """A literal as people read it."""
    if isinstance(operand, Variable):
        return f"${operand.name}"
    if isinstance(operand, bool):
        return "true" if operand else "false"
    if isinstance(operand, Decimal):
        return f"{operand:f}"
    if isinstance(operand, datetime):
        return operand.isoformat(" ").replace("+00:00", " UTC")
    if isinstance(operand, date):
        return operand.isoformat()
    return length(operand) if isinstance(operand, Duration) else f"“{operand}”"


def verb(test: Test) -> str:
    """What is said of a value: ``is at least 5 and less than 10``."""
    return listed([_verb(check) for check in test])


def properties(tests: Iterable[Property]) -> str:
    """``products.category is “shoes” and total is at least 5``."""
    return listed([f"{test.name} {verb(test.test)}" for test in tests])


def name(test: Test) -> str:
    """The events that a test of the name means."""
    if len(test) == 1 and test[0].name == "is" and not test[0].negated:
        return str(test[0].operands[0])
    if len(test) == 1 and test[0].name == "in" and not test[0].negated:
        return listed([str(operand) for operand in test[0].operands], "or")
    return f"any event whose name {verb(test)}"


def amount(test: Test) -> str:
    """What is said of a number: ``at least 5``."""
    return listed([("not " if check.negated else "") + _amount(check) for check in test])


def times(test: Test) -> str:
    """How often: ``at least once``."""
    words = amount(test)
    once = [check for check in test if check.operands == (Decimal(1),)]
    if len(test) == 1 and once:
        return words.removesuffix(" 1") + " once"
    return f"{words} times"


def since(test: Test) -> str:
    """How long ago: ``more than 60 days ago``."""
    return listed([_amount(check) + " ago" for check in test])


def _verb(check: Check) -> str:
    operands = [shown(operand) for operand in check.operands]
    if check.negated:
        return " ".join([_NEGATED[check.name], listed(operands, "or")]).strip()
    if check.name == "exists":
        return "is known"
    if check.name == "is":
        return f"is {operands[0]}"
    if check.name == "in":
        return f"is {listed(operands, 'or')}"
    if check.name in _VERBS:
        return f"{_VERBS[check.name]} {operands[0]}"
    if check.name.startswith("age_"):
        return f"makes the person {_amount(check)} years old"
    if check.name.startswith("ago_"):
        return f"was {_amount(check)} ago"
    if check.name in _TEXTS and isinstance(check.operands[0], str):
        return f"sorts {_TEXTS[check.name]} {operands[0]}"
    return f"is {_amount(check)}"


def _amount(check: Check) -> str:
    operands = [shown(operand) for operand in check.operands]
    short = check.name.split("_")[-1]
    if short == "between":
        return f"between {operands[0]} and {operands[1]}"
    if short == "in":
        return listed(operands, "or")
    if short == "exists":
        return "known"
    return f"{COMPARED[short]} {operands[0]}"
