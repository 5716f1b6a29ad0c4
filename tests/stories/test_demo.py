"""The demo on real data: its sums are the published ones, and what it proposes next works."""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

DEMO = ("demo", "--dataset", "online-retail", "--no-serve", "--dir", "shop")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, foretell_command: Path) -> tuple[Path, dict[str, Any]]:
    """The demo, played once; its folder and its summary."""
    folder = tmp_path_factory.mktemp("demo")
    done = _run(foretell_command, folder, *DEMO, "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def _run(command: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_sums_are_the_published_ones(played: tuple[Path, dict[str, Any]]) -> None:
    _, summary = played
    assert summary["known_customers"] == 4_372
    assert summary["revenue"] == 9_747_747.93
    assert summary["revenue_known"] == 8_300_065.81
    assert summary["events"] == 25_900
    assert summary["profiles"] == 4_372 + 2_374  # and one anonymous profile for each invoice without a customer


def test_every_line_is_accounted_for(played: tuple[Path, dict[str, Any]]) -> None:
    lines = dict(played[1]["lines"])
    assert lines.pop("total") == 541_909
    assert sum(lines.values()) == 541_909
    assert lines == {
        "orders": 531_282,
        "refunds": 9_288,
        "adjustments": 3,
        "stock_write_offs": 1_336,
        "quarantined": 0,
    }


def test_the_predictions_are_judged_out_of_time(played: tuple[Path, dict[str, Any]]) -> None:
    churn = played[1]["predictions"]["churn"]
    assert 0.70 < churn["roc_auc"] < 0.80
    assert all(math.isfinite(churn[name]) for name in ("pr_auc", "log_loss", "brier", "ece"))
    assert "season" in played[1]["verdicts"]["churn"]
    assert played[1]["predictions"]["clv"]["params"]


def test_segments_and_kpis_have_values(played: tuple[Path, dict[str, Any]]) -> None:
    summary = played[1]
    assert all(size > 0 for size in summary["segments"].values()), summary["segments"]
    assert {"revenue", "orders", "active_customers", "churn_rate", "churn_probability", "clv", "repeat_rate"} <= set(
        summary["kpis"]
    )
    assert all(value is not None for value in summary["kpis"].values()), summary["kpis"]
    assert summary["kpis"]["revenue"] == pytest.approx(summary["revenue"])


def test_a_second_time_changes_nothing_and_the_next_commands_run(
    played: tuple[Path, dict[str, Any]], foretell_command: Path
) -> None:
    folder, summary = played
    again = _run(foretell_command, folder, *DEMO)
    assert again.returncode == 0, again.stderr
    assert "4,372" in again.stdout
    assert "9,747,747.93" in again.stdout
    told = again.stdout.split("\nNext\n")[1].splitlines()
    commands = [line.strip() for line in told if line.strip()]
    assert commands[0].startswith("cd ")
    assert len(commands) > 5
    path = f"{foretell_command.parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands[1:]:
        done = subprocess.run(
            ["bash", "-c", f"cd {folder / 'shop'} && {command}"],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout.strip()
    counted = _run(foretell_command, folder / "shop", "query", "SELECT count(*) AS n FROM events", "--json")
    assert json.loads(counted.stdout) == [{"n": summary["events"]}]
