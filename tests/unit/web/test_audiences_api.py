"""``/api/audiences`` and the button of a Slack message: what they say, change and refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from foretell import app, collect, protect
from foretell.clock import SteppedClock
from foretell.testing.meta import ACCOUNT, TOKEN, Meta, meta
from foretell.testing.slack import CHANNEL, SIGNING_SECRET, Slack, slack
from foretell.testing.slack import TOKEN as BOT
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import EVENTS, write, write_documents

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
SEGMENT = "kind: segment\nkey: buyers\nspec: {condition: {did: Order Completed}}\n"
CONSENT = {
    "type": "track", "userId": "u1", "event": "Consent Updated", "messageId": "consent",
    "timestamp": "2025-01-31T11:00:00Z", "properties": {"channel": "ads", "purpose": "marketing", "state": "granted"},
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Meta, Slack]]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    with ExitStack() as stack:
        at_meta, at_slack = stack.enter_context(meta()), stack.enter_context(slack())
        reach = "allow_private: true, timeout_seconds: 5"
        channels = {
            "channels/social.yaml": "kind: channel\nkey: social\nspec: {uses: meta, settings: "
            f"{{base_url: '{at_meta.url}', {reach}, ad_account: '{ACCOUNT}', token_secret: meta}}}}\n",
            "channels/team.yaml": "kind: channel\nkey: team\nspec: {uses: slack, settings: "
            f"{{base_url: '{at_slack.url}', {reach}, channel: {CHANNEL}, token_secret: bot, signing_secret: sign}}}}\n",
        }
        write(folder, {"segments/buyers.yaml": SEGMENT, **channels})
        (folder / "foretell.yaml").write_text(
            (folder / "foretell.yaml").read_text() + "secrets: {meta: '${META}', bot: '${BOT}', sign: '${SIGN}'}\n"
        )
        (folder / "history.jsonl").write_text(EVENTS + json.dumps(CONSENT) + "\n")
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in (("META", TOKEN), ("BOT", BOT), ("SIGN", SIGNING_SECRET)):
            patch.setenv(name, value)
        found = stack.enter_context(served(folder, clock=SteppedClock(NOW)))
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [folder / "history.jsonl"], "site", now=NOW)
        yield found, at_meta, at_slack


def test_an_audience_from_its_form_to_the_platform_and_back(shop: tuple[Served, Meta, Slack]) -> None:
    site, at_meta, _ = shop
    empty = site.get("audiences")
    assert empty["rows"] == []
    assert {"key": "social", "uses": "meta"} in empty["channels"]
    told = {"title": "Buyers", "channel": "social", "segment": "buyers", "platform": "Meta"}
    wrong = site.browser.request("PUT", "/api/audiences/buyers_ads", json={**told, "stays": "30d"})
    assert wrong.status_code == 422
    assert "stays does not go with segment" in wrong.text
    assert site.browser.request("PUT", "/api/audiences/buyers_ads?revision=0", json=told).status_code == 200
    app.advance(site.site.workspace, NOW + timedelta(hours=1))
    shown = site.get("audiences/buyers_ads")
    assert (shown["size"], shown["states"], shown["kept_by"]) == (1, {"confirmed": 1}, "app")
    assert shown["days"] == [{"day": "2025-02-01", "joined": 1, "left": 0}]
    assert [(one["name"], one["told"]) for one in shown["lists"]] == [("Buyers", 1)]
    assert shown["lists"][0]["match_low"] is None, "too few people: the platform tells no number from which it follows"
    members = site.get("audiences/buyers_ads/members", state="confirmed")
    assert members["total"] == 1
    assert members["rows"][0]["person"]
    assert site.get("audiences/buyers_ads/members", state="left") == {"rows": [], "total": 0}
    assert len(at_meta.named("Buyers").rows) == 1
    steps = site.browser.post("/api/audiences/buyers_ads/check").json()["steps"]
    assert [one["ok"] for one in steps] == [True, True, True]
    assert "1 were told" in steps[-1]["said"]
    assert site.browser.get("/api/audiences/nothing").status_code == 404


def test_an_audience_that_is_gone(shop: tuple[Served, Meta, Slack]) -> None:
    site, _, _ = shop
    told = {"title": "Short", "channel": "social"}
    assert site.browser.request("PUT", "/api/audiences/short", json=told).status_code == 200
    assert site.get("audiences/short")["problems"] == [
        "Nobody joins it: it follows no segment, and no journey names it."
    ]
    assert site.browser.request("DELETE", "/api/audiences/short").status_code == 204
    assert site.browser.get("/api/audiences/short").status_code == 404


def test_a_case_is_taken_where_its_alert_stands(shop: tuple[Served, Meta, Slack]) -> None:
    site, _, at_slack = shop
    people = site.get("people")["rows"]
    made = site.browser.post("/api/cases", json={"profile_id": people[0]["profile_id"], "title": "Call"})
    case = made.json()["case_id"]
    at = int(site.site.now.timestamp())
    headers, body = at_slack.pressed(case, user="ann", at=at)
    answer = site.browser.request("POST", "/hooks/channels/team", content=body, headers=headers)
    assert answer.status_code == 200
    assert site.get(f"cases/{case}")["owner"] == "ann"
    assert at_slack.replies[-1]["text"] == f"ann has taken case {case}."
    headers, body = at_slack.pressed(case, user="bob", at=at)
    site.browser.request("POST", "/hooks/channels/team", content=body, headers=headers)
    assert at_slack.replies[-1]["text"] == f"ann has case {case}.", "whoever has it keeps it"
    headers, body = at_slack.pressed(case, user="eve", at=at, secret="guessed")
    assert site.browser.request("POST", "/hooks/channels/team", content=body, headers=headers).status_code == 401
    headers, body = at_slack.pressed("case_unknown", user="bob", at=at)
    assert site.browser.request("POST", "/hooks/channels/team", content=body, headers=headers).status_code == 200
    assert "case_unknown" in at_slack.replies[-1]["text"]


def test_whoever_is_erased_is_forgotten_at_the_platform(shop: tuple[Served, Meta, Slack]) -> None:
    site, at_meta, _ = shop
    place = site.site.workspace
    assert len(at_meta.named("Buyers").rows) == 1
    protect.erase_people(app.protected(place), ["user_id:u1"], made_by="dpo", now=NOW + timedelta(hours=2))
    shown = site.get("audiences/buyers_ads")
    assert (shown["size"], shown["removals"]["waiting"]) == (0, 1)
    assert app.advance(place, NOW + timedelta(hours=3)).audiences.removed == 1
    assert at_meta.named("Buyers").rows == {}
    removals = site.get("audiences/buyers_ads")["removals"]
    assert (removals["waiting"], removals["acknowledged"], removals["last_at"]) == (0, 1, "2025-02-01T15:00:00Z")
