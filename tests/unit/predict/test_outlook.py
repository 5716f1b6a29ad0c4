"""Simulated spending agrees with the closed forms and holds 90 % of what people spend."""

from __future__ import annotations

import numpy as np
import pytest

from foretell.predict.models import BgNbd, Evidence, GammaGamma, Histories, ParetoNbd, RepeatBuying
from foretell.predict.value.outlook import ValueModel, purchases_drawn
from foretell.predict.value.purchases import Purchases

NOTHING = Evidence(1, 0.0, ((np.nan,) * 4,) * 4, False, "", 1, 1, 1)
BG = BgNbd((0.2426, 4.4135, 0.7929, 2.4258), "1w", NOTHING)
PARETO = ParetoNbd((0.5533, 10.578, 0.6062, 11.669), "1w", NOTHING)
SPEND = GammaGamma((6.25, 3.744, 15.444), "EUR", NOTHING)
PLACES = [(0, 0.0, 38.9), (2, 30.4, 38.9), (7, 38.8, 38.9), (3, 9.0, 30.0)]


@pytest.mark.parametrize("buying", [BG, PARETO])
@pytest.mark.parametrize("place", PLACES)
def test_simulated_purchases_have_the_expected_mean(buying: RepeatBuying, place: tuple[float, ...]) -> None:
    many = 600
    histories = Histories.of(*(np.full(many, number) for number in place))
    drawn = purchases_drawn(buying, histories, buying.alive(histories), 39.0, np.random.default_rng(1))
    expected = buying.expected_purchases(histories, 39.0)[0]
    error = drawn.std() / np.sqrt(drawn.size)
    assert abs(drawn.mean() - expected) < 4.5 * error + 1e-3


def purchases(x: np.ndarray, spend: np.ndarray) -> Purchases:
    n = x.size
    histories = Histories.of(x, np.where(x > 0, 30.0, 0.0), np.full(n, 38.9))
    return Purchases(np.arange(n), histories, spend, spend * x, x + 1)


def test_the_outlook_is_purchases_times_spend_within_its_interval() -> None:
    x = np.array([0.0, 1.0, 5.0, 20.0])
    spend = np.array([np.nan, 20.0, 35.0, 80.0])
    found = ValueModel(BG, SPEND, 30.0).outlook(purchases(x, spend), 39 * 7, 3)
    assert found.value == pytest.approx(found.purchases * found.spend)
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert (np.diff(found.value) > 0).all()
    again = ValueModel(BG, SPEND, 30.0).outlook(purchases(x, spend), 39 * 7, 3)
    assert found.high.tolist() == again.high.tolist()


def test_discount_lowers_value_and_leaves_the_interval() -> None:
    x, spend = np.array([5.0]), np.array([35.0])
    plain = ValueModel(BG, SPEND, 30.0).outlook(purchases(x, spend), 273, 3)
    less = ValueModel(BG, SPEND, 30.0, rate=0.01).outlook(purchases(x, spend), 273, 3)
    assert 0.75 < less.value[0] / plain.value[0] < 0.9
    assert less.high.tolist() == plain.high.tolist()


def test_without_a_spending_model_the_usual_spend_stands_for_all() -> None:
    found = ValueModel(PARETO, None, 12.0).outlook(purchases(np.array([4.0]), np.array([99.0])), 273, 3)
    assert found.spend.tolist() == [12.0]
    assert found.high[0] % 12.0 == pytest.approx(0.0)
