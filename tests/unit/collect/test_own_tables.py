"""Own tables: what a load adds, changes, removes and refuses; over the command line and HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, collect, identify, profile, protect
from foretell.cli.commands import run
from foretell.clock import FixedClock
from foretell.condition import parse
from foretell.errors import ForetellError
from tests.support.served_workspace import served
from tests.support.small_workspace import EVENTS, write, write_documents

NOW = datetime(2025, 6, 1, tzinfo=UTC)
TABLE = """\
kind: table
key: pets
spec:
  row_key: pet_id
  link: {user_id: owner}
  columns:
    species: {type: string, required: true}
    weight: number
    born: date
    indoor: boolean
  refresh: {mode: replace, every: 7d}
"""
HEADER = "pet_id,owner,species,weight,born,indoor,colour\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[app.Workspace]:
    write_documents(tmp_path)
    write(tmp_path, {"tables/pets.yaml": TABLE, "events.jsonl": EVENTS})
    with app.open_workspace(tmp_path, "write", FixedClock(NOW)) as opened:
        collect.import_files(opened.engine, opened.catalog, [tmp_path / "events.jsonl"], now=NOW)
        yield opened


def load(workspace: app.Workspace, rows: str, *, hours: int = 0, key: str = "pets") -> collect.LoadReport:
    path = workspace.root / "pets.csv"
    path.write_text(HEADER + rows)
    return collect.load_file(workspace.engine, workspace.catalog, key, path, now=NOW + timedelta(hours=hours))


def values(workspace: app.Workspace) -> dict[str, Any]:
    return {row["key"]: row["row"] for row in collect.rows_of(workspace.engine, table="pets")}


def test_a_load_tells_the_difference(workspace: app.Workspace) -> None:
    first = load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n2,u2,cat,4,,no,grey\n")
    assert (first.added, first.changed, first.unchanged, first.removed) == (2, 0, 0, 0)
    assert values(workspace)["1"] == {"species": "dog", "weight": 12.5, "born": "2020-05-01", "indoor": True}
    assert values(workspace)["2"] == {"species": "cat", "weight": 4, "born": None, "indoor": False}
    again = load(workspace, "1,u1,dog,12.50,2020-05-01,true,white\n2,u2,cat,4,,no,grey\n", hours=1)
    assert (again.added, again.changed, again.unchanged, again.removed) == (0, 0, 2, 0)
    third = load(workspace, "1,u2,dog,13,2020-05-01,yes,brown\n3,u1,dog,9,,,\n", hours=2)
    assert (third.added, third.changed, third.unchanged, third.removed) == (1, 1, 0, 1)
    assert sorted(values(workspace)) == ["1", "3"]
    back = load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n", hours=3)
    assert (back.changed, back.removed) == (1, 1), "what once was told can be told again"
    assert values(workspace)["1"]["weight"] == 12.5


def test_rows_that_are_refused_leave_what_was_there(workspace: app.Workspace) -> None:
    load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n")
    report = load(workspace, "1,u1,dog,heavy,,,\n,u1,dog,1,,,\n4,,dog,1,,,\n5,u1,,1,,,\n6,u1,dog,1,,,\n6,u1,cat,1,,,\n")
    assert (report.added, report.refused, report.repeated, report.removed) == (1, 4, 1, 0)
    assert [(one.line, one.reason) for one in report.examples] == [
        (2, "column 'weight' holds no number"),
        (3, "the key (pet_id) is missing"),
        (4, "the owner (user_id in column owner) is missing or not readable"),
        (5, "column 'species' is required"),
    ]
    assert values(workspace)["1"]["weight"] == 12.5
    assert values(workspace)["6"]["species"] == "cat", "of two rows with one key the last counts"


def test_json_lines_are_taken_as_they_are_written(workspace: app.Workspace) -> None:
    path = workspace.root / "pets.jsonl"
    lines = [
        {"pet_id": 1, "owner": "u1", "species": "2020-05-01", "weight": 12.0, "born": "2020-05-01", "indoor": True},
        {"pet_id": 2.0, "owner": "u1", "species": 'cat\'s "Ä"', "weight": None, "born": "", "more": [1]},
        {"pet_id": "007", "owner": "u2", "species": {"deep": 1}},
    ]
    path.write_text("\n\n".join(json.dumps(line) for line in lines))
    report = collect.load_file(workspace.engine, workspace.catalog, "pets", path, now=NOW)
    assert [(one.line, one.reason) for one in report.examples] == [(5, "column 'species' is required")]
    assert values(workspace) == {
        "1": {"species": "2020-05-01", "weight": 12, "born": "2020-05-01", "indoor": True},
        "2": {"species": 'cat\'s "Ä"', "weight": None, "born": None, "indoor": None},
    }
    again = collect.load_rows(workspace.engine, workspace.catalog, "pets", lines, now=NOW)
    assert (again.unchanged, again.refused) == (2, 1), "rows mean the same through every door"
    for content, code, place in (
        ('{"pet_id": 1}\n', "UNKNOWN_COLUMN", ""),
        ('\n{"pet_id": 1}\n[1]\n', "FILE_FORMAT", ":3"),
        ("\n \n", "FILE_EMPTY", ""),
    ):
        path.write_text(content)
        with pytest.raises(ForetellError) as refused:
            collect.load_file(workspace.engine, workspace.catalog, "pets", path, now=NOW)
        assert (refused.value.code, refused.value.where) == (code, f"{path}{place}")


def test_keys_of_several_columns_are_not_mixed_up(tmp_path: Path) -> None:
    write_documents(tmp_path)
    spec = "{row_key: [shop, card], link: {user_id: who}, columns: {points: number}}"
    write(tmp_path, {"tables/cards.yaml": f"kind: table\nkey: cards\nspec: {spec}\n"})
    with app.open_workspace(tmp_path, "write", FixedClock(NOW)) as opened:
        pairs = [("a|b", "c"), ("a", "b|c"), ("a\\", "b|c"), ("a", "\\b|c"), ("a", None)]
        rows = [{"shop": shop, "card": card, "who": "u1", "points": n} for n, (shop, card) in enumerate(pairs)]
        report = collect.load_rows(opened.engine, opened.catalog, "cards", rows, now=NOW)
        assert (report.added, report.repeated, report.refused) == (4, 0, 1)
        assert collect.load_rows(opened.engine, opened.catalog, "cards", rows, now=NOW).unchanged == 4


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("pet_id,owner\n1,u1\n", "UNKNOWN_COLUMN"),
        ("", "FILE_EMPTY"),
        (HEADER, "FILE_EMPTY"),
        (HEADER + "1,u1,dog\n", "FILE_FORMAT"),
    ],
)
def test_files_that_are_refused_whole(workspace: app.Workspace, content: str, code: str) -> None:
    load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n")
    path = workspace.root / "bad.csv"
    path.write_text(content)
    with pytest.raises(ForetellError) as refused:
        collect.load_file(workspace.engine, workspace.catalog, "pets", path, now=NOW + timedelta(hours=1))
    assert refused.value.code == code
    assert len(values(workspace)) == 1


def test_rows_are_nobodys_doing_and_follow_their_owner(workspace: app.Workspace) -> None:
    person = identify.find(workspace.engine, "user_id:u1")
    before = profile.show(workspace.engine, person)
    seen = "SELECT events, last_seen FROM profiles WHERE user_id = 'u1'"
    active = workspace.engine.analytics.query(seen).to_pylist()
    load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n9,new,cat,3,,,\n")
    assert workspace.engine.analytics.query(seen).to_pylist() == active
    assert profile.show(workspace.engine, person).identifiers == before.identifiers
    assert collect.rows_by_person(workspace.engine, [person.profile_key]) == {
        person.profile_key: {"pets": [{"species": "dog", "weight": 12.5, "born": "2020-05-01", "indoor": True}]}
    }
    unknown = identify.find(workspace.engine, "user_id:new")
    tree = parse({"table": "pets", "where": {"species": "cat"}})
    later = NOW + timedelta(hours=1)
    assert workspace.reader.members(tree, as_of=later)["profile_key"].to_pylist() == [unknown.profile_key]
    assert workspace.reader.members(tree, as_of=NOW - timedelta(hours=1)).num_rows == 0
    assert workspace.reader.why(tree, unknown.profile_key, as_of=later).parts[1].found == "1 row"


def test_what_nobody_sent_is_no_source_and_has_no_plan(workspace: app.Workspace) -> None:
    load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n")
    soon = NOW + timedelta(minutes=30)

    def sources() -> list[str]:
        return [one.source for one in collect.source_health(workspace.engine, workspace.catalog, now=soon)]

    before = sources()
    assert before == ["events.jsonl"]
    assert "Table Row" not in collect.infer_plan(workspace.engine, "all")
    protect.erase_people(app.protected(workspace), ["user_id:u1"], made_by="dpo", now=NOW)
    left = workspace.engine.analytics.query("SELECT DISTINCT source FROM event_log WHERE event = 'Table Row Set'")
    assert left["source"].to_pylist() == ["erased"]
    assert sources() == before
    assert "Table Row" not in collect.infer_plan(workspace.engine, "all")


def test_a_table_that_is_overdue(workspace: app.Workspace) -> None:
    load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n")
    for days, overdue in ((6, False), (8, True)):
        (told,) = collect.own_tables(workspace.engine, workspace.catalog, now=NOW + timedelta(days=days))
        assert (told.rows, told.people, told.overdue) == (1, 1, overdue)


def test_rebuilding_keeps_the_rows(workspace: app.Workspace) -> None:
    load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n")
    load(workspace, "1,u1,dog,14,2020-05-01,yes,brown\n", hours=1)
    told = "SELECT * FROM table_rows ORDER BY row_key"
    before = workspace.engine.analytics.query(told).to_pylist()
    assert len(before) == 1
    with app.rebuild(workspace, collect.Scope()) as anew:
        assert anew.analytics.query(told).to_pylist() == before
        versions = "SELECT count(*) AS n FROM table_version_rows"
        assert anew.analytics.query(versions).to_pylist() == [{"n": 2}]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("{row_key: a, link: {user_id: a, email: b}, columns: {x: string}}", "BAD_VALUE"),
        ("{row_key: a, link: {user_id: a}, columns: {x: {type: number, standard: email}}}", "BAD_TABLE"),
        ("{row_key: a, link: {user_id: a}, columns: {x: {standard: emial}}}", "UNKNOWN_STANDARD"),
        (
            "{row_key: a, link: {user_id: a}, columns: {x: {standard: {name: phone, region: {field: land}}}}}",
            "UNKNOWN_FIELD",
        ),
    ],
)
def test_documents_that_are_wrong(tmp_path: Path, spec: str, code: str) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"tables/x.yaml": f"kind: table\nkey: x\nspec: {spec}\n"})
    with app.open_workspace(tmp_path, "write", FixedClock(NOW)) as opened:
        assert [problem.code for problem in opened.problems] == [code]


def test_over_http(tmp_path: Path) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"tables/pets.yaml": TABLE})
    with served(tmp_path, clock=FixedClock(NOW)) as shop:
        rows = [
            {"pet_id": 1, "owner": "u1", "species": "dog", "weight": 12.5, "indoor": True},
            {"pet_id": 2, "owner": "u1", "species": "cat", "weight": "much"},
            {"pet_id": None, "owner": {"deep": 1}, "species": ["x"]},
        ]
        for added, unchanged in ((1, 0), (0, 1)):
            told = shop.browser.post("/api/tables/pets/rows", json={"rows": rows}).json()
            assert (told["added"], told["unchanged"], told["refused"], told["removed"]) == (added, unchanged, 2, 0)
        (row,) = shop.get("tables/pets/rows")["rows"]
        assert row["row"] == {"species": "dog", "weight": 12.5, "born": None, "indoor": True}
        assert shop.get("tables")["tables"][0]["rows"] == 1
        assert shop.browser.post("/api/tables/pats/rows", json={"rows": rows}).status_code in (400, 404)
        assert shop.browser.post("/api/tables/pets/rows", json={"rows": []}).status_code in (400, 422)


def test_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"tables/pets.yaml": TABLE, "pets.csv": HEADER + "1,u1,dog,12.5,,yes,\n2,u1,dog,x,,,\n"})
    here = ["--workspace", str(tmp_path)]
    assert run(["table", "load", "pets", str(tmp_path / "pets.csv"), "--json", *here]) == 0
    told = capsys.readouterr()
    assert "1 row was refused; the first is line 3: column 'weight' holds no number" in told.err
    assert json.loads(told.out)["added"] == 1
    assert run(["table", "show", "pets", "--json", *here]) == 0
    assert json.loads(capsys.readouterr().out)[0]["row"]["species"] == "dog"
    assert run(["table", "list", *here]) == 0
    assert "pets" in capsys.readouterr().out
    assert run(["table", "load", "pats", str(tmp_path / "pets.csv"), *here]) == 2


def test_that_a_row_is_gone_is_told_of_its_owner(workspace: app.Workspace) -> None:
    load(workspace, "1,u1,dog,12.5,2020-05-01,yes,brown\n2,u2,cat,4,,no,grey\n")
    load(workspace, "2,u2,cat,4,,no,grey\n", hours=1)
    owner = identify.find(workspace.engine, "user_id:u1").profile_key
    told = workspace.engine.analytics.query("SELECT profile_key FROM log_events WHERE event = 'Table Row Removed'")
    assert told["profile_key"].to_pylist() == [owner]
