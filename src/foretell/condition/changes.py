"""``ratio`` and ``change``: quotients of numbers over events, compared without a division."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from foretell.clock import Duration
from foretell.condition import counting, sql
from foretell.condition.nodes import Change, Did, Figure, Ratio, Test
from foretell.condition.people import People
from foretell.condition.scope import Scope
from foretell.condition.values import Frame, Value, holds_at, number_holds
from foretell.condition.where import named, selected
from foretell.condition.without import chosen

MILLION = sql.micro(Decimal(1))
_COUNT = Value("e.event", "e.seq")


@dataclass(frozen=True)
class Windows:
    """A window up to the instant, and the one of the same length before it."""

    begin: datetime
    middle: datetime

    @classmethod
    def of(cls, within: Duration, frame: Frame) -> Windows:
        """Calendar steps are taken twice."""
        middle = within.before(frame.as_of, frame.zone)
        return cls(within.before(middle, frame.zone), middle)


def changed(part: Did, change: Change, scope: Scope) -> list[People]:
    """The sets of those whose number of the window differs from that of the window before as ``change`` says."""
    found = [_kept(numbers(part, change.figure, scope), [change_test(change.test)])]
    if change.base:
        source, windows = _both_windows(part, Figure(), scope)
        before = f"{source} AND e.ts <= {sql.instant(windows.middle)}"
        found.append(counting.grouped(before, [counting.times(change.base)]))
    return found


def numbers(part: Did, figure: Figure, scope: Scope) -> str:
    """SQL: ``profile_key n nd b bd``: the number of the window is n / nd, that of the window before b / bd."""
    source, windows = _both_windows(part, figure, scope)
    return f"SELECT e.profile_key, {_numbers(part, figure, scope, windows)} {source} GROUP BY e.profile_key"


def _both_windows(part: Did, figure: Figure, scope: Scope) -> tuple[str, Windows]:
    within = part.selection.within
    assert within is not None
    windows = Windows.of(within, scope.frame)
    matches = chosen(replace(part, selection=replace(part.selection, within=None)), scope)
    matches.tests.append(f"e.ts > {sql.instant(windows.begin)}")
    array = scope.value(figure.name)[0] if figure.function else None
    return counting.events(matches, scope, array), windows


def _numbers(part: Did, figure: Figure, scope: Scope, windows: Windows) -> str:
    value = scope.value(figure.name)[1] if figure.function else _COUNT
    found = []
    for names, symbol in ((("n", "nd"), ">"), (("b", "bd"), "<=")):
        inside = f"e.ts {symbol} {sql.instant(windows.middle)}"
        cut = Value(f"CASE WHEN {inside} THEN {value.text} END", f"CASE WHEN {inside} THEN {value.number} END")
        number, of = counting.result(figure.function, part.selection, cut), "1"
        if figure.function is None:
            number = f"count({cut.number})"
        elif figure.function == "avg":
            number, of = f"sum({cut.number})", f"count({cut.number})"
        found += [f"CAST({number} AS HUGEINT) AS {names[0]}", f"CAST({of} AS HUGEINT) AS {names[1]}"]
    return ", ".join(found)


def ratio(part: Ratio, scope: Scope) -> People:
    """Who has so many of the first events for each of the second, and a change of that, as ``part`` says."""
    tests = [_quotient(part.test)] if part.test else []
    if part.change is not None:
        tests.append(change_test(part.change.test))
        if part.change.base:
            base = part.change.base
            tests.append((number_holds(base, _against("f.bd")), holds_at(base, Decimal(0))))
    return _kept(ratio_numbers(part, scope), tests)


def ratio_numbers(part: Ratio, scope: Scope) -> str:
    """SQL: ``profile_key n nd b bd``: the ratio of the window is n / nd, that of the window before b / bd."""
    windows = None if part.within is None else Windows.of(part.within, scope.frame)
    now = "TRUE" if windows is None else f"r.ts > {sql.instant(windows.middle)}"
    begin = [] if windows is None else [f"e.ts > {sql.instant(windows.begin if part.change else windows.middle)}"]
    names = sql.either(named(one, scope) for one in (part.over, part.under))
    events = sql.both([names, *scope.events("e", None), *begin])
    flags = ", ".join(
        f"CASE WHEN {selected(one, scope).all()} THEN 1 ELSE 0 END AS {name}"
        for one, name in ((part.over, "above"), (part.under, "below"))
    )
    rows = f"SELECT e.profile_key, e.ts, {flags} FROM {scope.log('log_events')} AS e WHERE {events}"
    sums = ", ".join(
        f"CAST(count(CASE WHEN r.{flag} = 1 AND {window} THEN 1 END) AS HUGEINT) AS {name}"
        for window, names in ((now, ("n", "nd")), (f"NOT ({now})", ("b", "bd")))
        for flag, name in zip(("above", "below"), names, strict=True)
    )
    return f"SELECT r.profile_key, {sums} FROM ({rows}) AS r WHERE r.above = 1 OR r.below = 1 GROUP BY r.profile_key"


def _quotient(test: Test) -> tuple[str, bool]:
    compare: Callable[[str, Decimal], str] = lambda symbol, one: f"f.n * {MILLION} {symbol} {sql.micro(one)} * f.nd"  # noqa: E731
    return number_holds(test, compare, known="f.nd > 0"), holds_at(test, None)


def change_test(test: Test) -> tuple[str, bool]:
    """SQL over ``n nd b bd``: (n/nd - b/bd) / (b/bd) keeps the test; and what it says where it is missing."""
    grown = "(f.n * f.bd - f.b * f.nd) * CASE WHEN f.b < 0 THEN -1 ELSE 1 END"
    known = "f.n IS NOT NULL AND f.nd > 0 AND f.bd > 0 AND f.b <> 0"

    def compare(symbol: str, operand: Decimal) -> str:
        return f"{grown} * {MILLION} {symbol} {sql.micro(operand)} * abs(f.b) * f.nd"

    return number_holds(test, compare, known=known), holds_at(test, None)


def _against(number: str) -> Callable[[str, Decimal], str]:
    return lambda symbol, operand: f"{number} {symbol} {operand}"


def _kept(numbered: str, tests: list[tuple[str, bool]]) -> People:
    kept = sql.both(test for test, _ in tests)
    nothing = all(at_nothing for _, at_nothing in tests)
    test = sql.negation(f"({kept})") if nothing else kept
    query = f"SELECT f.profile_key FROM ({numbered}) AS f WHERE {test}"
    return People(query, inverted=nothing)
