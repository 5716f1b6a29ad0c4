"""That leaving can be foreseen from what the shop sees: worlds without a signal would prove nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from foretell.demo.shop import ShopWorld, WorldStep, shop_truth
from tests.unit.demo.worlds import named, run, world_of

PEOPLE = 1200
Floats = npt.NDArray[np.float64]


def days_of(table: pa.Table) -> Floats:
    """Days since the world's beginning."""
    instants = table["ts"].cast(pa.int64()).to_numpy() - pa.scalar(np.datetime64("2024-01-01", "us")).value
    days: Floats = instants / 86_400e6
    return days


def recency_and_frequency(step: WorldStep, people: int, as_of: float) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Recency, frequency and visits as of a day for those who ordered in the year before; and who did not order
    in the 90 days after it."""
    orders, pages = named(step, "Order Completed"), named(step, "Page Viewed")
    person, day = orders["person"].to_numpy(), days_of(orders)
    past, future = day < as_of, (day >= as_of) & (day < as_of + 90)
    last = np.full(people, -np.inf)
    np.maximum.at(last, person[past], day[past])
    count = np.bincount(person[past], minlength=people)
    recent = days_of(pages)
    visits = np.bincount(pages["person"].to_numpy()[(recent < as_of) & (recent > as_of - 60)], minlength=people)
    leaves = np.bincount(person[future], minlength=people) == 0
    known = last > as_of - 365
    table = np.column_stack([np.log1p(as_of - last[known]), np.log1p(count[known]), np.log1p(visits[known])])
    return table, leaves[known]


@pytest.fixture(scope="module")
def lived() -> tuple[ShopWorld, WorldStep]:
    world = world_of(PEOPLE)
    return world, run(world, hours=24 * 560, step_hours=24 * 560)


def test_churn_can_be_learnt_and_has_a_usual_base_rate(lived: tuple[ShopWorld, WorldStep]) -> None:
    X, y = recency_and_frequency(lived[1], PEOPLE, 370)
    later_X, later_y = recency_and_frequency(lived[1], PEOPLE, 465)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    chance = model.predict_proba(later_X)[:, 1]
    assert 0.25 < later_y.mean() < 0.45
    assert 0.7 < roc_auc_score(later_y, chance) < 0.9
    assert (chance > 0.7).mean() > 0.05


def test_a_bad_delivery_makes_people_leave_sooner(lived: tuple[ShopWorld, WorldStep]) -> None:
    world, step = lived
    delivered = named(step, "Order Delivered")
    delivered = delivered.filter(pa.array(days_of(delivered) < 410))
    left = shop_truth(world)["left_day"].fill_null(10_000).to_numpy()[delivered["person"].to_numpy()]
    wait = left - days_of(delivered)
    late = delivered["score"].to_numpy() > 0
    leaves = (wait > 0) & (wait < 150)
    assert leaves[late].mean() > 1.4 * leaves[~late].mean()
