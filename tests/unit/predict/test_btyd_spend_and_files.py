"""Gamma-Gamma, intervals from parameter draws, and model files."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from foretell.errors import ForetellError
from foretell.predict.models import (
    BgNbd,
    Evidence,
    Fitted,
    GammaGamma,
    Histories,
    ParetoNbd,
    frequency_spend_correlation,
    parameter_interval,
)

NOTHING = Evidence(1, 0.0, ((np.nan,) * 3,) * 3, False, "AT_EDGE", 1, 1, 1)
SPEND = GammaGamma((6.25, 3.74, 15.44), "USD", NOTHING)


@cache
def buying() -> BgNbd:
    rng = np.random.default_rng(1)
    rate, chance = rng.gamma(0.8, 1 / 5, 3_000), rng.beta(0.8, 2.5, 3_000)
    times = np.cumsum(rng.exponential(1, (3_000, 150)) / rate[:, None], axis=1)
    seen = (times < 39) & (np.arange(150) < rng.geometric(chance)[:, None])
    return BgNbd.fit(Histories.of(seen.sum(1), np.where(seen, times, 0).max(1), [39] * 3_000), "1w")


def test_expected_spend_is_between_own_average_and_population_mean() -> None:
    mean = SPEND.population_mean
    assert mean == pytest.approx(6.25 * 15.44 / 2.74)
    found = SPEND.expected_spend([0, 1, 50, 2, 3], [np.nan, 100.0, 100.0, 0.0, np.nan])
    assert found[[0, 3, 4]] == pytest.approx(mean)
    assert mean < found[1] < found[2] < 100
    assert found[1] == pytest.approx(6.25 * (15.44 + 100) / (6.25 + 3.74 - 1))


@pytest.mark.parametrize(
    ("repeats", "spend", "code"),
    [
        ([], [], "NO_REPEAT_SPEND"),
        ([0, 0, 3], [5, 6, 7], "NO_REPEAT_SPEND"),
        ([1, 2, 3], [np.nan, -4, 0], "NO_REPEAT_SPEND"),
        ([1, 2, 3], [9.99, 9.99, 9.99], "SPEND_CONSTANT"),
        ([5] * 60, np.exp(np.linspace(0, 14, 60) ** 1.2), "SPEND_HAS_NO_MEAN"),
    ],
)
def test_spend_without_a_model(repeats: list[float], spend: list[float], code: str) -> None:
    with pytest.raises(ForetellError) as caught:
        GammaGamma.fit(repeats, spend, "EUR")
    assert caught.value.code == code
    assert caught.value.next_step


def test_currency_only_scales_the_model() -> None:
    rng = np.random.default_rng(2)
    repeats = rng.integers(1, 9, 400).astype(float)
    spend = rng.gamma(5 * repeats) / (repeats * rng.gamma(4, 1 / 15, 400))
    one, cents = GammaGamma.fit(repeats, spend, "EUR"), GammaGamma.fit(repeats, spend * 100, "EUR")
    assert one.evidence.converged
    assert cents.values == pytest.approx((one.values[0], one.values[1], 100 * one.values[2]), rel=1e-5)


def test_correlation_of_frequency_and_spend() -> None:
    assert frequency_spend_correlation([1, 2, 3, 0], [3, 2, 1, 99]) == pytest.approx(-1)
    assert np.isnan(frequency_spend_correlation([2, 2], [1, 5]))


def test_draws_spread_as_the_standard_errors_say_and_repeat() -> None:
    fit = buying()
    drawn = np.array([model.values for model in fit.draws(2_000, seed=5)])
    errors = np.array(list(fit.standard_errors().values())) / np.array(fit.values)
    assert np.log(drawn).std(axis=0) == pytest.approx(errors, rel=0.08)
    assert np.log(drawn).mean(axis=0) == pytest.approx(np.log(fit.values), abs=4 * errors.max() / 40)
    assert fit.draws(3, seed=5) == fit.draws(3, seed=5)
    assert fit.draws(3, seed=5) != fit.draws(3, seed=6)


def test_interval_of_an_expectation() -> None:
    fit, rows = buying(), Histories.of([0, 4], [0, 30], [39, 39])
    estimate = fit.expected_purchases(rows, 26)
    draws = [model.expected_purchases(rows, 26) for model in fit.draws(400, seed=9)]
    low, high = parameter_interval(estimate, draws, level=0.9)
    assert np.all((low < estimate) & (estimate < high))
    plain = np.quantile(np.stack(draws), [0.05, 0.95], axis=0)
    assert low == pytest.approx(plain[0], rel=0.03)
    assert high == pytest.approx(plain[1], rel=0.03)
    assert np.isnan(parameter_interval(estimate, draws[:1])[0]).all()


@pytest.mark.parametrize("converged", [True, False])
def test_a_model_survives_its_file(converged: bool) -> None:
    model: Fitted = buying() if converged else SPEND
    again = type(model).from_json(model.to_json())
    assert (again.values, again.unit) == (model.values, model.unit)
    assert again.evidence.converged is converged
    assert again.to_json() == model.to_json()
    if converged:
        assert again == model


def _changed(**changes: object) -> str:
    return json.dumps(json.loads(buying().to_json()) | changes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "MODEL_UNREADABLE"),
        ("[]", "MODEL_UNREADABLE"),
        ("{}", "MODEL_UNREADABLE"),
        (_changed(version=2), "MODEL_VERSION"),
        (_changed(model="pareto_nbd"), "MODEL_OTHER"),
        (_changed(parameters={"r": 1}), "MODEL_UNREADABLE"),
        (_changed(parameters={"r": 1, "alpha": -1, "a": 1, "b": 1}), "MODEL_UNREADABLE"),
        (_changed(evidence={}), "MODEL_UNREADABLE"),
    ],
)
def test_a_wrong_file_is_refused(text: str, code: str) -> None:
    with pytest.raises(ForetellError) as caught:
        BgNbd.from_json(text, where="models/value.json")
    assert caught.value.code == code
    assert caught.value.where == "models/value.json"


def test_another_models_file_is_refused_by_name() -> None:
    with pytest.raises(ForetellError, match="'bg_nbd', not 'pareto_nbd'"):
        ParetoNbd.from_json(buying().to_json())


def test_units() -> None:
    assert buying().unit_days == 7
    assert buying().units(91) == 13
