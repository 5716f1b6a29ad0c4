"""Bad input: what a person is told, the exit status, and that nothing is lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from foretell.app import open_workspace
from tests.stories.mistakes import ASKING, DEFINING, IMPORTING, STORES, Mistake
from tests.support.commands import Foretell, first_line
from tests.support.small_workspace import EVENTS, write, write_documents

MISTAKES = {**IMPORTING, **DEFINING, **ASKING}


@pytest.fixture(scope="module")
def kept(foretell_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with three events, as history."""
    folder = tmp_path_factory.mktemp("kept")
    write_documents(folder)
    write(folder, {"good.jsonl": EVENTS})
    Foretell(foretell_command, folder)("import", "good.jsonl", "--source", "site")
    return folder


@pytest.fixture
def workspace(kept: Path, tmp_path: Path, foretell_command: Path) -> Foretell:
    """A copy of it for one test."""
    return Foretell(foretell_command, shutil.copytree(kept, tmp_path / "workspace"))


def events_of(folder: Path) -> int:
    """How many events the workspace answers with, its definitions put right."""
    write_documents(folder)
    (folder / "segments" / "x.yaml").unlink(missing_ok=True)
    with open_workspace(folder, "read") as opened:
        return int(opened.engine.analytics.query("SELECT count(*) AS n FROM events")["n"][0].as_py())


def code_of(document: dict[str, object]) -> object:
    """The code of a command's error: of ``plan``, which shows all problems, that of the first."""
    problems = document.get("problems")
    found = problems[0] if isinstance(problems, list) else document.get("error", {"code": ""})
    assert isinstance(found, dict)
    return found["code"]


def errors_in(told: str) -> list[str]:
    """The lines of standard error that tell an error."""
    return [line for line in told.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_one_line_and_loses_nothing(workspace: Foretell, name: str) -> None:
    mistake = MISTAKES[name]
    write(workspace.folder, mistake.files)
    done = workspace(*mistake.arguments, "--json", status=mistake.status)
    assert first_line(done.stderr) == mistake.line
    assert code_of(json.loads(done.stdout)) == mistake.code
    assert events_of(workspace.folder) == mistake.events


@pytest.mark.parametrize(
    "name", ["truncated gzip", "missing column", "ambiguous profile", "wrong SQL", "no file named"]
)
def test_without_json_standard_output_stays_empty(workspace: Foretell, name: str) -> None:
    mistake = MISTAKES[name]
    write(workspace.folder, mistake.files)
    done = workspace(*mistake.arguments, status=mistake.status)
    assert (first_line(done.stderr), done.stdout) == (mistake.line, "")
    assert done.stderr.count("\n") == 2, "a line that says what happened, and one that says what to do"


@pytest.mark.parametrize("name", STORES)
def test_a_damaged_store_is_not_replaced(workspace: Foretell, name: str) -> None:
    mistake: Mistake = STORES[name]
    write(workspace.folder, mistake.files)
    done = workspace(*mistake.arguments, "--json", status=mistake.status)
    assert first_line(done.stderr) == mistake.line
    assert code_of(json.loads(done.stdout)) == mistake.code
    for file, content in mistake.files.items():
        assert (workspace.folder / file).read_bytes() == content


def test_all_mistakes_in_the_definitions_are_told_at_once(workspace: Foretell) -> None:
    for name in ("unknown YAML key", "unknown trait", "cycle of definitions"):
        text = DEFINING[name].files["segments/x.yaml"]
        assert isinstance(text, str)
        file = name.split()[-1]
        own = text.replace("key: x", f"key: x_{file}").replace("key: y", f"key: y_{file}")
        own = own.replace("segment: x", f"segment: x_{file}").replace("segment: y", f"segment: y_{file}")
        write(workspace.folder, {f"segments/{file}.yaml": own})
    told = workspace("plan", status=2).stderr
    assert "error: segments/key.yaml:5: unknown key 'colour'" in told
    assert "error: segments/trait.yaml:4: nobody has a trait called 'emial'" in told
    assert "error: segments/definitions.yaml:4: definitions refer to each other in a loop" in told
    assert errors_in(told) == errors_in(workspace("apply", status=2).stderr)


def test_a_group_without_a_command(workspace: Foretell) -> None:
    assert workspace("segment", status=2).stderr == "error: missing command\n  See `foretell segment --help`.\n"


def test_two_writers(workspace: Foretell) -> None:
    busy = "error: data: another process uses this workspace"
    with open_workspace(workspace.folder, "write"):
        done = workspace("import", "good.jsonl", "--json", status=1)
        assert first_line(done.stderr) == busy
        assert json.loads(done.stdout)["error"]["transient"] is True
        reading = workspace("query", "SELECT 1", status=1)
        assert first_line(reading.stderr) == "error: data: another process is writing to this workspace"
    with open_workspace(workspace.folder, "read"):
        assert first_line(workspace("apply", status=1).stderr) == busy
        assert workspace.rows("SELECT count(*) AS n FROM events") == [{"n": 3}]
    assert workspace.json("import", "good.jsonl", "--source", "site")["files"][0]["duplicates"] == 3


def test_a_workspace_of_a_newer_release(workspace: Foretell) -> None:
    store = sqlite3.connect(workspace.folder / "data" / "operations.sqlite")
    with store:
        store.execute("INSERT INTO migrations (room, number) VALUES ('journey', 7)")
    for command in (["query", "SELECT 1"], ["import", "good.jsonl"]):
        done = workspace(*command, "--json", status=1)
        assert first_line(done.stderr) == "error: this workspace was written by a newer release (journey migration 7)"
        assert json.loads(done.stdout)["error"]["code"] == "WORKSPACE_TOO_NEW"
    with store:
        store.execute("DELETE FROM migrations WHERE room = 'journey' AND number = 7")
    store.close()
    assert events_of(workspace.folder) == 3
