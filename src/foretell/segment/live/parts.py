"""The parts of conditions that are kept from event to event: how often, how much, how long ago."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

import numpy as np

from foretell.clock import Duration
from foretell.condition import Check, Test
from foretell.money import MICRO
from foretell.segment.live.runs import Look, Runs, Truth
from foretell.segment.live.windows import NEVER, SLACK_US, Instants, Window

MOST_TIMES = 1_000
"""Higher numbers of events are counted by query."""
Keep = Literal["newest", "oldest", "all"]


class Part(Protocol):
    """A part over the hits of one atom."""

    @property
    def window(self) -> Window:
        """Of which events it speaks."""
        ...

    @property
    def at_nothing(self) -> bool:
        """What it says of people without such events."""
        ...

    @property
    def keeps(self) -> tuple[Keep, int]:
        """Which hits it needs of those in its window, and how many."""
        ...

    def look(self, runs: Runs) -> Look:
        """What it says of people with such events."""
        ...


@dataclass(frozen=True)
class Counted:
    """So many events in a window.

    Args:
        table: what is said of 0, 1, 2 … events; of more than the last the same.
    """

    window: Window
    table: Truth
    lower: Instants
    """By number: the highest lower number of which something else is said; -1 where there is none."""

    @classmethod
    def by(cls, test: Test, window: Window) -> Counted | None:
        """The part for a test of the number; None where the numbers are too high."""
        most = max((int(one) for check in test for one in check.operands if isinstance(one, Decimal)), default=0) + 1
        if most > MOST_TIMES:
            return None
        table = compared(test, 1)(np.arange(most + 1, dtype=np.int64))
        last = np.flatnonzero(table != table[-1])
        table = table[: last[-1] + 2] if len(last) else table[:1]
        lower = [max((k for k in range(n) if table[k] != table[n]), default=-1) for n in range(len(table))]
        return cls(window, table, np.array(lower, np.int64))

    @property
    def at_nothing(self) -> bool:
        return bool(self.table[0])

    @property
    def keeps(self) -> tuple[Keep, int]:
        return "newest", len(self.table) - 1

    def look(self, runs: Runs) -> Look:
        there = runs.inside(self.window)
        number = np.minimum(there, len(self.table) - 1)
        lower = self.lower[number]
        falls = lower >= 0
        changes = np.where(falls, self.window.leaves(runs.newest(lower + 1), runs.at), NEVER)
        back = runs.may_return(self.window)
        if back is not None:
            changes = np.where(back[0], np.minimum(changes, back[1]), changes)
        since = np.where(falls, runs.newest(there - lower), runs.at)
        return Look(self.table[number], changes, since)


@dataclass(frozen=True)
class Summed:
    """The sum, average, least or greatest value of the events in a window."""

    window: Window
    function: Literal["sum", "avg", "min", "max"]
    test: Test

    @property
    def at_nothing(self) -> bool:
        if self.function == "sum":
            return bool(compared(self.test, MICRO)(np.zeros(1, np.int64))[0])
        return all(check.negated for check in self.test)

    @property
    def keeps(self) -> tuple[Keep, int]:
        return "all", 0

    def look(self, runs: Runs) -> Look:
        there = runs.inside(self.window)
        first = runs.past - there
        some = there > 0
        total = runs.sums[runs.past] - runs.sums[first]
        if self.function == "sum":
            truth = compared(self.test, MICRO)(total)
        elif self.function == "avg":
            truth = compared(self.test, MICRO, there)(total)
        else:
            truth = compared(self.test, MICRO)(self._extreme(runs, first, some))
        if self.function != "sum":
            truth = np.where(some, truth, self.at_nothing)
        changes = np.where(some, self.window.leaves(runs.newest(there), runs.at), NEVER)
        back = runs.may_return(self.window)
        if back is not None:
            changes = np.where(back[0], np.minimum(changes, back[1]), changes)
        since = np.where(some, runs.newest(np.ones_like(there)), runs.at)
        return Look(truth, changes, since)

    def _extreme(self, runs: Runs, first: Instants, some: Truth) -> Instants:
        found = np.zeros(len(first), np.int64)
        if some.any():
            values = np.append(runs.v, 0)
            edges = np.column_stack([first[some], runs.past[some]]).ravel()
            best = np.minimum if self.function == "min" else np.maximum
            found[some] = best.reduceat(values, edges)[::2]
        return found


@dataclass(frozen=True)
class Ago:
    """How long ago the last (first) event was."""

    window: Window
    which: Literal["last", "first"]
    bounds: tuple[tuple[str, Window], ...]
    """``<  <=  >  >=`` of the event's instant against a window's beginning."""

    @classmethod
    def by(cls, which: Literal["last", "first"], test: Test, window: Callable[[Duration | None], Window]) -> Ago | None:
        """The part for tests ``ago_…``; None where a test says something else."""
        bounds: list[tuple[str, Window]] = []
        for check in test:
            lengths = [one for one in check.operands if isinstance(one, Duration)]
            operators = _AGO.get(check.name)
            if operators is None or check.negated or len(lengths) != len(operators):
                return None
            bounds += [(one, window(length)) for one, length in zip(operators, lengths, strict=True)]
        return cls(window(None), which, tuple(bounds))

    @property
    def at_nothing(self) -> bool:
        return False

    @property
    def keeps(self) -> tuple[Keep, int]:
        return ("newest" if self.which == "last" else "oldest"), 1

    def look(self, runs: Runs) -> Look:
        some = runs.past > runs.begin
        place = np.ones_like(runs.past) if self.which == "last" else runs.past - runs.begin
        hit = runs.newest(place)
        truth, changes = some.copy(), np.full(len(hit), NEVER, np.int64)
        for operator, window in self.bounds:
            start = window.start(runs.at)
            truth &= _OPERATORS[operator](hit, start)
            then = window.leaves(hit, runs.at) + (operator in ("<", ">="))
            back = window.returns(runs.at)
            otherwise = NEVER if back is None else np.where(hit > start - SLACK_US, back, NEVER)
            then = np.where((hit >= start) & (then > runs.at), then, otherwise)
            changes = np.minimum(changes, then)
        return Look(truth, np.where(some, changes, NEVER), np.where(some, runs.newest(np.ones_like(place)), runs.at))


_AGO = {
    "ago_gt": ("<",), "ago_gte": ("<=",), "ago_lt": (">",), "ago_lte": (">=",), "ago_between": ("<=", ">="),
}  # fmt: skip
_OPERATORS: dict[str, Callable[[Instants, Instants], Truth]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


def compared(test: Test, scale: int, times: Instants | None = None) -> Callable[[Instants], Truth]:
    """What a test of a number says of many.

    Args:
        scale: the numbers are so much of a unit.
        times: each number is the sum of so many, and their average is meant.
    """

    def operand(value: object) -> Instants | int:
        assert isinstance(value, Decimal)
        whole = int(value * scale)
        return whole if times is None else whole * times.astype(object)

    def one(check: Check, numbers: Instants) -> Truth:
        operands = [operand(value) for value in check.operands]
        if check.name == "exists":
            found = np.ones(len(numbers), bool)
        elif check.name == "in":
            found = np.logical_or.reduce([numbers == value for value in operands])
        elif check.name == "between":
            found = (numbers >= operands[0]) & (numbers <= operands[1])
        else:
            found = _COMPARES[check.name](numbers, operands[0])
        return ~found if check.negated else found

    return lambda numbers: np.logical_and.reduce([one(check, numbers) for check in test])


_COMPARES: dict[str, Callable[..., Truth]] = {
    "is": np.equal, "gt": np.greater, "gte": np.greater_equal, "lt": np.less, "lte": np.less_equal,
}  # fmt: skip
