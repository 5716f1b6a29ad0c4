"""Reads what qualifies an event head: ``where``, ``within``, ``times`` and the aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast, get_args

from foretell.condition import checks, literals
from foretell.condition.faults import Faults
from foretell.condition.nodes import Aggregate, Anchor, Function, Path, Property, Selection, Test
from foretell.definitions import described

FUNCTIONS: tuple[str, ...] = get_args(Function)
SELECTION = ("where", "within", "since", "local_hour", "weekday")
AT_LEAST_ONCE: Test = (checks.count_test({"gte": 1}, (), Faults())[0],)


def selection(raw: Mapping[str, Any], head: str, path: Path, faults: Faults) -> Selection:
    """The events that ``head``, ``where`` and ``within`` select."""
    within = literals.duration(raw["within"], (*path, "within"), faults) if "within" in raw else None
    where = properties(raw["where"], (*path, "where"), faults) if "where" in raw else ()
    hours = checks.hour_test(raw["local_hour"], (*path, "local_hour"), faults) if "local_hour" in raw else ()
    days = checks.weekday_test(raw["weekday"], (*path, "weekday"), faults) if "weekday" in raw else ()
    event = checks.name_test(raw[head], (*path, head), faults)
    after = since(raw["since"], (*path, "since"), faults) if "since" in raw else None
    return Selection(event, where, within, after, hours, days)


def since(raw: object, path: Path, faults: Faults) -> Anchor | date | datetime | None:
    """The instant after which events count: a date, a time, or that of the person's last or first event of a kind."""
    if not isinstance(raw, Mapping):
        return literals.moment(raw, path, faults)
    heads = [key for key in raw if key in ("last", "first")]
    if len(heads) != 1:
        step = "Write since: {last: Order Completed}, or a date."
        faults.add(path, "BAD_VALUE", f"{described(raw)} names no instant", step)
        return None
    head = heads[0]
    faults.unknown_keys(raw, path, (head, "where"), "since")
    where = properties(raw["where"], (*path, "where"), faults) if "where" in raw else ()
    return Anchor("last" if head == "last" else "first", checks.name_test(raw[head], (*path, head), faults), where)


def properties(raw: object, path: Path, faults: Faults) -> tuple[Property, ...]:
    """Property tests: a mapping from the property's name, nested with dots, to its test."""
    if not isinstance(raw, Mapping) or not raw:
        faults.add(
            path,
            "BAD_VALUE",
            f"{path[-1]!r} needs property tests, not {described(raw)}",
            "Write {property: value}.",
        )
        return ()
    found = []
    for name, test in raw.items():
        place = (*path, name)
        if isinstance(test, Mapping) and test and not set(test) & {*checks.VALUE_TESTS}:
            inner = next(iter(test))
            faults.add(
                place,
                "UNKNOWN_KEY",
                f"{inner!r} is no value test",
                f"Write nested properties with dots: {name}.{inner}.",
            )
        elif named(name, place, faults):
            found.append(Property(name, checks.value_test(test, place, faults)))
    return tuple(found)


def counts(raw: Mapping[str, Any], path: Path, faults: Faults) -> tuple[Test | None, tuple[Aggregate, ...]]:
    """The tests of how often (at least once unless said otherwise) and of the aggregates."""
    inline = {key: raw[key] for key in raw if key in checks.NUMBER_TESTS}
    bare = [key for key in raw if key in FUNCTIONS and not isinstance(raw[key], Mapping)]
    used = [key for key in raw if key in FUNCTIONS]
    if len(bare) > 1 or (bare and not inline):
        step = "Write sum: {revenue: {gte: 100}}, or sum: revenue with gte: 100 beside it."
        for key in bare:
            faults.add(
                (*path, key),
                "MISSING_TEST",
                f"{key!r} of {described(raw[key])} is held against nothing",
                step,
            )
        bare = []
    elif inline and not bare:
        for key in inline:
            faults.add(
                (*path, key),
                "UNKNOWN_KEY",
                f"{key!r} tests nothing here",
                "Write times: {gte: 3}, or where: {property: {gte: 3}}.",
            )
    found: list[Aggregate] = []
    for key in used:
        function = cast(Function, key)
        if key in bare and named(raw[key], (*path, key), faults):
            found.append(Aggregate(function, raw[key], _result_test(function, inline, path, faults)))
        elif isinstance(raw[key], Mapping):
            found += _mapped(function, raw[key], (*path, key), faults)
    if "times" in raw:
        return checks.count_test(raw["times"], (*path, "times"), faults), tuple(found)
    return (None if used else AT_LEAST_ONCE), tuple(found)


def _mapped(function: Function, raw: Mapping[Any, Any], path: Path, faults: Faults) -> list[Aggregate]:
    if not raw:
        faults.add(
            path,
            "MISSING_TEST",
            f"{function!r} names no property",
            f"Write {function}: {{revenue: {{gte: 100}}}}.",
        )
    return [
        Aggregate(function, name, _result_test(function, test, (*path, name), faults))
        for name, test in raw.items()
        if named(name, (*path, name), faults)
    ]


def _result_test(function: Function, raw: object, path: Path, faults: Faults) -> Test:
    read = checks.count_test if function == "distinct" else checks.number_test
    return read(raw, path, faults)


def named(name: object, path: Path, faults: Faults) -> bool:
    """Whether ``name`` can be a property's; a problem is noted where it cannot."""
    if isinstance(name, str) and name and "\0" not in name:
        return True
    faults.add(path, "BAD_VALUE", f"{described(name)} is no property's name", "Write the name as in the event.")
    return False
