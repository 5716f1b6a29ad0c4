"""What a treatment changed, from what each person did: two arms, an interval, a word for it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from foretell.stats import LEVEL, Floats, Interval, difference_of_means, difference_of_shares

Bools = npt.NDArray[np.bool_]
Answer = Literal["real change", "may be chance", "not yet", "cannot answer"]
CANNOT: Answer = "cannot answer"
FEWEST = 10
"""People in an arm below which nothing is said."""
FEWEST_PAYING = 5
"""People with revenue in an arm below which nothing is said of revenue: their amounts would not show how much
amounts differ."""


@dataclass(frozen=True)
class ArmResult:
    """What the people of one arm did.

    Args:
        people: how many; ``goals``: how many of them reached the goal.
        share: goals ÷ people; None without people.
        revenue: of all together, ``revenue_per_person``: of each on average; major units.
    """

    people: int
    goals: int
    share: float | None
    revenue: float
    revenue_per_person: float | None


@dataclass(frozen=True)
class Effect:
    """Treated less held out.

    Args:
        value: None where an arm is empty or nothing can be estimated.
        low, high: bounds at the level asked for; None where there is too little to say how sure it is.
        answer: ``real change`` (the interval is without 0), ``may be chance``, ``not yet``, or ``cannot answer``
            (see :func:`unanswered`).
    """

    value: float | None
    low: float | None
    high: float | None
    answer: Answer


@dataclass(frozen=True)
class Effects:
    """Both arms, and what the treatment changed in them at ``level``."""

    treated: ArmResult
    held_out: ArmResult
    conversions: Effect
    revenue: Effect
    level: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def effects(held_out: Bools, goals: Bools, revenue: Floats, *, level: float = LEVEL) -> Effects:
    """Compare arms as they were drawn (intention to treat), whoever was reached in the end.

    Args:
        held_out: whether each person (n,) was held out; the others are treated, with or without a message.
        goals: who reached the goal, (n,).
        revenue: of each person, major units, (n,).
        level: of the intervals; see :func:`foretell.stats.difference_of_shares` and
            :func:`foretell.stats.difference_of_means` for how they are made and what they cover: the mean
            effect on these very people.
    """
    arms = [_arm(goals[chosen], revenue[chosen]) for chosen in (~held_out, held_out)]
    treated, held = arms
    enough = min(treated.people, held.people) >= FEWEST
    shares = difference_of_shares(treated.goals, treated.people, held.goals, held.people, level)
    means = difference_of_means(revenue[~held_out], revenue[held_out], level)
    paying = min(int(np.count_nonzero(revenue[chosen])) for chosen in (~held_out, held_out)) >= FEWEST_PAYING
    return Effects(treated, held, _effect(shares, enough), _effect(means, enough and paying), level)


def unanswered(found: Effects) -> Effects:
    """What is left of ``found`` where no act of the journey can have reached anybody.

    All that was seen is what people do without it; with it, anything between nobody and everybody could have
    reached the goal. These are the bounds without assumptions (Manski, American Economic Review 80, 1990), the
    same however large the group. Revenue has no upper bound, and is left without any.
    """
    arms = (found.treated, found.held_out)
    people, goals = sum(arm.people for arm in arms), sum(arm.goals for arm in arms)
    share = goals / people if people else 0.0
    nothing = Effect(None, None, None, CANNOT)
    return replace(found, conversions=Effect(None, -share, 1.0 - share, CANNOT), revenue=nothing)


def _arm(goals: Bools, revenue: Floats) -> ArmResult:
    people, reached, total = int(goals.size), int(goals.sum()), float(revenue.sum())
    return ArmResult(people, reached, reached / people if people else None, total, total / people if people else None)


def _effect(found: Interval, enough: bool) -> Effect:
    value = found.value if math.isfinite(found.value) else None
    if not enough or not math.isfinite(found.low):
        return Effect(value, None, None, "not yet")
    apart = found.low > 0 or found.high < 0
    return Effect(value, found.low, found.high, "real change" if apart else "may be chance")
