"""``/api/channels``, ``/api/dead-letters`` and ``/hooks/channels``: setting channels up, trying them out, and what
vendors tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from foretell.clock import SteppedClock
from foretell.testing import sendgrid, twilio
from foretell.testing.sendgrid import FakeSendGrid
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write, write_documents

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = """\
name: Shop
sending: {base_url: https://mail.shop.example, from_email: hello@shop.example}
secrets: {grid: "${GRID}", twilio: "${TWILIO}"}
"""
TEXTS = f"""\
kind: channel
key: sms
spec:
  title: Text messages
  uses: twilio
  rate: {{messages: 100, per: 1m}}
  settings: {{account_sid: {twilio.ACCOUNT}, auth_token_secret: twilio, from_number: "{twilio.FROM}"}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, FakeSendGrid]]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    write(folder, {"foretell.yaml": SETTINGS, "channels/sms.yaml": TEXTS})
    with pytest.MonkeyPatch.context() as patch, sendgrid.sendgrid() as fake:
        patch.setenv("GRID", sendgrid.KEY)
        patch.setenv("TWILIO", twilio.TOKEN)
        with served(folder, clock=SteppedClock(NOW)) as found:
            yield found, fake


def _save(shop: Served, key: str, spec: dict[str, Any], revision: int = 0) -> Any:
    return shop.browser.request("PUT", f"/api/channels/{key}", json={"spec": spec}, params={"revision": revision})


def test_channels_are_set_up_in_the_app(place: tuple[Served, FakeSendGrid]) -> None:
    shop, fake = place
    before = {row["key"]: row for row in shop.get("channels")["rows"]}
    assert {key: row["state"] for key, row in before.items()} == {
        "ads": "development", "alert": "development", "email": "development", "push": "development", "sms": "ready",
    }  # fmt: skip
    assert before["sms"]["kept_by"] == "files"
    assert before["sms"]["hook_url"] == "https://mail.shop.example/hooks/channels/sms"
    assert before["sms"]["rate"] == {"messages": 100, "seconds": 60.0}
    kinds = {row["name"]: row for row in shop.get("channels")["kinds"]}
    assert kinds["sendgrid"]["settings"]["properties"]["api_key_secret"]["description"]
    assert kinds["sendgrid"]["receives"]
    settings = {"api_key_secret": "grid", "base_url": fake.server.url, "allow_private": True}
    wrong = _save(shop, "email", {"uses": "sendgrid", "settings": {"api_key_secret": "nowhere", "colour": "red"}})
    assert wrong.status_code == 422
    assert {tuple(one["path"]) for one in wrong.json()["problems"]} == {
        ("settings", "api_key_secret"), ("settings", "colour"),
    }  # fmt: skip
    spec = {"uses": "sendgrid", "settings": {**settings, "verification_key": fake.verification_key}}
    assert _save(shop, "email", spec).status_code == 200
    row = next(one for one in shop.get("channels")["rows"] if one["key"] == "email")
    assert (row["state"], row["kept_by"], row["revision"], row["spec"]["uses"]) == ("ready", "app", 1, "sendgrid")
    assert _save(shop, "email", spec).status_code == 409, "somebody was faster"
    assert _save(shop, "sms", spec, 1).status_code == 409, "it lies in a file"


def test_a_channel_is_checked_and_tried(place: tuple[Served, FakeSendGrid]) -> None:
    shop, fake = place
    assert shop.browser.post("/api/channels/email/check").json()["ok"]
    assert shop.browser.post("/api/channels/nowhere/check").status_code == 404
    sent = shop.browser.post("/api/channels/email/test", json={"to": "me@shop.example"})
    assert sent.json() == {"outcome": "accepted", "error": ""}
    assert [mail.to for mail in fake.mails] == ["me@shop.example"]
    refused = shop.browser.post("/api/channels/email/test", json={"to": "nobody"})
    assert refused.json()["outcome"] == "refused"
    row = next(one for one in shop.get("channels")["rows"] if one["key"] == "email")
    assert (row["state"], row["accepted"]) == ("ready", 1)


def test_vendors_tell_by_signed_requests_alone(place: tuple[Served, FakeSendGrid]) -> None:
    shop, fake = place
    body, headers = fake.signed([{"event": "delivered", "foretell_message": "m_strange", "timestamp": 1}], NOW)
    assert shop.browser.post("/hooks/channels/email", content=body, headers=headers).status_code == 200
    row = next(one for one in shop.get("channels")["rows"] if one["key"] == "email")
    assert (row["unknown"], row["receipts"], row["received_at"]) == (1, 0, "2026-03-01T12:00:00Z")
    assert shop.browser.post("/hooks/channels/email", content=body + b" ", headers=headers).status_code == 401
    assert shop.browser.post("/hooks/channels/push", content=body, headers=headers).status_code == 404
    assert shop.browser.get("/hooks/channels/email").status_code == 405
    url = "https://mail.shop.example/hooks/channels/sms?message=m_strange"
    body, headers = twilio.signed(url, {"MessageSid": "SM1", "MessageStatus": "delivered"})
    assert shop.browser.post("/hooks/channels/sms?message=m_strange", content=body, headers=headers).status_code == 200
    assert shop.browser.post("/hooks/channels/sms?message=m_other", content=body, headers=headers).status_code == 401


def test_dead_letters(place: tuple[Served, FakeSendGrid]) -> None:
    shop, _ = place
    assert shop.get("dead-letters", channel="sms") == {"total": 0, "page": 1, "rows": []}
    replayed = shop.browser.post("/api/dead-letters/replay", json={"channel": "sms"})
    assert replayed.json() == {"queued": 0, "deferred": 0, "refused": {}, "alive": 0}
    assert shop.browser.post("/api/dead-letters/replay", json={"ids": ["m_nobody"]}).status_code == 404
