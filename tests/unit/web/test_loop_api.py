"""``/api/feedback/loop``, ``/api/case-rules``, answers on cases and people, and the same in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import care
from foretell.cli.commands import run
from foretell.clock import SteppedClock
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def answered(user: str, score: int, text: str, at: datetime = NOW) -> dict[str, Any]:
    told = {"survey": "nps", "measure": "nps", "score": score, "text": text, "response_id": f"r-{user}"}
    return {
        "type": "track", "event": "Survey Answered", "messageId": f"m-{user}", "userId": user,
        "timestamp": at.isoformat(), "properties": told,
    }  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write_documents(tmp_path)
    clock = SteppedClock(NOW)
    with served(tmp_path, clock=clock) as found:
        assert found.browser.post("/api/case-rules/ready/detractor_call").status_code == 200
        for user, score in (("u1", 2), ("u2", 6), ("u3", 10)):
            line = answered(user, score, f"It was <b>late</b> {user}")
            assert found.browser.post("/v1/track", json=line).status_code == 200
        found.apply()
        clock.instant += timedelta(hours=30)
        yield found


def test_rules_to_begin_with_are_listed_and_put_in_force(shop: Served) -> None:
    told = shop.get("case-rules")
    (row,) = told["rows"]
    assert (row["key"], row["due"], "Survey Answered" in row["opens"][0]) == ("detractor_call", "1d", True)
    ready = {one["key"]: one for one in told["ready"]}
    assert set(ready) == {"churn_complaint", "low_csat"}
    assert shop.browser.post("/api/case-rules/ready/detractor_call").status_code == 409
    assert shop.browser.post("/api/case-rules/ready/rain").status_code == 404
    assert shop.browser.post("/api/case-rules/ready/low_csat?team=nobody").status_code in (404, 422)


def test_a_case_shows_the_answer_and_what_lay_behind_it(shop: Served) -> None:
    told = shop.get("cases", survey="nps", sort="opened")
    assert (told["total"], {row["score"] for row in told["rows"]}) == (2, {2.0, 6.0})
    assert shop.get("cases", survey="csat")["total"] == 0
    case = next(row for row in told["rows"] if row["score"] == 2)
    body = shop.get(f"cases/{case['case_id']}")
    assert (body["answer"]["score"], body["answer"]["words"]) == (2.0, "It was <b>late</b> u1")
    assert body["suggested_causes"][0] == "delivery"
    person = shop.get(f"people/{case['profile_id']}")
    assert (person["facts"]["last_nps"]["score"], person["answers"][0]["response_id"]) == (2.0, "r-u1")
    assert person["cases"][0]["survey"] == "nps"
    events = {row["event"] for row in shop.get(f"people/{case['profile_id']}/timeline")["rows"]}
    assert events >= {"Survey Answered", "Case Opened"}


def test_the_loop_is_told(shop: Served) -> None:
    told = shop.get("feedback/loop", by="owner")
    assert (told["promptness"]["answers"], told["promptness"]["waiting"]) == (2, 2)
    assert told["promptness"]["within_24h"] == {
        "value": 0.0,
        "low": 0.0,
        "high": pytest.approx(0.575, abs=0.01),
        "n": 2,
    }
    assert (told["whole"]["cases"], told["whole"]["contact_hours"]["value"]) == (2, None)
    assert told["effect"]["verdict"] == "Not yet"
    assert [one["group"] for one in told["groups"]] == ["nobody"]
    assert shop.get("feedback/loop", survey="csat")["whole"]["cases"] == 0
    assert shop.get("feedback/loop", 422, by="colour")["error"]["code"] == "BAD_REQUEST"
    assert shop.get("feedback/loop", 422, days=0)["error"]["code"] == "BAD_REQUEST"


def test_improvements_are_written_changed_and_removed(shop: Served) -> None:
    first = shop.get("cases", survey="nps")["rows"][0]["case_id"]
    closing = {"outcome": "solved", "root_cause": "delivery", "by": "ann"}
    assert shop.browser.post(f"/api/cases/{first}/close", json=closing).status_code == 200
    shop.site.cache.forget()
    (cause,) = shop.get("feedback/loop/causes")["rows"]
    assert (cause["root_cause"], cause["cases"], cause["months"]) == (
        "delivery",
        1,
        [{"month": "2026-06-01", "cases": 1}],
    )
    asked = {"title": "Another carrier", "root_causes": ["delivery"], "owner": "ben", "by": "ann"}
    made = shop.browser.post("/api/feedback/loop/improvements", json=asked).json()
    assert (made["state"], made["numbers"]["verdict"], made["created_by"]) == ("planned", "Not yet", "ann")
    path = f"/api/feedback/loop/improvements/{made['improvement_id']}"
    change = {"started_at": "2026-04-01T00:00:00Z", "version": 1, "by": "ben"}
    done = shop.browser.post(path, json=change).json()
    assert (done["state"], done["version"], done["numbers"]["label"][:6]) == ("done", 2, "Before")
    assert shop.browser.post(path, json=change).status_code == 409
    assert shop.browser.post(path, json={"colour": "red"}).status_code == 422
    assert shop.browser.post("/api/feedback/loop/improvements", json={**asked, "root_causes": []}).status_code == 422
    assert [row["title"] for row in shop.get("feedback/loop/improvements")["rows"]] == ["Another carrier"]
    assert shop.get("feedback/loop/causes")["rows"][0]["improvements"] == [made["improvement_id"]]
    assert shop.browser.request("DELETE", path).status_code == 204
    assert shop.browser.get(path).status_code == 404


def test_the_terminal_tells_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)

    def told(*words: str, status: int = 0) -> str:
        assert run([*words, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    def data(*words: str) -> Any:
        return json.loads(told(*words, "--json"))

    assert {one["key"] for one in data("case", "ready")} == {"churn_complaint", "detractor_call", "low_csat"}
    assert "names no team" in told("case", "ready", "detractor_call", "--write")
    assert "FILE_TAKEN" in told("case", "ready", "detractor_call", "--write", "--json", status=2)
    assert "detractor_call" in told("case", "ready", "detractor_cal", status=2)
    assert told("case", "ready", "low_csat").startswith("#")
    told("apply")
    lately = datetime.now(UTC) - timedelta(hours=1)
    (tmp_path / "a.jsonl").write_text(json.dumps(answered("u1", 3, "late", lately)) + "\n")
    told("import", str(tmp_path / "a.jsonl"), "--source", "site")
    (case,) = data("case", "list", "--survey", "nps")["cases"]
    assert (case["words"], case["score"]) == ("late", 3.0)
    assert "“late”" in told("case", "show", case["case_id"])
    found = data("case", "loop", "--by", "owner")
    assert (found["promptness"]["waiting"], found["effect"]["verdict"]) == (1, "Not yet")
    assert "1 of 1 people who were unhappy wait" in told("case", "loop")
    assert "one of" in told("case", "loop", "--by", "colour", status=2)
    assert "Nothing is written down" in told("improvement", "list")
    made = data("improvement", "add", "Better parcels", "--cause", "delivery", "--owner", "ben")
    assert (made["state"], made["root_causes"]) == ("planned", ["delivery"])
    key = made["improvement_id"]
    assert data("improvement", "change", key, "--since", "2026-01-01T00:00:00Z")["state"] == "done"
    assert "Better parcels" in told("improvement", "list")
    assert "not an experiment" in told("improvement", "show", key)
    told("case", "close", case["case_id"], "--outcome", "solved", "--root-cause", "delivery")
    assert data("improvement", "causes")["rows"][0]["root_cause"] == "delivery"
    assert data("improvement", "change", key, "--drop")["state"] == "dropped"
    assert "taken away" in told("improvement", "remove", key)
    assert "UNKNOWN_IMPROVEMENT" in told("improvement", "show", key, "--json", status=2)
    assert care.ready_rule("low_csat").spec.due == "4h"
