"""Mistakes planted in what keeps segments fresh, one at a time, are each caught by the comparison."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.properties.test_live_segments import differences
from tests.support.live_segments import START, Shop
from tests.support.small_events import event

MUTATIONS = {
    "window_begins_inclusive": ("runs", "Runs.after", "self.t > np.repeat", "self.t >= np.repeat"),
    "lapses_late": ("parts", "Counted.look", "(lower + 1), runs.at)", "(lower + 1), runs.at) + 3_600_000_000"),
    "no_timer": ("parts", "Counted.look", "self.window.leaves(runs.newest(lower + 1), runs.at)", "NEVER"),
    "months_as_days": ("parts", "Counted.look", "if back is not None", "if False"),
    "one_hit_too_few": ("upkeep", "_Chunk._worth", "- place <= most", "- place < most"),
    "future_counts": ("upkeep", "_Chunk._atom", "t <= np.repeat(at, end - begin)", "t <= NEVER"),
    "timer_overwritten": ("upkeep", "Upkeep._chunk", "np.minimum(people.look_at[who], again)", "again"),
    "nothing_is_not_said": ("upkeep", "_Chunk.open_atoms", "= self._plan.at_nothing[self._plan.kept, None]", "= False"),
    "losers_hits_are_lost": ("moving", "_Moves.follow", "theirs.owned(owners[there][theirs.owner])", "Hits.none()"),
    "arrivals_unseen": ("moving", "_unseen", "np.unique(keys[again])", "np.unique(keys[again])[:0]"),
}
SEGMENTS: dict[str, dict[str, Any]] = {
    "one": {"condition": {"did": "A", "within": "1d"}},
    "two": {"condition": {"did": "A", "times": {"gte": 2}, "within": "1d"}},
    "pair": {"condition": {"did": "C", "times": {"gte": 2}, "within": "7d"}},
    "month": {"condition": {"did": "A", "within": "1mo"}},
    "few": {"condition": {"did": "A", "times": {"lt": 2}, "within": "1d"}},
    "none": {"condition": {"did_not": "A", "within": "1d"}},
}
SCENE: tuple[tuple[tuple[int, int, int], list[tuple[str, int, int, int, dict[str, str]]]], ...] = (
    ((2, 28, 0), []),
    (
        (2, 28, 14),
        [
            ("A", 2, 28, 12, {"user_id": "ann"}),
            ("A", 2, 28, 13, {"user_id": "ann"}),
            ("B", 2, 28, 12, {"user_id": "bob"}),
            ("B", 2, 28, 12, {"user_id": "cat"}),
            ("A", 3, 2, 0, {"user_id": "cat"}),
            ("C", 2, 28, 12, {"user_id": "ann"}),
            ("C", 2, 28, 13, {"user_id": "ann"}),
            ("A", 2, 28, 13, {"user_id": "zoe"}),
            ("A", 2, 28, 13, {"anonymous_id": "a"}),
        ],
    ),
    ((2, 28, 15), [("B", 2, 28, 15, {"user_id": "ann"})]),
    ((2, 28, 16), [("B", 2, 28, 16, {"user_id": "zoe", "anonymous_id": "a"})]),
    ((3, 1, 12), []),
    ((3, 1, 13), []),
    ((3, 28, 20), []),
    ((3, 29, 6), []),
)
"""When it is looked, and what was told before (month, day, hour): the person of a month's end, an event dated ahead,
two who turn out to be one, a look at the instant at which a window lapses."""


def played(shop: Shop) -> list[str]:
    """Play the scene; returns where what is kept is not what is recomputed."""
    shop.define(SEGMENTS)
    for place, ((month, day, hour), events) in enumerate(SCENE):
        now = datetime(2026, month, day, hour, tzinfo=UTC)
        shop.clock.instant = now
        if events:
            shop.happen([_event(f"{place}-{n}", *one) for n, one in enumerate(events)])
        shop.look(now)
        if found := differences(shop, now, set()):
            return found
    return []


def _event(message_id: str, name: str, month: int, day: int, hour: int, ids: dict[str, str]) -> dict[str, object]:
    at = datetime(2026, month, day, hour, tzinfo=UTC)
    return event(name, message_id, (at - START) / timedelta(hours=1), ids=ids)


def planted(monkeypatch: pytest.MonkeyPatch, module: str, place: str, right: str, wrong: str) -> None:
    """Let a function of the room be a mistaken one."""
    home = importlib.import_module(f"foretell.segment.live.{module}")
    owner: object = home
    *classes, name = place.split(".")
    for one in classes:
        owner = getattr(owner, one)
    source = textwrap.dedent(inspect.getsource(getattr(owner, name)))
    assert source.count(right) == 1, (place, right)
    found: dict[str, object] = {}
    exec(
        compile(f"from __future__ import annotations\n{source.replace(right, wrong)}", place, "exec"), vars(home), found
    )
    monkeypatch.setattr(owner, name, found[name])


def test_the_scene_as_it_is(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    try:
        assert played(shop) == []
    finally:
        shop.engine.close()


@pytest.mark.parametrize("mistake", MUTATIONS)
def test_a_mistake_is_caught(mistake: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    planted(monkeypatch, *MUTATIONS[mistake])
    shop = Shop(tmp_path)
    try:
        assert played(shop) != []
    finally:
        shop.engine.close()
