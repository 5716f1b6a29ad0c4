"""Several processes on PostgreSQL share rates, and leave nobody in doubt about what they only took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from foretell import app, definitions, deliver
from foretell.clock import FixedClock
from foretell.deliver import outbox, turns
from foretell.engine import Engine, Mode, open_engine
from tests.support.journey_shop import DOCUMENTS
from tests.support.pairs import open_pair
from tests.support.small_events import NOW, decode
from tests.support.small_workspace import write

MESSAGES = 60
CHANNEL = """\
kind: channel
key: email
spec: {uses: inbox_email, rate: {messages: 12, per: 1m, transactional: 2}}
"""
SMTP = """\
kind: channel
key: email
spec: {uses: smtp, settings: {host: mail.invalid}}
"""
_QUEUED = (
    "INSERT INTO messages (message_id, profile_key, node_key, at, channel, medium, template, purpose, journey, "
    "variables, address, state, attempts, next_at, unsettled) VALUES (?, 1, 1, 0, 'email', 'email', 'we_miss_you', ?, "
    "?, '{}', 'a@shop.example', 'queued', 0, 0, 0)"
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[definitions.Catalog, Engine, Engine]]:
    """The catalog, whoever leads, and a member."""
    write(tmp_path, {**DOCUMENTS, "channels/email.yaml": CHANNEL})
    catalog, _ = definitions.load(tmp_path, app.KINDS, environ={})
    with open_pair("postgresql+duckdb") as pair, ExitStack() as held:

        def engine(mode: Mode) -> Engine:
            where = pair.settings(tmp_path / "data")
            stages = app.stages(catalog.settings, where=where)
            return held.enter_context(open_engine(where, app.ROOMS, stages, {"small": decode}, FixedClock(NOW), mode))

        leader, member = engine("write"), engine("member")
        with leader.ops.write() as tx:
            rows = [(f"m{number:02}", "service", ["wave", "late"][number % 10 == 0]) for number in range(MESSAGES)]
            tx.executemany(_QUEUED, [*rows, *((f"t{number}", "transactional", "wave") for number in range(3))])
        yield catalog, leader, member


def left(engine: Engine) -> set[str]:
    found = engine.ops.query("SELECT message_id FROM messages WHERE state IN ('sent', 'delivered', 'failed')")
    return {message_id for (message_id,) in found}


def test_both_take_out_of_one_bucket(opened: tuple[definitions.Catalog, Engine, Engine]) -> None:
    catalog, leader, member = opened
    for engine in (member, leader, member):
        deliver.dispatch(engine, catalog, now=NOW)
    first = left(leader)
    assert len(first) == 12, "what one of them took the other does not have"
    assert {"t0", "t1", "t2"} <= first
    assert {attempts for (attempts,) in leader.ops.query("SELECT attempts FROM messages WHERE state = 'queued'")} == {0}
    now = NOW
    for engine in [leader, member] * 12:
        now += timedelta(minutes=1)
        deliver.dispatch(engine, catalog, now=now)
    assert len(left(leader)) == MESSAGES + 3, "nothing is lost"


def test_journeys_take_turns_in_what_a_process_takes(
    opened: tuple[definitions.Catalog, Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog, leader, member = opened
    monkeypatch.setattr(turns, "SHARE", 11)
    taken = turns.next_turn(leader, catalog, NOW)
    assert [one.message_id for one in taken[:3]] == ["t0", "t1", "t2"]
    assert [one.journey for one in taken[3:]] == ["late", "wave"] * 4
    others = turns.next_turn(member, catalog, NOW)
    assert not {one.message_id for one in taken} & {one.message_id for one in others}


def test_what_was_only_taken_is_never_in_doubt(opened: tuple[definitions.Catalog, Engine, Engine]) -> None:
    catalog, leader, _ = opened
    write(catalog.root, {"channels/email.yaml": SMTP})
    catalog, _ = definitions.load(catalog.root, app.KINDS, environ={})
    taken = outbox.take(leader, NOW, 5)
    outbox.claim(leader, [taken[0].message_id], NOW)
    report = deliver.dispatch(leader, catalog, now=NOW)
    assert report.uncertain == 1
    doubt = leader.ops.query("SELECT message_id FROM messages WHERE state = 'uncertain'")
    assert doubt == [(taken[0].message_id,)]
