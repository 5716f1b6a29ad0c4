"""What lets people into a journey: each event, each turn of the clock, each wish, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import definitions, journey
from foretell.app import KINDS
from foretell.engine import observe_crash_points
from foretell.errors import UsageError
from foretell.journey import Asking, collecting, entering
from tests.support.journey_shop import DOCUMENTS, JourneyShop, at, copied, ids_of, opened, with_people
from tests.support.small_events import event
from tests.support.small_workspace import write

HEAD = "kind: journey\nkey: churn_rescue\nspec:\n  holdout: 0\n"
STEPS = "  steps:\n    - {key: far, wait: 30d}\n"


def shop_with(root: Path, spec: str, **more: str) -> Any:
    files = {
        name.replace("__", "/") + (".csv" if "reference" in name else ".yaml"): text for name, text in more.items()
    }
    return opened(root, documents={"journeys/churn_rescue.yaml": HEAD + spec + STEPS, **files})


def entered(shop: JourneyShop) -> dict[str, int]:
    """Person → number of runs."""
    rows = shop.engine.ops.query("SELECT profile_key, count(*) FROM journey_runs GROUP BY profile_key")
    names = shop._names()
    return {names[key]: count for key, count in rows}


def cart(name: str, hours: float, **properties: Any) -> dict[str, Any]:
    place = "-".join(str(value) for value in properties.values())
    return event("Cart Viewed", f"{name}-cart-{hours}-{place}", hours, ids=ids_of(name), properties=properties)


CARTS = "  trigger: {event: Cart Viewed, where: {total: {gte: 50}}}\n"


def test_an_event_lets_its_person_in_and_events_of_before_do_not(tmp_path: Path) -> None:
    with shop_with(tmp_path, CARTS) as shop:
        shop.happened(cart("ann", -1, total=80))
        with_people(shop, "ann", "bob", "cid")
        shop.tick(0)
        assert entered(shop) == {}
        shop.happened(cart("bob", 1, total=80), cart("cid", 1, total=20))
        shop.tick(2)
        assert entered(shop) == {"bob": 1}
        shop.tick(3)
        assert entered(shop) == {"bob": 1}


def test_an_event_that_comes_late_counts_as_long_as_it_is_fresh(tmp_path: Path) -> None:
    with shop_with(tmp_path, CARTS.replace("}}}", "}}, fresh: 2d}")) as shop:
        with_people(shop, "ann", "bob")
        for hours in (1, 60):
            shop.tick(hours)
        shop.happened(cart("ann", 24, total=80), cart("bob", 5, total=80))
        shop.tick(61)
        assert entered(shop) == {"ann": 1}


def test_history_that_lies_there_already_is_played_through(tmp_path: Path) -> None:
    with shop_with(tmp_path, CARTS) as shop:
        shop.happened(cart("bob", 10, total=80))
        with_people(shop, "bob")
        shop.tick(9)
        assert entered(shop) == {}
        shop.tick(11)
        assert entered(shop) == {"bob": 1}


def test_enter_says_who_of_those_and_may_ask_for_the_event(tmp_path: Path) -> None:
    spec = "  trigger: {event: Cart Viewed}\n  enter: {all: [{event: total, gte: 50}, {did: Order Completed}]}\n"
    with shop_with(tmp_path, spec) as shop:
        with_people(shop, "ann", "bob")
        shop.happened(cart("ann", 1, total=80), cart("bob", 1, total=10), cart("new", 1, total=90))
        shop.tick(2)
        assert entered(shop) == {"ann": 1}


def test_re_entry_once_for_each_order(tmp_path: Path) -> None:
    with shop_with(tmp_path, "  trigger: {event: Cart Viewed}\n  reentry: {per: cart_id}\n") as shop:
        with_people(shop, "ann")
        shop.happened(cart("ann", 1, cart_id="a"), cart("ann", 2, cart_id="b"), cart("ann", 3, cart_id="a"))
        shop.tick(4)
        assert entered(shop) == {"ann": 2}
        shop.happened(cart("ann", 5, cart_id="b"), cart("ann", 6, cart_id=7))
        shop.tick(7)
        assert entered(shop) == {"ann": 3}
        kept = shop.engine.ops.query("SELECT entry_key, variables FROM journey_runs ORDER BY entry_key")
        assert [key for key, _ in kept] == ["7", "a", "b"]
        assert '"cart_id"' in kept[1][1]


def test_always_means_when_no_run_goes_on(tmp_path: Path) -> None:
    spec = "  trigger: {event: Cart Viewed}\n  reentry: always\n"
    with opened(
        tmp_path, documents={"journeys/churn_rescue.yaml": HEAD + spec + "  steps: [{key: day, wait: 24h}]\n"}
    ) as shop:
        with_people(shop, "ann")
        shop.happened(cart("ann", 1), cart("ann", 2))
        shop.tick(3)
        shop.happened(cart("ann", 4))
        shop.tick(5)
        assert entered(shop) == {"ann": 1}
        shop.tick(28)
        shop.happened(cart("ann", 29))
        shop.tick(30)
        assert entered(shop) == {"ann": 2}


def test_a_cap_lets_the_first_in_and_the_others_wait(tmp_path: Path) -> None:
    with shop_with(tmp_path, "  trigger: {event: Cart Viewed}\n  entries: {most: 2, per: 1d}\n") as shop:
        with_people(shop, "ann", "bob", "cid")
        shop.happened(cart("cid", 1), cart("ann", 2), cart("bob", 3))
        shop.tick(4)
        assert entered(shop) == {"cid": 1, "ann": 1}
        assert journey.waiting_to_enter(shop.engine, "churn_rescue") == 1
        shop.tick(20)
        assert entered(shop) == {"cid": 1, "ann": 1}
        shop.tick(29)
        assert entered(shop) == {"cid": 1, "ann": 1, "bob": 1}
        assert journey.waiting_to_enter(shop.engine, "churn_rescue") == 0


def test_a_cap_without_a_trigger(tmp_path: Path) -> None:
    with shop_with(tmp_path, "  enter: {did: Order Completed}\n  entries: {most: 2, per: 1d}\n") as shop:
        with_people(shop, "ann", "bob", "cid")
        shop.tick(1)
        assert len(entered(shop)) == 2
        assert journey.waiting_to_enter(shop.engine, "churn_rescue") == 1
        shop.tick(26)
        assert len(entered(shop)) == 3


def test_the_clock_lets_in_whoever_fulfils_enter_once_a_turn(tmp_path: Path) -> None:
    spec = "  trigger: {schedule: daily, at: '09:00'}\n  enter: {did: Cart Viewed}\n  reentry: always\n"
    with shop_with(tmp_path, spec) as shop:
        with_people(shop, "ann", "bob")
        shop.happened(cart("ann", 1))
        shop.tick(8)
        assert entered(shop) == {}
        shop.tick(9)
        assert entered(shop) == {"ann": 1}
        shop.happened(cart("bob", 10))
        shop.tick(20)
        assert entered(shop) == {"ann": 1}
        shop.tick(90)  # three turns missed are one
        assert entered(shop) == {"ann": 1, "bob": 1}


def test_segments_and_bands_let_in_by_the_events_that_tell_of_them(tmp_path: Path) -> None:
    told = {"segment": "loyal"}
    with shop_with(
        tmp_path,
        "  trigger: {segment: loyal, does: left}\n",
        segments__loyal="kind: segment\nkey: loyal\nspec: {condition: {did: Order Completed}}\n",
    ) as shop:
        with_people(shop, "ann", "bob", "cid")
        shop.happened(
            event("Segment Exited", "s1", 1, ids=ids_of("ann"), properties=told),
            event("Segment Entered", "s2", 1, ids=ids_of("bob"), properties=told),
            event("Segment Exited", "s3", 1, ids=ids_of("cid"), properties={"segment": "other"}),
        )
        shop.tick(2)
        assert entered(shop) == {"ann": 1}


def test_the_api_lets_in_once_a_key_and_gives_values_along(tmp_path: Path) -> None:
    spec = "  trigger: {api: true}\n  enter: {event: plan, is: pro}\n  reentry: {per: ticket}\n"
    with shop_with(tmp_path, spec) as shop:
        with_people(shop, "ann", "bob")

        def ask(*wishes: Asking, hours: float) -> list[str]:
            found = journey.ask(shop.engine, shop.catalog, "churn_rescue", wishes, now=at(hours))
            return [one.state + (f": {one.outcome}" if one.outcome else "") for one in found]

        pro: dict[str, Any] = {"plan": "pro", "ticket": 1}
        email = "email:ann@customers.example"
        assert ask(Asking(email, pro, "k1"), Asking("email:nobody@customers.example", pro), hours=1) == [
            "accepted",
            "unknown",
        ]
        assert ask(Asking(email, pro, "k1"), hours=1) == ["known"]
        assert ask(Asking("user_id:bob", {"plan": "free"}, "k2"), hours=1) == ["accepted"]
        shop.tick(2)
        assert entered(shop) == {"ann": 1}
        assert ask(Asking(email, pro, "k1"), Asking("user_id:bob", {}, "k2"), hours=3) == [
            "known: entered",
            "known: not fulfilled",
        ]
        assert ask(Asking(email, {**pro, "ticket": 2}, "k3"), hours=3) == ["accepted"]
        shop.tick(4)
        assert entered(shop) == {"ann": 2}
        events = shop.engine.analytics.query("SELECT properties FROM log_events WHERE event = 'Journey Entry Asked'")
        assert events.num_rows == 3


def test_the_api_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    with shop_with(tmp_path, "  trigger: {api: true}\n") as shop:
        wish = [Asking("user_id:ann", {})]
        with pytest.raises(UsageError, match="churn_rescue is a draft"):
            journey.ask(shop.engine, shop.catalog, "churn_rescue", wish, now=at(0))
        with_people(shop, "ann")
        with pytest.raises(UsageError, match="'journey' is told anyway"):
            journey.ask(shop.engine, shop.catalog, "churn_rescue", [Asking("user_id:ann", {"journey": 1})], now=at(0))


def test_a_list_lets_in_who_is_on_it_and_who_is_added_later(tmp_path: Path) -> None:
    with shop_with(
        tmp_path,
        "  trigger: {list: guests}\n  reentry: always\n",
        reference__guests="name,email\nA,ANN@customers.example\n",
    ) as shop:
        definitions.apply_lists(shop.engine, tmp_path, shop.catalog.lists, now=at(0))
        with_people(shop, "ann", "bob")
        shop.tick(1)
        assert entered(shop) == {"ann": 1}
        (tmp_path / "reference" / "guests.csv").write_text(
            "name,email\nA,ann@customers.example\nB,bob@customers.example\n"
        )
        catalog, _ = definitions.load(tmp_path, KINDS, environ={})
        definitions.apply_lists(shop.engine, tmp_path, catalog.lists, now=at(2))
        shop.tick(3)
        assert entered(shop)["bob"] == 1


class Died(BaseException):
    """The process is gone; what was in memory is lost."""


def dying_at(number: int, passed: list[str]) -> Callable[[str], None]:
    def observer(name: str) -> None:
        passed.append(name)
        if len(passed) == number:
            raise Died(name)

    return observer


def test_a_tick_that_dies_anywhere_lets_everybody_in_once(tmp_path: Path) -> None:
    spec = "  trigger: {event: Cart Viewed}\n  reentry: {per: cart_id}\n"
    with shop_with(tmp_path / "shop", spec) as shop:
        with_people(shop, "ann", "bob", "cid")
        shop.happened(*(cart(name, hour, cart_id=hour) for name in ("ann", "bob", "cid") for hour in (1, 2)))
    points: list[str] = []
    expected = {"ann": 2, "bob": 2, "cid": 2}
    died, number = True, 0
    while died:
        number, died = number + 1, False
        root = copied(tmp_path / "shop", tmp_path / f"dead-{number}")
        points.clear()
        try:
            with opened(root) as shop:
                observe_crash_points(dying_at(number, points))
                journey.tick(shop.engine, shop.catalog, shop.reader, now=at(3))
        except Died:
            died = True
        finally:
            observe_crash_points(None)
        with opened(root) as shop:
            shop.tick(3)
            assert entered(shop) == expected, points
            assert shop.engine.ops.query("SELECT count(*) FROM journey_entries") == [(0,)]
            told = shop.engine.analytics.query("SELECT 1 AS one FROM log_events WHERE event = 'Journey Entered'")
            assert told.num_rows == 6
    assert "journey.collected" in points
    assert number > 5, "no point of the tick was left out"


def test_more_come_than_are_taken_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "CHUNK", 7)
    monkeypatch.setattr(entering, "ASKED_AT_ONCE", 20)
    names = [f"p{number:02d}" for number in range(30)]
    told = {"segment": "loyal"}
    with shop_with(
        tmp_path,
        "  trigger: {segment: loyal}\n",
        segments__loyal="kind: segment\nkey: loyal\nspec: {condition: {did: Order Completed}}\n",
    ) as shop:
        with_people(shop, *names)
        shop.happened(*(event("Segment Entered", f"s-{one}", 1, ids=ids_of(one), properties=told) for one in names))
        shop.tick(2)
        assert entered(shop) == dict.fromkeys(names, 1)


def test_the_people_of_many_events_are_put_into_the_queue_part_by_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_PART", 4)
    names = [f"p{number:02d}" for number in range(10)]
    with shop_with(tmp_path, "  trigger: {event: Cart Viewed}\n") as shop:
        with_people(shop, *names)
        shop.happened(*(cart(one, 1) for one in names))
    points: list[str] = []
    with opened(tmp_path) as shop:
        observe_crash_points(lambda name: dying_at(2, points)(name) if name == "journey.collecting" else None)
        try:
            with pytest.raises(Died):
                journey.tick(shop.engine, shop.catalog, shop.reader, now=at(2))
        finally:
            observe_crash_points(None)
    with opened(tmp_path) as shop:
        ((waiting,),) = shop.engine.ops.query("SELECT count(*) FROM journey_entries")
        assert 0 < waiting < len(names)
        shop.happened(cart("p00", 2))
        shop.tick(3)
        assert entered(shop) == dict.fromkeys(names, 1)
        assert shop.engine.ops.query("SELECT count(*) FROM journey_entries") == [(0,)]


def test_runs_one_after_the_other_of_somebody_held_out_outlast_a_merge(tmp_path: Path) -> None:
    spec = "  trigger: {event: Cart Viewed}\n  reentry: always\n  goal: {did: Order Completed}\n  goal_within: 2h\n"
    half = spec.replace("  trigger", "  holdout: 0.5\n  trigger")
    document = (HEAD + half + STEPS.replace("30d", "1h")).replace("  holdout: 0\n", "")
    with opened(tmp_path, documents={"journeys/churn_rescue.yaml": document}) as shop:
        names = [f"p{number:02d}" for number in range(12)]
        others = [f"till_{one}" for one in names]
        with_people(shop, *names, *others)
        for hour in (1, 6):
            shop.happened(*(cart(one, hour) for one in names))
            shop.tick(hour + 0.5)
            shop.tick(hour + 3)
        shop.happened(*(cart(one, 10) for one in names))
        shop.tick(10.5)
        for one, other in zip(names, others, strict=True):
            same = ((who, {**ids_of(who), "anonymous_id": f"same-{one}"}) for who in (one, other))
            shop.happened(*(event("Seen", f"{who}-same", 11, ids=ids) for who, ids in same))
        ((merged,),) = shop.engine.ops.query("SELECT count(*) FROM merged")
        assert merged == len(names)
        rows = shop.engine.ops.query("SELECT arm, state, count(*) FROM journey_runs GROUP BY arm, state")
        assert {(arm, state) for arm, state, _ in rows} == {
            ("held_out", "held_out"),
            ("treated", "active"),
            ("treated", "done"),
        }
        assert sum(count for *_, count in rows) == 36


def test_who_waits_in_the_queue_follows_merges_and_is_forgotten(tmp_path: Path) -> None:
    with shop_with(tmp_path, "  trigger: {event: Cart Viewed}\n  entries: {most: 1, per: 1d}\n") as shop:
        with_people(shop, "ann", "till_bob", "cid")
        shop.happened(cart("cid", 1), cart("till_bob", 2), cart("ann", 3))
        shop.tick(4)
        assert entered(shop) == {"cid": 1}
        keys = pa.table({"loser_key": [shop.key("till_bob")], "winner_key": [shop.key("ann")]})
        shop.engine.act("identify", lambda _tx, batch: batch.merges.append(keys), now=at(5))
        waiting = shop.engine.ops.query("SELECT DISTINCT profile_key FROM journey_entries")
        assert waiting == [(keys["winner_key"][0].as_py(),)]
        stage = journey.JourneyStage()
        with shop.engine.ops.write() as tx:
            stage.erase(tx, pa.table({"profile_key": keys["winner_key"]}))
        assert shop.engine.ops.query("SELECT count(*) FROM journey_entries") == [(0,)]


def test_runs_for_different_orders_of_people_who_are_one_go_on_side_by_side(tmp_path: Path) -> None:
    with shop_with(tmp_path, "  trigger: {event: Cart Viewed}\n  reentry: {per: cart_id}\n") as shop:
        with_people(shop, "ann", "till_bob")
        shop.happened(cart("ann", 1, cart_id="a"), cart("till_bob", 1, cart_id="a"), cart("till_bob", 1, cart_id="b"))
        shop.tick(2)
        keys = pa.table({"loser_key": [shop.key("till_bob")], "winner_key": [shop.key("ann")]})
        shop.engine.act("identify", lambda _tx, batch: batch.merges.append(keys), now=at(5))
        rows = shop.engine.ops.query("SELECT entry_key, state FROM journey_runs ORDER BY 1, 2")
        assert rows == [("a", "active"), ("a", "merged"), ("b", "active")]


WRONG = {
    "  trigger: {schedule: daily}\n": "a schedule says when and not who",
    "  enter: {did: X}\n  reentry: always\n": "without a trigger people would enter again at once",
    "  trigger: {list: nobody}\n": "there is no list called 'nobody'",
    "  trigger: {segment: nobody}\n": "there is no segment called 'nobody'",
    "  trigger: {prediction: churn, band: high}\n": "the prediction 'churn' has no band 'high'",
    "  trigger: {schedule: daily}\n  enter: {did: X}\n  reentry: {per: order_id}\n": "no event lets people in",
    "  trigger: {schedule: soon}\n  enter: {did: X}\n": "'soon' has 1 fields",
    "  trigger: {event: X, fresh: 0d}\n": "'0d' is no time at all",
    "  trigger: {event: X, where: {total: {gtee: 5}}}\n": "gtee",
    "  trigger: {whatever: X}\n": "the key 'of' is missing",
    "  trigger: {event: X}\n  enter: {message: a, is: opened}\n": "'a' is no step of this journey that sends a message",
    "  goal: {did: X}\n": "say who enters",
    "  trigger: {event: X}\n  reentry: {}\n": "say after, per, or both",
}


@pytest.mark.parametrize("spec", WRONG)
def test_what_is_wrong_with_an_entry_is_told(tmp_path: Path, spec: str) -> None:
    write(tmp_path, {**DOCUMENTS, "journeys/churn_rescue.yaml": HEAD + spec + STEPS})
    _, problems = definitions.load(tmp_path, KINDS, environ={})
    assert any(WRONG[spec] in problem.message for problem in problems), problems
