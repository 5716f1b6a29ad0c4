"""Trees, baseline and the choice of features, on rows made up for the purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from foretell.predict.binary.boosted import contributions, grow, logits
from foretell.predict.binary.fit import fit, in_season, usable
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Rows, folds
from foretell.predict.features import Feature, FeaturePlan, Matrix, of_horizon
from foretell.stats import expit, roc_auc

AT = datetime(2025, 1, 1, tzinfo=UTC)
NAMES = ("a", "b", "c")


def made(n: int = 3_000, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 3)).astype(np.float32)
    x[random.random((n, 3)) < 0.05] = np.nan
    y = (random.random(n) < expit(2 * np.nan_to_num(x[:, 0]) - 1)).astype(float)
    return Rows(x, y, np.tile(np.arange(n // 3), 3), np.repeat([0, 1, 2], n // 3))


def test_contributions_add_up_to_the_margin() -> None:
    rows = made()
    booster = grow(rows, 60, 1)
    exact = contributions(booster, rows.x, exact=True)
    rest = logits(booster, rows.x) - exact.sum(axis=1)
    assert np.ptp(rest) < 1e-4
    cheap = contributions(booster, rows.x, exact=False)
    assert np.corrcoef(exact[:, 0], cheap[:, 0])[0, 1] > 0.98
    assert np.abs(exact[:, 0]).mean() > 5 * np.abs(exact[:, 1]).mean()


@pytest.mark.parametrize("windows", [3, 1])
def test_a_fit_ranks_and_repeats(windows: int) -> None:
    rows, later = made(), made(seed=1)
    rows = rows.where(rows.origin < windows)
    origins = [AT + timedelta(days=60 * place) for place in range(windows)]
    first, again = (fit(rows, NAMES, origins, "60d", ZoneInfo("UTC"), "s", 3) for _ in range(2))
    p = first.probability(later.x)
    assert roc_auc(later.y, p) > 0.8
    assert abs(p.mean() - later.y.mean()) < 0.04
    assert p.tolist() == again.probability(later.x).tolist()
    assert first.model.to_bytes({}) == again.model.to_bytes({})


def test_folds_keep_a_persons_rows_together() -> None:
    people = np.tile(np.arange(900), 4)
    fold = folds(people, 3, "s")
    assert (fold.reshape(4, 900) == fold[:900]).all()
    assert np.bincount(fold[:900]).min() > 230


def test_the_baseline_takes_what_is_missing() -> None:
    rows, later = made(), made(seed=1)
    x = rows.x.copy()
    x[:, 2] = np.nan
    found = Logistic.fit(Rows(x, rows.y, rows.people, rows.origin))
    assert roc_auc(later.y, found.probability(later.x)) > 0.8


def matrix(columns: list[list[float]]) -> Matrix:
    values = np.array(columns, np.float32).T
    return Matrix(np.arange(len(values)), tuple(Feature(name, "{}") for name in NAMES), values)


def test_features_that_do_not_vary_are_left_out() -> None:
    nan = float("nan")
    one = matrix([[1, 1], [nan, 2], [nan, nan]])
    other = matrix([[1, 1], [2, nan], [nan, nan]])
    assert usable([one, other], None) == ()
    assert usable([one, matrix([[1, 1], [nan, 3], [5, 6]])], None) == ("b", "c")
    assert usable([one, matrix([[1, 1], [nan, 3], [5, 6]])], ["c", "a"]) == ("c",)


def test_the_time_of_the_year_needs_a_year() -> None:
    names = ("orders", "season_sin", "season_cos")
    assert in_season(names, [AT, AT + timedelta(days=330)]) == ("orders",)
    assert in_season(names, [AT, AT + timedelta(days=365)]) == names


def test_expectations_over_other_horizons_are_left_out() -> None:
    plan = FeaturePlan((), (30.0, 90.0), "EUR", "UTC")
    names = ("orders", "no_order_30d", "expected_orders_30d", "no_order_90d")
    assert of_horizon(names, plan, 90.0) == ("orders", "no_order_90d")
