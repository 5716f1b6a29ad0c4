"""Ids of runs and messages: of neighbours they lie together, and they are the same whenever they are asked for."""

from __future__ import annotations

from itertools import groupby

import pyarrow as pa

from foretell.ids import stable_id
from foretell.journey import run_ids
from foretell.journey.sends import message_id

ENTERED = "1767225600000000"


def made(first: int = 1, people: int = 100, *, journey: str = "k", mark: str = "") -> list[str]:
    keys = range(first, first + people)
    names = [f"p_{number}" for number in keys]
    ids: list[str] = run_ids.new_runs(journey, pa.array(keys, pa.int64()), names, ENTERED, [mark] * people).to_pylist()
    return ids


def test_runs_of_neighbours_lie_together() -> None:
    every = made(0, 3 * 4_096)
    blocks = [[*ids] for _, ids in groupby(every, lambda one: one[:9])]
    assert [len(ids) for ids in blocks] == [4_096] * 3
    assert len({one[:9] for one in every}) == 3
    assert len(set(every)) == len(every)
    assert {len(one) for one in every} == {22}


def test_a_run_has_the_same_id_in_whatever_company() -> None:
    assert made(4_000, 200)[150] == made(4_150, 1)[0]
    chunks = pa.chunked_array([[4_150], [4_151]])
    asked = run_ids.new_runs("k", chunks, ["p_4150", "p_4151"], [ENTERED] * 2)
    assert asked.to_pylist() == made(4_150, 2)


def test_runs_of_other_journeys_marks_and_people_have_other_ids() -> None:
    every = [*made(), *made(journey="l"), *made(mark="order 1")]
    assert len(set(every)) == len(every)


def test_messages_lie_where_their_runs_lie() -> None:
    asked = [(run, step) for run in made() for step in ("a", "b")]
    ids = {ask: message_id(*ask, 1) for ask in asked}
    assert len(set(ids.values())) == len(asked)
    assert all(one.startswith("m_") and one[2:9] == run[2:9] for (run, _), one in ids.items())


def test_messages_of_an_older_release_keep_their_ids() -> None:
    """A reminder names the invitation, which may have been sent before."""
    old = stable_id("r", "k", "p_1", ENTERED)
    assert message_id(old, "ask", 1) == stable_id("m", old, "ask")
    assert message_id(old, "ask", 2) == stable_id("m", old, "ask", "2")
    (new,) = made(people=1)
    both = run_ids.beside(pa.chunked_array([[old, new]]), pa.array(["m_" + "a" * 20, "m_" + "b" * 20])).to_pylist()
    assert both == ["m_" + "a" * 20, "m_" + new[2:9] + "b" * 13]


def test_each_visit_has_a_message_of_its_own() -> None:
    (run,) = made(people=1)
    assert len({message_id(run, "ask", visit) for visit in (1, 2, 3)}) == 3
