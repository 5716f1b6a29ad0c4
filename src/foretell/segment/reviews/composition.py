"""Are the members still of the same kind? The population stability index of each trait and habit.

PSI = Σ (now − then) · ln(now / then) over the groups of a trait's or figure's values: the symmetrised
Kullback–Leibler divergence of two shares (Jeffreys 1946), as credit scorecards watch it (Siddiqi, Credit Risk
Scorecards, 2006, chapter 9, with the limits 0.1 and 0.25). Chance alone gives about (groups − 1)(1/then + 1/now)
(Yurdakul and Naranjo, Statistical properties of the population stability index, 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from foretell.ids import unit_intervals
from foretell.stats import LEVEL, Floats, Interval, poisson_weights

SOME, MUCH = 0.1, 0.25
REPLICATES = 200
_HALF = 0.5
"""Added to every group, so that an empty one has a logarithm."""
Verdict = Literal["same", "some", "much"]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """A group of values, and which share of the members has one of them."""

    label: str
    then: float
    now: float


@dataclass(frozen=True)
class Grouped:
    """A trait or figure: the group of every member's value, then and now.

    Args:
        labels: of the groups.
        then, now: number of the group (n,) of each member then, and of each now.
    """

    name: str
    words: str
    labels: tuple[str, ...]
    then: Codes
    now: Codes


@dataclass(frozen=True)
class Composition:
    """How far the members of then and of now differ in one trait or figure.

    Args:
        index: population stability index with bounds at 90 %, by drawing people anew.
        by_chance: what chance alone gives where nothing has changed.
        verdict: same (below 0.1), some, much (0.25 or more).
        says: the same in words.
    """

    name: str
    words: str
    index: Interval
    by_chance: float
    verdict: Verdict
    says: str
    parts: tuple[Part, ...]


def compositions(seed: str, people_then: Codes, people_now: Codes, grouped: Sequence[Grouped]) -> list[Composition]:
    """Each of ``grouped`` compared, the one that changed most first.

    Bounds are by the Poisson bootstrap: one draw of people serves all, and who was a member both times counts as
    often both times. They are moved by the bootstrap's own bias, since drawing anew adds chance to an index that
    cannot fall below 0 (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 10.3).

    Args:
        people_then, people_now: profile keys of the members (n,), in the order of the groups.
    """
    if not people_then.size or not people_now.size:
        return []
    drawn = np.empty((REPLICATES, len(grouped)))
    for replicate in range(REPLICATES):
        name = f"composition:{seed}:{replicate}"
        then = poisson_weights(unit_intervals(name, people_then.astype(np.uint64)))
        now = poisson_weights(unit_intervals(name, people_now.astype(np.uint64)))
        drawn[replicate] = [_index(*_shares(one, then, now)) for one in grouped]
    made = [_compared(one, column) for one, column in zip(grouped, drawn.T, strict=True)]
    return sorted(made, key=lambda one: (-one.index.value, one.name))


def stability_index(then: Floats, now: Floats) -> float:
    """The index of two arrays of counts by group (k,)."""
    return _index((then + _HALF) / (then + _HALF).sum(), (now + _HALF) / (now + _HALF).sum())


def _compared(one: Grouped, drawn: Floats) -> Composition:
    k = len(one.labels)
    then, now = np.bincount(one.then, minlength=k), np.bincount(one.now, minlength=k)
    value = stability_index(then.astype(np.float64), now.astype(np.float64))
    bias = float(drawn.mean()) - value
    low, high = (max(float(bound) - bias, 0.0) for bound in np.quantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2]))
    index = Interval(value, min(low, value), max(high, value), one.then.size + one.now.size, LEVEL)
    verdict: Verdict = "much" if value >= MUCH else "some" if value >= SOME else "same"
    parts = tuple(
        Part(label, float(before), float(after))
        for label, before, after in zip(one.labels, then / one.then.size, now / one.now.size, strict=True)
    )
    chance = (k - 1) * (1 / one.then.size + 1 / one.now.size)
    return Composition(one.name, one.words, index, chance, verdict, _words(one.words, index, verdict, parts), parts)


def _words(words: str, index: Interval, verdict: Verdict, parts: tuple[Part, ...]) -> str:
    moved = max(parts, key=lambda part: abs(part.now - part.then))
    shares = f"{moved.label}: {moved.then:.0%} of the members then, {moved.now:.0%} now"
    if verdict == "same":
        tail = ", though it may be more than that" if index.high >= SOME else ""
        return f"By {words} the members are much the same{tail} ({shares})."
    how = "quite different people" if verdict == "much" else "somewhat different people"
    limit = MUCH if verdict == "much" else SOME
    tail = ", though it may be less than that" if index.low < limit else ""
    return f"By {words} they are {how}{tail} ({shares})."


def _shares(one: Grouped, then: Floats, now: Floats) -> tuple[Floats, Floats]:
    k = len(one.labels)
    before = np.bincount(one.then, then, minlength=k) + _HALF
    after = np.bincount(one.now, now, minlength=k) + _HALF
    return before / before.sum(), after / after.sum()


def _index(then: Floats, now: Floats) -> float:
    return float(np.sum((now - then) * np.log(now / then)))
