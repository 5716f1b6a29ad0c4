"""Predictions on Spark and on one machine: the same features, the same model file, the same scores; trees grown by a
gang are as good as trees grown here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark import SparkContext

from foretell import predict
from foretell.clock import Duration
from foretell.engine import Spreading
from foretell.predict.binary.judge import measured
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.document import spec_of
from foretell.predict.features import FeaturePlan, compute
from foretell.predict.population import Population
from foretell.predict.scoring import load_model
from foretell.predict.training import models_folder
from foretell.stats import roc_auc
from tests.support.pairs import open_pair
from tests.support.prediction_shop import BOUGHT, CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=150)
LATER = T + timedelta(days=90)
TWO = {"outcome": {"did_not": BOUGHT}, "horizons": ["45d", "30d"], "population": CHURN["population"]}
ZONE = "Europe/Berlin"
PEOPLE = 900


@dataclass(frozen=True)
class Shops:
    """The same people on DuckDB and on Spark."""

    here: Shop
    there: Shop


@pytest.fixture(scope="module", params=["postgresql+spark"])
def shops(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    folder = tmp_path_factory.mktemp("shops")
    with open_pair(request.param) as pair:
        here = open_shop(folder / "here", {"churn": TWO}, zone=ZONE)
        there = open_shop(folder / "there", {"churn": TWO}, zone=ZONE, settings=pair.settings(folder / "there"))
        with here.engine, there.engine:
            for shop in (here, there):
                add(shop, buyers(PEOPLE, 300, 5))
            assert isinstance(there.engine.analytics, Spreading)
            yield Shops(here, there)


@pytest.mark.parametrize("days", [60, 150, 299])
def test_the_same_query_gives_the_same_features_as_of_any_instant(shops: Shops, days: int) -> None:
    at = START + timedelta(days=days, hours=5, minutes=7)
    plan = FeaturePlan((BOUGHT, "Page Viewed"), (30.0, 45.0), "EUR", ZONE)
    people = pa.table({"profile_key": pa.array(range(1, PEOPLE + 1), pa.int64())})
    here, there = (compute(shop.engine.analytics, plan, people, at) for shop in (shops.here, shops.there))
    assert np.array_equal(here.people, there.people)
    assert np.array_equal(here.values, there.values, equal_nan=True)
    assert np.isfinite(here.values).any(axis=0).mean() > 0.9


def test_a_model_of_the_same_people_is_the_same_file_and_scores_the_same_where_the_rows_lie(shops: Shops) -> None:
    made = [predict.train(*shop.places, "churn", as_of=T, now=shop.now) for shop in (shops.here, shops.there)]
    assert made[0].model == made[1].model
    files = [
        {file.name: file.read_bytes() for file in (models_folder(shop.engine) / "churn" / made[0].model).iterdir()}
        for shop in (shops.here, shops.there)
    ]
    assert files[0] == files[1]
    here = predict.score(*shops.here.places, "churn", as_of=LATER, now=shops.here.now)
    there = predict.score(*shops.there.places, "churn", as_of=LATER, now=shops.there.now, spread_from=1)
    assert here.rows.num_rows > PEOPLE
    assert here.rows.equals(there.rows)
    told = SparkContext.getOrCreate().statusTracker()
    assert told.getJobIdsForGroup("score prediction churn: scores")
    assert told.getJobIdsForGroup("train prediction churn")
    stored = predict.latest_scores(shops.there.engine.analytics, as_of=LATER)
    assert stored.num_rows == here.rows.num_rows


def test_trees_that_a_gang_grew_on_everybody_are_as_good_as_trees_grown_here(shops: Shops) -> None:
    spreading = shops.there.engine.analytics
    assert isinstance(spreading, Spreading)
    whole = predict.train(*shops.here.places, "churn", as_of=T, now=shops.here.now)
    spread = predict.train(*shops.there.places, "churn", as_of=T, now=shops.there.now, sample_rows=1_200)
    for horizon, part in spread.horizons.items():
        everybody = whole.horizons[horizon]["grown_on"]["n"]
        assert part["grown_on"] == {"n": everybody, "workers": spreading.workers(), "refused": None}
        assert part["n"] < everybody
    known = _outcome(shops.here, whole.model), _outcome(shops.there, spread.model)
    for y, p, again in zip(*known[0], known[1][1], strict=True):
        deviation = _fold_deviation(y, p)
        one, other = measured(y, p), measured(y, again)
        assert abs(one["roc_auc"] - other["roc_auc"]) <= deviation
        assert abs(one["log_loss"] - other["log_loss"]) <= 0.03, "700 drawn rows decide on the trees' number and start"
        assert one["roc_auc"] > 0.7


def _outcome(shop: Shop, model: str) -> tuple[list[Any], list[Any]]:
    """What came true after T, and what ``model`` of ``shop`` says of it, horizon by horizon."""
    loaded = load_model(models_folder(shop.engine), "churn", model)
    assert isinstance(loaded, BinaryModel)
    population = Population.of(shop.reader, spec_of(shop.catalog, "churn"), LATER)
    matrix = compute(shop.engine.analytics, loaded.plan, population.population(T), T)
    came, said = [], []
    for part in loaded.horizons:
        had = population.outcome(T, Duration.parse(part.horizon))["profile_key"].to_numpy()
        came.append(np.isin(matrix.people, had).astype(np.float64))
        said.append(part.probability(matrix.select(part.names)))
    return came, said


def _fold_deviation(y: np.ndarray, p: np.ndarray, folds: int = 5) -> float:
    """Standard deviation of the area under the curve over folds of people."""
    return float(np.std([roc_auc(y[place::folds], p[place::folds]) for place in range(folds)]))
