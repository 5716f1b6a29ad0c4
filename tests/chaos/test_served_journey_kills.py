"""``kill -9`` of the worker's whole loop (events in, journeys, messages out) at every counted point, and a restart.

Nobody gets a message twice, nobody misses one: the inbox keys on the message, its attempts tell retries.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from foretell import app, deliver
from tests.support.journey_shop import copied, opened, with_people

WORKER = ["-W", "error", "-m", "tests.support.killed_loop"]


def looped(*tasks: tuple[Path, int], points: Path | None = None) -> list[int]:
    """Let a process of its own live the loop in each folder, dying at a point (0: never); gives the exit codes."""
    told = "".join(json.dumps([str(root), kill_at]) + "\n" for root, kill_at in tasks)
    record = {"FORETELL_CRASH_POINTS": str(points)} if points else {}
    done = subprocess.run(
        [sys.executable, *WORKER],
        input=told,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(["src", "."])} | record,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    codes = [int(line) for line in done.stdout.split()]
    assert len(codes) == len(tasks), done.stderr
    assert set(codes) <= {0, -9}, done.stderr
    return codes


def state(root: Path) -> dict[str, Any]:
    """Everything that a death could have lost or doubled."""
    with app.open_workspace(root) as workspace:
        ops, analytics = workspace.engine.ops.query, workspace.engine.analytics.query
        return {
            "inbox": sorted(row.message_id for row in deliver.inbox(workspace.engine).rows),
            "messages": ops("SELECT message_id, medium, step, at, state FROM messages ORDER BY message_id"),
            "runs": ops("SELECT * FROM journey_runs ORDER BY run"),
            "codes": ops("SELECT run, code FROM offer_codes ORDER BY run"),
            "audience": ops("SELECT profile_key, joined_at, left_at FROM audience_members ORDER BY profile_key"),
            "cases": ops("SELECT case_id, opened_at, due_at FROM cases ORDER BY case_id"),
            "decisions": analytics("SELECT message_id, decision FROM decision_rows ORDER BY 1, 2").to_pylist(),
            "events": analytics("SELECT message_id, event, timestamp FROM events ORDER BY 1").to_pylist(),
        }


def repeats(root: Path) -> int:
    """How often the inbox was handed a message that it had."""
    with app.open_workspace(root) as workspace:
        return sum(row.attempts - 1 for row in deliver.inbox(workspace.engine).rows)


def chosen(points: list[str]) -> list[int]:
    """Numbers of the points to die at, from the first of each name on: every third hand-over, every twelfth other."""
    passed, found = Counter[str](), []
    for number, name in enumerate(points, 1):
        if passed[name] % (3 if name.startswith("deliver.") else 12) == 0:
            found.append(number)
        passed[name] += 1
    return found


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One was written to just now; two more are at risk, of whom one will stay silent and one will buy."""
    root = tmp_path_factory.mktemp("prepared") / "shop"
    with opened(root) as shop:
        with_people(shop, "early")
        shop.tick(0)
        with_people(shop, "early", "silent", "buyer")
    return root


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], dict[str, Any]]:
    """The points that the loop passes, and the state that it leaves."""
    folder = tmp_path_factory.mktemp("whole")
    root = copied(prepared, folder / "shop")
    assert looped((root, 0), points=folder / "points") == [0]
    assert repeats(root) == 0
    return (folder / "points").read_text().split(), state(root)


def test_the_loop_does_all_that_it_can(undisturbed: tuple[list[str], dict[str, Any]]) -> None:
    points, expected = undisturbed
    assert {
        "spool.after_sync",
        "batch.before_commit",
        "act.before_commit",
        "batch.between_commits",
        "batch.after_commits",
        "deliver.claimed",
        "deliver.handed_over",
    } <= set(points)
    assert Counter(row[1] for row in expected["messages"]) == {
        "email": 3,
        "ads": 4,
        "sms": 2,
    }  # who bought leaves the audience
    assert len(expected["cases"]) == 2
    assert len({event["message_id"] for event in expected["events"]}) == len(expected["events"])


def test_killed_anywhere_nothing_is_sent_twice_or_missing(
    tmp_path: Path, prepared: Path, undisturbed: tuple[list[str], dict[str, Any]]
) -> None:
    points, expected = undisturbed
    roots = {number: copied(prepared, tmp_path / str(number)) for number in chosen(points)}
    assert {points[number - 1] for number in roots} == set(points)
    assert set(looped(*((root, number) for number, root in roots.items()))) == {-9}
    assert set(looped(*((root, 0) for root in roots.values()))) == {0}
    for number, root in roots.items():
        where, found = f"point {number}, {points[number - 1]}", state(root)
        assert [part for part in expected if found[part] != expected[part]] == [], where
        if points[number - 1] == "deliver.claimed":
            assert repeats(root) == 0, where
        if points[number - 1] == "deliver.handed_over":
            assert repeats(root) > 0, f"{where}: the inbox was asked again, and knew the message"
