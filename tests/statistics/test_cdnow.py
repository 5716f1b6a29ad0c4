"""The CDNOW sample (Fader & Hardie) end to end: from its raw lines to the published estimates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from foretell import predict
from foretell.clock import micros
from foretell.predict.models.bg_nbd import BgNbd
from foretell.predict.models.gamma_gamma import GammaGamma, frequency_spend_correlation
from foretell.predict.models.histories import Histories
from foretell.predict.models.lifetime_value import lifetime_value
from foretell.predict.models.pareto_nbd import ParetoNbd
from foretell.predict.models.repeat_buying import RepeatBuying
from foretell.predict.models.rfm import rfm_summary
from foretell.predict.scoring import load_model
from foretell.predict.training import models_folder
from foretell.predict.value.purchases import PurchaseLog
from foretell.stats import Floats
from tests.support.prediction_shop import BOUGHT, Happened, add, open_shop

SAMPLE = Path(__file__).parents[1] / "data" / "cdnow" / "CDNOW_sample.txt"
CALIBRATION_END = date(1997, 9, 30)
HOLD_OUT_END = date(1998, 6, 30)
HOLD_OUT_WEEKS = 39

PUBLISHED = {
    BgNbd: ({"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}, -9582.43),
    ParetoNbd: ({"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.669}, -9594.97),
}
BOTH = list(PUBLISHED)
BY_NAME = {model.kind: model for model in BOTH}
UTC_ZONE = ZoneInfo("UTC")


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


def test_the_model_that_the_product_chooses_foresees_the_test_weeks(tmp_path: Path) -> None:
    """Trained as of the end of the calibration weeks without a model in the document; the 39 weeks after judge it."""
    value = {"did": BOUGHT, "sum": "revenue"}
    shop = open_shop(tmp_path, {"clv": {"value": value, "horizon": "39w", "unit": "1w"}})
    table = orders()
    ts = np.array([micros(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)) for day in table["day"].to_pylist()])
    micro = np.round(table["amount"].to_numpy() * 1e6).astype(np.int64)
    add(shop, Happened(table["profile_key"].to_numpy(), ts, np.full(ts.size, BOUGHT), micro))
    until = datetime(1997, 10, 1, tzinfo=UTC)
    told = predict.train(*shop.places, "clv", as_of=until, now=shop.now)
    assert set(told.horizons["candidates"]) == {"bg_nbd", "pareto_nbd"}
    assert told.horizons["holdout"]["until"] == until.isoformat()
    published = PUBLISHED[BY_NAME[told.kind]][0] | {"p": 6.250, "q": 3.744, "v": 15.444}
    assert told.params == pytest.approx(published, rel=1e-2)
    log = PurchaseLog(shop.engine, value, UTC_ZONE, 7, "clv")
    people = shop.engine.analytics.query("SELECT DISTINCT node_key AS profile_key FROM order_rows ORDER BY node_key")
    outlook = load_model(models_folder(shop.engine), "clv", told.model).outlook(log.until(people, until), 39 * 7, 1)
    days, _ = log.between(people["profile_key"].to_numpy(), until, until + timedelta(weeks=HOLD_OUT_WEEKS))
    shop.engine.close()
    assert days.sum() == pytest.approx(held_out().sum(), abs=20)
    assert np.abs(outlook.purchases - days).mean() <= 0.76
    assert np.corrcoef(outlook.purchases, days)[0, 1] >= 0.625
