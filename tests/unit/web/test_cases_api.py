"""``/api/cases`` with rules, teams and a help desk, and the webhook that the help desk posts to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell.web.application import create_app
from tests.support.care_place import SETTINGS, Care, care_place
from tests.support.served_workspace import Browser, site_for

ONE = "case-u1-winback"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Care]:
    monkeypatch.setenv("ZENDESK_TOKEN", "t")
    monkeypatch.setenv("ZENDESK_HOOK", "signing")
    told = json.loads(json.dumps(SETTINGS))
    told["secrets"] = {"zendesk_token": "${ZENDESK_TOKEN}", "hook": "${ZENDESK_HOOK}"}
    settings = {"base_url": "https://shop.zendesk.com", "user": "ops@shop.example", "webhook_secret": "hook"}
    told["care"]["help_desk"] = {"uses": "zendesk", "settings": settings}
    with care_place(tmp_path, told) as found:
        found.open("u1", "u2", "u3", rule="winback")
        yield found


@pytest.fixture
def browser(place: Care, tmp_path: Path) -> Browser:
    return Browser(create_app(site_for(place.workspace, tmp_path / "static")))


def posted(browser: Browser, path: str, status: int = 200, **body: Any) -> Any:
    answer = browser.post(f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_lists_are_filtered_by_whose_and_how_pressing(place: Care, browser: Browser) -> None:
    place.change(ONE, owner="nobody", priority="urgent")
    place.at(days=7)

    def listed(**asked: Any) -> list[str]:
        return [row["case_id"] for row in browser.get("/api/cases", params=asked).json()["rows"]]

    assert listed(owner="nobody") == [ONE]
    assert set(listed(owner="ben")) == {ONE, "case-u2-winback"}, "theirs, and what nobody of their team has"
    assert listed(owner="dee") == []
    assert listed(priority="urgent", overdue=True) == [ONE]
    assert listed(team="sales") == listed(at_risk=1) == []
    assert len(listed(rule="winback", sort="value")) == 3
    states = browser.get("/api/cases", params={"state": "waiting"}).json()["states"]
    assert states == {"open": 3}
    choices = browser.get("/api/cases/choices").json()
    assert [team["key"] for team in choices["teams"]] == ["service", "sales"]
    assert choices["owners"] == ["ann", "ben", "cy", "dee"]
    assert {rule["key"] for rule in choices["rules"]} == {"winback", "save", "load"}
    assert choices["desk"] == "zendesk"


def test_a_case_is_worked_on_from_its_playbook_to_its_root_cause(browser: Browser) -> None:
    taken = posted(browser, f"cases/{ONE}/take", by="ben")
    assert (taken["owner"], taken["state"]) == ("ben", "in_progress")
    assert posted(browser, f"cases/{ONE}/take", 409, by="cy", version=1)["error"]["code"] == "CASE_CHANGED"
    done = posted(browser, f"cases/{ONE}", done=["look"], by="ben")
    assert [(step["key"], step["done_by"]) for step in done["playbook"]] == [("look", "ben"), ("ring", None)]
    assert done["root_causes"] == ["price", "delivery"]
    rests = posted(browser, f"cases/{ONE}", snooze_until="2026-03-09T09:00:00Z", by="ben")
    assert (rests["state"], rests["snoozed_until"]) == ("waiting", "2026-03-09T09:00:00Z")
    wrong = posted(browser, f"cases/{ONE}/close", 400, outcome="reached", root_cause="weather")
    assert wrong["error"]["code"] == "BAD_ROOT_CAUSE"
    closed = posted(browser, f"cases/{ONE}/close", outcome="reached", root_cause="price", by="ben")
    assert (closed["state"], closed["root_cause"], closed["ticket"]["state"]) == ("closed", "price", "waiting")


def test_several_cases_are_changed_at_once_and_tasks_are_opened(browser: Browser) -> None:
    ids = [ONE, "case-u2-winback"]
    rows = posted(browser, "cases/several", case_ids=ids, change={"owner": "sales", "by": "ann"})["rows"]
    assert [(row["owner"], row["team"]) for row in rows] == [(None, "sales")] * 2
    rows = posted(browser, "cases/several", case_ids=ids, closing={"outcome": "not_needed"})["rows"]
    assert {row["state"] for row in rows} == {"closed"}
    assert posted(browser, "cases/several", 400, case_ids=ids)["error"]["code"] == "BAD_REQUEST"
    assert (
        posted(browser, "cases/several", 404, case_ids=["x", ONE], change={"note": "x"})["error"]["code"]
        == "UNKNOWN_CASE"
    )
    made = posted(browser, "cases", profile_id="user_id:u4", title="Send the missing part", by="ann")
    assert (made["title"], made["history"][0]["by"]) == ("Send the missing part", "ann")


def test_a_signed_webhook_waits_for_the_next_round_and_others_are_refused(place: Care, browser: Browser) -> None:
    body = b'{"type": "zen:event-type:ticket.status_changed", "detail": {"id": "77"}, "subject": "zen:ticket:77"}'
    stamp = place.clock.instant.isoformat()
    digest = base64.b64encode(hmac.new(b"signing", stamp.encode() + body, hashlib.sha256).digest()).decode()
    headers = {"x-zendesk-webhook-signature": digest, "x-zendesk-webhook-signature-timestamp": stamp}
    assert browser.post("/hooks/desks/zendesk", content=body, headers=headers).status_code == 200
    assert browser.post("/hooks/desks/zendesk", content=body + b" ", headers=headers).status_code == 401
    assert browser.post("/hooks/desks/other", content=body, headers=headers).status_code == 404
    assert browser.get("/hooks/desks/zendesk").status_code == 405
    assert [ticket for ticket, _ in place.engine.ops.query("SELECT ticket_id, told_at FROM desk_news")] == ["77"]


def test_how_the_help_desk_stands(place: Care, browser: Browser) -> None:
    assert browser.get("/api/cases/desk").json()["waiting"] == 3
    with place.engine.ops.write() as tx:
        tx.execute(
            "UPDATE case_syncs SET state = 'failed', next_at = NULL, error = 'refused' WHERE case_id = ?", (ONE,)
        )
    standing = browser.get("/api/cases/desk").json()
    assert [(one["case_id"], one["error"]) for one in standing["failed"]] == [(ONE, "refused")]
    assert browser.get(f"/api/cases/{ONE}").json()["ticket"]["state"] == "failed"
    assert posted(browser, "cases/desk/again")["failed"] == []
    assert posted(browser, f"cases/{ONE}/sync")["ticket"]["state"] == "waiting"
