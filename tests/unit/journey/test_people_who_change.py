"""Two runs of one person after a merge, a split, erasure; other revisions; pausing; what is reported."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from foretell import journey
from foretell.condition import parse
from foretell.errors import UsageError
from foretell.journey import JourneyStage
from tests.support.journey_shop import JOURNEY, JourneyShop, apply, at, bought, ids_of, opened, with_people
from tests.support.small_events import event
from tests.support.small_workspace import write


def merged(shop: JourneyShop, one: str, other: str, hours: float) -> None:
    """Two people turn out to be one."""
    shop.happened(
        *(event("Seen", f"{name}-seen", hours, ids={**ids_of(name), "anonymous_id": "same"}) for name in (one, other))
    )


def states(shop: JourneyShop) -> list[tuple[str, float, bool]]:
    rows = shop.engine.analytics.query(
        "SELECT state, epoch_us(entered_at) AS stamp, contaminated FROM journey_runs ORDER BY entered_at, run"
    ).to_pylist()
    start = int(at(0).timestamp()) * 1_000_000
    return [(row["state"], (row["stamp"] - start) / 3.6e9, row["contaminated"]) for row in rows]


def test_after_a_merge_the_earlier_run_goes_on_and_the_later_is_closed(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        with_people(shop, "ann", "till_bob")
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(5))
        assert len(shop.runs()) == 2
        merged(shop, "ann", "till_bob", 6)
        assert states(shop) == [("active", 0.0, False), ("merged", 5.0, False)]
        sent = shop.engine.ops.query("SELECT state FROM messages WHERE step = 'miss_you' ORDER BY at")
        assert [state for (state,) in sent] == ["delivered", "cancelled"]
        shop.tick(80)
        assert states(shop) == [("done", 0.0, False), ("merged", 5.0, False)]
        assert len(shop.cases()) == 1


def test_held_out_and_treated_together_are_contaminated(tmp_path: Path) -> None:
    half = {"journeys/churn_rescue.yaml": JOURNEY.replace("0%", "50%")}
    with opened(tmp_path, documents=half) as shop:
        with_people(shop, *(f"till_{number}" for number in range(12)))
        shop.tick(0)
        by_state = {state: name for name, (state, *_) in shop.runs().items()}
        assert set(by_state) == {"active", "held_out"}
        merged(shop, by_state["active"], by_state["held_out"], 6)
        rows = shop.engine.analytics.query("SELECT arm, state FROM journey_runs WHERE contaminated ORDER BY arm")
        assert rows["arm"].to_pylist() == ["held_out", "treated"]
        assert sorted(rows["state"].to_pylist()).count("merged") == 1
        assert journey.report(shop.engine, shop.catalog, "churn_rescue", now=at(7)).contaminated == 2


def test_a_split_lets_the_closed_run_go_on(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "till_bob")
        shop.tick(0)
        keys = [shop.key("ann"), shop.key("till_bob")]
        merged(shop, "ann", "till_bob", 6)
        assert sorted(state for state, *_ in states(shop)) == ["active", "merged"]
        splits = pa.table({"node_key": pa.array(keys, pa.int64()), "profile_key": pa.array(keys, pa.int64())})

        def split(tx, batch) -> None:  # type: ignore[no-untyped-def]
            JourneyStage().unmerge(tx, splits)
            JourneyStage().react(tx, batch)

        shop.engine.act("identify", split, now=at(7))
        assert [state for state, *_ in states(shop)] == ["active", "active"]
        owners = shop.engine.ops.query("SELECT profile_key FROM journey_runs ORDER BY profile_key")
        assert [key for (key,) in owners] == sorted(keys)


def test_erased_people_leave_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        gone = pa.table({"profile_key": pa.array([shop.key("ann")], pa.int64())})
        with shop.engine.ops.write() as tx:
            JourneyStage().erase(tx, gone)
        assert shop.engine.ops.query("SELECT count(*) FROM journey_runs") == [(1,)]
        assert shop.engine.ops.query("SELECT count(*) FROM journey_sends") == [(1,)]


def test_a_run_stays_on_the_revision_it_began_with(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
    changed = JOURNEY.replace("wait: 24h", "wait: 48h")
    write(tmp_path, {"journeys/churn_rescue.yaml": changed})
    with opened(tmp_path) as shop:
        apply(shop, 1)
        with_people(shop, "ann", "bob")
        shop.tick(2)
        shop.tick(60)
        texts = {(name, hours) for name, step, hours, _ in shop.messages() if step == "text"}
        assert texts == {("ann", 24.0), ("bob", 50.0)}
        rows = shop.engine.analytics.query("SELECT revision FROM journey_runs ORDER BY entered_at")
        assert rows["revision"].to_pylist() == [1, 2]


def test_nothing_happens_before_start_nor_while_paused(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with pytest.raises(UsageError, match="was never started"):
            journey.pause(shop.engine, shop.catalog, "churn_rescue", now=at(0))
        assert journey.state_of(shop.engine, "churn_rescue").state == "draft"
        with_people(shop, "ann", "bob")
        shop.tick(0)
        assert journey.pause(shop.engine, shop.catalog, "churn_rescue", now=at(1)).state == "paused"
        shop.happened(bought("bob", 20))
        shop.tick(30)
        assert {step for _, step, *_ in shop.messages()} == {"miss_you"}
        journey.start(shop.engine, shop.catalog, "churn_rescue", now=at(40))
        shop.tick(41)
        assert {(name, hours) for name, step, hours, _ in shop.messages() if step == "text"} == {("ann", 40.0)}
        assert shop.runs()["bob"][:2] == ("goal", "day")


def test_a_journey_that_is_not_applied_cannot_start(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with shop.engine.ops.write() as tx:
            tx.execute("DELETE FROM definitions WHERE kind = 'journey'")
        with pytest.raises(UsageError, match="is not applied"):
            journey.start(shop.engine, shop.catalog, "churn_rescue", now=at(0))
        with pytest.raises(UsageError, match="there is no journey called"):
            journey.start(shop.engine, shop.catalog, "churn_rescu", now=at(0))


def test_the_report_counts_people_steps_and_messages(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob", "cid")
        said = {"channel": "sms", "purpose": "marketing", "state": "denied"}
        shop.happened(event("Consent Updated", "no", -1, ids=ids_of("cid"), properties=said))
        shop.tick(0)
        shop.engaged("ann", "miss_you", "open", 3)
        shop.happened(bought("bob", 10))
        shop.tick(30)
        told = journey.report(shop.engine, shop.catalog, "churn_rescue", now=at(31))
        assert (told.entered, told.treated, told.held_out, told.active, told.done) == (3, 3, 0, 2, 0)
        assert told.goal == {"treated": 1, "held_out": 0}
        assert (told.sent, told.refused) == (3, {"no_consent": 1})
        steps = {step.node.key: step for step in told.steps}
        assert (steps["miss_you"].arrived, steps["miss_you"].sent, steps["miss_you"].here) == (3, 3, 0)
        assert (steps["text"].arrived, dict(steps["text"].refused)) == (1, {"no_consent": 1})
        assert (steps["three_days"].here, steps["day"].done) == (2, 3)
        (line,) = journey.list_journeys(shop.engine, shop.catalog, now=at(31))
        assert (line.state, line.entered, line.active, line.goal) == ("live", 3, 2, 1)
        ann = shop.engine.analytics.query("SELECT profile_id FROM profiles WHERE user_id = 'ann'")["profile_id"][0]
        (run,) = journey.runs_of(shop.engine, ann.as_py())
        assert (run["journey"], run["state"], run["entered_at"]) == ("churn_rescue", "active", at(0))


def test_own_events_bear_what_conditions_need(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(0)
        shop.happened(bought("bob", 10))
        shop.tick(80)
        rows = shop.engine.analytics.query(
            "SELECT e.event, count(*) AS n FROM log_events e WHERE e.event LIKE 'Journey%' GROUP BY e.event ORDER BY 1"
        ).to_pylist()
        assert rows == [
            {"event": "Journey Entered", "n": 2},
            {"event": "Journey Goal Reached", "n": 1},
            {"event": "Journey Left", "n": 1},
        ]
        asked = parse({"did": "Journey Left", "where": {"journey": "churn_rescue", "outcome": "done"}})
        assert shop.reader.members(asked, as_of=at(81))["profile_key"].to_pylist() == [shop.key("ann")]
