"""``segment overlap|trend|unused|review|drift|discover`` as people and programs call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import EVENTS, write, write_documents

MORE = {
    "segments/visitors.yaml": "kind: segment\nkey: visitors\nspec:\n  owner: cx@shop.example\n"
    "  condition: {any: [{did: Page Viewed}, {segment: buyers}]}\n",
}
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    write_documents(tmp_path)
    write(tmp_path, MORE)
    (tmp_path / "site.jsonl").write_text(EVENTS)

    def call(*arguments: str, status: int = 0) -> str:
        assert run([*arguments, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    call("import", str(tmp_path / "site.jsonl"), "--source", "site")
    return call


def _json(told: Told, *arguments: str) -> Any:
    return json.loads(told(*arguments, "--json"))


def test_overlap_unused_and_trend(told: Told) -> None:
    assert _json(told, "segment", "overlap")["pairs"][0]["both"] == 1
    assert "50.0 %" in told("segment", "overlap")
    assert [one["key"] for one in _json(told, "segment", "unused")] == ["buyers", "visitors"]
    assert "cx@shop.example" in told("segment", "unused")
    points = _json(told, "segment", "trend", "visitors", "--weeks", "3", "--as-of", "2025-01-20")["points"]
    assert [point["people"] for point in points] == [1, 2, 2], "one Monday began with the order alone"
    assert "100.0 %" in told("segment", "trend", "visitors", "--as-of", "2025-01-20")


def test_reviews_are_noted_and_listed(told: Told) -> None:
    told("apply")
    due = {one["key"]: one for one in _json(told, "segment", "review")}
    assert (due["visitors"]["owner"], due["visitors"]["last"]) == ("cx@shop.example", None)
    made = _json(told, "segment", "review", "visitors", "--decision", "tighten", "--note", "too wide", "--by", "ada")
    assert (made[0]["by"], made[0]["decision"], made[0]["note"], made[0]["people"]) == ("ada", "tighten", "too wide", 2)
    assert "too wide" in told("segment", "review", "visitors")
    assert "tighten" in told("segment", "review")
    assert "BAD_DECISION" not in told("segment", "review", "visitors")
    assert "keep, tighten, retire" in told("segment", "review", "visitors", "--decision", "burn", status=2)


def test_drift_and_discovery(told: Told) -> None:
    span = ("--since", "2025-01-06T00:00:00", "--as-of", "2025-01-20")
    drift = _json(told, "segment", "drift", "visitors", *span)
    assert (drift["then"], drift["now"], drift["joined"]) == (1, 2, 1)
    assert drift["advice"]["reasons"][0]["code"] == "TOO_FEW"
    text = told("segment", "drift", "visitors", *span)
    assert "visitors: retire" in text
    assert "1 person then, 2 now" in text
    assert _json(told, "segment", "discover")[0]["name"] == "churn:30d"
    assert "too few" in told("segment", "discover", "churn", "--as-of", "2025-06-01", status=2)
