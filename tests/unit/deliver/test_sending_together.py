"""Several processes send from one outbox: each message goes to one; what a dead one left is gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from foretell import app, definitions
from foretell.clock import FixedClock
from foretell.deliver import outbox
from foretell.engine import Engine, Mode, Process, company_of, open_engine
from tests.support.journey_shop import DOCUMENTS
from tests.support.pairs import open_pair
from tests.support.small_events import NOW, decode
from tests.support.small_workspace import write

MESSAGES = 40


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Whoever leads, and a member; messages are due."""
    write(tmp_path, DOCUMENTS)
    catalog, _ = definitions.load(tmp_path, app.KINDS, environ={})
    with open_pair("postgresql+duckdb") as pair, ExitStack() as opened:

        def engine(mode: Mode) -> Engine:
            where = pair.settings(tmp_path / "data")
            stages = app.stages(catalog.settings, where=where)
            return opened.enter_context(open_engine(where, app.ROOMS, stages, {"small": decode}, FixedClock(NOW), mode))

        leader, member = engine("write"), engine("member")
        with leader.ops.write() as tx:
            rows = [(f"m{number:02}", "we_miss_you" if number % 2 else "other") for number in range(MESSAGES)]
            tx.executemany(_QUEUED, rows)
        yield leader, member


def test_each_message_is_one_process_s(engines: tuple[Engine, Engine]) -> None:
    leader, member = engines
    with leader.spool.claiming() as tx:
        held = tx.query("SELECT message_id FROM messages ORDER BY next_at, message_id LIMIT 5 FOR UPDATE")
        first = outbox.take(member, NOW, 10)
    second = outbox.take(leader, NOW, MESSAGES)
    ids = [{one.message_id for one in part} for part in (first, second)]
    assert len(ids[0]) == 10
    assert not ids[0] & {one for (one,) in held}, "somebody else had them"
    assert not ids[0] & ids[1]
    assert len(ids[0] | ids[1]) == MESSAGES
    assert outbox.take(member, NOW, MESSAGES) == []


def test_templates_of_what_only_the_leader_knows_are_left_to_it(engines: tuple[Engine, Engine]) -> None:
    leader, member = engines
    taken = outbox.take(member, NOW, MESSAGES, but=("other",))
    assert {one.template for one in taken} == {"we_miss_you"}
    assert len(taken) == MESSAGES // 2
    assert len(outbox.take(leader, NOW, MESSAGES)) == MESSAGES // 2


def test_what_a_living_process_has_claimed_stays_its_own(engines: tuple[Engine, Engine]) -> None:
    leader, member = engines
    company = company_of(leader.settings)
    assert company is not None
    taken = outbox.take(member, NOW, 3)
    company.beat(Process(member.process, "worker", False, "", ""))
    assert outbox.claimed(leader) == []
    assert [one.message_id for one in outbox.claimed(member)] == [one.message_id for one in taken]
    company.leave(member.process)
    assert [one.message_id for one in outbox.claimed(leader)] == [one.message_id for one in taken]
    own = outbox.take(leader, NOW, 2)
    assert {one.message_id for one in outbox.claimed(leader)} == {one.message_id for one in (*own, *taken)}
    company.close()


_QUEUED = (
    "INSERT INTO messages (message_id, profile_key, node_key, at, channel, medium, template, purpose, variables, "
    "address, state, attempts, next_at, unsettled) VALUES (?, 1, 1, 0, 'email', 'email', ?, 'marketing', '{}', "
    "'a@shop.example', 'queued', 0, 0, 0)"
)
