"""The demo's job on a small part of its data: the same summary and the same model files on every pair of stores.

The whole of it: ``python -m tools.same_summary``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from foretell.demo import DATASETS, Dataset
from tests.support.pairs import EMBEDDED, PAIRS, schemas, server_of_run
from tests.support.spark_run import CHEAP, MASTER
from tools import same_summary
from tools.same_summary import Played, differences, part_of, played

SPARK = {"spark_master": MASTER, "spark": CHEAP}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """One customer in twenty over five months, and two days of the journey."""
    folder = tmp_path_factory.mktemp("part") / "set"
    part = part_of(DATASETS["online-retail"], folder, 20, timedelta(days=2), since="2011-07-01")
    return replace(part, predictions=("clv",))


@pytest.fixture(scope="module")
def embedded(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The job on the embedded pair."""
    return played(EMBEDDED, tmp_path_factory.mktemp("embedded") / "shop", dataset, url="", schema="", spark={})


def test_the_pairs_are_those_of_the_contract_suite() -> None:
    assert same_summary.PAIRS == PAIRS


def test_the_small_job_is_the_whole_job(embedded: Played) -> None:
    told = embedded.summary
    assert told["known_customers"] > 100
    assert set(told["predictions"]) == {"clv"}
    assert told["journeys"]["churn_rescue"]["entered"] > told["messages"]["email"] > 0
    assert {file.partition("/")[0] for file in embedded.models} == {"churn", "clv"}


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair != EMBEDDED])
def test_every_pair_comes_to_the_same(pair: str, dataset: Dataset, embedded: Played, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    with schemas() as made:
        place = made.place(root)
        other = played(pair, root, dataset, url=server_of_run().url, schema=place.schema, spark=SPARK)
    assert differences(embedded.summary, other.summary) == []
    assert other.models == embedded.models


def test_differences_are_found_wherever_they_are() -> None:
    one = {"a": [1.0, 2], "b": {"c": 0.1 + 0.2}}
    assert differences(one, {"a": [1.0, 2], "b": {"c": 0.3}}) == []
    assert differences(one, {"a": [1.0, 3], "b": {}}) == [".a[1]: 2, 3", f".b.c: {0.1 + 0.2!r}, None"]
    assert differences(one, {"a": [1.0], "b": {"c": 0.3000001}}) != []
