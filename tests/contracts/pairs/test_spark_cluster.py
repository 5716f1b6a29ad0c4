"""A whole cluster from the pip package: master, two workers, a Connect server in front, and work spread over them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def told(repository: Path) -> dict[str, Any]:
    """What came of :mod:`tests.support.cluster_work`; a process has one Spark, and this one's is another."""
    command = [sys.executable, "-m", "tests.support.cluster_work"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_work_is_done_where_the_rows_lie_and_comes_back_whole(told: dict[str, Any]) -> None:
    assert told["alive"] == told["workers"] == 2
    assert told["doubled"] == [{"key": key, "twice": 2 * key} for key in range(100)]


def test_a_gang_works_at_the_same_time_each_on_its_keys_in_order(told: dict[str, Any]) -> None:
    rows = told["gang"]
    assert {row["others"] for row in rows} == {"0/2|1/2"}
    assert all(row["keys"] == sorted(row["keys"]) for row in rows)
    places: dict[int, set[int]] = {}
    for part, keys in ((0, range(50)), (1, range(30, 80))):
        found = [(key, row["rank"]) for row in rows if row["part"] == part for key in row["keys"]]
        assert sorted(key for key, _ in found) == list(keys)
        for key, rank in found:
            places.setdefault(key, set()).add(rank)
    assert all(len(ranks) == 1 for ranks in places.values())
    assert set.union(*places.values()) == {0, 1}


def test_two_workers_grow_the_same_trees_on_everybody(told: dict[str, Any]) -> None:
    assert len(told["people"]) == 2
    assert min(told["people"]) > 0
    assert sum(told["people"]) == 3_000
    assert told["alike"] > 0.97


def test_what_is_at_work_is_told_by_name_until_it_is_done(told: dict[str, Any]) -> None:
    assert told["seen"]["listing"] > 0
    assert told["seen"].keys() <= {"listing", "listing: roll call"}
    assert told["afterwards"] == 0


def test_a_gang_of_more_than_the_slots_is_refused_and_not_waited_for(told: dict[str, Any]) -> None:
    assert told["three"] == "WORKERS_TOO_FEW"


def test_a_gang_that_a_lost_worker_leaves_too_small_is_refused(told: dict[str, Any]) -> None:
    assert (told["left"], told["two_of_one"]) == (1, "WORKERS_TOO_FEW")
