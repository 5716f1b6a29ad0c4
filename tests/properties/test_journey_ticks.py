"""How far apart the ticks are makes no difference to what journeys decide, and for which instant."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.journey_shop import JourneyShop, bought, opened, viewed, with_people

NAMES = [f"p{number:02d}" for number in range(24)]
END_HOURS = 96
Stream = list[tuple[float, str, str]]


def stream() -> Stream:
    """(hours, what, who): openings, visits and purchases of four days, in order of time; some at due instants."""
    draw = np.random.default_rng(7)
    happened = []
    for name in NAMES:
        for what, most in (("open", 2), ("view", 2), ("buy", 1)):
            for hours in draw.uniform(0.5, END_HOURS, size=draw.integers(0, most + 1)):
                happened.append((float(np.round(hours, draw.integers(0, 3))), what, name))
    return sorted(happened)


def played(root: Path, every_hours: int) -> dict[str, object]:
    """What was decided, by which instants."""
    with opened(root) as shop:
        with_people(shop, *NAMES)
        waiting = stream()
        for hours in range(0, END_HOURS + 1, every_hours):
            while waiting and waiting[0][0] <= hours:
                take(shop, *waiting.pop(0))
            shop.tick(hours)
        steps = {name: shop.steps(name) for name in NAMES}
        return {"decisions": shop.decisions(), "runs": shop.runs(), "cases": shop.cases(), "steps": steps}


def take(shop: JourneyShop, hours: float, what: str, name: str) -> None:
    if what == "open":
        shop.engaged(name, "miss_you", "open", hours)
    else:
        shop.happened((bought if what == "buy" else viewed)(name, hours))


def test_the_spacing_of_ticks_changes_nothing(tmp_path: Path) -> None:
    often, once_a_day = (played(tmp_path / str(hours), hours) for hours in (6, 24))
    for part, found in often.items():
        assert once_a_day[part] == found, part
    sent = {(step, hours) for _, step, hours, *_ in often["decisions"]}  # type: ignore[attr-defined]
    assert {("miss_you", 0.0), ("text", 24.0)} <= sent
    assert often["cases"]
    assert {state for state, *_ in often["runs"].values()} == {"done", "goal"}  # type: ignore[attr-defined]
