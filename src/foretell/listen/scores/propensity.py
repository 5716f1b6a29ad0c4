"""How likely people were to answer, from what is known of them: a logistic regression over cells of equal people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from foretell.listen.scores.known import Codes, Known
from foretell.stats import Floats, expit, floats

PRIOR = 1.0
"""Precision of each level's log-odds around 0: odds of a level lie within a factor of 2.7 of the others' in two of
three cases, unless the data say otherwise. So levels with few people are drawn towards everybody."""
_STEPS, _HALVINGS, _ENOUGH = 50, 30, 1e-9


@dataclass(frozen=True)
class Propensity:
    """Log-odds of an answer: one for everybody, and one a level of each trait (levels,)."""

    everybody: float
    levels: Floats
    starts: Codes

    def of(self, known: Known) -> Floats:
        """The probability of an answer (n,)."""
        return expit(self.everybody + self.levels[known.codes + self.starts].sum(axis=1))


def fit(known: Known, answered: npt.NDArray[np.bool_]) -> Propensity:
    """Fit by Newton's steps on the penalised likelihood; equal people count once, with their number.

    A step that goes too far is halved: where nearly nobody of some kind answered, a whole one leads away from the most
    likely odds, and in the end to no number at all.

    Args:
        answered: who answered (n,); there must be both.
    """
    sizes = [len(labels) for labels in known.labels]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    place, first = _cells(known, sizes)
    count = floats(np.bincount(place))
    hits = floats(np.bincount(place, answered.astype(np.float64)))
    design = np.zeros((count.size, 1 + sum(sizes)))
    design[:, 0] = 1
    columns = 1 + known.codes[first] + starts
    design[np.arange(count.size)[:, None], columns] = 1
    penalty = np.full(design.shape[1], PRIOR)
    penalty[0] = 0
    rate = hits.sum() / count.sum()
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(rate / (1 - rate))

    def likelihood(at: Floats) -> float:
        return _likelihood(design @ at, hits, count) - float(penalty @ (at * at)) / 2

    for _ in range(_STEPS):
        chance = expit(design @ beta)
        slope = design.T @ (hits - count * chance) - penalty * beta
        weight = count * chance * (1 - chance)
        step = floats(np.linalg.solve((design.T * weight) @ design + np.diag(penalty), slope))
        beta = beta + _shortened(step, likelihood, beta)
        if np.max(np.abs(step)) < _ENOUGH:
            break
    return Propensity(float(beta[0]), beta[1:], starts)


def _likelihood(odds: Floats, hits: Floats, count: Floats) -> float:
    """The log-likelihood of ``hits`` of ``count`` at log-odds, cell by cell (cells,)."""
    return float((hits * odds - count * np.logaddexp(0, odds)).sum())


def _shortened(step: Floats, likelihood: Callable[[Floats], float], beta: Floats) -> Floats:
    """The step, halved until it leads to something that is not less likely."""
    before = likelihood(beta)
    for _ in range(_HALVINGS):
        if likelihood(beta + step) >= before - _ENOUGH:
            break
        step = step / 2
    return step


def _cells(known: Known, sizes: list[int]) -> tuple[Codes, Codes]:
    """The cell of each person (n,), and one person of each cell (cells,)."""
    number = np.zeros(known.codes.shape[0], np.int64)
    for trait, size in enumerate(sizes):
        number = number * size + known.codes[:, trait]
    _, first, place = np.unique(number, return_index=True, return_inverse=True)
    return place, first
