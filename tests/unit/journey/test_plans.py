"""What is asked of the operational store never looks at all the runs that wait."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from foretell.decide.assigning import FIRST
from foretell.journey import admitting, claiming, entering, runs, states
from tests.support.journey_shop import opened

ASKED = {
    "any due": (runs.ANY_DUE, ("k", 1), "journey_runs_due (journey=? AND due_at<?)"),
    "due": (runs.DUE, ("k", 1, 10), "journey_runs_due (journey=? AND due_at<?)"),
    "of touched people": (runs.WAITING_OF, ("k", 1), "journey_runs_by_profile (profile_key=? AND journey=?"),
    "who has entered": (admitting.BEFORE, ("k",), "journey_runs_by_profile (profile_key=? AND journey=?"),
    "who was let in": (entering.WAITING, ("k", 5), "journey_entries_waiting (journey=?"),
    "how many entered": (admitting.ADMITTED, ("k", 1), "journey_admissions_1 (journey=? AND at>?"),
    "at a step": (runs.WAITING_AT, ("k", 1, "s"), "journey_runs_waiting (journey=? AND revision=? AND step=?)"),
    "revisions": (runs.NEXT_REVISION, ("k", 1), "journey_runs_waiting (journey=? AND revision>?"),
    "goals of people": (runs.GOALS_OF, ("k",), "journey_runs_by_profile (profile_key=? AND journey=?"),
    "goals that are over": (runs.GOALS_OVER, ("k", 1), "journey_runs_open_goal (journey=? AND goal_until"),
    "anybody inside": (states.ANY_INSIDE, ("k",), "journey_runs_due (journey=? AND due_at>?"),
    "inside": (runs.INSIDE, ("k", 10), "journey_runs_due (journey=? AND due_at>?"),
    "on a revision": (runs.GOING, ("k", 1, 10), "journey_runs_waiting (journey=? AND revision=?"),
    "just come": (claiming.JUST_COME.format(left=""), ("k", 1, 10), "journey_runs_due (journey=? AND due_at<?)"),
    "open runs of claimed people": (claiming.OPEN_OF, (), "journey_runs_by_profile (profile_key>? AND profile_key<?)"),
    "write": (runs.UPSERT, (None,) * len(runs.STORED), ""),
}


@pytest.mark.parametrize("name", ASKED)
def test_runs_are_found_by_an_index(tmp_path: Path, name: str) -> None:
    sql, params, index = ASKED[name]
    with opened(tmp_path) as shop, shop.engine.ops.write() as tx:
        for table in ("touched_people", "entering_people", "claimed_people"):
            tx.put(table, pa.table({"profile_key": pa.array([1], pa.int64())}), key="profile_key")
        plan = [row[3] for row in tx.query(f"EXPLAIN QUERY PLAN {sql}", params)]
    assert not [step for step in plan if "SCAN" in step and step not in ("SCAN t", "SCAN c")], plan
    assert not [step for step in plan if "FOR ORDER BY" in step], plan  # it would sort a wave for each part of it
    assert any(index in step for step in plan) or not index, plan


def test_the_arm_of_those_who_enter_is_looked_up_by_person(tmp_path: Path) -> None:
    with opened(tmp_path) as shop, shop.engine.ops.write() as tx:
        tx.put("assigned_people", pa.table({"profile_key": pa.array([1], pa.int64())}), key="profile_key")
        plan = [row[3] for row in tx.query(f"EXPLAIN QUERY PLAN {FIRST}", ("journey:k",))]
    assert any("assignments_by_profile (profile_key=? AND experiment=?)" in step for step in plan), plan
