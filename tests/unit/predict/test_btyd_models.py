"""BG/NBD and Pareto/NBD against independent forms, limits and degenerate data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, expit, gammaln, hyp2f1

from foretell.errors import ForetellError
from foretell.predict.models import BgNbd, Evidence, Histories, ParetoNbd, RepeatBuying
from foretell.stats import Floats

NOTHING = Evidence(1, 0.0, ((np.nan,) * 4,) * 4, False, "", 1, 1, 1)
BG = BgNbd((0.2426, 4.4135, 0.7929, 2.4258), "1w", NOTHING)
PARETO = ParetoNbd((0.5533, 10.578, 0.6062, 11.669), "1w", NOTHING)
SOME = Histories.of(
    [0, 1, 2, 7, 40, 3, 1, 0], [0, 1.7, 30.4, 38.8, 20, 9, 1 / 7, 0], [38.9, 38.9, 38.9, 38.9, 30, 9, 1, 0]
)


def hypergeometric_log_likelihood(model: ParetoNbd, rows: Histories) -> Floats:
    """The paper's form with a difference of two 2F1 (Fader & Hardie 2005, equation 22 ff.)."""
    r, alpha, s, beta = model.values
    x, t, T = rows.repeats, rows.last, rows.age
    q, top, gap = r + s + x, max(alpha, beta), abs(alpha - beta)
    second = s + 1 if alpha >= beta else r + x

    def part(time: Floats) -> Floats:
        value: Floats = hyp2f1(q, second, q + 1, gap / (top + time)) / (top + time) ** q
        return value

    bracket = (alpha + T) ** -(r + x) * (beta + T) ** -s + s / q * (part(t) - part(T))
    result: Floats = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(bracket)
    return result


@pytest.mark.parametrize("values", [PARETO.values, (0.55, 11.7, 0.61, 10.6), (2.0, 30.0, 0.3, 5.0), (0.4, 3, 3, 40)])
def test_pareto_likelihood_is_the_hypergeometric_one(values: tuple[float, ...]) -> None:
    model = ParetoNbd(values, "1w", NOTHING)
    for row in range(len(SOME)):
        one = Histories.of([SOME.repeats[row]], [SOME.last[row]], [SOME.age[row]])
        assert model.log_likelihood(one) == pytest.approx(hypergeometric_log_likelihood(model, one)[0], abs=1e-8)


def test_bg_likelihood_is_the_mixture_over_rates_and_chances() -> None:
    r, alpha, a, b = BG.values

    def density(y: float, x: float, t: float, T: float) -> float:
        p, q = expit(y), expit(-y)
        here = q**x * (alpha + T) ** -(r + x)
        gone = p * q ** (x - 1) * (alpha + t) ** -(r + x) if x else 0.0
        return float((here + gone) * np.exp(a * np.log(p) + b * np.log(q) - betaln(a, b)))

    for x, t, T in [(0, 0, 38.9), (1, 1.7, 38.9), (7, 38.8, 38.9)]:
        mixed = quad(density, -60, 40, args=(x, t, T), epsabs=0, epsrel=1e-10, limit=200)[0]
        expected = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + np.log(mixed)
        assert BG.log_likelihood(Histories.of([x], [t], [T])) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("model", [BG, PARETO, ParetoNbd((0.5, 4, 0.7, 30), "1w", NOTHING)])
def test_gradient_is_the_slope_of_the_likelihood(model: RepeatBuying) -> None:
    theta, objective = np.log(model.values), model._objective(SOME)
    gradient = objective(theta)[1]
    for i, step in enumerate(1e-5 * np.eye(4)):
        slope = (objective(theta + step)[0] - objective(theta - step)[0]) / 2e-5
        assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "values",
    [BG.values, (0.5, 5.0, 1.0, 2.0), (0.5, 5.0, 0.4, 0.6), (3.0, 9.0, 1.000003, 4.0), (0.5, 5.0, 4e3, 9e3)],
)
@pytest.mark.parametrize("horizon", [0.5, 39.0, 4_000.0])
def test_bg_expectation_is_the_mean_over_rates_and_chances(values: tuple[float, ...], horizon: float) -> None:
    r, alpha, a, b = values
    rows = Histories.of([0, 3, 400], [0, 30, 30], [30, 30, 30])
    model = BgNbd(values, "1w", NOTHING)
    found = model.expected_purchases(rows, horizon) / model.alive(rows)
    for x, value in zip(rows.repeats, found, strict=True):
        centre, width = np.log(a / (b + x)), np.sqrt(1 / a + 1 / (b + x))

        def density(u: float, x: float = x, centre: float = centre, width: float = width) -> float:
            y = centre + u * width
            p, q = expit(y), expit(-y)
            buys = -np.expm1(-(r + x) * np.log1p(p * horizon / (alpha + 30))) / p
            mass = a * -np.logaddexp(0, -y) + (b + x) * -np.logaddexp(0, y) - betaln(a, b + x)
            return float(buys * np.exp(mass) * width) if q > 0 else 0.0

        parts = [quad(density, *ends, epsabs=0, epsrel=1e-10, limit=300)[0] for ends in ((-60, -8), (-8, 8), (8, 60))]
        assert value == pytest.approx(sum(parts), rel=2e-6)


def test_pareto_expectation_is_smooth_through_s_of_one() -> None:
    near = [ParetoNbd((0.5, 4.0, s, 9.0), "1w", NOTHING).expected_purchases(SOME, 20) for s in (1 - 1e-9, 1, 1 + 1e-9)]
    assert near[0] == pytest.approx(near[1], rel=1e-7)
    assert near[2] == pytest.approx(near[1], rel=1e-7)


@pytest.mark.parametrize("model", [BG, PARETO])
def test_horizons(model: RepeatBuying) -> None:
    times = [0.0, 1.0, 10.0, 100.0]
    expected = np.stack([model.expected_purchases(SOME, time) for time in times])
    none = np.stack([model.no_purchase(SOME, time) for time in times])
    alive = model.alive(SOME)
    assert expected[0] == pytest.approx(0.0, abs=1e-9)
    assert none[0] == pytest.approx(1.0)
    assert np.all(np.diff(expected, axis=0) > 0)
    assert np.all(np.diff(none, axis=0) < 0)
    assert np.all(none >= 1 - alive - 1e-12)
    assert np.all(1 - none <= expected + 1e-9)
    assert np.all((alive > 0) & (alive <= 1))


def test_bg_customer_without_repeats_is_alive_and_silent_at_the_gamma_rate() -> None:
    r, alpha, _, _ = BG.values
    row = Histories.of([0], [0], [10])
    assert BG.alive(row)[0] == 1.0
    assert BG.no_purchase(row, 5)[0] == pytest.approx(((alpha + 10) / (alpha + 15)) ** r)


def test_expectation_for_a_new_customer_is_the_population_mean() -> None:
    r, alpha, s, beta = PARETO.values
    mean = r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + 39)) ** (s - 1))
    assert PARETO.expected_from_first(39) == pytest.approx(mean)


@pytest.mark.parametrize("model", [BG, PARETO])
def test_discounting(model: RepeatBuying) -> None:
    rate, horizon = 0.004, 52.0
    edges = np.linspace(0, horizon, 401)
    totals = np.stack([model.expected_purchases(SOME, edge) for edge in edges])
    summed = np.diff(totals, axis=0).T @ (1 + rate) ** -((edges[1:] + edges[:-1]) / 2)
    assert model.discounted_purchases(SOME, horizon, rate) == pytest.approx(summed, rel=1e-5)
    assert model.discounted_purchases(SOME, horizon, 0.0) == pytest.approx(totals[-1])
    with pytest.raises(ForetellError) as caught:
        model.discounted_purchases(SOME, horizon, -1.0)
    assert caught.value.code == "BAD_DISCOUNT"


@pytest.mark.parametrize("model", [BgNbd, ParetoNbd])
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (([], [], []), "NO_CUSTOMERS"),
        (([0, 0], [0, 0], [0, 0]), "NO_OBSERVATION_TIME"),
        (([0, 0], [0, 0], [5, 9]), "NO_REPEAT_BUYERS"),
    ],
)
def test_nothing_to_learn_from(model: type[RepeatBuying], rows: tuple[list[float], ...], code: str) -> None:
    with pytest.raises(ForetellError) as caught:
        model.fit(Histories.of(*rows))
    assert caught.value.code == code
    assert caught.value.next_step


@pytest.mark.parametrize("model", [BgNbd, ParetoNbd])
@pytest.mark.parametrize(
    "rows",
    [
        ([3] * 50, [9] * 50, [10] * 50),
        ([0] * 50 + [1, 2, 5, 100_000], [0] * 50 + [1, 2, 5, 9.9], [10] * 54),
        ([0] * 99 + [1], [0] * 99 + [1], [10] * 100),
        ([0] * 30 + [1] * 20, [0] * 30 + [4] * 20, [0] * 20 + [10] * 30),
    ],
    ids=["all the same", "one shop robot", "one repeat", "some bought on the last day"],
)
def test_data_that_cannot_hold_the_model_is_said_so_and_answers_stay_finite(
    model: type[RepeatBuying], rows: tuple[list[float], ...]
) -> None:
    histories = Histories.of(*rows)
    fit = model.fit(histories)
    assert fit.evidence.converged is False
    assert fit.evidence.reason in {"AT_EDGE", "FLAT", "NOT_REACHED"}
    assert np.isnan(list(fit.standard_errors().values())).all()
    assert fit.draws(5, seed=1) == []
    for answer in (
        fit.expected_purchases(histories, 26),
        fit.alive(histories),
        fit.no_purchase(histories, 26),
    ):
        assert np.isfinite(answer).all()
        assert answer.min() >= 0


def test_a_crowd_of_which_nobody_seems_to_leave_has_bounded_expectations() -> None:
    # As fitted on 6,103 people who buy by chance alone: both forms of the mean fail there.
    r, alpha, a, b = 22467.64843357419, 1164461.939701015, 6.14421235332821e-06, 3.508919228845293e-05
    model, horizon = BgNbd((r, alpha, a, b), "1w", NOTHING), 90 / 7
    x, T = np.array([0.0, 0.0, 1.0, 3.0]), np.array([8.0, 1.0, 8.0, 6.0])
    rows = Histories.of(x, np.where(x > 0, T, 0.0), T)
    found = model.expected_purchases(rows, horizon) / model.alive(rows)
    most = (r + x) / (alpha + T) * horizon
    # 15 of 100 leave after their next purchase, all others never do; who came again is one of them.
    once = -np.expm1(-r * np.log1p(horizon / (alpha + T[:2])))
    share = a / (a + b)
    np.testing.assert_allclose(found[:2], share * once + (1 - share) * most[:2], rtol=2e-3)
    np.testing.assert_allclose(found[2:], most[2:], rtol=1e-4)
