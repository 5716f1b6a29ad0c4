"""A score with its interval, or why there is none yet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foretell.listen.scores.answers import People
from foretell.listen.scores.measures import Figure, Unit
from foretell.stats import Floats, Means, Sums, scale_means

LEAST = 10
"""People that a score needs; with fewer it says 'not yet', which keeps answers from being guessed as well."""
TOO_FEW = "too_few"


@dataclass(frozen=True)
class Score:
    """A figure of a measure.

    Args:
        value: in the figure's unit; None where fewer than :data:`LEAST` people answered.
        low, high: of the 90 % interval, within the scale.
        people: who answered; ``answers`` what they gave.
        effective: the number of people that would tell as much if each had answered once and counted the same.
        reason: ``too_few``, or empty.
    """

    figure: str
    title: str
    unit: Unit
    value: float | None
    low: float | None
    high: float | None
    people: int
    answers: int
    effective: float
    reason: str = ""


def score_of(figure: Figure, people: People, weights: Floats | None = None) -> Score:
    """The score of people, each with a weight (n,) or all with the same."""
    num, den = people.pairs(figure, weights)
    means = scale_means(Sums.of(num, den), figure.scale)
    return scores_of(figure, means, np.array([people.count]), np.array([people.answers.sum()]))[0]


def scores_of(figure: Figure, means: Means, people: Floats, answers: Floats) -> list[Score]:
    """Scores of groups, in their order."""
    columns = (means.value, means.low, means.high, means.size, people, answers)
    return [_score(figure, row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _score(figure: Figure, row: Sequence[float]) -> Score:
    value, low, high, size, people, answers = row
    size = size if math.isfinite(size) else 0.0
    if people < LEAST or not math.isfinite(value):
        return Score(figure.key, figure.title, figure.unit, None, None, None, int(people), int(answers), size, TOO_FEW)
    return Score(figure.key, figure.title, figure.unit, value, low, high, int(people), int(answers), size)
