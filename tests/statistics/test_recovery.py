"""Seeded recovery: what a known world was made with, the models find again."""

from __future__ import annotations

import numpy as np
import pytest

from foretell.predict.models.bg_nbd import BgNbd
from foretell.predict.models.gamma_gamma import GammaGamma
from foretell.predict.models.histories import Histories
from foretell.predict.models.pareto_nbd import ParetoNbd
from foretell.predict.models.repeat_buying import RepeatBuying
from foretell.stats import Floats, bootstrap, calibration_gate, expit, mean_interval, wilson_bounds

PEOPLE = 20_000
PURCHASES = 400
AGE, HORIZON = 39.0, 26.0
TRUTH = {BgNbd: (0.6, 5.0, 0.8, 2.5), ParetoNbd: (0.6, 10.0, 0.7, 12.0)}
BOTH = list(TRUTH)


def world(model: type[RepeatBuying], seed: int) -> tuple[Histories, Floats]:
    """Histories of PEOPLE customers and their purchases in the HORIZON after."""
    rng = np.random.default_rng(seed)
    r, alpha, second, third = TRUTH[model]
    rate = rng.gamma(r, 1 / alpha, PEOPLE)
    gaps = rng.exponential(1.0, (PEOPLE, PURCHASES)) / rate[:, None]
    times = np.cumsum(gaps, axis=1)
    if model is BgNbd:
        leaving = rng.geometric(np.maximum(rng.beta(second, third, PEOPLE), 1e-9))
        happens = np.arange(PURCHASES) < leaving[:, None]
    else:
        leaving = rng.exponential(1.0, PEOPLE) / rng.gamma(second, 1 / third, PEOPLE)
        happens = times < leaving[:, None]
    age = AGE - rng.integers(0, 12, PEOPLE)
    seen = happens & (times <= age[:, None])
    later = happens & (times > age[:, None]) & (times <= age[:, None] + HORIZON)
    last = np.where(seen, times, 0.0).max(axis=1)
    return Histories.of(seen.sum(axis=1), last, age), later.sum(axis=1).astype(np.float64)


@pytest.mark.parametrize("model", BOTH)
def test_parameters_are_found_within_their_standard_errors(model: type[RepeatBuying]) -> None:
    histories, _ = world(model, seed=11)
    fit = model.fit(histories, "1w")
    errors = fit.standard_errors()
    assert fit.evidence.converged
    for name, true in zip(fit.names, TRUTH[model], strict=True):
        assert abs(fit.parameters[name] - true) < 3 * errors[name], name
        assert errors[name] < 0.2 * true


@pytest.mark.parametrize("model", BOTH)
def test_expectations_of_the_future_come_true(model: type[RepeatBuying]) -> None:
    histories, later = world(model, seed=12)
    fit = model.fit(histories, "1w")
    residual = mean_interval(later - fit.expected_purchases(histories, HORIZON), 0.999)
    assert residual.low < 0 < residual.high
    none = fit.no_purchase(histories, HORIZON)
    for lowest in (0.0, 0.3, 0.6, 0.9):
        chosen = (none >= lowest) & (none <= lowest + 0.3)
        low, high = wilson_bounds(np.count_nonzero(later[chosen] == 0), chosen.sum(), 0.999)
        assert low[0] < none[chosen].mean() < high[0]


def test_the_start_on_coarse_times_does_not_move_the_optimum() -> None:
    histories, _ = world(BgNbd, seed=13)
    part = Histories.of(*(getattr(histories, name)[:3_000] for name in ("repeats", "last", "age")))
    doubled = Histories.of(*(np.tile(getattr(histories, name)[:3_000], 2) for name in ("repeats", "last", "age")))
    once, twice = BgNbd.fit(part), BgNbd.fit(doubled)
    assert twice.values == pytest.approx(once.values, rel=1e-5)
    assert twice.evidence.log_likelihood == pytest.approx(2 * once.evidence.log_likelihood, rel=1e-9)


def test_gamma_gamma_is_found_again_with_covering_standard_errors() -> None:
    truth, inside = (6.0, 4.0, 15.0), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        repeats = rng.geometric(0.4, 1_500).astype(np.float64)
        scale = rng.gamma(truth[1], 1 / truth[2], repeats.size)
        spend = rng.gamma(truth[0] * repeats) / (scale * repeats)
        fit = GammaGamma.fit(repeats, spend, "EUR")
        error = fit.standard_errors()["q"]
        inside += abs(fit.parameters["q"] - truth[1]) < 1.96 * error
    assert 34 <= inside <= 40


def test_bootstrap_interval_covers_the_mean_as_often_as_it_says() -> None:
    inside, rng = 0, np.random.default_rng(5)
    for _ in range(200):
        values = rng.exponential(1.0, 80)
        seeds = rng.integers(1 << 62)
        found = bootstrap(
            lambda w, v=values: float(w @ v / w.sum()),
            lambda b, s=seeds: np.random.default_rng(s + b).random(80),
            replicates=200,
            level=0.9,
        )
        inside += found.low <= 1.0 <= found.high
    assert 164 <= inside <= 196


def test_the_gate_repairs_overconfidence_and_leaves_good_probabilities_alone() -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(-1.0, 1.2, 8_000)
    y = (rng.random(8_000) < expit(logits)).astype(np.float64)
    folds = np.arange(8_000) % 5
    repaired = calibration_gate(y, 2.5 * logits + 1.0, folds)
    assert repaired.kind == "platt"
    assert repaired.log_loss_after < repaired.log_loss_before - 0.05
    assert np.abs(repaired.calibrator.apply(2.5 * logits + 1.0) - expit(logits)).max() < 0.03
    good = calibration_gate(y, logits, folds)
    assert good.log_loss_before - good.log_loss_after < 1e-3
