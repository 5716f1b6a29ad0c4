"""Write keys at the door: made and retired while the server runs, with the pages and the consent of their source."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.app import reload_definitions
from foretell.clock import SteppedClock
from foretell.web import Access
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write, write_documents

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
OURS, OTHERS = "https://shop.example", "https://evil.example"
SOURCE = "kind: source\nkey: {key}\nspec: {{format: api, {more}}}\n"
DOCUMENTS = {
    "sources/web.yaml": SOURCE.format(key="web", more=f"origins: [{OURS}]"),
    "sources/app.yaml": SOURCE.format(key="app", more=""),
    "sources/careful.yaml": SOURCE.format(key="careful", more="consent: required"),
    "sources/ads.yaml": SOURCE.format(key="ads", more="consent: required, consent_categories: [Ads]"),
}


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOW)


@pytest.fixture
def shop(tmp_path: Path, clock: SteppedClock) -> Iterator[Served]:
    write_documents(tmp_path)
    write(tmp_path, DOCUMENTS)
    with served(tmp_path, clock=clock) as found:
        yield found


def send(shop: Served, key: str | None, message_id: str = "m1", *, more: Any = None, **headers: str) -> Any:
    event = {"userId": "u1", "event": "Seen", "messageId": message_id, **(more or {})}
    if key is not None:
        headers["authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    return shop.browser.post("/v1/track", content=json.dumps(event).encode(), headers=headers)


def new_key(shop: Served, source: str, name: str = "") -> str:
    answer = shop.browser.post(f"/api/sources/{source}/keys", json={"name": name})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["write_key"])


def events(shop: Served) -> list[tuple[str, str]]:
    shop.apply()
    found = shop.site.workspace.engine.analytics.query("SELECT source, message_id FROM events ORDER BY message_id")
    return [(row["source"], row["message_id"]) for row in found.to_pylist()]


def test_without_a_key_everybody_here_may_send_and_from_the_first_on_only_who_has_one(shop: Served) -> None:
    assert send(shop, None).status_code == send(shop, "anything", "m2").status_code == 200
    key = new_key(shop, "app")
    refused = send(shop, "anything", "m3")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "NOT_SIGNED_IN")
    assert send(shop, None, "m3").status_code == 401
    assert send(shop, key, "m4").status_code == 200
    assert events(shop) == [("api", "m1"), ("api", "m2"), ("app", "m4")]


def test_a_key_retires_at_its_instant_and_the_last_one_leaves_the_door_shut(shop: Served, clock: SteppedClock) -> None:
    old, new = new_key(shop, "app", "old"), new_key(shop, "app")
    until = (NOW + timedelta(hours=1)).isoformat()
    answer = shop.browser.request("DELETE", f"/api/sources/app/keys/{old}", params={"until": until})
    assert (answer.json()["retires_at"], answer.json()["valid"]) == ("2025-03-01T13:00:00Z", True)
    assert send(shop, old).status_code == 200
    clock.instant = NOW + timedelta(hours=1)
    assert (send(shop, old).status_code, send(shop, new).status_code) == (401, 200)
    assert shop.browser.request("DELETE", f"/api/sources/app/keys/{new}").json()["valid"] is False
    assert (send(shop, new).status_code, send(shop, None).status_code) == (401, 401)
    listed = shop.get("sources/app/keys")["keys"]
    assert sorted((key["name"], key["valid"]) for key in listed) == [("", False), ("old", False)]


def test_what_a_command_beside_the_server_changes_counts_at_once(shop: Served) -> None:
    place = shop.site.workspace
    first = new_key(shop, "app")
    assert send(shop, first).status_code == 200
    second = collect.new_key(place.engine.ops, place.catalog, "app", now=NOW).write_key
    shop.site.senders.forget()  # what whoever runs a command for others does after it
    assert send(shop, second).status_code == 200
    collect.retire_key(place.engine.ops, first, at=NOW)
    shop.site.senders.forget()
    assert send(shop, first).status_code == 401


def test_a_key_that_is_made_while_keys_are_read_is_not_missed(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    place, read = shop.site.workspace, collect.keys
    made: list[str] = []

    def reading(ops: Any, source: str | None = None) -> list[collect.WriteKey]:
        found = read(ops, source)
        if not made:
            made.append(collect.new_key(place.engine.ops, place.catalog, "app", now=NOW).write_key)
            shop.site.senders.forget()
        return found

    monkeypatch.setattr(collect, "keys", reading)
    assert send(shop, None).status_code == 200, "there was no key when this was asked"
    assert (send(shop, None).status_code, send(shop, made[0]).status_code) == (401, 200)


def test_pages_are_those_of_the_source(shop: Served, tmp_path: Path) -> None:
    web, app = new_key(shop, "web"), new_key(shop, "app")
    assert send(shop, web, origin=OURS).status_code == send(shop, web).status_code == 200
    assert send(shop, web, origin=OTHERS).status_code == 403
    assert send(shop, app, origin=OTHERS).status_code == 200
    asked = shop.browser.request("OPTIONS", "/v1/t", headers={"origin": OTHERS})
    assert asked.status_code == 204, "the source app lets every page send"
    shop.browser.request("DELETE", f"/api/sources/app/keys/{app}")
    assert shop.browser.request("OPTIONS", "/v1/t", headers={"origin": OTHERS}).status_code == 403
    assert shop.browser.request("OPTIONS", "/v1/t", headers={"origin": OURS}).status_code == 204
    write(tmp_path, {"sources/web.yaml": SOURCE.format(key="web", more=f"origins: [{OTHERS}]")})
    reload_definitions(shop.site.workspace)
    assert send(shop, web, origin=OTHERS).status_code == 200


def test_keys_in_the_settings_stay_valid_beside_those_of_the_store(tmp_path: Path, clock: SteppedClock) -> None:
    write_documents(tmp_path)
    write(tmp_path, DOCUMENTS)
    with served(tmp_path, access=Access(write_keys={"k1": "web"}), clock=clock) as shop:
        key = new_key(shop, "app")
        assert send(shop, "k1", origin=OTHERS).status_code == 403
        assert send(shop, "k1").status_code == send(shop, key, "m2").status_code == 200
        assert send(shop, "k2").status_code == 401
        assert events(shop) == [("web", "m1"), ("app", "m2")]
        assert {one["key"]: (one["keys"], one["settings_keys"]) for one in shop.get("sources")["sources"]}["web"] == (
            1,
            1,
        )


def test_a_source_whose_document_is_broken_tells_its_senders_to_come_again(shop: Served, tmp_path: Path) -> None:
    web = new_key(shop, "web")
    write(tmp_path, {"sources/web.yaml": SOURCE.format(key="web", more="origins: [nowhere]")})
    reload_definitions(shop.site.workspace)
    answer = send(shop, web)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "SOURCE_BROKEN")
    assert "retry-after" in answer.headers
    write(tmp_path, {"sources/web.yaml": DOCUMENTS["sources/web.yaml"]})
    reload_definitions(shop.site.workspace)
    assert send(shop, web).status_code == 200


def test_nothing_that_identifies_is_kept_of_who_has_not_agreed(shop: Served, tmp_path: Path) -> None:
    careful, ads = new_key(shop, "careful"), new_key(shop, "ads")

    def told(**given: object) -> dict[str, Any]:
        named = {"ip": "192.0.2.77", "traits": {"email": "ada@x.org"}, "consent": {"categoryPreferences": given}}
        return {
            "properties": {"email": "ada@x.org"},
            "anonymousId": "quux-anon",
            "userId": "quux-user",
            "context": named,
        }

    refused: list[tuple[str, dict[str, object]]] = [
        (careful, {}), (careful, {"A": False}), (careful, {"A": True, "B": False}), (ads, {"A": True}),
        (ads, {"Ads": "yes"}),
    ]  # fmt: skip
    for number, (key, given) in enumerate(refused):
        assert send(shop, key, f"refused{number}", more=told(**given)).status_code == 200
    assert send(shop, careful, "no-context", more={"userId": "quux-user"}).status_code == 200
    data = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert not [word for word in (b"quux", b"ada@x.org", b"192.0.2.77") if word in data]
    assert events(shop) == []
    rows = collect.quarantined(shop.site.workspace.engine)
    assert {row.code for row in rows} == {"CONSENT_MISSING"}
    assert len(rows) == 6
    kept = " ".join(row.body or "" for row in rows)
    assert not any(word in kept for word in ("quux", "ada", "192.0.2.77"))
    assert send(shop, careful, "m1", more=told(A=True)).status_code == 200
    assert send(shop, ads, "m2", more=told(Ads=True, Other=False)).status_code == 200
    assert events(shop) == [("careful", "m1"), ("ads", "m2")]


SNIPPETS = {
    "browser": ['cdnURL: "http://127.0.0.1"', 'apiHost: "127.0.0.1/v1"', 'protocol: "http"', "analytics.page()"],
    "python": ['analytics.host = "http://127.0.0.1"'],
    "node": ['host: "http://127.0.0.1"'],
    "rudder": ['dataPlaneUrl = "http://127.0.0.1"'],
    "curl": ["curl http://127.0.0.1/v1/track -u"],
}


def test_snippets_hold_the_address_and_the_newest_key(shop: Served, clock: SteppedClock) -> None:
    assert shop.get("sources/app/snippet", status=404)["error"]["code"] == "UNKNOWN_WRITE_KEY"
    old = new_key(shop, "app")
    clock.instant += timedelta(seconds=1)
    new = new_key(shop, "app")
    for kind, parts in SNIPPETS.items():
        found = shop.get("sources/app/snippet", kind=kind)
        assert (found["kind"], found["write_key"], new in found["text"]) == (kind, new, True)
        chosen = shop.get("sources/app/snippet", kind=kind, write_key=old)["text"]
        assert [part for part in (old, *parts) if part not in chosen] == []
        assert "consent" not in chosen
    assert shop.get("sources/app/snippet", status=404, write_key="wk_other")["error"]


def test_snippets_of_a_careful_source_tell_what_was_agreed_to(shop: Served) -> None:
    new_key(shop, "ads")
    for kind in SNIPPETS:
        found = shop.get("sources/ads/snippet", kind=kind)
        assert (found["consent"], "Ads" in found["text"]) == ("required", True)
    before, _, after = shop.get("sources/ads/snippet")["text"].partition("export function consentGiven")
    assert "AnalyticsBrowser.load" not in before, "nothing is loaded before"
    assert "AnalyticsBrowser.load" in after
    assert "categoryPreferences" in after


def test_keys_of_sources_that_there_are_not(shop: Served) -> None:
    assert shop.browser.post("/api/sources/none/keys", json={}).status_code == 404
    assert shop.browser.post("/api/sources/till/keys", json={}).json()["error"]["code"] == "BAD_SOURCE"
    key = new_key(shop, "app")
    assert shop.browser.request("DELETE", f"/api/sources/web/keys/{key}").status_code == 404
    assert send(shop, key).status_code == 200
