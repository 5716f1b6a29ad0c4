"""Only habits tell of a kind of people, and no outlier makes one."""

from __future__ import annotations

import numpy as np

from foretell.segment.personas.behaviours import Behaviour
from foretell.segment.personas.reading import Behaved
from foretell.segment.personas.scaling import scaled
from foretell.stats import Floats

N = 600
BOUGHT = {"did": "Order Completed"}


def behaviour(key: str, per: dict[str, str] | None = None) -> Behaviour:
    return Behaviour.model_validate({"key": key, "title": key, "of": BOUGHT, "per": per})


def behaved(
    behaviours: list[Behaviour], values: dict[str, Floats], shares: dict[str, tuple[Floats, Floats]]
) -> Behaved:
    tops, bottoms = {key: top for key, (top, _) in shares.items()}, {key: bottom for key, (_, bottom) in shares.items()}
    quotients = {key: top / bottom for key, (top, bottom) in shares.items()}
    people = np.arange(N, dtype=np.int64)
    return Behaved(people, np.ones(N), tuple(behaviours), values | quotients, tops, bottoms)


def test_what_people_do_not_keep_up_does_not_count() -> None:
    draws = np.random.default_rng(2)
    rate = draws.gamma(2.0, 4.0, N)
    made = [behaviour("habit"), behaviour("chance")]
    halves: list[dict[str, Floats]] = [
        {"habit": draws.poisson(rate).astype(np.float64), "chance": draws.poisson(8.0, N).astype(np.float64)}
        for _ in range(2)
    ]
    whole: dict[str, Floats] = {key: halves[0][key] + halves[1][key] for key in halves[0]}
    found = scaled(behaved(made, whole, {}), (behaved(made, halves[0], {}), behaved(made, halves[1], {})))
    assert [one.key for one in found.used] == ["habit"]
    assert found.left_out["chance"].startswith("is no habit")
    assert found.kept_up["habit"] is not None
    assert found.kept_up["habit"] > 0.7
    assert abs(found.points.mean()) < 1e-9
    assert abs(found.points.std() - 1) < 1e-9


def test_an_outlier_is_drawn_in() -> None:
    values = np.random.default_rng(4).gamma(2.0, 3.0, N)
    values[0] = 1e6
    made = [behaviour("orders")]
    both = behaved(made, {"orders": values}, {})
    found = scaled(both, (both, both))
    assert found.points.max() < 4, "without winsorising it would be further than 20"


def test_the_same_said_twice_counts_once_and_what_nobody_does_not_at_all() -> None:
    values = np.random.default_rng(6).gamma(2.0, 3.0, N)
    rare = np.zeros(N)
    rare[:5] = 1.0
    made = [behaviour("orders"), behaviour("twin"), behaviour("rare")]
    both = behaved(made, {"orders": values, "twin": 2 * values, "rare": rare}, {})
    found = scaled(both, (both, both))
    assert [one.key for one in found.used] == ["orders"]
    assert found.left_out == {"twin": "says the same as orders", "rare": "hardly anybody differs in it"}


def test_a_share_of_few_is_drawn_to_everybodys() -> None:
    bottom = np.full(N, 40.0)
    top = np.where(np.arange(N) % 2 == 0, 10.0, 30.0)
    bottom[0], top[0] = 1.0, 0.0
    made = [behaviour("share", per=BOUGHT)]
    both = behaved(made, {}, {"share": (top, bottom)})
    found = scaled(both, (both, both))
    assert found.points[2, 0] < found.points[0, 0] < found.points[1, 0], "none of one tells less than 10 of 40"
