"""``foretell demo``: the simulated shop with its journey, for programs and served; and real data without consent."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from foretell import demo
from foretell.app import Workspace, open_workspace
from foretell.clock import SteppedClock
from tests.support.commands import Foretell
from tests.support.served_workspace import presence_file
from tests.support.small_events import NOW


@dataclass(frozen=True)
class Played:
    """A command in the played shop, its summary, and what the demo told on its way."""

    shop: Foretell
    told: dict[str, Any]
    said: str


@pytest.fixture(scope="module")
def played(foretell_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Without a terminal the demo prints its summary, serves, looks whether the server answers, and ends."""
    here = Foretell(foretell_command, tmp_path_factory.mktemp("demo"))
    done = here("demo", "--people", "300", "--days", "7", "--dir", "shop", "--port", "0", "--json")
    return Played(Foretell(foretell_command, here.folder / "shop"), json.loads(done.stdout), done.stderr)


def test_the_summary_tells_of_the_loop(played: Played) -> None:
    told = played.told
    rescue = told["journeys"]["churn_rescue"]
    assert rescue["entered"] > rescue["held_out"] > 0
    assert 0 <= rescue["goal"] <= rescue["entered"]
    assert {"email", "ads"} <= set(told["messages"]) <= {"email", "sms", "ads"}  # a text follows unopened mails alone
    assert all(number > 0 for number in told["messages"].values()), told["messages"]
    assert 0.65 < told["predictions"]["churn"]["roc_auc"] < 0.95
    assert told["known_customers"] > 200
    assert told["events"] == told["lines"]["total"] > 10_000
    assert {"revenue", "churn_probability", "clv"} <= set(told["kpis"])


def test_the_report_of_the_journey_agrees(played: Played) -> None:
    shop, told = played.shop, played.told
    report, rescue = shop.json("journey", "report", "churn_rescue"), told["journeys"]["churn_rescue"]
    assert (report["entered"], report["held_out"]) == (rescue["entered"], rescue["held_out"])
    runs = shop.rows(
        "SELECT arm, count(*) AS n, count(goal_at) AS goal FROM journey_runs "
        "WHERE journey = 'churn_rescue' GROUP BY arm ORDER BY arm"
    )
    assert [row["arm"] for row in runs] == ["held_out", "treated"]
    assert sum(row["n"] for row in runs) == rescue["entered"]
    assert sum(row["goal"] for row in runs) == rescue["goal"]


def test_why_tells_of_a_message_and_of_one_held_out(played: Played) -> None:
    shop = played.shop
    sent, held = (
        shop.rows(f"SELECT message_id, profile_id FROM decisions WHERE decision = '{decision}' ORDER BY 1 LIMIT 1")[0]
        for decision in ("send", "held_out")
    )
    (answer,) = shop.json("messages", "why", sent["message_id"])
    assert answer["message_id"] == sent["message_id"]
    assert answer["decisions"][-1]["decision"] == "send"
    (nothing,) = shop.json("messages", "why", held["message_id"])
    assert [one["decision"] for one in nothing["decisions"]] == ["held_out"]
    assert nothing["message"] is None
    written = shop.rows(f"SELECT count(*) AS n FROM messages WHERE profile_id = '{held['profile_id']}'")
    assert written == [{"n": 0}]


def test_the_service_team_finds_its_cases(played: Played) -> None:
    shop = played.shop
    opened = shop.rows("SELECT count(*) AS n FROM cases WHERE state = 'open'")[0]["n"]
    listed = shop.json("case", "list")
    assert listed["total"] == opened
    assert {case["journey"] for case in listed["cases"]} <= {"churn_rescue", None}  # None: an answer opened it


def test_people_are_asked_and_answer_on_the_pages(played: Played) -> None:
    shop, told = played.shop, played.told["listening"]
    assert told["answers"] >= told["people"] >= 10
    assert -100 <= told["raw"]["low"] <= told["raw"]["value"] <= told["raw"]["high"] <= 100
    assert -100 < told["true"] < 100
    own = shop.rows("SELECT count(*) AS n FROM events WHERE event = 'Survey Answered' AND source = 'foretell'")
    sent = shop.rows("SELECT count(*) AS n FROM events WHERE event = 'Survey Sent' AND source = 'foretell'")
    assert 0 < own[0]["n"] <= sent[0]["n"]


def test_without_a_terminal_it_is_served_once(played: Played) -> None:
    assert "The demo runs at http://127.0.0.1:" in played.said
    assert not presence_file(played.shop.folder).exists(), "the server has ended"


class Silent:
    """Nobody watches the progress."""

    def begin(self, title: str, total: float | None = None) -> None:
        """The next piece of work begins."""

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""


def some_of(dataset: demo.Dataset, folder: Path) -> demo.Dataset:
    """The data set with the invoices of every eighth customer, and its own copy of the documents."""
    shutil.copytree(dataset.root / "workspace", folder / "workspace")
    ((file, _),) = dataset.imports
    (folder / "data").mkdir()
    duckdb.sql(
        f"COPY (SELECT * FROM '{dataset.root / 'data' / file}' WHERE CAST(CustomerID AS INTEGER) % 8 = 0) "
        f"TO '{folder / 'data' / file}' (FORMAT parquet)"
    )
    return replace(dataset, folder=str(folder), predictions=(), lived=timedelta(days=5))


def decided(dataset: demo.Dataset, folder: Path) -> tuple[demo.Summary, dict[tuple[str, str], int]]:
    """Play it; gives the summary and how often each (decision, reason) was."""
    clock = SteppedClock(NOW)
    dataset.write(folder)
    with open_workspace(folder, clock=clock) as workspace:
        summary = demo.play(workspace, clock, dataset, demo.Options(), Silent())
        return summary, decisions(workspace)


def decisions(workspace: Workspace) -> dict[tuple[str, str], int]:
    """How often each (decision, reason) about messages to treated people was."""
    rows = workspace.engine.analytics.query(
        "SELECT decision, reason, count(*) AS n FROM decisions WHERE decision <> 'held_out' GROUP BY decision, reason"
    ).to_pylist()
    return {(row["decision"], row["reason"]): row["n"] for row in rows}


def test_without_the_consents_of_its_source_nothing_is_sent(tmp_path: Path) -> None:
    dataset = some_of(demo.DATASETS["online-retail"], tmp_path / "some")
    told, found = decided(dataset, tmp_path / "with")
    assert told.messages["email"] > 0
    assert found["send", "ok"] == sum(told.messages.values())

    source = dataset.root / "workspace" / "sources" / "invoices.yaml"
    lines = source.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.strip().startswith("consents:")]
    assert len(lines) - len(kept) == 1
    source.write_text("".join(kept))
    told, found = decided(dataset, tmp_path / "without")
    assert told.journeys["churn_rescue"]["entered"] > 0
    assert told.messages == {}
    assert {decision for decision, _ in found} == {"refuse"}
    assert "no_consent" in {reason for _, reason in found}
