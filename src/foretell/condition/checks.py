"""Reads value tests: ``pro``, ``{gte: 5, lt: 10}``, ``{not_in: [a, b]}``, ``{ago: {gt: 60d}}``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from foretell.condition import literals
from foretell.condition.faults import Faults
from foretell.condition.nodes import Check, CheckName, Operand, Path, Test
from foretell.definitions import described

Read = Callable[[object, Path, Faults], Operand | None]

_NEGATIVE = {"is_not": "is", "not_in": "in", "not_contains": "contains"}
_ORDER = ("gt", "gte", "lt", "lte", "between")
_TEXT = ("contains", "not_contains", "starts_with", "ends_with")

EQUALITY = ("is", "is_not", "in", "not_in")
ORDER_TESTS = _ORDER
VALUE_TESTS = (
    *EQUALITY, "in_list", *_ORDER, *_TEXT, "matches", "exists", "before", "after", "ago", "age", "anniversary_in",
)  # fmt: skip
TEXT_TESTS = (*EQUALITY, *_TEXT, "matches")
NUMBER_TESTS = (*EQUALITY, *_ORDER)
SCORE_TESTS = (*NUMBER_TESTS, "exists")


def value_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of a property or trait: a bare value, or a mapping of tests."""
    return _test(raw, path, faults, VALUE_TESTS, literals.scalar)


def name_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of an event's name: its name, or a mapping of text tests."""
    return _test(raw, path, faults, TEXT_TESTS, literals.text)


def number_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of a sum, average, smallest or largest value or count of values."""
    return _test(raw, path, faults, NUMBER_TESTS, literals.number)


def count_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of a number of events (``times``)."""
    return _test(raw, path, faults, NUMBER_TESTS, literals.whole)


def score_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of a prediction's score."""
    return _test(raw, path, faults, SCORE_TESTS, literals.number)


def share_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of a share (``lt: 20%``)."""
    return _test(raw, path, faults, ORDER_TESTS, literals.share)


def ratio_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of a ratio or of a change (``lte: -50%``)."""
    return _test(raw, path, faults, NUMBER_TESTS, literals.share)


def hour_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of an hour of the day, 0 to 23."""
    return _test(raw, path, faults, NUMBER_TESTS, literals.hour)


def weekday_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of a day of the week, ``mon`` to ``sun``."""
    return _test(raw, path, faults, NUMBER_TESTS, literals.weekday)


def ago_test(raw: object, path: Path, faults: Faults) -> Test:
    """A test of the time since an instant: ``{gt: 60d}``."""
    return _nested("ago", raw, path, faults, _ORDER, literals.duration)


def _test(raw: object, path: Path, faults: Faults, allowed: tuple[str, ...], read: Read) -> Test:
    if not isinstance(raw, Mapping):
        value = read(raw, path, faults)
        return () if value is None else (Check("is", (value,)),)
    if not raw:
        faults.add(path, "EMPTY_TEST", "the test says nothing", "Write a value or a test such as {gte: 5}.")
    faults.unknown_keys(raw, path, allowed, "a test")
    return tuple(
        check
        for name, operand in raw.items()
        if name in allowed
        for check in _checks(str(name), operand, (*path, name), faults, read)
    )


def _checks(name: str, raw: object, path: Path, faults: Faults, read: Read) -> Test:
    if name == "ago":
        return ago_test(raw, path, faults)
    if name == "age":
        return _nested("age", raw, path, faults, (*_ORDER, "is"), literals.whole)
    if name == "exists":
        if isinstance(raw, bool):
            return (Check("exists", (), negated=not raw),)
        faults.add(path, "BAD_VALUE", f"{described(raw)} is neither true nor false", "Write true or false.")
        return ()
    positive = cast(CheckName, _NEGATIVE.get(name, name))
    operands = _operands(positive, raw, path, faults, read)
    return () if operands is None else (Check(positive, operands, negated=name in _NEGATIVE),)


def _operands(name: str, raw: object, path: Path, faults: Faults, read: Read) -> tuple[Operand, ...] | None:
    if name in ("in", "between"):
        return _several(name, raw, path, faults, _comparable if name == "between" and read is literals.scalar else read)
    if name in _ORDER and read is literals.scalar:
        read = _comparable
    elif name in ("contains", "starts_with", "ends_with"):
        read = literals.text
    elif name == "matches":
        read = literals.pattern
    elif name in ("before", "after"):
        read = literals.moment
    elif name == "in_list":
        read = literals.list_key
    elif name == "anniversary_in":
        read = literals.days_ahead
    value = read(raw, path, faults)
    return None if value is None else (value,)


def _several(name: str, raw: object, path: Path, faults: Faults, read: Read) -> tuple[Operand, ...] | None:
    if not isinstance(raw, list | tuple) or not raw or (name == "between" and len(raw) != 2):
        wanted = "[lowest, highest]" if name == "between" else "a list of values"
        faults.add(path, "BAD_VALUE", f"{name!r} needs {wanted}, not {described(raw)}", f"Write {wanted}.")
        return None
    values = [read(item, (*path, place), faults) for place, item in enumerate(raw)]
    found = tuple(value for value in values if value is not None)
    if len(found) != len(values):
        return None
    if name == "between" and not _ascending(*found):
        faults.add(path, "BAD_VALUE", "'between' needs the lower value first", "Write [lowest, highest].")
        return None
    return found


def _ascending(low: Any, high: Any) -> bool:
    if hasattr(low, "days"):
        return bool(low.days <= high.days)
    return type(low) is type(high) and bool(low <= high)


def _comparable(raw: object, path: Path, faults: Faults) -> Operand | None:
    if isinstance(raw, bool):
        faults.add(path, "BAD_VALUE", f"{described(raw)} has no order", "Compare with a number or a text.")
        return None
    return literals.scalar(raw, path, faults)


def _nested(outer: str, raw: object, path: Path, faults: Faults, allowed: tuple[str, ...], read: Read) -> Test:
    if not isinstance(raw, Mapping) or not raw:
        example = "{gt: 60d}" if outer == "ago" else "{between: [30, 45]}"
        faults.add(path, "BAD_VALUE", f"{outer!r} needs a comparison", f"Write {outer}: {example}.")
        return ()
    faults.unknown_keys(raw, path, allowed, outer)
    checks = []
    for name, operand in raw.items():
        if name in allowed:
            operands = _operands(str(name), operand, (*path, name), faults, read)
            if operands is not None:
                checks.append(Check(cast(CheckName, f"{outer}_{name}"), operands))
    return tuple(checks)
