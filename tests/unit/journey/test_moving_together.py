"""A process that does not lead takes steps beside the one that does: the same comes out, whoever took them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from foretell import app, definitions, journey
from foretell.clock import FixedClock
from foretell.condition import Reader
from foretell.engine import Engine, Mode, TurnLost, open_engine
from foretell.journey import assisting, rounds
from tests.support.journey_shop import DOCUMENTS, JourneyShop, apply, at, bought, opened, viewed, with_people
from tests.support.pairs import open_pair
from tests.support.small_events import NOW, decode
from tests.support.small_workspace import write

PEOPLE = [f"p{number:02}" for number in range(24)]
CAPPED = "caps: [{messages: 1, per: 7d, channel: email}]"
TWO = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: UTC\nsending: {base_url: https://shop.example, "
    + CAPPED
    + "}\n",
    "journeys/second.yaml": "kind: journey\nkey: second\nspec:\n  enter: {did: Order Completed}\n  holdout: 0%\n"
    "  priority: -1\n  steps:\n    - {key: hello, send: we_miss_you}\n    - {key: rest, wait: 24h}\n"
    "    - {key: again, send: winback_sms, channel: sms}\n",
}


class Member:
    """A process beside the leader."""

    def __init__(self, engine: Engine, shop: JourneyShop) -> None:
        self.engine = engine
        self.assistant = journey.Assistant(engine)
        self.reader = Reader(engine, shop.catalog)
        self.catalog = shop.catalog

    def tick(self, now: datetime) -> int:
        """One turn of it."""
        return self.assistant.tick(self.catalog, self.reader, now=now)


@contextmanager
def together(root: Path, documents: Mapping[str, str]) -> Iterator[tuple[JourneyShop, Member]]:
    """A shop on PostgreSQL: whoever leads, and a member."""
    write(root, {**DOCUMENTS, **documents})
    catalog, problems = definitions.load(root, app.KINDS, environ={})
    definitions.raise_errors(problems)
    with open_pair("postgresql+duckdb") as pair, ExitStack() as closing:

        def engine(mode: Mode) -> Engine:
            where = pair.settings(root / "data")
            stages = app.stages(catalog.settings, where=where)
            return closing.enter_context(
                open_engine(where, app.ROOMS, stages, {"small": decode}, FixedClock(NOW), mode)
            )

        shop = JourneyShop(engine("write"), catalog)
        apply(shop)
        yield shop, Member(engine("member"), shop)


def state(shop: JourneyShop) -> dict[str, Any]:
    """What became of everybody, but for which batch it was in."""
    shop.engine.apply_pending()  # and with it what the other process recorded last
    ops = shop.engine.ops.query
    return {
        "runs": ops("SELECT run, state, step, due_at, ended_at, goal_at FROM journey_runs ORDER BY run"),
        "messages": ops("SELECT message_id, run, step, at, medium FROM messages ORDER BY message_id"),
        "codes": ops("SELECT run FROM offer_codes ORDER BY run"),
        "cases": ops("SELECT case_id, opened_at FROM cases ORDER BY case_id"),
        "steps": sorted(
            tuple(row.values())
            for row in shop.engine.analytics.query(
                "SELECT run, step, happened_at, outcome FROM journey_step_rows"
            ).to_pylist()
        ),
        "decisions": sorted(
            tuple(row.values())
            for row in shop.engine.analytics.query("SELECT message_id, decision, reason FROM decision_rows").to_pylist()
        ),
        "events": shop.engine.analytics.query(
            "SELECT event, count(*) AS n, count(DISTINCT message_id) AS ids FROM events GROUP BY event ORDER BY event"
        ).to_pylist(),
    }


def played(shop: JourneyShop, member: Member | None) -> dict[str, Any]:
    """Two journeys over five days, with the member at work all the time where there is one."""
    with_people(shop, *PEOPLE)
    journey.start(shop.engine, shop.catalog, "second", now=NOW)
    done = threading.Event()
    failed: list[BaseException] = []
    moves = [0]

    def assist() -> None:
        try:
            while not done.is_set():
                assert member is not None
                moves[0] += member.tick(clock[0])
        except BaseException as error:  # noqa: BLE001 - told by the test's thread
            failed.append(error)

    clock = [at(0)]
    thread = threading.Thread(target=assist)
    if member is not None:
        thread.start()
    for hours in (0, 5, 24, 26, 72, 120):
        if hours == 26:
            shop.happened(bought("p03", 25), viewed("p05", 25.5), bought("p07", 26))
        clock[0] = at(hours)
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(hours))
    done.set()
    if member is not None:
        thread.join()
        assert not failed, failed
        assert moves[0], "the member took part"
    return state(shop)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that both processes have several of them."""
    monkeypatch.setattr(rounds, "CHUNK", 5)
    monkeypatch.setattr(assisting, "CHUNK", 3)


@pytest.mark.usefixtures("small_parts")
def test_with_and_without_a_member_the_same_comes_out(tmp_path: Path) -> None:
    with opened(tmp_path / "alone", documents=TWO) as shop:
        alone = played(shop, None)
    with together(tmp_path / "together", TWO) as (shop, member):
        assert played(shop, member) == alone
    emails = [one for one in alone["messages"] if one[4] == "email"]
    assert len({one[1] for one in emails}) == len(emails) == len(PEOPLE), (
        "the cap let one through, of the first journey"
    )


@pytest.mark.usefixtures("small_parts")
def test_a_member_takes_what_needs_nobody_s_past_and_leaves_the_rest(tmp_path: Path) -> None:
    with together(tmp_path, {}) as (shop, member):
        with_people(shop, *PEOPLE[:6])
        work = journey.tick(shop.engine, shop.catalog, shop.reader, now=at(0))
        assert work.entered == 6
        with shop.engine.ops.write() as tx:
            tx.execute("UPDATE journey_runs SET step = 'code', waiting = 0, due_at = entered_at")
        assert member.tick(at(0)) == 6 * 3, "code, mail and audience; who goes on from the wait has to be looked for"
        assert {step for (step,) in shop.engine.ops.query("SELECT step FROM journey_runs")} == {"day"}


def test_who_is_being_moved_is_moved_by_nobody_else(tmp_path: Path) -> None:
    with together(tmp_path, TWO) as (shop, member):
        with_people(shop, "ann", "bob")
        journey.start(shop.engine, shop.catalog, "second", now=NOW)
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(0))
        with shop.engine.ops.write() as tx:
            tx.execute(
                "UPDATE journey_runs SET step = 'again', waiting = 0, due_at = entered_at WHERE journey = 'second'"
            )
        ann = shop.key("ann")
        with shop.engine.spool.turning() as turning:
            held = turning.claim("SELECT run FROM journey_runs WHERE profile_key = ? AND journey <> 'second'", (ann,))
            assert len(held) == 1
            assert member.tick(at(0)) == 1, "only bob: a run of ann's in another journey is held"
        assert member.tick(at(0)) >= 1


def test_a_merge_makes_a_claim_give_way(tmp_path: Path) -> None:
    with together(tmp_path, {}) as (shop, member):
        with_people(shop, "ann")
        journey.tick(shop.engine, shop.catalog, shop.reader, now=at(0))
        claimed, go_on, lost = threading.Event(), threading.Event(), []

        def hold() -> None:
            with suppress(TurnLost), member.engine.spool.turning() as turning:
                assert turning.claim("SELECT run FROM journey_runs")
                claimed.set()
                go_on.wait(10)
                try:
                    turning.take()
                except TurnLost:
                    lost.append(True)
                    raise

        thread = threading.Thread(target=hold)
        thread.start()
        assert claimed.wait(10)
        threading.Timer(0.3, go_on.set).start()
        with shop.engine.ops.write() as tx:  # as a merge does, with the writers' turn
            assert tx.execute("UPDATE journey_runs SET profile_key = profile_key") == 1
        thread.join(20)
        assert lost == [True]
