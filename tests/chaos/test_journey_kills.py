"""A tick that dies at any counted point: the next one leaves the same state, nothing twice, nothing missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foretell import journey
from foretell.engine import observe_crash_points
from tests.support.journey_shop import JourneyShop, at, bought, copied, opened, viewed, with_people

HOURS = 29
PARTS = 2
"""The points are shared out, so that several workers can take them."""
STRIDE = 3


class Died(BaseException):
    """The process is gone; what was in memory is lost."""


def chosen(points: list[str]) -> list[int]:
    """Numbers of the points to die at: the first and the last of each name, and of the others every third."""
    found = set(range(1, len(points) + 1, STRIDE))
    for name in set(points):
        places = [number for number, passed in enumerate(points, 1) if passed == name]
        found |= {places[0], places[-1]}
    return sorted(found)


@contextmanager
def observed(observer: Callable[[str], None]) -> Iterator[None]:
    observe_crash_points(observer)
    try:
        yield
    finally:
        observe_crash_points(None)


def dying_at(number: int) -> Callable[[str], None]:
    passed = 0

    def observer(name: str) -> None:
        nonlocal passed
        passed += 1
        if passed == number:
            raise Died(name)

    return observer


def ticked(shop: JourneyShop) -> None:
    journey.tick(shop.engine, shop.catalog, shop.reader, now=at(HOURS))


def state(shop: JourneyShop) -> dict[str, object]:
    """Everything that a death could have lost or doubled."""
    ops, analytics = shop.engine.ops.query, shop.engine.analytics.query
    return {
        "runs": ops("SELECT * FROM journey_runs ORDER BY run"),
        "sends": ops("SELECT * FROM journey_sends ORDER BY run, step"),
        "messages": ops("SELECT message_id, at, state FROM messages ORDER BY message_id"),
        "codes": ops("SELECT run, code FROM offer_codes ORDER BY run"),
        "audience": ops("SELECT profile_key, joined_at, left_at FROM audience_members ORDER BY profile_key"),
        "cases": ops("SELECT case_id FROM cases ORDER BY case_id"),
        "rows": analytics("SELECT * FROM journey_run_rows ORDER BY run").to_pylist(),
        "steps": analytics("SELECT * FROM journey_step_rows ORDER BY run, happened_at, step, outcome").to_pylist(),
        "decisions": analytics("SELECT message_id, decision FROM decision_rows ORDER BY 1, 2").to_pylist(),
        "events": analytics("SELECT message_id, event, timestamp FROM events ORDER BY 1").to_pylist(),
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run is due, one has opened, one has bought, one person enters: all in the tick that dies."""
    root = tmp_path_factory.mktemp("prepared") / "shop"
    with opened(root) as shop:
        with_people(shop, "due", "opener", "buyer")
        shop.tick(0)
        shop.engaged("opener", "miss_you", "open", 3)
        shop.happened(bought("buyer", 20), viewed("due", 22))
        with_people(shop, "due", "opener", "buyer", "fresh")
    return root


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> tuple[list[str], dict[str, object]]:
    """The points that a tick passes, and the state that it leaves."""
    points: list[str] = []
    with opened(copied(prepared, tmp_path_factory.mktemp("whole") / "shop")) as shop:
        with observed(points.append):
            ticked(shop)
        assert sorted(shop.runs()) == ["buyer", "due", "fresh", "opener"]
        return points, state(shop)


def test_the_points_cover_every_commit(undisturbed: tuple[list[str], object]) -> None:
    points, _ = undisturbed
    assert {"act.before_commit", "batch.between_commits", "batch.after_commits"} <= set(points)
    assert points.count("act.before_commit") >= 4


@pytest.mark.parametrize("share", range(PARTS))
def test_a_tick_that_dies_anywhere_is_made_good_by_the_next(
    tmp_path: Path, prepared: Path, undisturbed: tuple[list[str], dict[str, object]], share: int
) -> None:
    points, expected = undisturbed
    for number in chosen(points)[share::PARTS]:
        root = copied(prepared, tmp_path / str(number))
        with pytest.raises(Died), opened(root) as shop, observed(dying_at(number)):
            ticked(shop)
        with opened(root) as shop:
            ticked(shop)
            assert state(shop) == expected, f"point {number}, {points[number - 1]}"
