"""A change between two windows, split into 'opinions moved' and 'who answered changed'.

Kitagawa's decomposition (Journal of the American Statistical Association 50, 1955), symmetric: with f a stratum's
share of the answers and m its score, before (0) and after (1),

    Σ f₁m₁ - Σ f₀m₀  =  Σ ½(f₀ + f₁)(m₁ - m₀)  +  Σ ½(m₀ + m₁)(f₁ - f₀),

exactly, whatever the order of the two. Strata are people of equal known traits as of their answer. Of a stratum that
nobody is in before or after, the missing score is taken to be the other one: it can only have changed who answered.

How sure the parts are is told by drawing people anew, with a few answers added all over the scale as in the interval of
a score (Rocks 2016): ten people of one mind do not make a change certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Engine
from foretell.ids import text_keys, unit_intervals
from foretell.listen.scores.answers import People, Whose, Window, people
from foretell.listen.scores.estimates import LEAST, Score, score_of
from foretell.listen.scores.measures import Figure
from foretell.listen.scores.strata import Strata, strata_of
from foretell.stats import LEVEL, Floats, Scale, floats, poisson_weights, scale_interval

REPLICATES = 400
_ADDED = ("lowest", "middle", "highest")
"""Answers that are added to either window where it is told how sure its change is; never to the change itself."""
_TAILS = (0.5 - LEVEL / 2, 0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Part:
    """A part of a change with its 90 % interval, in the unit of the figure."""

    value: float
    low: float
    high: float

    @property
    def is_real(self) -> bool:
        """True where the interval does not hold 0; else it may be chance."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Stratum:
    """People of equal traits.

    Args:
        levels: trait → level; empty for everybody else.
        share_before, share_after: of the answers, 0 to 1.
        before, after: their score; None where nobody answered.
        opinions, answering: what they add to either part of the change.
    """

    levels: dict[str, str]
    share_before: float
    share_after: float
    before: float | None
    after: float | None
    opinions: float
    answering: float


@dataclass(frozen=True)
class Change:
    """What became of a score between two windows of the same length.

    Args:
        before, after: the scores, as answered.
        total: the change; ``opinions`` plus ``answering`` is ``total``. None where either score is not yet.
        panel: the change of those who answered in both, each counted once; None where they are fewer than ten.
        panel_people: how many they are.
        traits: by which the strata are told apart.
    """

    figure: Figure
    windows: tuple[Window, Window]
    before: Score
    after: Score
    total: Part | None = None
    opinions: Part | None = None
    answering: Part | None = None
    panel: Part | None = None
    panel_people: int = 0
    traits: tuple[str, ...] = ()
    strata: tuple[Stratum, ...] = ()


def change(engine: Engine, whose: Whose, window: Window, before: Window | None = None) -> Change:
    """The change of the measure's own figure from ``before`` (default: the window before) to ``window``."""
    windows = (before or window.before, window)
    figure = whose.measure.main
    sides = tuple(people(engine.analytics, whose, one) for one in windows)
    scores = [score_of(figure, side) for side in sides]
    panel, both = _panel(figure, *sides)
    if scores[0].value is None or scores[1].value is None:
        return Change(figure, windows, scores[0], scores[1], panel=panel, panel_people=both)
    strata = strata_of(engine, whose, windows, (sides[0], sides[1]))
    total, opinions, answering = _parts(figure, (sides[0], sides[1]), strata)
    return Change(
        figure, windows, scores[0], scores[1], total, opinions, answering, panel, both, strata.traits,
        _told(figure, (sides[0], sides[1]), strata),
    )  # fmt: skip


def kitagawa(num: Floats, den: Floats) -> tuple[Floats, Floats]:
    """What each stratum adds to 'opinions moved' and to 'who answered changed'.

    Args:
        num, den: sums of values and of weights, before and after, a column a stratum (2, strata); or more than one
            split at a time (…, 2, strata).
    """
    share = den / den.sum(axis=-1, keepdims=True)
    mean = np.divide(num, den, out=np.full_like(num, np.nan), where=den > 0)
    before, after = mean[..., 0, :], mean[..., 1, :]
    before, after = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    before, after = np.nan_to_num(before), np.nan_to_num(after)
    first, second = share[..., 0, :], share[..., 1, :]
    return (first + second) / 2 * (after - before), (before + after) / 2 * (second - first)


def _parts(figure: Figure, sides: tuple[People, People], strata: Strata) -> tuple[Part, Part, Part]:
    """The change and its two parts; people who answered in both windows are drawn together."""
    count, added = len(strata.levels), _added(figure)
    nums, dens = zip(*(side.pairs(figure) for side in sides), strict=True)
    names = pc.unique(pa.concat_arrays([side.names for side in sides]))
    places = [np.asarray(pc.index_in(side.names, names).to_numpy()) for side in sides]
    keys = text_keys(names.to_pylist())
    drawn = np.zeros((REPLICATES + 1, 2, 2, count + 1))
    drawn[1:, :, :, count] = added
    for replicate in range(REPLICATES + 1):
        weights = np.ones(keys.size) if not replicate else poisson_weights(unit_intervals(f"change:{replicate}", keys))
        for side in (0, 1):
            weight, place = weights[places[side]], strata.places[side]
            drawn[replicate, 0, side, :count] = np.bincount(place, weight * nums[side], count)
            drawn[replicate, 1, side, :count] = np.bincount(place, weight * dens[side], count)
    drawn = drawn[(drawn[:, 1].sum(axis=-1) > 0).all(axis=-1)]
    opinions, answering = (part.sum(axis=-1) for part in kitagawa(drawn[:, 0], drawn[:, 1]))
    return _part(opinions + answering), _part(opinions), _part(answering)


def _added(figure: Figure) -> Floats:
    """Sums of values and of weights of the answers added, drawn as people are (replicates, 2, 2 windows)."""
    names = [f"{replicate}:{side}:{one}" for replicate in range(REPLICATES) for side in (0, 1) for one in _ADDED]
    weights = poisson_weights(unit_intervals("change:added", text_keys(names))).reshape(REPLICATES, 2, len(_ADDED))
    values = np.linspace(figure.scale.lowest, figure.scale.highest, len(_ADDED))
    return np.stack([weights @ values, weights.sum(axis=-1)], axis=1)


def _part(drawn: Floats) -> Part:
    """The first of ``drawn`` is what was seen; the others say how sure that is."""
    low, high = np.quantile(drawn[1:], _TAILS)
    value = float(drawn[0])
    return Part(value, min(float(low), value), max(float(high), value))


def _panel(figure: Figure, before: People, after: People) -> tuple[Part | None, int]:
    """The change of those who answered in both windows, each by their own means: its scale is that of differences."""
    place = pc.index_in(after.names, before.names)
    inside = np.asarray(pc.is_valid(place).to_numpy(zero_copy_only=False), dtype=bool)
    rows: npt.NDArray[np.int64] = np.asarray(place.drop_null().to_numpy(), dtype=np.int64)
    if rows.size < LEAST:
        return None, int(rows.size)
    first = before.sums[figure.key][rows] / before.answers[rows]
    second = after.sums[figure.key][inside] / after.answers[inside]
    width = figure.scale.highest - figure.scale.lowest
    found = scale_interval(second - first, np.ones(rows.size), Scale(-width, width, 2 * figure.scale.steps - 1))
    return Part(found.value, found.low, found.high), int(rows.size)


def _told(figure: Figure, sides: tuple[People, People], strata: Strata) -> tuple[Stratum, ...]:
    """The strata, those that moved the score most first."""
    count = len(strata.levels)
    pairs = [side.pairs(figure) for side in sides]
    num, den = (
        np.stack([floats(np.bincount(strata.places[side], pairs[side][which], count)) for side in (0, 1)])
        for which in (0, 1)
    )
    opinions, answering = kitagawa(num, den)
    share = den / den.sum(axis=1, keepdims=True)
    mean = np.divide(num, den, out=np.full_like(num, np.nan), where=den > 0)

    def known(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    order = np.argsort(-(np.abs(opinions) + np.abs(answering)), kind="stable")
    return tuple(
        Stratum(
            strata.levels[place], float(share[0, place]), float(share[1, place]), known(mean[0, place]),
            known(mean[1, place]), float(opinions[place]), float(answering[place]),
        )
        for place in order.tolist()
    )  # fmt: skip
