"""The main job through the command line: from files to profiles, segments, predictions and KPIs."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foretell.app import KINDS
from tests.support.commands import Foretell, environment
from tests.support.small_workspace import SEGMENT
from tests.support.story_shop import AS_OF, PEOPLE, TWICE, write_shop

AT = datetime.fromisoformat(AS_OF).replace(tzinfo=ZoneInfo("Europe/Berlin"))
BINARY = {"roc_auc", "pr_auc", "log_loss", "brier", "ece"}


@pytest.fixture(scope="module")
def shop(foretell_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Foretell:
    """A workspace with the shop's data, its definitions applied, its predictions trained and scored."""
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    shop = Foretell(foretell_command, folder)
    shop("import", "site.jsonl", "--source", "site")
    shop("import", "till.csv", "--source", "till")
    shop("apply")
    for key in ("churn", "clv"):
        shop("predict", "train", key, "--as-of", AS_OF)
        shop("predict", "score", key, "--as-of", AS_OF)
    return shop


@pytest.fixture(scope="module")
def bought(shop: Foretell) -> list[tuple[str, datetime, int]]:
    """(user id, instant, cents) of every order, read from the files without Foretell."""
    found = []
    for line in (shop.folder / "site.jsonl").read_text().splitlines():
        if '"event": "Order Completed"' in line and line.endswith("}"):
            told = json.loads(line)
            at = datetime.fromisoformat(told["timestamp"])
            found.append((told["userId"], at, round(told["properties"]["revenue"] * 100)))
    receipts: dict[tuple[str, str, str], int] = defaultdict(int)
    with (shop.folder / "till.csv").open() as file:
        for row in csv.DictReader(file, delimiter=";"):
            cents = int(row["quantity"]) * round(float(row["price"]) * 100)
            receipts[row["receipt"], row["customer"], row["sold_at"]] += cents
    for (_, user, sold_at), cents in receipts.items():
        local = datetime.strptime(sold_at, "%d.%m.%Y %H:%M").replace(tzinfo=ZoneInfo("Europe/Berlin"))
        found.append((user, local.astimezone(UTC), cents))
    return found


def test_init_starts_a_workspace_that_works(foretell_command: Path, tmp_path: Path) -> None:
    here = Foretell(foretell_command, tmp_path)
    made = here.json("init", "mine")
    assert "foretell.yaml" in made["files"]
    mine = Foretell(foretell_command, tmp_path / "mine")
    assert mine.json("plan")["problems"] == []
    assert mine.json("segment", "list")[0]["key"] == "recent_buyers"


def test_importing_again_adds_nothing(shop: Foretell, bought: list[tuple[str, datetime, int]]) -> None:
    before = shop.rows("SELECT count(*) AS n, count(DISTINCT profile_id) AS people FROM events")
    assert before == [{"n": 2944 + 215, "people": PEOPLE}]
    (site,) = shop.json("import", "site.jsonl", "--source", "site")["files"]
    (till,) = shop.json("import", "till.csv", "--source", "till")["files"]
    assert (site["events"], site["duplicates"], site["quarantined"]) == (0, 2944, 2)
    assert (till["events"], till["duplicates"], till["mappings"]) == (0, 215, {"sales": 314})
    assert shop.rows("SELECT count(*) AS n, count(DISTINCT profile_id) AS people FROM events") == before
    assert shop.rows("SELECT count(*) AS n, sum(amount_minor) AS minor FROM orders") == [
        {"n": len(bought), "minor": sum(cents for _, _, cents in bought)}
    ]


def test_a_dry_run_stores_nothing(shop: Foretell) -> None:
    (preview,) = shop.json("import", "site.jsonl", "--dry-run")["files"]
    assert (preview["rows"], preview["events"]) == (2946, 2944)
    assert preview["problem_counts"] == {"BAD_JSON": 1, "BAD_TIMESTAMP": 1}
    assert preview["first"][0]["who"].startswith("anonymous_id:")
    assert shop.rows("SELECT count(*) AS n FROM events WHERE source = 'site.jsonl'") == [{"n": 0}]


def test_what_could_not_be_read_lies_in_quarantine(shop: Foretell) -> None:
    found = shop.json("quarantine", "list")
    assert [(row["line"], row["code"]) for row in found["rows"]] == [(11, "BAD_JSON"), (12, "BAD_TIMESTAMP")]
    assert found["counts"] == {"BAD_JSON": 1, "BAD_TIMESTAMP": 1}
    assert len(shop.json("quarantine", "list", "--code", "BAD_JSON")["rows"]) == 1


def test_plan_and_apply(shop: Foretell, tmp_path: Path) -> None:
    assert shop.json("plan", "--check")["changes"] == []
    assert shop.json("apply")["changes"] == []
    copy = Foretell(shop.command, shutil.copytree(shop.folder, tmp_path / "copy"))
    text = SEGMENT.format(key="new", condition="{trait: address.country, is: Germany}")
    (copy.folder / "segments" / "new.yaml").write_text(text)
    (change,) = copy.json("plan", "--check", status=2)["changes"]
    assert (change["action"], change["key"], change["impact"]) == ("added", "new", f"{PEOPLE * 3 // 4} people")
    assert [made["key"] for made in copy.json("apply")["changes"]] == ["new"]
    assert copy.json("apply")["changes"] == []
    assert "Nothing to change" in copy("plan").stdout


def test_segments_hold_who_they_say(shop: Foretell, bought: list[tuple[str, datetime, int]]) -> None:
    buyers = {user for user, at, _ in bought if AT - timedelta(days=180) < at <= AT}
    sizes = {size["key"]: size["members"] for size in shop.json("segment", "list", "--as-of", AS_OF)}
    assert sizes["buyers"] == len(buyers) > 20
    assert sizes["from_france"] == PEOPLE // 4
    members = shop.json("segment", "members", "buyers", "--as-of", AS_OF)
    assert {row["user_id"] for row in members} == buyers
    french = shop.json(
        "segment", "count", "buyers", "--as-of", AS_OF, "--where", "{trait: address.country, is: France}"
    )
    assert french["count"] == sum(user != TWICE and int(user[1:]) % 4 == 0 for user in buyers)
    earlier = shop.json("segment", "count", "buyers", "--as-of", "2024-03-01T00:00:00Z")["count"]
    begin = datetime(2024, 3, 1, tzinfo=UTC)
    assert earlier == len({user for user, at, _ in bought if at <= begin})


def test_members_in_every_format(shop: Foretell) -> None:
    command = ["segment", "members", "buyers", "--as-of", AS_OF, "--format"]
    rows = json.loads(shop(*command, "json").stdout)
    assert [dict(row) for row in csv.DictReader(io.StringIO(shop(*command, "csv").stdout))] == [
        {name: value or "" for name, value in row.items()} for row in rows
    ]
    packed = subprocess.run(
        [shop.command, *command, "parquet"], cwd=shop.folder, env=environment(), capture_output=True
    )
    assert pq.read_table(pa.BufferReader(packed.stdout)).to_pylist() == rows


def test_a_segment_explains_itself(shop: Foretell) -> None:
    regulars = {row["user_id"] for row in shop.json("segment", "members", "regulars", "--as-of", AS_OF)}
    buyers = {row["user_id"] for row in shop.json("segment", "members", "buyers", "--as-of", AS_OF)}
    for user, holds in ((min(regulars), True), (min(buyers - regulars), False)):
        why = shop.json("segment", "explain", "regulars", f"user_id:{user}", "--as-of", AS_OF)
        assert why["holds"] is holds
        text = shop("segment", "explain", "regulars", f"user_id:{user}", "--as-of", AS_OF).stdout
        assert text.startswith("yes People" if holds else "no  People")


def test_predictions_are_reported_scored_and_explained(shop: Foretell) -> None:
    report = shop.json("predict", "report", "churn")
    assert set(report["metrics"]) >= BINARY
    assert 0.5 < report["metrics"]["roc_auc"] <= 1
    assert {"n", "positives", "trained_as_of", "metrics"} <= set(report)
    scores = shop("predict", "scores", "churn", "--as-of", AS_OF, "--format", "csv").stdout
    assert scores.splitlines()[0].replace('"', "") == "profile_id,user_id,horizon,score,low,high,as_of,model"
    rows = list(csv.DictReader(io.StringIO(scores)))
    assert all(0 <= float(row["low"]) <= float(row["score"]) <= float(row["high"]) <= 1 for row in rows)
    (why,) = shop.json("predict", "explain", "churn", rows[0]["profile_id"])
    assert why["score"] == pytest.approx(float(rows[0]["score"]))
    assert why["reasons"]
    value = shop.json("predict", "report", "clv")
    assert {"r", "alpha", "p", "q", "v"} <= set(value["params"])
    assert value["log_likelihood"] < 0
    assert shop.json("predict", "scores", "clv")[0]["score"] > 0


def test_kpis_by_month_and_by_segment(shop: Foretell, bought: list[tuple[str, datetime, int]]) -> None:
    keys = {entry["key"] for entry in shop.json("kpi", "list")}
    assert {"revenue", "orders", "active_customers", "churn_rate", "churn_probability", "clv", "repeat_rate"} <= keys
    (total,) = shop.json("kpi", "show", "revenue")["points"]
    assert total["value"] == pytest.approx(sum(cents for _, _, cents in bought) / 100, abs=1e-6)
    months = shop.json("kpi", "show", "revenue", "--by", "month", "--to", AS_OF)["points"]
    expected: dict[str, int] = defaultdict(int)
    for _, at, cents in bought:
        expected[f"{at.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m}"] += cents
    assert {p["period"]: round(p["value"] * 100) for p in months if p["value"]} == dict(expected)
    split = shop.json("kpi", "show", "churn_probability", "--by", "segment", "--to", AS_OF)["points"]
    assert [point["group"] for point in split] == ["buyers", "from_france", "leaving", "regulars"]


def test_a_person_is_found_by_everything_that_names_them(shop: Foretell) -> None:
    person = shop.json("profile", "show", "user_id:u6")
    assert person["identifiers"] == {
        "anonymous_id": ["a6"], "card": ["card6"], "email": ["person6@shop.example"], "user_id": ["u6"],
    }  # fmt: skip
    for name in ("u6", "email:person6@shop.example", "PERSON6@shop.example", "card:card6", person["profile_id"]):
        assert shop.json("profile", "show", name) == person, name
    told = shop("profile", "show", TWICE, status=2).stderr
    assert told.startswith(f"error: 2 people are known by '{TWICE}': old_id:{TWICE}, user_id:{TWICE}\n")


def test_run_has_nothing_left_to_do(shop: Foretell) -> None:
    assert shop.json("run")["events"] == 0
    assert "0 events applied" in shop("run").stdout


def test_doctor_is_content(shop: Foretell) -> None:
    found = shop.json("doctor")
    assert found["ok"] is True
    assert {finding["name"] for finding in found["findings"]} >= {"python", "workspace", "stores"}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_every_kind_has_a_schema(shop: Foretell, kind: str) -> None:
    schema = json.loads(shop("schema", kind).stdout)
    assert (schema["title"], schema["type"]) == (kind, "object")
    assert {"kind", "key", "spec"} <= set(schema["properties"])


TEXTS = (
    "doctor", "import site.jsonl --dry-run", "quarantine list", "profile show user_id:u6", "segment list",
    f"segment members buyers --as-of {AS_OF}", f"segment explain regulars user_id:u6 --as-of {AS_OF}",
    "predict report churn", "predict scores churn", f"kpi show revenue --by month --to {AS_OF}", "query FROM+orders",
    "query FROM+events",
)  # fmt: skip
"""Reading commands; + stands for a space within an argument."""


@pytest.mark.parametrize("command", TEXTS)
def test_texts_fit_into_eighty_columns(shop: Foretell, command: str) -> None:
    lines = shop(*(part.replace("+", " ") for part in command.split()), columns=80).stdout.splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert [line for line in lines if line != line.rstrip()] == []


def test_what_stands_in_the_data_cannot_steer_the_terminal(shop: Foretell) -> None:
    told = shop(
        "query", "SELECT '[/bold]' AS a, '[red]' AS b, chr(27) || '[31m' AS c, 'x' || chr(10) || 'y' AS d"
    ).stdout
    assert told.splitlines()[1].split() == ["[/bold]", "[red]", "�[31m", "x", "y"]


def test_the_workspace_can_be_named(shop: Foretell, tmp_path: Path) -> None:
    away = Foretell(shop.command, tmp_path)
    sizes = shop.json("segment", "list")
    assert away.json("segment", "list", "--workspace", shop.folder) == sizes
    assert away.json("segment", "list", env={"FORETELL_WORKSPACE": str(shop.folder)}) == sizes
    assert "no foretell.yaml here" in away("segment", "list", status=2).stderr


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_closed_pipe_is_no_error(shop: Foretell, more: list[str]) -> None:
    sql = f"SELECT e.* FROM events e{', range(20)' if more else ''}"
    with subprocess.Popen(
        [shop.command, "query", sql, *more], cwd=shop.folder, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as reading:  # fmt: skip
        assert reading.stdout is not None
        assert reading.stderr is not None
        assert reading.stdout.read(1)
        reading.stdout.close()
        told = reading.stderr.read().decode()
    assert (reading.returncode, told) == (141, "")


def test_an_interrupted_import_is_told_and_goes_on(shop: Foretell, tmp_path: Path) -> None:
    write_shop(tmp_path)
    fifo = tmp_path / "slow.jsonl"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [shop.command, "import", fifo, "--json"], cwd=tmp_path, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as going:  # fmt: skip
        writing = once_read(fifo)
        going.send_signal(signal.SIGINT)
        out, told = going.communicate(timeout=60)
        os.close(writing)
    assert going.returncode == 130, told
    assert told.splitlines()[0] == "error: interrupted"
    assert json.loads(out)["error"]["code"] == "INTERRUPTED"
    again = Foretell(shop.command, tmp_path)
    assert again.json("import", "site.jsonl")["files"][0]["events"] == 2944


def once_read(fifo: Path) -> int:
    """The pipe's end for writing, as soon as somebody reads the other."""
    for _ in range(600):
        with suppress(OSError):
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.1)
    raise AssertionError("nobody began to read")


def test_a_terminal_without_unicode_gets_question_marks(shop: Foretell) -> None:
    told = shop("profile", "show", "user_id:u6", "--events", "1", env={"PYTHONIOENCODING": "ascii"}).stdout
    assert "? 3" in told or "earlier" in told
    assert told.isascii()
