"""Nine of ten intervals of a score hold the truth: for few people and many, at the ends of the scale, for people who
answer several times and for weighted answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multinomial

from foretell.listen.scores import MEASURES
from foretell.stats import Floats, Means, Sums, scale_means

RUNS = 2_000
NPS = MEASURES["nps"].main.scale
WITHIN = (0.88, 0.92)
SHAPES = {
    "good": (0.10, 0.25, 0.65),
    "even": (0.33, 0.34, 0.33),
    "poor": (0.45, 0.35, 0.20),
    "loved and hated": (0.40, 0.10, 0.50),
    "few passives": (0.25, 0.05, 0.70),
    "mostly passive": (0.10, 0.75, 0.15),
    "very good": (0.03, 0.17, 0.80),
}
"""Shares of detractors, passives and promoters."""


def covered(found: Means, truth: float) -> float:
    return float(((found.low <= truth) & (truth <= found.high)).mean())


def truth_of(shares: tuple[float, float, float]) -> float:
    return 100 * (shares[2] - shares[0])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [50, 100, 400, 2_000])
def test_nine_of_ten_intervals_hold_the_truth(n: int, shape: str) -> None:
    shares = SHAPES[shape]
    drawn = np.random.default_rng([n, sorted(SHAPES).index(shape)]).multinomial(n, shares, RUNS)
    assert WITHIN[0] <= covered(scale_means(of_counts(drawn), NPS), truth_of(shares)) <= WITHIN[1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [10, 15, 20, 30])
def test_with_very_few_people_every_possible_outcome_is_counted(n: int, shape: str) -> None:
    """No run, but the coverage itself: few people have few outcomes, so that it jumps, on the side of caution."""
    shares = SHAPES[shape]
    counts = np.array([(low, middle, n - low - middle) for low in range(n + 1) for middle in range(n + 1 - low)])
    found, truth = scale_means(of_counts(counts), NPS), truth_of(shares)
    chance = multinomial.pmf(counts, n, shares)
    held = float(chance[(found.low <= truth) & (truth <= found.high)].sum())
    assert 0.88 - (0.02 if n == 10 else 0.001) <= held <= (0.98 if shape == "mostly passive" else 0.92)


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_at_the_end_of_the_scale_it_is_never_a_point(share: float) -> None:
    drawn = np.random.default_rng(5).multinomial(40, (share, 0.0, 1 - share), RUNS)
    found = scale_means(of_counts(drawn), NPS)
    assert (found.high > found.low).all()
    assert covered(found, 100 - 200 * share) >= WITHIN[0]


@pytest.mark.parametrize("people", [60, 200, 800])
def test_people_who_answer_several_times_tell_less_than_as_many_others(people: int) -> None:
    """Each person has an opinion of their own, from which their answers scatter."""
    random = np.random.default_rng([people, 11])
    chances = np.array([(0.7, 0.2, 0.1), (0.1, 0.3, 0.6), (0.02, 0.08, 0.9)])
    kinds = np.array([0.2, 0.4, 0.4])
    often = np.array([1, 1, 1, 2, 4, 9])
    # The answers of the population, each of which counts the same, whoever gives them.
    truth = 100 * float((kinds[:, None] * chances * np.array([-1, 0, 1])).sum())
    kind = random.choice(3, (RUNS, people), p=kinds)
    times = random.choice(often, (RUNS, people))
    cumulated = chances.cumsum(axis=1)[kind]
    draws = random.random((RUNS, people, often.max()))
    answers = (draws > cumulated[..., :1]).astype(int) + (draws > cumulated[..., 1:2]).astype(int) - 1
    given = np.arange(often.max()) < times[..., None]
    num = 100 * (answers * given).sum(axis=2)
    honest, naive = scale_means(by_run(num, times), NPS), scale_means(as_if_independent(answers, given), NPS)
    assert WITHIN[0] <= covered(honest, truth) <= WITHIN[1]
    assert covered(naive, truth) < 0.85  # what leaving this out would cost


@pytest.mark.parametrize("people", [100, 400, 1_500])
def test_weights_widen_it_by_what_they_cost(people: int) -> None:
    """Half of the people answer a fifth as often as the others, and weigh five times as much."""
    random = np.random.default_rng([people, 13])
    silent = random.random((RUNS, people)) < 1 / 6
    shares = np.where(silent[..., None], (0.5, 0.2, 0.3), (0.1, 0.2, 0.7))
    draws = random.random((RUNS, people))
    value = (draws > shares[..., 0]).astype(int) + (draws > shares[..., 0] + shares[..., 1]).astype(int) - 1
    weight = np.where(silent, 5.0, 1.0)
    truth = 100 * (0.5 * (0.3 - 0.5) + 0.5 * (0.7 - 0.1))
    assert WITHIN[0] <= covered(scale_means(by_run(100 * value * weight, weight), NPS), truth) <= WITHIN[1]


@pytest.mark.parametrize(
    ("measure", "shares"),
    [
        ("csat", (0.05, 0.05, 0.10, 0.30, 0.50)),
        ("stars", (0.05, 0.05, 0.10, 0.20, 0.60)),
        ("stars", (0.20, 0.20, 0.20, 0.20, 0.20)),
        ("ces", (0.05, 0.05, 0.05, 0.10, 0.20, 0.25, 0.30)),
    ],
)
@pytest.mark.parametrize("n", [30, 100, 1_000])
def test_the_other_measures_keep_their_level_too(n: int, measure: str, shares: tuple[float, ...]) -> None:
    found = MEASURES[measure]
    values = np.arange(found.lowest, found.highest + 1)
    drawn = np.random.default_rng([n, len(shares), int(100 * shares[0])]).multinomial(n, shares, RUNS)
    for figure in found.figures:
        own = values if figure.unit == "mean" else (values >= (5 if measure == "ces" else 4)).astype(float)
        found_share = covered(scale_means(of_values(drawn, own), figure.scale), float(own @ np.array(shares)))
        # A share of few people has few values, so that coverage jumps between them (Brown, Cai and DasGupta 2001).
        assert (
            WITHIN[0] - (0.01 if n == 30 else 0)
            <= found_share
            <= (0.94 if figure.unit == "share" and n < 1_000 else WITHIN[1])
        )


def of_counts(drawn: np.ndarray) -> Sums:
    return of_values(drawn, np.array([-100.0, 0.0, 100.0]))


def of_values(drawn: np.ndarray, values: Floats) -> Sums:
    """A run a row, a count a value: each answer by a person of its own."""
    n, num = drawn.sum(axis=1).astype(float), drawn @ values
    return Sums(n, num, n, drawn @ (values * values), num, n)


def by_run(num: np.ndarray, den: np.ndarray) -> Sums:
    """A run a row, a person a column."""
    n, d = num.astype(float), den.astype(float)
    ones = np.ones(n.shape).sum(axis=1)
    return Sums(ones, n.sum(1), d.sum(1), (n * n).sum(1), (n * d).sum(1), (d * d).sum(1))


def as_if_independent(answers: np.ndarray, given: np.ndarray) -> Sums:
    value, one = (100 * answers * given).astype(float), given.astype(float)
    n = one.sum(axis=(1, 2))
    num = value.sum(axis=(1, 2))
    return Sums(n, num, n, (value * value).sum(axis=(1, 2)), num, n)
