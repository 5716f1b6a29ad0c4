"""From pairs to people: prior, thresholds, and the guards of clustering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from foretell.engine import table_of
from foretell.identify.matching.clusters import Standing, cluster
from foretell.identify.matching.thresholds import expected_precision, prior_from, starting_at

COUNTS = {"profile_key": pa.int64(), "kind": pa.string(), "count": pa.int64()}
APART = {"profile_a": pa.int64(), "profile_b": pa.int64()}
PAIRS = {"profile_a": pa.int64(), "profile_b": pa.int64(), "probability": pa.float64(), "objection": pa.string()}


def clusters(
    pairs: Sequence[tuple[int, int, float]],
    *,
    users: Sequence[int] = (),
    apart: Sequence[tuple[int, int]] = (),
    objections: Sequence[tuple[int, int]] = (),
) -> tuple[list[tuple[int, ...]], list[tuple[int, str]]]:
    """Merges and pairs held back; ``users`` have a user id, of which one person has at most one."""
    counts = table_of(COUNTS, [(key, "user_id", 1) for key in users])
    rows = [(a, b, p, "contradiction" if (a, b) in objections else None) for a, b, p in pairs]
    standing = Standing(counts, table_of(APART, list(apart)), {"user_id": 1}.__getitem__)
    found = cluster(table_of(PAIRS, rows), standing, join_from=0.9)
    merges = [tuple(row.values()) for row in found.merges.to_pylist()]
    return merges, [(row["pair"], row["held_back"]) for row in found.held_back.to_pylist()]


def test_two_profiles_become_one_and_the_older_stays() -> None:
    assert clusters([(3, 8, 0.99), (4, 9, 0.5)]) == ([(8, 3, 0)], [])


def test_two_known_people_stay_two() -> None:
    assert clusters([(3, 8, 0.99)], users=[3, 8]) == ([], [(0, "limit:user_id")])


def test_a_group_takes_no_second_known_person() -> None:
    merges, held = clusters([(1, 2, 0.999), (2, 3, 0.99), (1, 3, 0.98)], users=[1, 3])
    assert merges == [(2, 1, 0)]
    assert held == [(1, "limit:user_id"), (2, "limit:user_id")]


@pytest.mark.parametrize("pairs", [[(1, 2, 0.99)], [(1, 2, 0.99), (1, 3, 0.98), (2, 3, 0.97)]])
def test_who_is_kept_apart_stays_apart(pairs: list[tuple[int, int, float]]) -> None:
    merges, held = clusters(pairs, apart=[(1, 2)])
    assert (2, 1) not in [merge[:2] for merge in merges]
    assert (0, "kept_apart") in held


def test_one_person_with_four_records() -> None:
    pairs = [(1, 2, 0.999), (3, 4, 0.998), (2, 3, 0.99), (1, 3, 0.97), (1, 4, 0.6), (2, 4, 0.95)]
    merges, held = clusters(pairs)
    assert [merge[:2] for merge in merges] == [(2, 1), (3, 1), (4, 1)]
    assert not held


def test_a_chain_of_likenesses_is_not_one_person() -> None:
    merges, held = clusters([(1, 2, 0.999), (3, 4, 0.998), (2, 3, 0.95)])
    assert [merge[:2] for merge in merges] == [(2, 1), (4, 3)]
    assert held == [(2, "chain")]


def test_a_pair_with_an_objection_joins_nobody() -> None:
    assert clusters([(1, 2, 0.999)], objections=[(1, 2)]) == ([], [])


def test_every_merge_has_its_own_evidence() -> None:
    merges, _ = clusters([(1, 2, 0.999), (1, 3, 0.99), (2, 3, 0.98)])
    assert [merge[2] for merge in merges] == [0, 1]


def test_the_prior_is_what_the_scores_add_up_to() -> None:
    random = np.random.default_rng(5)
    real, pairs = 400, 100_000
    # Log-odds of two normal distributions one from another: mean ± 9 nats, variance 18.
    nats = random.normal(np.where(np.arange(pairs) < real, 9.0, -9.0), np.sqrt(18.0))
    found = prior_from(pa.chunked_array([nats / np.log(2.0)]), 1e-6, pairs)
    assert found == pytest.approx(real / pairs, rel=0.05)


def test_a_prior_stays_where_nothing_was_compared() -> None:
    assert prior_from(pa.chunked_array([[]], pa.float64()), 0.01, 100) == 0.01


@pytest.mark.parametrize(
    ("probabilities", "start"),
    [
        ([0.999, 0.998, 0.5], 0.9),  # all that are good enough by themselves
        ([1.0] * 18 + [0.95, 0.92, 0.91, 0.9], 0.92),  # so far down that the mean holds
        ([0.5, 0.2], 0.9),
        ([0.95, 0.93], 0.99),  # the best pair is not good enough
    ],
)
def test_pairs_are_joined_from_where_the_mean_keeps_the_promise(probabilities: list[float], start: float) -> None:
    column = pa.chunked_array([probabilities])
    assert starting_at(column, 0.99) == pytest.approx(start)
    assert expected_precision(column, start) >= 0.98
