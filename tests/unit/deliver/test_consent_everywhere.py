"""No message without consent: every way to a person is tried, at every moment at which they may say no."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import deliver, identify
from foretell.definitions import Catalog
from foretell.deliver import dispatching
from foretell.engine import TIMESTAMP, Engine
from foretell.engine import reached as crash_point
from foretell.identify import find
from foretell.profile import WAYS_OUT
from tests.support.small_events import NOW, event
from tests.support.small_sending import AUDIENCE, arrive, ask, catalog, open_sending, person

LATER = NOW + timedelta(minutes=1)


@dataclass
class World:
    """A workspace with Ann, who agreed to e-mail, text messages and advertising, and Bo, who never did."""

    engine: Engine
    root: Path
    read: Catalog

    def says(self, state: str, who: str = "ann", channel: str = "email", purpose: str = "marketing") -> None:
        told = {"channel": channel, "purpose": purpose, "state": state}
        number = self.engine.ops.query("SELECT count(*) FROM batches")[0][0]
        at = 60 + number  # seconds after all that was said before
        arrive(self.engine, event("Consent Updated", f"say{number}", at, ids={"user_id": who}, properties=told))

    def asked(self, who: str = "ann", **row: Any) -> tuple[str, str]:
        return ask(self.engine, self.read, {"id": row.pop("id", "m1"), "who": who, **row})[0]

    def dispatched(self) -> deliver.DispatchReport:
        return deliver.dispatch(self.engine, self.read, now=LATER)

    def received(self) -> list[str]:
        """Ids of what has left the house."""
        return sorted(row[0] for row in self.engine.ops.query("SELECT message_id FROM inbox"))

    def one(self, what: str) -> str:
        found: str = self.engine.ops.query(f"SELECT {what} FROM messages WHERE message_id = 'm1'")[0][0]
        return found

    def merge(self, first: str, second: str) -> None:
        one, other = (find(self.engine, f"user_id:{name}") for name in (first, second))
        identify.merge(self.engine, one, other, rules=identify.rules_of(self.read), now=NOW, force=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_sending(tmp_path) as engine:
        arrive(engine, *person("ann", "email", "sms", "ads"), *person("bo"))
        yield World(engine, tmp_path, catalog(tmp_path))


def between_claim_and_hand_over(world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Let something happen at the last moment at which it can be seen."""
    reached = crash_point

    def then(point: str) -> None:
        reached(point)
        if point == "deliver.claimed":
            change()

    monkeypatch.setattr(dispatching, "reached", then)


# --- every way in: who never agreed, or said no, is not asked for in vain -------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"channel": "email"}, "no_consent"),
        ({"channel": "sms"}, "no_consent"),
        ({"channel": "push"}, "no_consent"),
        ({"channel": "email", "purpose": "newsletter"}, "no_consent"),
        ({"channel": "email", "purpose": "service"}, "ok"),
        ({"channel": "email", "purpose": "transactional"}, "ok"),
    ],
)
def test_who_never_agreed(world: World, row: dict[str, Any], reason: str) -> None:
    assert world.asked("bo", **row)[1] == reason
    world.dispatched()
    assert world.received() == (["m1"] if reason == "ok" else [])


@pytest.mark.parametrize("purpose", ["marketing", "service", "transactional"])
def test_who_said_no_gets_nothing_for_it(world: World, purpose: str) -> None:
    world.says("denied", purpose=purpose)
    assert world.asked(purpose=purpose) == ("refuse", "no_consent")


@pytest.mark.parametrize(
    ("reason", "purpose", "answer"),
    [
        ("bounced", "marketing", "suppressed"),
        ("bounced", "transactional", "suppressed"),
        ("complained", "marketing", "suppressed"),
        ("complained", "service", "suppressed"),
        ("complained", "transactional", "ok"),
        ("stopped", "transactional", "suppressed"),
        ("asked by phone", "transactional", "suppressed"),
    ],
)
def test_an_address_that_is_listed(world: World, reason: str, purpose: str, answer: str) -> None:
    deliver.suppress(world.engine, "email", "ann@customers.example", reason=reason, now=NOW)
    assert world.asked(purpose=purpose)[1] == answer
    world.dispatched()
    assert world.received() == (["m1"] if answer == "ok" else [])


def test_an_audience(world: World) -> None:
    def join(who: str) -> list[str]:
        key = find(world.engine, f"user_id:{who}").profile_key
        rows = pa.table(
            {
                "profile_key": pa.array([key], pa.int64()),
                "node_key": pa.array([key], pa.int64()),
                "at": pa.array([NOW.replace(tzinfo=None)], TIMESTAMP),
                "run": pa.array([None], pa.string()),
            }
        )
        answers: list[pa.Table] = []
        context = deliver.Sending(world.read, NOW)
        world.engine.act(
            "deliver",
            lambda tx, batch: answers.append(deliver.join_audience(tx, batch, AUDIENCE["key"], rows, context)),
            now=NOW,
        )
        return list(answers[0]["reason"].to_pylist())

    assert join("bo") == ["no_consent"]
    assert join("ann") == ["ok"]
    world.says("denied", channel="ads")
    world.dispatched()
    rows = world.engine.ops.query("SELECT variables FROM messages WHERE state = 'delivered'")
    assert "join" not in [json.loads(text)["action"] for (text,) in rows], "taken back before the platform was told"


def test_every_way_out_is_one_of_these() -> None:
    """Whoever adds a way out to people writes a test here."""
    assert {name for name in WAYS_OUT if name.startswith("deliver.")} <= {
        "deliver.messages",
        "deliver.audiences",
        "deliver.exports",
        "deliver.requests",
    }


# --- every moment after the decision --------------------------------------------------------------------------------

MOMENTS: Mapping[str, tuple[Callable[[World], None], str]] = {
    "consent is withdrawn": (lambda world: world.says("denied"), "consent was withdrawn"),
    "everything over the channel is": (lambda world: world.says("denied", purpose="*"), "consent was withdrawn"),
    "the address is listed": (
        lambda world: deliver.suppress(world.engine, "email", "ann@customers.example", reason="bounced", now=NOW),
        "the address was suppressed",
    ),
    "a merge with somebody who said no": (
        lambda world: (world.says("denied", who="bo"), world.merge("ann", "bo"))[0],  # type: ignore[func-returns-value]
        "consent was withdrawn",
    ),
    "the sandbox is switched on": (
        lambda world: setattr(world, "read", catalog(world.root, settings={"sending": {"sandbox": {}}})),
        "the sandbox lets nothing out to this address",
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_while_it_waits(world: World, moment: str) -> None:
    change, why = MOMENTS[moment]
    assert world.asked() == ("send", "ok")
    change(world)
    assert world.dispatched().cancelled == 1
    assert (world.received(), world.one("state"), world.one("error")) == ([], "cancelled", why)


@pytest.mark.parametrize("moment", [name for name in MOMENTS if "sandbox" not in name])
def test_between_claim_and_hand_over(world: World, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change, why = MOMENTS[moment]
    world.asked()
    between_claim_and_hand_over(world, monkeypatch, lambda: change(world))
    world.dispatched()
    assert (world.received(), world.one("state"), world.one("error")) == ([], "cancelled", why)


@pytest.mark.parametrize("moment", [name for name in MOMENTS if "sandbox" not in name])
def test_before_a_retry(world: World, moment: str) -> None:
    arrive(
        world.engine,
        event("Identified", "new", 10, ids={"user_id": "ann"}, traits={"email": "later@simulator.example"}),
    )
    world.asked()
    assert world.dispatched().later == 1
    change, _ = MOMENTS[moment]
    change(world)
    deliver.suppress(world.engine, "email", "later@simulator.example", reason="bounced", now=NOW)
    deliver.dispatch(world.engine, world.read, now=NOW + timedelta(days=1))
    assert (world.received(), world.one("state")) == ([], "cancelled")


def test_a_run_that_is_over_between_claim_and_hand_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.asked()
    between_claim_and_hand_over(
        world,
        monkeypatch,
        lambda: world.engine.act(
            "deliver", lambda tx, batch: deliver.outbox.give_up(tx, batch, [("m1", "cancelled", "over")], NOW), now=NOW
        ),
    )
    world.dispatched()
    assert (world.received(), world.one("error")) == ([], "over")


@pytest.mark.parametrize("claimed", [False, True])
def test_people_who_are_erased(world: World, claimed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    world.asked(purpose="transactional")
    key = find(world.engine, "user_id:ann").profile_key

    def erase() -> None:
        gone = pa.table({"profile_key": pa.array([key], pa.int64())})
        with world.engine.ops.write() as tx:
            deliver.DeliverStage().erase(tx, gone)

    if claimed:
        between_claim_and_hand_over(world, monkeypatch, erase)
    else:
        erase()
    world.dispatched()
    assert world.received() == []
    assert world.engine.ops.query("SELECT count(*) FROM messages") == [(0,)]


def test_settled_by_hand(world: World) -> None:
    world.asked()
    with world.engine.ops.write() as tx:
        tx.execute("UPDATE messages SET state = 'uncertain', next_at = NULL")
    world.says("denied")
    deliver.settle(world.engine, "m1", went_out=False, now=LATER)
    world.dispatched()
    assert (world.received(), world.one("state")) == ([], "cancelled")


def test_a_dead_letter_that_is_replayed(world: World) -> None:
    world.asked()
    with world.engine.ops.write() as tx:
        tx.execute("UPDATE messages SET state = 'failed', failure = 'transient', next_at = NULL, ended_at = 1")
    world.says("denied")
    deliver.replay(world.engine, deliver.Sending(world.read, LATER), ["m1"])
    world.dispatched()
    assert world.received() == []


# --- merged people --------------------------------------------------------------------------------------------------


def test_the_stricter_of_two_wins_whoever_came_first(world: World) -> None:
    world.says("denied", who="bo")
    world.merge("ann", "bo")
    for who in ("ann", "bo"):
        assert world.asked(who, id=f"m-{who}") == ("refuse", "no_consent")


@pytest.mark.parametrize("claimed", [False, True])
def test_a_message_of_the_one_who_is_merged_away(world: World, claimed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for the person whose it is now: Cat agreed, Bo, who she turns out to be, said no to everything."""
    arrive(world.engine, *person("cat", "email"))
    assert world.asked("cat", purpose="service") == ("send", "ok")

    def change() -> None:
        world.says("denied", who="bo", purpose="service")
        world.merge("bo", "cat")

    if claimed:
        between_claim_and_hand_over(world, monkeypatch, change)
    else:
        change()
    world.dispatched()
    assert (world.received(), world.one("state")) == ([], "cancelled")


def test_caps_count_what_both_had(tmp_path: Path) -> None:
    with open_sending(tmp_path) as engine:
        arrive(engine, *person("ann", "email"), *person("bob", "email"))
        capped = catalog(tmp_path, settings={"sending": {"caps": [{"messages": 2, "per": "7d"}]}})
        world = World(engine, tmp_path, capped)
        assert [world.asked(who, id=f"m-{who}")[1] for who in ("ann", "bob")] == ["ok", "ok"]
        world.dispatched()
        world.merge("ann", "bob")
        assert world.asked(id="m3", hours=1) == ("refuse", "frequency_cap")
