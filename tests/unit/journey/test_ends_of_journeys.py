"""Draining, stopping, and in which order journeys have their turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foretell import journey
from foretell.errors import UsageError
from foretell.journey import ending, states
from tests.support.journey_shop import JOURNEY, JourneyShop, at, bought, opened, with_people

KEY = "churn_rescue"


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What happens inside is refused with this code."""
    with pytest.raises(UsageError) as told:
        yield
    assert told.value.code == code


def state(shop: JourneyShop) -> str:
    return journey.state_of(shop.engine, KEY).state


def test_nobody_enters_a_draining_journey_and_those_inside_go_on_to_the_end(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        journey.drain(shop.engine, shop.catalog, KEY, now=at(1))
        shop.tick(1)
        with_people_inside = shop.runs()
        shop.happened(bought("bob", 2))
        shop.scored(hours=2)
        assert shop.tick(3).entered == 0
        assert (state(shop), set(with_people_inside)) == ("draining", {"ann"})
        shop.tick(80)
        assert (shop.runs()["ann"][0], state(shop)) == ("done", "drained")
        with refused("ENDED_ALREADY"):
            journey.drain(shop.engine, shop.catalog, KEY, now=at(81))


def test_the_goal_still_counts_when_a_journey_has_drained(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        journey.drain(shop.engine, shop.catalog, KEY, now=at(1))
        shop.tick(80)
        shop.happened(bought("ann", 100))
        assert shop.tick(101).goals == 1
        assert shop.runs()["ann"] == ("done", "finish", 72.0, 100.0) or shop.runs()["ann"][3] == 100.0


def test_to_stop_ends_everybody_and_takes_back_what_was_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "CHUNK", 2)
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob", "cara")
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(0))
        assert journey.stop_all(shop.engine, shop.catalog, KEY, now=at(1)) == 3
        assert {run[:3] for run in shop.runs().values()} == {("stopped", "day", 1.0)}
        assert {message[3] for message in shop.messages()} == {"cancelled"}
        assert {
            row["left_at"] is None for row in shop.engine.analytics.query("SELECT * FROM audiences").to_pylist()
        } == {False}
        assert journey.stop_all(shop.engine, shop.catalog, KEY, now=at(2)) == 0
        shop.happened(bought("ann", 3))
        assert shop.tick(4).goals == 1
        assert (shop.runs()["ann"][3], state(shop)) == (3.0, "stopped")


def test_a_stop_that_was_cut_off_is_ended_by_the_next_tick(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        states.change(shop.engine, shop.catalog, KEY, "stopped", now=at(1))
        shop.tick(30)
        assert {run[0] for run in shop.runs().values()} == {"stopped"}
        assert {step for _, step, _, _ in shop.messages()} == {"miss_you"}


def test_started_again_people_enter_again(tmp_path: Path) -> None:
    again = {"journeys/churn_rescue.yaml": JOURNEY.replace("  leave:", "  reentry: {after: 1d}\n  leave:")}
    with opened(tmp_path, documents=again) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        journey.stop_all(shop.engine, shop.catalog, KEY, now=at(1))
        journey.start(shop.engine, shop.catalog, KEY, now=at(30))
        assert shop.tick(30).entered == 1


@pytest.mark.parametrize(("priority", "first"), [(5, "other"), (-5, "churn_rescue")])
def test_the_journey_of_the_highest_priority_has_its_turn_first(tmp_path: Path, priority: int, first: str) -> None:
    capped = (
        "name: Shop\ncurrency: EUR\nzone: UTC\nsending: {base_url: https://shop.example, "
        "caps: [{messages: 1, per: 7d, channel: email}]}\n"
    )
    other = (
        f"kind: journey\nkey: other\nspec:\n  enter: {{did: Order Completed}}\n  holdout: 0%\n  priority: {priority}\n"
        "  steps:\n    - {key: hello, send: we_miss_you}\n"
    )
    with opened(tmp_path, documents={"foretell.yaml": capped, "journeys/other.yaml": other}) as shop:
        with_people(shop, "ann")
        journey.start(shop.engine, shop.catalog, "other", now=at(0))
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(0))
        went = shop.engine.ops.query("SELECT journey FROM messages WHERE medium = 'email' AND state = 'queued'")
        assert went == [(first,)]
