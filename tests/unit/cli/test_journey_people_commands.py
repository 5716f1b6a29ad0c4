"""``journey drain|stop|revisions|move|test|path`` as people and programs call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import EVENTS, write, write_documents

JOURNEY = """\
kind: journey
key: hello
spec:
  enter: {not: {did: Nothing}}
  holdout: 0%
  steps:
    - {key: greet, emit: Greeted}
    - {key: day, wait: 24h}
    - {key: fork, branch: {did: Nothing}, then: far, else: done}
    - {key: far, wait: 1h}
    - {key: done, end: done}
"""
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    write_documents(tmp_path)
    write(tmp_path, {"journeys/hello.yaml": JOURNEY, "site.jsonl": EVENTS})

    def call(*arguments: str, status: int = 0) -> str:
        assert run([*arguments, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    call("apply")
    call("import", str(tmp_path / "site.jsonl"), "--source", "site")
    call("journey", "start", "hello")
    call("run")
    return call


def test_people_are_moved_to_the_revision_in_force(told: Told, tmp_path: Path) -> None:
    (before,) = json.loads(told("journey", "revisions", "hello", "--json"))
    assert [step["step"] for step in before["steps"]] == ["day"]
    write(tmp_path, {"journeys/hello.yaml": JOURNEY.replace("key: day", "key: pause")})
    assert f"{before['inside']} inside stay on their revision" in told("plan")
    told("apply")
    assert "gone" in told("journey", "revisions", "hello")
    ways = ("journey", "move", "hello", "--from-revision", "1", "--to-revision", "2")
    assert "Say where they go: --step day=STEP." in told(*ways, status=2)
    assert "would go from revision 1 to 2" in told(*ways, "--step", "day=pause", "--dry-run")
    moved = json.loads(told(*ways, "--step", "day=pause", "--json"))
    assert (moved["people"], moved["dry_run"]) == (before["inside"], False)
    assert [one["revision"] for one in json.loads(told("journey", "revisions", "hello", "--json"))] == [2]


def test_it_drains_and_stops(told: Told) -> None:
    assert "journey hello is draining" in told("journey", "drain", "hello")
    stopped = json.loads(told("journey", "stop", "hello", "--json"))
    assert (stopped["state"], stopped["ended"] > 0) == ("stopped", True)
    assert "stopped" in told("journey", "report", "hello")
    assert "journey hello is stopped: nobody is inside" in told("journey", "drain", "hello", status=2)


def test_one_person_is_played_through_and_looked_up(told: Told) -> None:
    played = json.loads(told("journey", "test", "hello", "user_id:u1", "--choose", "fork=then", "--json"))
    assert [step["step"] for step in played["steps"]] == ["greet", "day", "day", "fork", "far", "far", "done"]
    assert [step["step"] for step in played["steps"] if step["chosen"]] == ["fork"]
    assert "ends done" in told("journey", "test", "hello", "user_id:u1")
    (path,) = json.loads(told("journey", "path", "hello", "user_id:u1", "--json"))
    assert next(step["outcome"] for step in path["passed"]) == "entered"
    assert path["step"] == "day"
    assert "'fork' is no pair" in told("journey", "test", "hello", "user_id:u1", "--choose", "fork", status=2)
