"""The CDNOW sample (Fader & Hardie) end to end: from its raw lines to the published estimates."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from foretell.predict.models.bg_nbd import BgNbd
from foretell.predict.models.gamma_gamma import GammaGamma, frequency_spend_correlation
from foretell.predict.models.histories import Histories
from foretell.predict.models.lifetime_value import lifetime_value
from foretell.predict.models.pareto_nbd import ParetoNbd
from foretell.predict.models.repeat_buying import RepeatBuying
from foretell.predict.models.rfm import rfm_summary
from foretell.stats import Floats

SAMPLE = Path(__file__).parents[1] / "data" / "cdnow" / "CDNOW_sample.txt"
CALIBRATION_END = date(1997, 9, 30)
HOLD_OUT_END = date(1998, 6, 30)
HOLD_OUT_WEEKS = 39

PUBLISHED = {
    BgNbd: ({"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}, -9582.43),
    ParetoNbd: ({"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669}, -9594.97),
}
BOTH = list(PUBLISHED)


@cache
def orders() -> pa.Table:
    rows = [line.split() for line in SAMPLE.read_text(encoding="ascii").splitlines() if line.strip()]
    return pa.table(
        {
            "profile_key": [int(row[1]) for row in rows],
            "day": [date.fromisoformat(row[2]) for row in rows],
            "amount": [float(row[4]) for row in rows],
        }
    )


@cache
def summary() -> pa.Table:
    return rfm_summary(orders(), end=CALIBRATION_END)


@cache
def histories() -> Histories:
    return Histories.from_table(summary())


@cache
def fitted(model: type[RepeatBuying]) -> RepeatBuying:
    return model.fit(histories(), "1w")


def held_out() -> Floats:
    later = rfm_summary(orders(), end=HOLD_OUT_END)
    actual: Floats = later["repeats"].to_numpy() - summary()["repeats"].to_numpy()
    return actual


def test_the_summary_is_built_from_the_raw_lines() -> None:
    assert orders().num_rows == 6_919
    assert summary().num_rows == 2_357
    first = summary().slice(0, 1).to_pylist()[0]
    assert first == pytest.approx(
        {"profile_key": 1, "repeats": 2, "last": 30.43, "age": 38.86, "mean_spend": 22.35}, abs=0.006
    )
    assert np.count_nonzero(summary()["repeats"].to_numpy()) == 946
    assert summary()["repeats"].to_numpy().sum() == 2_457
    assert len(histories().grouped()) == 1_016


@pytest.mark.parametrize("model", BOTH)
def test_parameters_and_log_likelihood_are_the_published_ones(model: type[RepeatBuying]) -> None:
    parameters, log_likelihood = PUBLISHED[model]
    fit = fitted(model)
    assert fit.parameters == pytest.approx(parameters, rel=1e-3)
    assert fit.evidence.log_likelihood == pytest.approx(log_likelihood, abs=0.05)
    assert fit.evidence.converged
    assert fit.evidence.agreeing == fit.evidence.starts == 3
    assert fit.log_likelihood(histories()) == pytest.approx(fit.evidence.log_likelihood, abs=1e-6)


def test_gamma_gamma_is_the_published_one() -> None:
    fit = GammaGamma.fit(summary()["repeats"], summary()["mean_spend"], "USD")
    assert fit.parameters == pytest.approx({"p": 6.250, "q": 3.744, "v": 15.444}, rel=1e-3)
    assert fit.evidence.log_likelihood == pytest.approx(-4055.92, abs=0.05)
    assert fit.evidence.people == 946
    assert fit.population_mean == pytest.approx(35.17, abs=0.01)
    correlation = frequency_spend_correlation(summary()["repeats"], summary()["mean_spend"])
    assert correlation == pytest.approx(0.1139, abs=1e-3)


def test_conditional_expectation_and_alive_of_known_customers() -> None:
    customer = Histories.of([2], [30.43], [38.86])
    assert fitted(BgNbd).expected_purchases(customer, 39)[0] == pytest.approx(1.226, abs=5e-4)
    heavy = Histories.of([26], [30.86], [31])
    assert fitted(ParetoNbd).alive(heavy)[0] == pytest.approx(0.9979, abs=5e-5)


@pytest.mark.parametrize(
    ("model", "total", "error", "correlation"), [(BgNbd, 1653, 0.786, 0.626), (ParetoNbd, 1666, 0.755, 0.630)]
)
def test_hold_out(model: type[RepeatBuying], total: float, error: float, correlation: float) -> None:
    actual = held_out()
    assert actual.sum() == 1_882
    expected = fitted(model).expected_purchases(histories(), HOLD_OUT_WEEKS)
    assert expected.sum() == pytest.approx(total, abs=1)
    assert abs(expected.sum() / actual.sum() - 1) < 0.125
    assert np.abs(expected - actual).mean() == pytest.approx(error, abs=1e-3)
    assert np.corrcoef(expected, actual)[0, 1] == pytest.approx(correlation, abs=1e-3)


def test_lifetime_value_of_a_year_is_below_its_undiscounted_value_and_within_its_bounds() -> None:
    spending = GammaGamma.fit(summary()["repeats"], summary()["mean_spend"], "USD")
    buying = fitted(ParetoNbd)
    spend = summary()["mean_spend"].to_numpy()
    plain = lifetime_value(buying, spending, histories(), spend, horizon=52)
    worth = lifetime_value(buying, spending, histories(), spend, horizon=52, rate=0.15 / 52, draws=20, seed=4)
    again = lifetime_value(buying, spending, histories(), spend, horizon=52, rate=0.15 / 52, draws=20, seed=4)
    assert np.isnan(plain.low).all()
    assert 0.9 < worth.value.sum() / plain.value.sum() < 0.96
    assert np.all((worth.low < worth.value) & (worth.value < worth.high))
    assert np.array_equal(worth.low, again.low)
