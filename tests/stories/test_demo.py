"""``foretell demo``: the main job on a year of real invoices, for programs and for people."""

from __future__ import annotations

import json
import math
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docs.console import blocks, clone, reader, run_page
from tests.support.commands import Foretell

QUICKSTART = "docs/quickstart.md"
DAYS = "3"


@dataclass(frozen=True)
class Played:
    """The demo played through twice in the same folder, the second time by the quickstart.

    Args:
        told: the summary of the first time.
        text: what the quickstart's command printed.
        problems: what went wrong in the quickstart.
    """

    shop: Foretell
    told: dict[str, Any]
    text: str
    problems: list[str]


@pytest.fixture(scope="module")
def played(foretell_command: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Played for programs, then for people, as the quickstart says."""
    here = Foretell(foretell_command, clone(repository, tmp_path_factory.mktemp("demo")))
    told = here.json("demo", "--dataset", "online-retail", "--days", DAYS, "--no-serve", "--dir", "demo-workspace")
    scratch = tmp_path_factory.mktemp("scratch")
    page = (repository / QUICKSTART).read_text(encoding="utf-8")
    problems = run_page(page, here.folder, scratch, reader(foretell_command, DAYS), timeout_seconds=1500)
    number = next(number for number, step in enumerate(blocks(page)) if "foretell demo" in getattr(step, "shell", ""))
    text = (scratch / f"{number}.out").read_text(encoding="utf-8")
    return Played(Foretell(foretell_command, here.folder / "demo-workspace"), told, text, problems)


def test_the_quickstart_runs(played: Played) -> None:
    assert not played.problems, played.problems[0]


def test_the_summary_has_the_figures_of_the_data_set(played: Played) -> None:
    told = played.told
    assert told["known_customers"] == 4372
    assert (told["revenue"], told["revenue_known"]) == (9747747.93, 8300065.81)
    assert round(sum(told["revenue_parts"].values()), 2) == told["revenue"]
    lines = dict(told["lines"])
    assert lines.pop("total") == sum(lines.values()) == 541_909
    assert lines == {
        "orders": 531_282, "refunds": 9_288, "adjustments": 3, "stock_write_offs": 1_336, "quarantined": 0,
    }  # fmt: skip
    assert told["events"] == 25_900 + 4_339, "and one consent for each customer with an order"
    assert told["profiles"] == 4_372 + 2_374, "and one anonymous profile for each invoice without a customer"
    assert 0 < told["seconds"] < 1_000


def test_the_summary_has_predictions_segments_and_kpis(played: Played) -> None:
    told = played.told
    churn = told["predictions"]["churn"]
    assert all(math.isfinite(churn[name]) for name in ("roc_auc", "pr_auc", "log_loss", "brier", "ece"))
    assert 0.70 < churn["roc_auc"] < 0.80
    assert {"r", "alpha", "p", "q", "v"} <= set(told["predictions"]["clv"]["params"])
    assert "season" in told["verdicts"]["churn"]
    assert "GBP" in told["verdicts"]["clv"]
    assert all(size > 0 for size in told["segments"].values()), told["segments"]
    unsaid = {key for key, value in told["kpis"].items() if value is None}
    assert unsaid == {"nps", "csat", "ces"}, "nobody was asked what they think"
    assert {"revenue", "orders", "active_customers", "churn_rate", "churn_probability", "clv", "repeat_rate"} <= set(
        told["kpis"]
    )
    assert told["kpis"]["revenue"] == pytest.approx(told["revenue"])


def test_a_second_time_changes_nothing(played: Played) -> None:
    shop, told, text = played.shop, played.told, played.text
    theirs = "SELECT count(*) AS n FROM events WHERE source <> 'foretell'"
    assert shop.rows(theirs) == [{"n": told["events"]}]
    assert shop.rows("SELECT sum(amount_minor) AS minor FROM orders") == [{"minor": 974774793}]
    for number in (told["events"], told["profiles"], told["known_customers"], *told["segments"].values()):
        assert f"{number:,}" in text


def test_the_text_is_for_people(played: Played) -> None:
    told, text = played.told, played.text
    assert "9,747,747.93" in text
    assert told["verdicts"]["churn"] in " ".join(text.split())
    assert "CC BY 4.0" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_the_next_commands_run(played: Played) -> None:
    shop, text = played.shop, played.text
    commands = [shlex.split(line) for line in text.split("\nNext\n")[1].splitlines()]
    assert commands.pop(0) == ["cd", "demo-workspace"]
    assert len(commands) >= 5
    assert not re.search(r"\n\S", text.split("\nNext\n")[1]), "nothing follows them"
    for name, *arguments in commands:
        assert name == "foretell"
        assert shop(*arguments).stdout.strip(), arguments


def test_the_report_says_what_the_season_does(played: Played) -> None:
    shop, told = played.shop, played.told
    report = shop.json("predict", "report", "churn")
    assert json.dumps(report["metrics"]["roc_auc"]) == json.dumps(told["predictions"]["churn"]["roc_auc"])
    assert "base rate went from" in report["verdict"]


def test_a_year_of_invoices_has_three_stable_personas(played: Played) -> None:
    found = played.shop.json("persona", "build", "--as-of", str(played.told["as_of"]))
    assert (found["state"], found["kinds"], len(found["personas"])) == ("built", 3, 3)
    (chosen,) = [one for one in found["candidates"] if one["chosen"]]
    assert chosen["worst_jaccard"] > 0.9
    assert chosen["smallest_share"] > 0.1
    assert found["fidelity"] > 0.83
    listed = played.shop.json("persona", "list")
    assert [one["persona"] for one in listed["personas"]] == [one["persona"] for one in found["personas"]]
    as_of = ("--as-of", str(played.told["as_of"]))
    largest = played.shop.json("persona", "show", listed["personas"][0]["persona"], *as_of)
    assert largest["rule_people"] > 0
    assert largest["findings"] == {"motivation": [], "trigger": [], "habit": []}, "nobody told any"
    noted = played.shop.json(
        "persona", "note", largest["persona"], "Stocks up in autumn", "--kind", "habit", "--by", "ann"
    )
    told = played.shop.json("persona", "show", largest["persona"])
    assert [(one["text"], one["by"]) for one in told["findings"]["habit"]] == [(noted["text"], "ann")]
    asked = played.shop.json("persona", "interviews")
    assert {one["cause"] for one in asked} == {"loyal", "churned"}
    assert all(one["guide"] for one in asked)
