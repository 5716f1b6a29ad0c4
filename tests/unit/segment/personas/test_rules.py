"""Rules of few limits, written as people would; and which kind is which persona of before."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from foretell.condition import parse
from foretell.segment.personas.behaviours import USUAL, Behaviour
from foretell.segment.personas.identities import matched
from foretell.segment.personas.leaves import Leaf, merged, round_limit
from foretell.segment.personas.naming import Difference, key_of, titles
from foretell.segment.personas.reading import Behaved
from foretell.segment.personas.rules import rules_for

ORDERS, VALUE = USUAL[0], USUAL[1]
STORE = next(one for one in USUAL if one.key == "store")
POPULATION = {"did": "Order Completed", "within": "1y"}


def people() -> tuple[Behaved, np.ndarray]:
    draws = np.random.default_rng(8)
    n = 900
    orders = draws.integers(1, 30, n).astype(float)
    value = draws.uniform(10, 400, n)
    labels = np.where(orders >= 12, 0, np.where(value >= 150, 1, 2))
    return Behaved(np.arange(n), np.ones(n), (ORDERS, VALUE), {"orders": orders, "order_value": value}, {}, {}), labels


def test_planted_limits_come_back_round() -> None:
    behaved, labels = people()
    found = rules_for(behaved, (ORDERS, VALUE), labels, kinds=3, window="1y", population=POPULATION)
    assert found.fidelity > 0.98
    assert found.leaves == 3
    first, second, third = found.conditions
    assert first == {"all": [POPULATION, {"did": "Order Completed", "within": "1y", "times": {"gte": 12}}]}
    assert second is not None
    assert third is not None
    few = {"did": "Order Completed", "within": "1y", "times": {"lt": 12}}
    dear = {"did": "Order Completed", "within": "1y", "avg": {"revenue": {"gte": 150}}}
    assert second == {"all": [POPULATION, few, dear]}
    assert third == {"all": [POPULATION, few, {"not": dear}]}
    for one in found.conditions:
        parse(one)
    assert min(found.precision) > 0.95
    assert min(found.recall) > 0.95


def test_a_share_becomes_a_ratio() -> None:
    draws = np.random.default_rng(9)
    bottom = np.full(500, 20.0)
    top = draws.integers(0, 21, 500).astype(float)
    behaved = Behaved(
        np.arange(500), np.ones(500), (STORE,), {"store": top / bottom}, {"store": top}, {"store": bottom}
    )
    labels = (top >= 10).astype(np.int64)
    found = rules_for(behaved, (STORE,), labels, kinds=2, window="1y", population=POPULATION)
    assert found.fidelity == 1.0
    rule = found.conditions[1]
    assert rule is not None
    assert rule["all"][1]["ratio"] == [STORE.of, STORE.per]
    assert 0.45 < rule["all"][1]["gte"] <= 0.5
    parse(rule)


@pytest.mark.parametrize(
    ("behaviour", "threshold", "limit"),
    [(ORDERS, 11.5, 12), (ORDERS, 12.0, 13), (STORE, 0.1234, 0.12), (STORE, 0.001, 0.01), (VALUE, 148.7, 150),
     (VALUE, 0.0432, 0.043), (VALUE, -0.5, 0.0)],
)  # fmt: skip
def test_limits_are_round(behaviour: Behaviour, threshold: float, limit: float) -> None:
    assert round_limit(behaviour, threshold) == limit


def test_leaves_that_touch_become_one() -> None:
    low, high = Leaf(0, {0: (None, 5.0), 1: (2.0, None)}), Leaf(0, {0: (5.0, None), 1: (2.0, None)})
    assert merged([low, high]) == [Leaf(0, {1: (2.0, None)})]
    assert merged([low, Leaf(1, high.limits)]) == [low, Leaf(1, high.limits)], "of two kinds they stay"
    apart = Leaf(0, {0: (6.0, None), 1: (2.0, None)})
    assert merged([low, apart]) == [low, apart]


def test_identities_are_kept_by_the_people_they_share() -> None:
    keys = pa.array(range(100), pa.int64())
    before = pa.table(
        {"profile_key": pa.array(range(20, 100), pa.int64()), "persona": ["loyal"] * 40 + ["thrifty"] * 40}
    )
    labels = np.array([2] * 20 + [1] * 38 + [0] * 42)
    found = {one.persona: one for one in matched(keys, labels, 3, before)}
    assert {persona: one.kind for persona, one in found.items()} == {"loyal": 1, "thrifty": 0}
    assert found["loyal"].shared == pytest.approx(38 / 40)
    scattered = pa.table({"profile_key": keys, "persona": [f"p{number % 4}" for number in range(100)]})
    assert matched(keys, labels, 3, scattered) == [], "who shares with everybody a little is nobody's successor"
    assert matched(keys, labels, 3, before.slice(0, 0)) == []


def test_names_say_what_distinguishes_and_are_different() -> None:
    def told(*effects: float) -> list[Difference]:
        pairs = zip(("orders", "order_value", "store"), effects, strict=True)
        found = [Difference(key, key, "count", False, effect, 1.0, 2.0) for key, effect in pairs]
        return sorted(found, key=lambda one: -abs(one.effect))

    made = titles([told(2.0, 1.0, 0.5), told(-1.0, -0.1, 0.2), told(2.0, 1.0, -0.6), told(0.1, 0.1, 0.1)], USUAL)
    assert made == [
        "Frequent, generous customers", "Occasional customers", "Frequent, generous, online customers",
        "Everyday customers",
    ]  # fmt: skip
    assert key_of(made[0], set()) == "frequent_generous"
    assert key_of(made[0], {"frequent_generous", "frequent_generous_2"}) == "frequent_generous_3"
    assert key_of("80 % more customers", set()).startswith("p_80")
