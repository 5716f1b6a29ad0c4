"""``/api/issues`` and ``foretell issue``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.care import issues
from foretell.cli.commands import run
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
FAILED = "kind: issue\nkey: failed\nspec: {title: Payment failed, detect: {did: Payment Failed}, severity: high}\n"
LINE = {"type": "track", "event": "Payment Failed", "timestamp": "2026-05-30T09:00:00Z"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write_documents(tmp_path)
    (tmp_path / "issues").mkdir()
    (tmp_path / "issues" / "failed.yaml").write_text(FAILED)
    lines = [{**LINE, "messageId": f"m{n}", "userId": f"u{n}"} for n in range(3)]
    (tmp_path / "past.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    with served(tmp_path, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [tmp_path / "past.jsonl"], "site", now=NOW)
        issues.refresh(place.engine, place.catalog, place.reader, now=NOW)
        found.site.cache.forget()
        yield found


def test_issues_are_listed_filtered_and_shown(shop: Served) -> None:
    told = shop.get("issues")
    assert (told["total"], {row["title"] for row in told["rows"]}) == (3, {"Payment failed"})
    one = told["rows"][0]
    assert shop.get(f"issues/{one['issue_id']}") == one
    assert shop.get("issues", profile_id=one["profile_id"])["total"] == 1
    assert shop.get("issues", severity="low")["total"] == 0
    assert shop.get("issues", state="cleared")["total"] == 0
    assert shop.get("issues", state="all", issue="failed")["total"] == 3
    assert shop.get("issues/i_none", 404)["error"]["code"] == "UNKNOWN_ISSUE"
    assert shop.get("issues", 422, severity="awful")["error"]["code"] == "BAD_REQUEST"


def test_what_is_looked_for_and_what_one_could_begin_with(shop: Served) -> None:
    told = shop.get("issues/kinds")
    (row,) = told["rows"]
    assert (row["key"], row["open"], row["cleared"], row["median_hours"]) == ("failed", 3, 0, None)
    assert "Payment Failed" in row["says"]
    assert {one["key"] for one in told["ready"]} >= {"abandoned_cart", "late_delivery"}


def test_one_to_begin_with_is_put_in_force_and_taken_out(shop: Served) -> None:
    answer = shop.browser.post("/api/issues/ready/late_delivery")
    assert answer.status_code == 200, answer.text
    rows = {row["key"]: row for row in shop.get("issues/kinds")["rows"]}
    assert (rows["late_delivery"]["answers"], rows["late_delivery"]["severity"]) == ("late_delivery", "high")
    assert "late_delivery" not in {one["key"] for one in shop.get("issues/kinds")["ready"]}
    again = shop.browser.post("/api/issues/ready/late_delivery")
    assert again.status_code == 409
    assert shop.browser.post("/api/issues/ready/rain").status_code == 404
    assert shop.browser.request("DELETE", "/api/issues/kinds/late_delivery").status_code == 204
    assert [row["key"] for row in shop.get("issues/kinds")["rows"]] == ["failed"]
    assert shop.browser.request("DELETE", "/api/issues/kinds/failed").status_code == 409


def test_the_terminal_lists_shows_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)

    def told(*words: str, status: int = 0) -> str:
        assert run([*words, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    def data(*words: str) -> Any:
        return json.loads(told(*words, "--json"))

    assert "no issues" in told("issue", "overview")
    assert len(data("issue", "ready")) == 5
    assert told("issue", "ready", "failed_payment").startswith("#")
    assert "foretell apply" in told("issue", "ready", "failed_payment", "--write")
    assert "FILE_TAKEN" in told("issue", "ready", "failed_payment", "--write", "--json", status=2)
    assert "late_delivery" in told("issue", "ready", "late_delivry", status=2)
    lines = [{**LINE, "messageId": f"m{n}", "userId": f"u{n}"} for n in range(2)]
    (tmp_path / "past.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    told("import", str(tmp_path / "past.jsonl"), "--source", "site")
    assert data("run", "--now", "2026-06-01T09:00:00Z")["steps"][0]["issues"]["detected"] == 2
    page = data("issue", "list")
    assert page["total"] == 2
    assert "failed_payment" in told("issue", "list", "--for", "user_id:u1")
    assert page["rows"][0]["severity"] == "high"
    assert data("issue", "show", page["rows"][0]["issue_id"])["state"] == "open"
    assert data("issue", "overview")[0]["states"] == {"open": 2}
    assert "one of" in told("issue", "list", "--state", "lost", status=2)
