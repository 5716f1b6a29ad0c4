"""Branching: which questions somebody is asked, by what they answered before, with the tests of conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.condition import Check, Context, Test, parse, parse_problems
from foretell.definitions import Problem
from foretell.listen.surveys.question_types import Question, Value

ALLOWED = ("is", "in", "gt", "gte", "lt", "lte", "between", "contains", "starts_with", "ends_with", "matches", "exists")
_WRITTEN = (*ALLOWED, "is_not", "not_in", "not_contains")
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}
_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "starts_with": lambda value, part: value.startswith(part),
    "ends_with": lambda value, part: value.endswith(part),
    "matches": lambda value, pattern: bool(pc.match_substring_regex(pa.scalar(value), pattern).as_py()),
}


def problems(raw: object, *, at: Callable[[tuple[str | int, ...]], str], thing: str) -> Iterator[Problem]:
    """What is wrong with a test of an answer; at an answer nobody asks for lists, ages and days."""
    if isinstance(raw, Mapping):
        for name in raw:
            if name not in _WRITTEN:
                yield Problem(
                    "UNKNOWN_TEST", f"{name!r} is no test of an answer", thing, at((str(name),)),
                    f"Tests: {', '.join(_WRITTEN)}.",
                )  # fmt: skip
                return
    yield from parse_problems(_condition(raw), at=at, thing=thing, decision=True)


def holds(question: Question, told: Mapping[str, Value]) -> bool:
    """Whether a question is asked of somebody who answered ``told``; without ``when`` always."""
    return all(passes(_test_of(_frozen(raw)), told.get(name)) for name, raw in (question.when or {}).items())


def asks_about(question: Question) -> set[str]:
    """Keys of the questions on whose answers it depends."""
    return {name.partition(".")[0] for name in question.when or {}}


def passes(test: Test, value: Value | None) -> bool:
    """Whether an answer keeps every check: of several values one has to, and what is missing keeps none but negations.

    Numbers are held against numbers and texts against texts, as in conditions.
    """
    values = list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
    return all(any(_keeps(check, one) for one in values) != check.negated for check in test)


def _keeps(check: Check, value: str | int | float | bool) -> bool:
    operands = check.operands
    if check.name == "exists":
        return True
    if check.name in ("is", "in"):
        return any(_same(value, one) for one in operands)
    if check.name in _TEXTS:
        return isinstance(value, str) and _TEXTS[check.name](value, str(operands[0]))
    if check.name == "between":
        low, high = operands
        return _ordered(value, low, "gte") and _ordered(value, high, "lte")
    return _ordered(value, operands[0], check.name)


def _same(value: str | int | float | bool, operand: object) -> bool:
    if isinstance(operand, Decimal):
        return isinstance(value, int | float) and not isinstance(value, bool) and Decimal(str(value)) == operand
    if isinstance(operand, bool):
        return value is operand or value == str(operand).lower()
    return isinstance(value, str) and value == operand


def _ordered(value: str | int | float | bool, bound: object, name: str) -> bool:
    if isinstance(bound, Decimal) and isinstance(value, int | float) and not isinstance(value, bool):
        return _ORDERS[name](Decimal(str(value)), bound)
    return isinstance(bound, str) and isinstance(value, str) and _ORDERS[name](value, bound)


def _condition(raw: object) -> dict[str, object]:
    tests = {str(name): test for name, test in raw.items()} if isinstance(raw, Mapping) else {"is": raw}
    return {"context": "answer", **tests}


_Frozen = tuple[tuple[str, Any], ...]


def _frozen(raw: object) -> _Frozen:
    """The test in a form by which it is remembered."""
    tests = raw if isinstance(raw, Mapping) else {"is": raw}
    return tuple((str(name), tuple(test) if isinstance(test, list | tuple) else test) for name, test in tests.items())


@cache
def _test_of(frozen: _Frozen) -> Test:
    raw = {
        name: list(test) if isinstance(test, Sequence) and not isinstance(test, str) else test for name, test in frozen
    }
    tree = parse(_condition(raw), decision=True)
    assert isinstance(tree, Context)
    return tree.test
