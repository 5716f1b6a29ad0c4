"""The leaves of a tree as limits people would write: rounded, alike where they are nearly alike, put together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.segment.personas.behaviours import Behaviour
from foretell.stats import Floats

Limits = Mapping[int, tuple[float | None, float | None]]
"""Column → ``at least`` and ``below``; None: no limit on that side."""
_NEARLY = 0.15
"""Two limits of one behaviour that differ by less (of the larger) are written as one."""


@dataclass(frozen=True)
class Leaf:
    """People of one kind, by limits that all hold."""

    kind: int
    limits: Limits

    def holds(self, table: Floats) -> npt.NDArray[np.bool_]:
        """For whom of ``table`` (n, columns) it does."""
        inside = np.ones(table.shape[0], np.bool_)
        for column, (low, high) in self.limits.items():
            if low is not None:
                inside &= table[:, column] >= low
            if high is not None:
                inside &= ~(table[:, column] >= high)
        return inside


def leaves_of(tree: Any, classes: Sequence[int], used: Sequence[Behaviour]) -> list[Leaf]:
    """The leaves of a grown tree (``tree_`` of scikit-learn), as few as say the same."""
    taken: dict[int, list[float]] = {}
    found: list[Leaf] = []
    waiting: list[tuple[int, dict[int, tuple[float | None, float | None]]]] = [(0, {})]
    while waiting:
        node, limits = waiting.pop(0)
        if tree.children_left[node] < 0:
            found.append(Leaf(int(classes[int(np.argmax(tree.value[node][0]))]), limits))
            continue
        column = int(tree.feature[node])
        at = _limit(used[column], float(tree.threshold[node]), taken.setdefault(column, []))
        low, high = limits.get(column, (None, None))
        below = (low, at if high is None else min(at, high))
        above = (at if low is None else max(at, low), high)
        waiting += [(int(tree.children_left[node]), {**limits, column: below}),
                    (int(tree.children_right[node]), {**limits, column: above})]  # fmt: skip
    return merged([leaf for leaf in found if all(_some(*one) for one in leaf.limits.values())])


def merged(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Leaves of one kind that differ in one column alone and touch there become one."""
    found = list(leaves)
    while True:
        pair = next(
            ((a, b, one) for a, b in combinations(range(len(found)), 2) if (one := _together(found[a], found[b]))), None
        )
        if pair is None:
            return found
        a, b, one = pair
        found = [*found[:a], one, *found[a + 1 : b], *found[b + 1 :]]


def round_limit(behaviour: Behaviour, threshold: float) -> float:
    """A limit as people would write it: the next whole number of a count, a whole percent, two digits of an amount."""
    if behaviour.form in ("count", "distinct"):
        return float(math.floor(threshold) + 1)
    if behaviour.form == "share":
        return max(round(threshold, 2), 0.01)
    if threshold <= 0:
        return 0.0
    return float(round(threshold, 1 - math.floor(math.log10(threshold))))


def _limit(behaviour: Behaviour, threshold: float, taken: list[float]) -> float:
    at = round_limit(behaviour, threshold)
    near = [one for one in taken if abs(one - at) <= _NEARLY * max(abs(one), abs(at))]
    if near:
        return min(near, key=lambda one: abs(one - at))
    taken.append(at)
    return at


def _some(low: float | None, high: float | None) -> bool:
    """Whether there is room between two limits."""
    return low is None or high is None or low < high


def _together(one: Leaf, other: Leaf) -> Leaf | None:
    if one.kind != other.kind:
        return None
    columns = [*dict.fromkeys([*one.limits, *other.limits])]
    none = (None, None)
    differ = [column for column in columns if one.limits.get(column, none) != other.limits.get(column, none)]
    if len(differ) > 1:
        return None
    if not differ:
        return one
    first, second = one.limits.get(differ[0], none), other.limits.get(differ[0], none)
    if first[1] is not None and first[1] == second[0]:
        joined = (first[0], second[1])
    elif second[1] is not None and second[1] == first[0]:
        joined = (second[0], first[1])
    else:
        return None
    limits = {column: value for column, value in one.limits.items() if column != differ[0]}
    return Leaf(one.kind, limits if joined == none else {**limits, differ[0]: joined})
