"""``bench lift``: does the interval of a journey's lift cover the true effect as often as it says?

Each world is played twice from the same past with the same draws: with a rescue for everybody who enters, and
without. The difference is the true effect on these people. As people of a world do not depend on each other, what a
holdout would have shown is put together from the two, person by person; the first world is also played with
the holdout itself, and must show the same. Each world's people are drawn into arms several times, and for each
draw the interval of :func:`foretell.measure.effects` is held against the truth.

The shipped demo is judged too: :mod:`.lift_shipped`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import pyarrow as pa

from foretell.bench.lift_shipped import shipped
from foretell.bench.lift_worlds import Bools, Outcomes, played, with_a_past
from foretell.bench.registry import Result
from foretell.decide import HELD_OUT, arms
from foretell.errors import ForetellError
from foretell.measure import Effect, effects
from foretell.stats import LEVEL

LIMITS = {"coverage_conversions": "0.86 to 0.94", "coverage_revenue": "0.86 to 0.94", "shipped_covers": "1"}
SHARES = {"held_out": 0.3, "treated": 0.7}
DRAWS = 25
OUTCOMES = ("conversions", "revenue")


@dataclass(frozen=True)
class Judged:
    """One world.

    Args:
        entered, held_out: people; the latter in the first draw.
        truth: true effect on conversions (share) and revenue (a person).
        drawn: for each outcome and draw: 1 covered, 0 missed, NaN where nothing was said; shape (2, draws).
        widths: of the intervals, same shape; ``apart``: 1 where 0 was excluded.
    """

    entered: int
    held_out: int
    truth: tuple[float, float]
    drawn: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    widths: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    apart: np.ndarray[tuple[int, int], np.dtype[np.float64]]


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """200 worlds of 1,000 people and the shipped demo; ``--quick`` takes 40 of 400, and a smaller demo."""
    worlds, people = (40, 400) if quick else (200, 1_000)
    _check_composition(people)
    found: list[Judged] = []
    # Spawned, as a fork of a process with Arrow's threads may hang.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for judged in pool.map(partial(judge, people=people), range(1, worlds + 1)):
            found.append(judged)
            if len(found) % 20 == 0:
                report(f"{len(found)} of {worlds} worlds of {people:,} people")
    ratios, figures = shipped(quick=quick, report=report)
    result = _result(found, people)
    return replace(result, ratios=result.ratios | ratios, figures=result.figures | figures)


def judge(seed: int, people: int) -> Judged:
    """Play a world with and without the rescue, and hold the intervals of its draws against the truth."""
    world, past = with_a_past(seed, people)
    everybody = np.ones(people, np.bool_)
    other = world.fork()
    treated, left_alone = played(world, past, everybody), played(other, past, ~everybody)
    truth = (
        float(treated.bought.mean() - left_alone.bought.mean()),
        float(treated.revenue.mean() - left_alone.revenue.mean()),
    )
    held = [_held_out(seed, draw, treated) for draw in range(DRAWS)]
    found = [
        effects(
            out,
            np.where(out, left_alone.bought, treated.bought),
            np.where(out, left_alone.revenue, treated.revenue),
            level=LEVEL,
        )
        for out in held
    ]
    rows = [[_against(getattr(each, name), truth[place]) for each in found] for place, name in enumerate(OUTCOMES)]
    drawn, widths, apart = np.moveaxis(np.array(rows, np.float64), 2, 0)
    return Judged(len(treated.person), int(held[0].sum()), truth, drawn, widths, apart)


def _held_out(seed: int, draw: int, outcomes: Outcomes) -> Bools:
    ids = pa.array(outcomes.person).cast(pa.string())
    found: Bools = np.array(arms(f"bench lift {seed} {draw}", ids, SHARES).to_pylist()) == HELD_OUT
    return found


def _against(effect: Effect, truth: float) -> tuple[float, float, float]:
    """Covered, width, 0 excluded."""
    if effect.low is None or effect.high is None:
        return np.nan, np.nan, np.nan
    return float(effect.low <= truth <= effect.high), effect.high - effect.low, float(effect.answer == "real change")


def _check_composition(people: int) -> None:
    """A world with a holdout shows of everybody what the world of their arm shows."""
    world, past = with_a_past(1, people)
    treated = np.arange(people) % 3 > 0
    mixed = played(world.fork(), past, treated)
    parts = [played(world.fork(), past, np.full(people, arm)) for arm in (False, True)]
    chosen = treated[mixed.person]
    put_together = np.where(chosen, parts[1].revenue, parts[0].revenue)
    if not (np.array_equal(mixed.person, parts[0].person) and np.array_equal(mixed.revenue, put_together)):
        raise ForetellError(
            "CHECKSUM_DIFFERS", "a world with a holdout is not put together from two", thing="bench lift"
        )


def _result(found: list[Judged], people: int) -> Result:
    drawn, widths, apart = (
        np.stack([getattr(judged, name) for judged in found]) for name in ("drawn", "widths", "apart")
    )
    truth = np.array([judged.truth for judged in found])
    ratios, figures = {}, {"worlds": float(len(found)), "people": float(people), "draws_a_world": float(DRAWS)}
    figures["mean_entered"] = _mean(np.array([judged.entered for judged in found]), 1)
    figures["mean_held_out"] = _mean(np.array([judged.held_out for judged in found]), 1)
    for place, name in enumerate(OUTCOMES):
        ratios[f"coverage_{name}"] = _mean(drawn[:, place], 4)
        figures[f"first_draw_coverage_{name}"] = _mean(drawn[:, place, 0], 4)
        figures[f"mean_true_effect_{name}"] = _mean(truth[:, place], 4)
        figures[f"mean_width_{name}"] = _mean(widths[:, place], 4)
        figures[f"share_without_0_{name}"] = _mean(apart[:, place], 4)
        figures[f"not_yet_{name}"] = float(np.isnan(drawn[:, place]).sum())
    return Result("lift", ratios, figures, LIMITS)


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], digits: int) -> float:
    return round(float(np.nanmean(values)), digits)
