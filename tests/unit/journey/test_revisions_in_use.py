"""People stay on their revision unless they are moved: who would be concerned, and moving them in whole sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foretell import app, definitions, identify, journey
from foretell.errors import UsageError
from foretell.journey import moving
from tests.support.journey_shop import JOURNEY, JourneyShop, apply, at, bought, ids_of, opened, viewed, with_people
from tests.support.small_events import event
from tests.support.small_workspace import write

LONGER = JOURNEY.replace("{key: day, wait: 24h,", "{key: day, wait: 48h,")
RENAMED = JOURNEY.replace("key: day,", "key: two_days,")


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What happens inside is refused with this code."""
    with pytest.raises(UsageError) as told:
        yield
    assert told.value.code == code


def changed(shop: JourneyShop, text: str) -> None:
    """The document is edited and applied."""
    write(shop.catalog.root, {"journeys/churn_rescue.yaml": text})
    shop.catalog, problems = definitions.load(shop.catalog.root, app.KINDS, environ={})
    definitions.raise_errors(problems)
    apply(shop, 2)


def merge(shop: JourneyShop, one: str, other: str, hours: float) -> None:
    """Two people turn out to be one."""
    seen = (event("Seen", f"{name}-seen", hours, ids={**ids_of(name), "anonymous_id": "same"}) for name in (one, other))
    shop.happened(*seen)


def moved(shop: JourneyShop, hours: float, dry_run: bool = False, **steps: str) -> journey.Moved:
    """From the first revision to the second."""
    return journey.move(
        shop.engine, shop.catalog, "churn_rescue", from_revision=1, to_revision=2, steps=steps, dry_run=dry_run,
        now=at(hours),
    )  # fmt: skip


def test_who_is_on_which_revision_and_what_becomes_of_their_step(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        changed(shop, LONGER)
        with_people(shop, "cara")
        shop.tick(3)
        found = journey.stands(shop.engine, "churn_rescue")
        assert [(one.revision, one.in_force, one.inside) for one in found] == [(2, True, 1), (1, False, 2)]
        assert [(step.step, step.people, step.becomes) for step in found[1].steps] == [("day", 2, "changed")]
        assert [(step.step, step.becomes) for step in found[0].steps] == [("day", "same")]


def test_a_plan_tells_how_many_stand_at_a_step_that_is_gone(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        write(shop.catalog.root, {"journeys/churn_rescue.yaml": RENAMED})
        edited, _ = definitions.load(shop.catalog.root, app.KINDS, environ={})
        told = journey.concerned(shop.engine, edited.get("journey", "churn_rescue"))
        assert told == "2 inside stay on their revision; 2 of them stand at a step that is gone"
        assert journey.stands(shop.engine, "churn_rescue")[0].stranded == 0


def test_a_changed_wait_is_asked_again_from_where_it_began(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        changed(shop, LONGER)
        assert moved(shop, 5, dry_run=True).steps == (journey.StepMove("day", 1, "day", True),)
        assert journey.stands(shop.engine, "churn_rescue")[1].inside == 1
        assert moved(shop, 5).people == 1
        shop.tick(30)
        assert shop.runs()["ann"][:2] == ("active", "day")
        shop.tick(49)
        assert [row for row in shop.steps("ann") if row[0] == "day"] == [
            ("day", 0.0, "waiting"), ("day", 5.0, "moved: revision 2"), ("day", 5.0, "waiting"),
            ("day", 48.0, "waited"),
        ]  # fmt: skip


def test_whoever_waits_at_the_same_step_goes_on_waiting(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        changed(shop, JOURNEY.replace("title: Churn rescue", "title: Rescue"))
        assert moved(shop, 5).steps == (journey.StepMove("day", 1, "day", False),)
        shop.tick(24)
        assert [row[1:] for row in shop.steps("ann") if row[0] == "day"] == [
            (0.0, "waiting"), (5.0, "moved: revision 2"), (24.0, "waited"),
        ]  # fmt: skip
        assert shop.engine.analytics.query("SELECT revision FROM journey_runs")["revision"].to_pylist() == [2]


def test_what_the_new_revision_waits_for_may_be_there_already(tmp_path: Path) -> None:
    """Ann looked at a page long before that became the goal, and nothing happens to her after it."""
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        shop.happened(viewed("ann", 1))
        shop.tick(2)
        changed(shop, JOURNEY.replace("goal: {did: Order Completed}", "goal: {did: Page Viewed}"))
        moved(shop, 5)
        shop.tick(6)
        state, _, ended, goal = shop.runs()["ann"]
        assert (state, ended, goal) == ("goal", 1.0, 1.0)


def test_people_at_a_step_that_is_gone_have_to_be_led_somewhere(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        changed(shop, RENAMED)
        with pytest.raises(UsageError) as told:
            moved(shop, 5)
        assert (told.value.code, told.value.next_step) == ("STEP_IS_GONE", "Say where they go: --step day=STEP.")
        with refused("UNKNOWN_STEP"):
            moved(shop, 5, day="dya")
        moved(shop, 5, day="two_days")
        shop.tick(24)
        assert shop.runs()["ann"][1] == "three_days" or ("two_days", 24.0, "waited") in shop.steps("ann")
        assert ("two_days", 5.0, "waiting") in shop.steps("ann")


def test_the_held_out_go_along_so_that_both_arms_have_one_goal(tmp_path: Path) -> None:
    half = {"journeys/churn_rescue.yaml": JOURNEY.replace("0%", "50%")}
    with opened(tmp_path, documents=half) as shop:
        with_people(shop, *(f"p{number}" for number in range(12)))
        shop.tick(0)
        changed(shop, half["journeys/churn_rescue.yaml"].replace("goal_within: 30d", "goal_within: 10d"))
        told = moved(shop, 5)
        assert told.held_out + told.people == 12
        assert 0 < told.held_out < 12
        assert told.notes == ("The goal is another one; it counts for both arms from now on.",)
        rows = shop.engine.ops.query("SELECT DISTINCT revision, goal_until FROM journey_runs")
        assert rows == [(2, int(at(240).timestamp() * 1e6))]
        shop.happened(bought("p0", 24 * 11))
        shop.tick(24 * 11)
        assert shop.runs()["p0"][3] is None


def test_a_move_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "CHUNK", 2)
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob", "cara", "dora", "eve")
        shop.tick(0)
        changed(shop, LONGER)
        before = shop.engine.analytics.last_batch()
        assert moved(shop, 5).people == 5
        assert shop.engine.analytics.last_batch() == before + 3
        assert moved(shop, 5).people == 0
        told = shop.engine.analytics.query(
            "SELECT count(*) AS n FROM journey_steps WHERE outcome = 'moved: revision 2'"
        )
        assert told["n"].to_pylist() == [5]


def test_revisions_that_are_not_there(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        with refused("UNKNOWN_REVISION"):
            moved(shop, 1)
        with refused("SAME_REVISION"):
            journey.move(shop.engine, shop.catalog, "churn_rescue", from_revision=1, to_revision=1, now=at(1))


def test_after_a_merge_the_earlier_run_goes_on_by_the_revision_that_it_was_moved_to(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        changed(shop, LONGER)
        with_people(shop, "ann", "till_bob")
        shop.tick(4)
        moved(shop, 5)
        merge(shop, "ann", "till_bob", 6)
        rows = shop.engine.ops.query("SELECT state, revision, step FROM journey_runs ORDER BY entered_at")
        assert rows == [("active", 2, "day"), ("merged", 2, "day")]
        shop.tick(49)
        assert ("day", 48.0, "waited") in shop.steps("ann")


def test_what_a_merge_closed_stays_on_its_revision_and_goes_on_there_after_a_split(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "till_bob")
        shop.tick(0)
        merge(shop, "ann", "till_bob", 1)
        changed(shop, LONGER)
        assert moved(shop, 5).people == 1
        identify.split(shop.engine, identify.find(shop.engine, "email:till_bob@customers.example"), now=at(6))
        rows = shop.engine.ops.query("SELECT state, revision FROM journey_runs ORDER BY revision")
        assert rows == [("active", 1), ("active", 2)]
        shop.tick(30)
        assert sorted(run[1] for run in shop.runs().values()) == ["day", "three_days"]


def test_nobody_goes_on_in_a_stopped_journey_after_a_split(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "till_bob")
        shop.tick(0)
        merge(shop, "ann", "till_bob", 1)
        journey.stop_all(shop.engine, shop.catalog, "churn_rescue", now=at(2))
        identify.split(shop.engine, identify.find(shop.engine, "email:till_bob@customers.example"), now=at(3))
        shop.tick(30)
        assert {run[0] for run in shop.runs().values()} <= {"stopped", "merged"}
        assert {step for _, step, _, _ in shop.messages()} == {"miss_you"}
