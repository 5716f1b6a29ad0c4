"""Two runs of one person after a merge, a split, erasure; other revisions; pausing; what is reported."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from foretell import identify, journey
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


def split(shop: JourneyShop, name: str, hours: float) -> None:
    """The merge that brought somebody to another is taken back."""
    identify.split(shop.engine, identify.find(shop.engine, f"email:{name}@customers.example"), now=at(hours))


def owners(shop: JourneyShop) -> list[tuple[str, str]]:
    """(person, state) of every run."""
    rows = shop.engine.analytics.query("SELECT profile_key, state FROM log_journey_runs ORDER BY entered_at, run")
    return sorted((shop._names()[row["profile_key"]], row["state"]) for row in rows.to_pylist())


def runs_of(shop: JourneyShop, name: str) -> list[tuple[str, str]]:
    """(run, state) of somebody's runs."""
    return shop.engine.ops.query("SELECT run, state FROM journey_runs WHERE profile_key = ?", (shop.key(name),))


def test_a_split_lets_the_closed_run_go_on(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "till_bob")
        shop.tick(0)
        merged(shop, "ann", "till_bob", 6)
        assert sorted(state for state, *_ in states(shop)) == ["active", "merged"]
        split(shop, "till_bob", 7)
        assert owners(shop) == [("ann", "active"), ("till_bob", "active")]
        shop.tick(80)
        assert owners(shop) == [("ann", "done"), ("till_bob", "done")]
        assert {who for who, *_ in shop.cases()} == {"ann", "till_bob"}


def test_of_two_closed_runs_that_leave_together_one_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        with_people(shop, "ann")
        shop.tick(0)
        with_people(shop, "ann", "till_bob", "till_cid")
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(5))
        merged(shop, "till_bob", "till_cid", 6)
        alone = [run for run, state in runs_of(shop, "till_bob") if state == "active"]
        merged(shop, "ann", "till_bob", 7)
        assert sorted(state for state, *_ in states(shop)) == ["active", "merged", "merged"]
        split(shop, "till_bob", 8)
        assert [run for run, state in runs_of(shop, "till_bob") if state == "active"] == alone
        assert owners(shop) == [("ann", "active"), ("till_bob", "active"), ("till_bob", "merged")]
        waiting = [who for who, step, _, state in shop.messages() if (step, state) == ("miss_you", "queued")]
        assert waiting == ["till_bob"]


def test_what_is_over_for_somebody_does_not_begin_again_when_another_leaves(tmp_path: Path) -> None:
    """The run that went on reached its goal, and who had the closed one is the same person still."""
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "till_bob")
        shop.happened(event("Seen", "cid", 0, ids=ids_of("till_cid")))
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(0))
        merged(shop, "ann", "till_bob", 1)
        shop.happened(event("Seen", "too", 2, ids={**ids_of("till_cid"), "anonymous_id": "same"}))
        shop.happened(bought("ann", 20))
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(30))
        over = [("ann", "goal"), ("ann", "merged")]
        assert owners(shop) == over
        split(shop, "till_cid", 31)
        assert owners(shop) == over


@pytest.mark.parametrize("earlier", ["ann", "till_bob"])
def test_in_the_middle_of_a_journey_all_goes_on_as_if_they_had_never_been_one(tmp_path: Path, earlier: str) -> None:
    """Whoever entered later was closed, had a message waiting, and gets it after all."""
    told = []
    for change in (False, True):
        with opened(tmp_path / str(change)) as shop:
            with_people(shop, "ann", "till_bob")
            shop.happened(event("Seen", "here", 0, ids=ids_of("ann")))
            with_people(shop, earlier)
            shop.tick(0)
            journey.tick(shop.engine, shop.catalog, shop.reader, now=at(24))
            if change:
                merged(shop, "ann", "till_bob", 24.2)
                closed = [state for who, step, _, state in shop.messages() if step == "text"]
                assert sorted(closed) == ["cancelled", "queued"]
                split(shop, "till_bob", 24.4)
            shop.tick(25)
            shop.tick(100)
            told.append((shop.messages(), owners(shop), shop.cases(), shop.runs()))
    assert told[0] == told[1]


def test_what_has_left_in_its_place_is_not_sent_again(tmp_path: Path) -> None:
    """The run that went on has written to the address of the other: that one's own run stays closed."""
    with opened(tmp_path) as shop:
        with_people(shop, "ann", "till_bob")
        shop.tick(0)
        merged(shop, "ann", "till_bob", 6)
        shop.tick(24)
        texts = "SELECT message_id, address FROM messages WHERE step = 'text' AND state = 'delivered'"
        ((_, address),) = shop.engine.ops.query(texts)
        ((owner,),) = shop.engine.ops.query(
            "SELECT e.value FROM identifiers p JOIN identifiers e ON e.node_key = p.node_key AND e.kind = 'email' "
            "WHERE p.kind = 'phone' AND p.value = ?",
            (address,),
        )
        split(shop, "till_bob", 30)
        entered = [row for row in owners(shop) if row[1] == "merged"]
        survivor = shop.engine.ops.query("SELECT r.profile_key FROM journey_runs r WHERE r.state = 'active'")
        names = {shop._names()[key] for (key,) in survivor}
        sent = shop.engine.ops.query("SELECT profile_key FROM messages WHERE step = 'text' AND state = 'delivered'")
        assert [shop._names()[key] for (key,) in sent] == [owner.partition("@")[0]], "it stays with its address"
        if owner.partition("@")[0] in names:
            assert entered == []
        else:
            assert entered == [(owner.partition("@")[0], "merged")]


def test_a_message_follows_its_address_once_it_has_left_and_is_taken_back_before(tmp_path: Path) -> None:
    """The run that goes on writes to the first address in order, which is the other's."""
    for leaves in (True, False):
        with opened(tmp_path / str(leaves)) as shop:
            with_people(shop, "till_zoe")
            shop.tick(0)
            shop.happened(event("Seen", "bob", 1, ids={**ids_of("till_bob"), "phone": "+4917012344"}))
            merged(shop, "till_zoe", "till_bob", 6)
            journey.tick(shop.engine, shop.catalog, shop.reader, now=at(24))
            if leaves:
                shop.tick(24)
            mine = "SELECT profile_key, state, error FROM messages WHERE step = 'text'"
            address = shop.engine.ops.query("SELECT address FROM messages WHERE step = 'text'")
            assert address == [("+4917012344",)]
            split(shop, "till_bob", 25)
            ((key, state, error),) = shop.engine.ops.query(mine)
            (told,) = shop.engine.analytics.query(
                "SELECT profile_key, state FROM log_messages WHERE step = 'text'"
            ).to_pylist()
            bob, zoe = shop.key("till_bob"), shop.key("till_zoe")
            if leaves:
                assert (key, state) == (bob, "delivered")
            else:
                assert (key, state, error) == (zoe, "cancelled", "the person was split")
            assert told == {"profile_key": key, "state": state}


def test_after_a_split_nobody_is_contaminated(tmp_path: Path) -> None:
    half = {"journeys/churn_rescue.yaml": JOURNEY.replace("0%", "50%")}
    with opened(tmp_path, documents=half) as shop:
        with_people(shop, *(f"till_{number}" for number in range(12)))
        shop.tick(0)
        before = states(shop)
        by_state = {state: name for name, (state, *_) in shop.runs().items()}
        merged(shop, by_state["active"], by_state["held_out"], 6)
        split(shop, by_state["active"], 7)
        assert states(shop) == before
        assert journey.report(shop.engine, shop.catalog, "churn_rescue", now=at(8)).contaminated == 0


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
