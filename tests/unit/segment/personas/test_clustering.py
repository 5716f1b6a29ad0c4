"""How many kinds of people there are: planted ones are found, noise is not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from foretell.segment.personas.clustering import LEAST_JACCARD, LEAST_SHARE, kinds_of, nearest, similarity
from foretell.stats import Floats


def planted(sizes: tuple[int, ...], apart: float = 6.0, columns: int = 4) -> tuple[Floats, np.ndarray]:
    draws = np.random.default_rng(3)
    middles = apart * np.eye(max(len(sizes), columns))[: len(sizes), :columns]
    truth = np.repeat(np.arange(len(sizes)), sizes)
    return middles[truth] + draws.normal(size=(truth.size, columns)), truth


@pytest.mark.parametrize("sizes", [(300, 200, 100), (200, 200, 150, 100)])
def test_planted_kinds_are_found(sizes: tuple[int, ...]) -> None:
    points, truth = planted(sizes)
    found = kinds_of(points)
    assert found.chosen is not None
    assert found.chosen.kinds == len(sizes)
    assert adjusted_rand_score(truth, found.labels) > 0.98
    assert min(found.chosen.jaccard) > 0.95
    assert found.middles.shape == (len(sizes), 4)
    assert 0 <= found.fit.min() <= found.fit.max() <= 1


def test_noise_has_no_kinds() -> None:
    points = np.random.default_rng(5).normal(size=(800, 8))
    found = kinds_of(points)
    assert found.chosen is None
    assert len(found.labels) == 0
    assert all(min(one.jaccard) < LEAST_JACCARD for one in found.candidates)


def test_a_kind_of_few_is_none() -> None:
    points, _ = planted((400, 380, 20))
    found = kinds_of(points, numbers=(3,))
    assert min(found.candidates[0].shares) < LEAST_SHARE
    assert found.candidates[0].jaccard[int(np.argmin(found.candidates[0].shares))] > LEAST_JACCARD, (
        "it is stable, but small"
    )
    assert found.chosen is None


def test_it_comes_out_alike_every_time() -> None:
    points, _ = planted((120, 90, 60), apart=3.0)
    one, other = kinds_of(points), kinds_of(points)
    assert one.candidates == other.candidates
    assert (one.labels == other.labels).all()


def test_the_nearest_middle_and_how_near() -> None:
    middles = np.array([[0.0, 0.0], [4.0, 0.0]])
    labels, fit = nearest(np.array([[0.0, 0.0], [2.0, 0.0], [3.0, 0.0]]), middles)
    assert labels.tolist() == [0, 0, 1]
    assert fit.tolist() == pytest.approx([1.0, 0.0, 1 - 1 / 3])


def test_similarity_is_jaccard() -> None:
    one, other = np.array([0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 0])
    assert similarity(one, other, 2).tolist() == [[1 / 5, 2 / 3], [2 / 3, 0.0]]
