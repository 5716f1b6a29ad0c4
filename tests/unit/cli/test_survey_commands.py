"""``foretell survey``: surveys to begin with, what they ask, what was answered, addresses to give away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import write_documents

Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    write_documents(tmp_path)

    def tell(*words: str, status: int = 0) -> str:
        assert run(["survey", *words, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    return tell


def _data(told: Told, *words: str) -> Any:
    return json.loads(told(*words, "--json"))


def test_surveys_to_begin_with_are_listed_shown_and_written(told: Told, tmp_path: Path) -> None:
    assert "no surveys" in told("list")
    known = {one["key"]: one for one in _data(told, "ready")}
    assert set(known) == {"nps", "csat", "ces", "product_review", "onboarding", "churn_reasons"}
    assert {tuple(one["languages"]) for one in known.values()} == {("en", "de")}
    assert told("ready", "ces").startswith("#")
    assert "onboarding" in told("ready")
    assert "foretell apply" in told("ready", "nps", "--write")
    assert (tmp_path / "surveys" / "nps.yaml").read_text() == known["nps"]["text"]
    assert "FILE_TAKEN" in told("ready", "nps", "--write", "--json", status=2)
    assert "churn_reasons" in told("ready", "churn_reason", status=2)


def test_what_a_survey_asks_is_said_with_when_it_asks_it(told: Told) -> None:
    told("ready", "nps", "--write")
    shown = _data(told, "show", "nps", "--language", "de")
    assert [(one["key"], one["when"]) for one in shown["questions"]] == [
        ("recommend", None), ("why", None), ("better", "when recommend is at most 6"),
    ]  # fmt: skip
    assert shown["questions"][1]["ask"] == "Was ist der wichtigste Grund für Ihre Antwort?"
    assert "when recommend is" in told("show", "nps")
    told("ready", "product_review", "--write")
    assert "when fits is “Not quite”" in told("show", "product_review")
    assert "UNKNOWN_DEFINITION" in told("show", "rain", "--json", status=2)


def test_results_are_told_with_intervals(told: Told, tmp_path: Path) -> None:
    told("ready", "nps", "--write")
    lines = [
        {
            "type": "track", "event": "Survey Answered", "messageId": f"a{number}", "userId": f"u{number}",
            "timestamp": "2026-05-01T08:00:00Z",
            "properties": {
                "survey": "nps", "score": number, "text": f"because {number}", "channel": "email",
                "answers": {"recommend": number, "better": ["price", "rain"]},
            },
        }
        for number in range(4)
    ]  # fmt: skip
    (tmp_path / "past.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    assert run(["import", str(tmp_path / "past.jsonl"), "--source", "site", "--workspace", str(tmp_path)]) == 0
    told("list")
    (row,) = _data(told, "list")
    assert (row["answered"], row["complete"], row["funnel"]["sent"]) == (4, 4, 0)
    found = _data(told, "results", "nps")
    better = {one["value"]: one["count"] for one in found["questions"][2]["parts"][0]["counts"]}
    assert better == {"delivery": 0, "product": 0, "price": 4, "service": 0, "other": 0, "rain": 4}
    said = told("results", "nps")
    assert "mean 1.50" in said
    assert "“because 3”" in said
    assert "A lower price" in said
    assert _data(told, "results", "nps", "--channel", "sms")["answered"] == 0


def test_addresses_are_given_away(told: Told, tmp_path: Path) -> None:
    told("ready", "nps", "--write")
    assert told("link", "nps").strip().endswith("/s/survey/nps")
    code = tmp_path / "code.svg"
    assert "via=qr" in told("link", "nps", "--qr", str(code))
    assert code.read_text().startswith("<svg")
    assert "/s/q/" in _data(told, "link", "nps", "--until", "2099-01-01T00:00:00Z")["url"]
    assert "LINK_EXPIRED" in told("link", "nps", "--until", "2001-01-01T00:00:00Z", "--json", status=2)
    assert "UNKNOWN_CHANNEL" in told("link", "nps", "--channel", "fax", "--json", status=2)
