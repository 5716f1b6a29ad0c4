"""The runner is killed at counted points with a provider that fails half of the time, on both stores.

A provider that knows messages by their keys gets every key once and none is missing, and the shop is in the end what an
undisturbed one is. One that cannot (SMTP) gets nothing twice; where its answer was lost the message stays in doubt.
``python -m tools.runner_kills`` does it for as many deaths as wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pairs import Pair, open_pair
from tests.support.runner_world import PEOPLE, keyed, lived, prepare, state, unkeyed

DEATHS = ("act.before_commit:2", "batch.between_commits:4", "deliver.claimed:1", "deliver.handed_over:2")
MEMBER_DEATHS = ("turn.wanted:1", "turn.taken:1", "deliver.claimed:1")


@pytest.fixture(scope="module", params=["sqlite+duckdb", "postgresql+duckdb"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with open_pair(request.param) as found:
        yield found


def test_a_provider_with_keys_gets_each_once_and_the_shop_is_what_an_undisturbed_one_is(
    tmp_path: Path, pair: Pair
) -> None:
    with keyed() as (_, channel):
        alone = prepare(tmp_path / "alone", pair, channel)
        assert lived(tmp_path / "alone", alone, "leader", record=tmp_path / "points") == 0
        points = (tmp_path / "points").read_text().split()
        assert {death.partition(":")[0] for death in DEATHS} <= set(points)
        expected = state(tmp_path / "alone", alone)
    with keyed() as (provider, channel):
        where = prepare(tmp_path / "killed", pair, channel)
        assert [lived(tmp_path / "killed", where, "leader", death) for death in DEATHS] == [-9] * len(DEATHS)
        assert lived(tmp_path / "killed", where, "leader") == 0
        assert state(tmp_path / "killed", where) == expected
        mails = {message for message, step, *_ in expected["messages"] if step == "miss_you"}
        assert len(mails) == len(PEOPLE)
        assert provider.taken == dict.fromkeys(mails, 1)
        assert provider.repeated, "it was asked again, and knew the key"


def test_a_provider_without_keys_gets_nothing_twice_and_what_is_open_is_in_doubt(tmp_path: Path, pair: Pair) -> None:
    with unkeyed() as (server, channel):
        where = prepare(tmp_path / "killed", pair, channel)
        deaths = ("deliver.claimed:1", "deliver.handed_over:2")
        assert [lived(tmp_path / "killed", where, "leader", death) for death in deaths] == [-9] * 2
        assert lived(tmp_path / "killed", where, "leader") == 0
        messages = [one for one in state(tmp_path / "killed", where)["messages"] if one[1] == "miss_you"]
        assert len(set(server.recipients)) == len(server.recipients), "nobody got two"
        states = [one[3] for one in messages]
        assert len(messages) == len(PEOPLE)
        assert set(states) <= {"sent", "uncertain"}
        assert states.count("uncertain") <= len(deaths)
        assert len(PEOPLE) - len(server.recipients) <= states.count("uncertain"), "who got none is in doubt"


def test_a_member_that_dies_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with open_pair("postgresql+duckdb") as pair, keyed() as (provider, channel):
        alone = prepare(tmp_path / "alone", pair, channel)
        lived(tmp_path / "alone", alone, "leader")
        expected = state(tmp_path / "alone", alone)
        provider.taken.clear()
        where = prepare(tmp_path / "killed", pair, channel)
        assert lived(tmp_path / "killed", where, "leader", "act.before_commit:2") == -9, "people have entered"
        assert [lived(tmp_path / "killed", where, "member", death) for death in MEMBER_DEATHS] == [-9] * 3
        assert lived(tmp_path / "killed", where, "leader") == 0
        assert state(tmp_path / "killed", where) == expected
        assert set(provider.taken.values()) == {1}
