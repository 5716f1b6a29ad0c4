"""Steps through the tick: where they lead, what they leave behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import journey
from foretell.clock import micros, naive_utc
from foretell.condition import parse
from foretell.engine import TIMESTAMP
from foretell.testing.webhook_receiver import webhook_receiver
from tests.support.journey_shop import DOCUMENTS, JourneyShop, at, ids_of, opened, viewed, with_people
from tests.support.small_events import NOW, event

HEAD = "kind: journey\nkey: churn_rescue\nspec:\n  enter: {did: Order Completed}\n  holdout: 0\n"
NAMES = ("ann", "bob", "cid")


def shop_with(root: Path, steps: str, head: str = HEAD, **more: str) -> Any:
    files = {f"{name.replace('__', '/')}.yaml": text for name, text in more.items()}
    return opened(root, documents={"journeys/churn_rescue.yaml": head + "  steps:\n" + steps, **files})


def zoned(name: str, zone: str) -> dict[str, Any]:
    return event("Registered", f"{name}-zone", -100, ids=ids_of(name), traits={"timezone": zone})


def outcomes(shop: JourneyShop, name: str) -> list[tuple[str, str]]:
    """(step, outcome) by time; of one instant in the order of the document."""
    spec = journey.spec_of(shop.catalog.get("journey", "churn_rescue"))
    places = {step.key: place for place, step in enumerate(spec.steps)}
    rows = sorted(shop.steps(name), key=lambda row: (row[1], places.get(row[0], -1)))
    return [(step, outcome) for step, _, outcome in rows if outcome not in ("entered", "waiting")]


def test_a_time_of_day_is_that_of_the_person(tmp_path: Path) -> None:
    steps = '    - {key: morning, at: "09:00"}\n    - {key: finish, end: done}\n'
    with shop_with(tmp_path, steps) as shop:  # its hours begin at midnight UTC of 1 January
        shop.happened(zoned("ann", "America/New_York"), zoned("bob", "Nowhere/Land"))
        with_people(shop, *NAMES)
        for hours in (1, 30):
            shop.tick(hours)
        left = {name: shop.runs()[name][2] for name in NAMES}
        assert left == {"ann": 14.0, "bob": 9.0, "cid": 9.0}


def test_without_a_known_hour_the_step_says_when(tmp_path: Path) -> None:
    with shop_with(tmp_path, '    - {key: hour, best_hour: "17:00"}\n    - {key: finish, end: done}\n') as shop:
        with_people(shop, "ann")
        for hours in (1, 30):
            shop.tick(hours)
        assert shop.runs()["ann"][2] == 17.0


def test_the_hour_is_that_in_which_the_person_answers_most(tmp_path: Path) -> None:
    with shop_with(tmp_path, '    - {key: hour, best_hour: "17:00"}\n    - {key: finish, end: done}\n') as shop:
        shop.happened(zoned("ann", "America/New_York"))
        with_people(shop, *NAMES)
        hours = {"ann": 8, "bob": 1}  # of their own clock; cid is like everybody
        keys = pa.array([shop.key(name) for name in hours], pa.int64())
        rows = {"hour": pa.array(list(hours.values()), pa.int32()), "chance": [0.5, 0.5], "hours": ["[]", "[]"]}
        rows |= {name: pa.array([3, 3], pa.int64()) for name in ("clicks", "active_hours")}
        rows |= {"channels": ["{}", "{}"], "as_of": pa.array([naive_utc(NOW)] * 2, TIMESTAMP), "node_key": keys}
        shop.engine.publish("predict", {"send_time_rows": pa.table(rows)}, now=NOW)
        usual = [1.0 if hour == 20 else 0.0 for hour in range(24)]
        content = {"groups": [], "hours": [usual], "channels": [[0.1], [0.1], [0.1]]}
        with shop.engine.ops.write() as tx:
            tx.execute("INSERT INTO send_time_models VALUES (?, ?)", (micros(NOW), json.dumps(content)))
        for hour in (1.5, 30):
            shop.tick(hour)
        # bob comes within his hour and waits for nothing.
        assert {name: shop.runs()[name][2] for name in NAMES} == {"ann": 13.0, "bob": 1.5, "cid": 20.0}


def test_another_system_is_told_once_a_visit(tmp_path: Path) -> None:
    with webhook_receiver("of both") as receiver:
        settings = f"{{url: '{receiver.url}', signing_secret: shared, allow_private: true}}"
        files = {
            "foretell.yaml": DOCUMENTS["foretell.yaml"] + "secrets: {shared: '${SHARED}'}\n",
            "channels/crm.yaml": f"kind: channel\nkey: crm\nspec: {{uses: webhook, settings: {settings}}}\n",
            "journeys/churn_rescue.yaml": HEAD + "  steps:\n    - {key: tell, webhook: crm, "
            "with: {who: '{{ person.email }}', seats: 3}}\n    - {key: finish, end: done}\n",
        }
        with opened(tmp_path, documents=files, environ={"SHARED": "of both"}) as shop:
            with_people(shop, "ann", "bob")
            for hour in (1, 2):
                shop.tick(hour)
            assert receiver.unsigned == 0
            assert {body["who"] for body in receiver.taken.values()} == {
                f"{name}@customers.example" for name in ("ann", "bob")
            }
            ids = [one for (one,) in shop.engine.ops.query("SELECT message_id FROM messages WHERE step = 'tell'")]
            assert receiver.attempts == dict.fromkeys(ids, 1)
            assert {run[0] for run in shop.runs().values()} == {"done"}


def test_an_until_has_two_ways_out(tmp_path: Path) -> None:
    steps = (
        "    - {key: hope, wait: 24h, until: {did: Page Viewed}, then: seen, timeout: silent}\n"
        "    - {key: seen, end: seen}\n    - {key: silent, end: silent}\n"
    )
    with shop_with(tmp_path, steps) as shop:
        with_people(shop, "ann", "bob")
        shop.tick(1)
        shop.happened(viewed("ann", 5))
        shop.tick(30)
        assert outcomes(shop, "ann") == [("hope", "happened"), ("seen", "ended: seen")]
        assert outcomes(shop, "bob") == [("hope", "waited"), ("silent", "ended: silent")]
        spec = journey.spec_of(shop.catalog.get("journey", "churn_rescue"))
        assert spec.exits("hope") == {"then": "seen", "timeout": "silent"}


def test_a_loop_is_left_when_it_was_gone_through_often_enough(tmp_path: Path) -> None:
    steps = (
        "    - {key: day, wait: 1d, most: 2, over: enough}\n    - {key: tell, emit: Day Passed, next: day}\n"
        "    - {key: enough, end: enough}\n"
    )
    with shop_with(tmp_path, steps) as shop:
        with_people(shop, "ann")
        for day in range(6):
            shop.tick(24 * day + 1)
        assert sorted(outcomes(shop, "ann")) == [
            ("day", "over: 2 times"), ("day", "waited"), ("day", "waited"), ("enough", "ended: enough"),
            ("tell", "told"), ("tell", "told"),
        ]  # fmt: skip


def test_a_split_draws_by_its_shares_and_stays(tmp_path: Path) -> None:
    steps = (
        "    - {key: draw, split: {a: 50%, b: 50%}, ways: {a: left, b: right}}\n"
        "    - {key: left, end: a}\n    - {key: right, end: b}\n"
    )
    names = [f"p{number}" for number in range(60)]
    with shop_with(tmp_path, steps) as shop:
        with_people(shop, *names)
        shop.tick(1)
        drawn = [outcomes(shop, name)[0][1] for name in names]
        assert 15 < drawn.count("a") < 45


def test_an_experiment_keeps_its_arm_across_journeys_and_tells_that_it_was_seen(tmp_path: Path) -> None:
    steps = "    - {key: draw, split: {a: 50%, b: 50%}, experiment: subject}\n    - {key: finish, end: done}\n"
    other = HEAD.replace("churn_rescue", "other") + "  steps:\n" + steps.replace("draw", "again")
    with shop_with(tmp_path, steps, journeys__other=other) as shop:
        with_people(shop, *NAMES, "dan", "eve", "fay")
        journey.start(shop.engine, shop.catalog, "other", now=at(0))
        shop.tick(1)
        rows = shop.engine.ops.query("SELECT profile_key, arm FROM assignments WHERE experiment = 'subject'")
        assert len(rows) == 6
        seen = shop.engine.analytics.query(
            "SELECT s.profile_key, count(*) AS n, count(DISTINCT s.outcome) AS arms, max(s.outcome) AS arm "
            "FROM log_journey_steps s WHERE s.step IN ('draw', 'again') AND s.outcome <> 'entered' "
            "GROUP BY s.profile_key"
        ).to_pylist()
        assert {(row["n"], row["arms"]) for row in seen} == {(2, 1)}
        assert {row["profile_key"]: row["arm"] for row in seen} == dict(rows)
        told = shop.engine.analytics.query("SELECT 1 AS one FROM log_events WHERE event = 'Experiment Viewed'")
        assert told.num_rows == 12


def test_bands_lead_by_the_score_and_a_missing_one_has_its_own_way(tmp_path: Path) -> None:
    steps = (
        "    - {key: risk, bands: churn, floors: {high: 0.7, medium: 0.4}, "
        "ways: {high: call, missing: ask, none: finish}}\n"
        "    - {key: fits, end: medium}\n    - {key: call, end: high}\n    - {key: ask, end: missing}\n"
        "    - {key: finish, end: low}\n"
    )
    with shop_with(tmp_path, steps) as shop:
        with_people(shop, "ann")
        shop.scored(0.5, 0.5)
        shop.happened(event("Order Completed", "late", 0.6, ids=ids_of("bob")))
        shop.tick(1)
        assert outcomes(shop, "ann") == [("risk", "medium"), ("fits", "ended: medium")]
        assert outcomes(shop, "bob") == [("risk", "missing"), ("ask", "ended: missing")]


def test_a_trait_that_a_journey_sets_is_known_from_then_on(tmp_path: Path) -> None:
    mark = "{key: mark, set: {tier: at risk, told_to: '{{ person.email }}', old: null}}"
    tell = "{key: tell, emit: Marked, with: {as: '{{ person.tier }}'}}"
    steps = f"    - {{key: day, wait: 24h}}\n    - {mark}\n    - {tell}\n"
    with shop_with(tmp_path, steps) as shop:
        shop.happened(event("Registered", "r", -100, ids=ids_of("ann"), traits={"old": "value"}))
        with_people(shop, "ann", "bob")
        shop.tick(1)
        shop.tick(30)

        def fulfil(condition: dict[str, Any], hours: float) -> int:
            return int(shop.reader.count(parse(condition), as_of=at(hours)))

        told = shop.engine.analytics.query("SELECT properties FROM log_events WHERE event = 'Marked'")
        assert told.num_rows == 2
        assert all('"at risk"' in text for text in told["properties"].to_pylist())
        assert fulfil({"trait": "tier", "is": "at risk"}, 24) == 0
        assert fulfil({"trait": "tier", "is": "at risk"}, 26) == 2
        assert fulfil({"trait": "told_to", "is": "ann@customers.example"}, 26) == 1
        assert fulfil({"trait": "old", "exists": True}, 24) == 1
        assert fulfil({"trait": "old", "exists": True}, 26) == 0


def test_what_is_emitted_is_an_event_and_one_persons_fault_is_theirs_alone(tmp_path: Path) -> None:
    head = HEAD.replace("  enter: {did: Order Completed}\n", "  trigger: {event: Cart Viewed}\n")
    steps = (
        "    - {key: tell, emit: Reminded, "
        "with: {total: '{{ event.total }}', n: '{{ 1 | divided_by: event.count }}'}}\n"
        "    - {key: finish, end: done}\n"
    )
    with shop_with(tmp_path, steps, head) as shop:
        with_people(shop, "ann", "bob")
        for name, count in (("ann", 1), ("bob", 0)):
            told = {"total": 80.5, "count": count}
            shop.happened(event("Cart Viewed", f"{name}-cart", 1, ids=ids_of(name), properties=told))
        shop.tick(2)
        rows = shop.engine.analytics.query("SELECT properties FROM log_events WHERE event = 'Reminded'").to_pylist()
        assert len(rows) == 1
        assert [outcomes(shop, name)[0][1].partition(":")[0] for name in ("ann", "bob")] == ["told", "failed"]
        assert outcomes(shop, "ann")[-1] == outcomes(shop, "bob")[-1] == ("finish", "ended: done")
        assert shop.reader.count(parse({"did": "Reminded", "where": {"total": {"gte": 80}}}), as_of=at(3)) == 1


def test_a_template_that_fails_for_one_person_stops_one_message(tmp_path: Path) -> None:
    head = HEAD.replace("  enter: {did: Order Completed}\n", "  trigger: {event: Cart Viewed}\n")
    steps = "    - {key: mail, send: share}\n    - {key: finish, end: done}\n"
    share = "kind: template\nkey: share\nspec: {subject: Each, html: '<p>{{ 100 | divided_by: event.count }}</p>'}\n"
    with shop_with(tmp_path, steps, head, templates__share=share) as shop:
        with_people(shop, "ann", "bob")
        for name, count in (("ann", 4), ("bob", 0)):
            shop.happened(event("Cart Viewed", f"{name}-c", 1, ids=ids_of(name), properties={"count": count}))
        shop.tick(2)
        assert {(who, state) for who, _, _, state in shop.messages()} == {("ann", "delivered"), ("bob", "failed")}
        assert {run[0] for run in shop.runs().values()} == {"done"}


OTHER = """\
kind: journey
key: other
spec:
  trigger: {api: true}
  holdout: 0
  steps:
    - {key: hello, emit: Handed On, with: {total: "{{ event.total }}"}}
    - {key: far, wait: 30d}
"""


@pytest.mark.parametrize("live", [True, False])
def test_on_to_another_journey_by_its_own_door(tmp_path: Path, live: bool) -> None:
    head = HEAD.replace("  enter: {did: Order Completed}\n", "  trigger: {event: Cart Viewed}\n")
    steps = "    - {key: on, go: other}\n    - {key: finish, end: done}\n"
    with shop_with(tmp_path, steps, head, journeys__other=OTHER) as shop:
        with_people(shop, "ann")
        if live:
            journey.start(shop.engine, shop.catalog, "other", now=at(0))
        shop.happened(event("Cart Viewed", "cart", 1, ids=ids_of("ann"), properties={"total": 80}))
        shop.tick(2)
        shop.tick(3)
        rows = shop.engine.ops.query("SELECT journey, state FROM journey_runs ORDER BY journey")
        assert ("on", "handed on" if live else "refused: journey not live") in outcomes(shop, "ann")
        assert rows == [("churn_rescue", "done"), *([("other", "active")] if live else [])]
        found = shop.reader.count(parse({"did": "Handed On", "where": {"total": 80}}), as_of=at(4))
        assert found == int(live)


def test_journeys_that_lead_in_a_circle_are_named_by_plan(tmp_path: Path) -> None:
    from foretell.app import KINDS
    from foretell.definitions import load
    from tests.support.small_workspace import write

    circle = OTHER.replace("    - {key: far, wait: 30d}\n", "    - {key: back, go: churn_rescue}\n")
    steps = HEAD + "  steps:\n    - {key: on, go: other}\n"
    write(tmp_path, {**DOCUMENTS, "journeys/churn_rescue.yaml": steps, "journeys/other.yaml": circle})
    _, problems = load(tmp_path, KINDS, environ={})
    assert [problem.code for problem in problems] == ["DEFINITION_LOOP"]
    assert "journey churn_rescue → journey other → journey churn_rescue" in problems[0].message
