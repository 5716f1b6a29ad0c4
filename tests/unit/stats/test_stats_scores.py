"""Scores of probabilities against scikit-learn and hand-computed cases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics

from foretell.stats import (
    average_precision,
    brier,
    calibration_error,
    expit,
    log_loss,
    logit,
    reliability,
    roc_auc,
)

RNG = np.random.default_rng(3)
P = np.round(RNG.beta(2, 5, 3_000), 2)
Y = (RNG.random(3_000) < P).astype(float)
W = RNG.integers(0, 4, 3_000).astype(float)

SCORES: list[tuple[Callable[..., float], Callable[..., float]]] = [
    (brier, metrics.brier_score_loss),
    (roc_auc, metrics.roc_auc_score),
    (average_precision, metrics.average_precision_score),
]


@pytest.mark.parametrize(("ours", "theirs"), SCORES)
@pytest.mark.parametrize("weights", [None, W])
def test_scores_with_ties_and_weights(
    ours: Callable[..., float], theirs: Callable[..., float], weights: np.ndarray | None
) -> None:
    assert ours(Y, P, weights) == pytest.approx(theirs(Y, P, sample_weight=weights), rel=1e-12)


def test_log_loss_with_weights_and_certain_mistakes() -> None:
    inner = (P > 0) & (P < 1)
    found = log_loss(Y[inner], P[inner], W[inner])
    assert found == pytest.approx(metrics.log_loss(Y[inner], P[inner], sample_weight=W[inner]), rel=1e-12)
    assert log_loss([1, 0], [0.0, 1.0]) == pytest.approx(-np.log(1e-15), rel=1e-2)


def test_rankings_by_hand() -> None:
    assert roc_auc([0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8]) == 0.875
    assert roc_auc([0, 1], [-np.inf, np.inf]) == 1.0
    assert average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert average_precision([1, 0, 0, 0], [0.5] * 4) == 0.25


def test_permuted_labels_give_half() -> None:
    assert roc_auc(np.random.default_rng(1).permutation(Y), P) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("score", [log_loss, brier, roc_auc, average_precision, calibration_error])
def test_degenerate_data_is_unknown_not_an_error(score: Callable[..., float]) -> None:
    assert np.isnan(score([], []))
    assert np.isnan(score([1.0, 0.0], [np.nan, 0.5]))
    with pytest.raises(ValueError, match="lengths differ"):
        score([1.0], [0.5, 0.5])


def test_one_class() -> None:
    assert np.isnan(roc_auc([1, 1], [0.2, 0.3]))
    assert np.isnan(average_precision([0, 0], [0.2, 0.3]))
    assert average_precision([1, 1], [0.2, 0.3]) == 1.0
    assert log_loss([1, 1], [0.5, 0.5]) == pytest.approx(np.log(2))


def test_reliability_bins_by_quantile_and_never_splits_equal_probabilities() -> None:
    table = reliability(Y, P, bins=10)
    assert table.n.sum() == Y.size
    assert np.all(np.diff(table.mean_p) > 0)
    assert np.all((table.rate_low <= table.rate) & (table.rate <= table.rate_high))
    assert table.n @ table.rate == pytest.approx(Y.sum())
    few = reliability([0, 1, 1, 0, 1], [0.1, 0.1, 0.1, 0.1, 0.9])
    assert few.n.tolist() == [4, 1]
    assert few.rate.tolist() == [0.5, 1.0]
    assert few.rows()[0] == pytest.approx(
        {"mean_p": 0.1, "rate": 0.5, "rate_low": 0.18240, "rate_high": 0.81760, "n": 4}, abs=1e-5
    )


def test_reliability_of_a_constant_and_of_nothing() -> None:
    table = reliability([0, 1, 0, 0], [0.3] * 4)
    assert table.n.tolist() == [4]
    assert calibration_error([0, 1, 0, 0], [0.3] * 4) == pytest.approx(0.05)
    assert reliability([], []).rows() == []


def test_calibration_error_by_hand() -> None:
    y, p = [0, 0, 1, 0, 1, 1, 1, 1], [0.1] * 4 + [0.8] * 4
    assert calibration_error(y, p, bins=2) == pytest.approx(0.5 * 0.15 + 0.5 * 0.2)


def test_logit_and_expit_are_inverse_and_finite() -> None:
    assert expit(logit([0.001, 0.5, 0.999])) == pytest.approx([0.001, 0.5, 0.999])
    assert np.isfinite(logit([0.0, 1.0])).all()
    assert expit([-1e9, 1e9]).tolist() == [0.0, 1.0]
