"""Slack's Web API and its interactions, as documented in 2026: ``chat.postMessage``, *Rate limits*, *Block Kit*,
*Handling user interaction*, *Verifying requests from Slack*.

It checks what Slack checks: the token, the channel and that the bot is in it, the blocks (at most 50, a section's text
at most 3,000 characters, buttons with an ``action_id``), and lets ``burst`` messages through before it asks to wait a
second. What a person presses comes as :meth:`Slack.pressed`: the signed request that Slack sends.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from foretell.testing.meta import fields_of
from foretell.testing.vendor_server import Answered, Asked, Moods, answered, vendor_server

CHANNEL, TOKEN, SIGNING_SECRET = "C0123456789", "xoxb-1", "8f742231b10e8888abcd99yyyzzz85a5"
_MOST_BLOCKS, _MOST_SECTION, _MOST_TEXT = 50, 3_000, 40_000


class Slack:
    """The API.

    Args:
        burst: so many messages are let through.
        refuses: each text that holds one of these gets the error beside it.
        silent: a text that holds this is posted, and the connection dies.
        replies: what was sent to ``response_url``.
    """

    def __init__(self, burst: int) -> None:
        self.url = ""
        self.moods = Moods()
        self.burst = burst
        self.refuses: dict[str, str] = {}
        self.posted: list[Mapping[str, Any]] = []
        self.replies: list[Mapping[str, Any]] = []
        self.closed: set[str] = set()
        self.silent = ""

    def answer(self, request: Asked) -> Answered:
        """What Slack answers."""
        if request.path.startswith("/actions/"):
            self.replies.append(request.json())
            return answered(200, {"ok": True})
        if request.path != "/api/chat.postMessage":
            return _refused("unknown_method")
        json_body = request.headers.get("content-type", "").startswith("application/json")
        body = request.json() if json_body else _decoded(fields_of(request))
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or body.get("token")
        why = self._fault(str(token), body)
        if why:
            return _refused(why)
        if len(self.posted) >= self.burst:
            return answered(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
        stamp = f"17{len(self.posted):08d}.000100"
        self.posted.append({**body, "ts": stamp})
        told = {"ok": True, "channel": body["channel"], "ts": stamp, "message": {"text": body.get("text", "")}}
        return answered(200, told, took=True, cut=bool(self.silent) and self.silent in str(body.get("text")))

    def _fault(self, token: str, body: Mapping[str, Any]) -> str:
        if token != TOKEN:
            return "invalid_auth"
        if body.get("channel") != CHANNEL:
            return "channel_not_found"
        if body["channel"] in self.closed:
            return "is_archived"
        text, blocks = str(body.get("text", "")), body.get("blocks") or []
        for part, why in self.refuses.items():
            if part in text:
                return why
        if not text and not blocks:
            return "no_text"
        if len(text) > _MOST_TEXT:
            return "msg_too_long"
        return "invalid_blocks" if len(blocks) > _MOST_BLOCKS or not all(map(_fits, blocks)) else ""

    def pressed(
        self, value: str, *, user: str, at: int, action: str = "take_case", secret: str = SIGNING_SECRET
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of the request that Slack sends when ``user`` presses a button.

        Args:
            at: seconds since 1970.
        """
        payload = {
            "type": "block_actions",
            "user": {"id": "U1", "username": user, "name": user, "team_id": "T1"},
            "api_app_id": "A1",
            "team": {"id": "T1", "domain": "shop"},
            "channel": {"id": CHANNEL, "name": "service"},
            "response_url": f"{self.url}/actions/T1/1/abc",
            "trigger_id": "1.2.abc",
            "actions": [
                {"action_id": action, "block_id": "case", "type": "button", "value": value, "action_ts": f"{at}.1"}
            ],
        }
        body = urlencode({"payload": json.dumps(payload)}).encode()
        signed = hmac.new(secret.encode(), b"v0:%d:" % at + body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": str(at),
            "x-slack-signature": f"v0={signed}",
        }
        return headers, body


def _decoded(form: Mapping[str, str]) -> dict[str, Any]:
    """Slack takes blocks and metadata of forms as JSON text."""
    return {name: json.loads(value) if name in ("blocks", "metadata") else value for name, value in form.items()}


def _fits(block: Mapping[str, Any]) -> bool:
    if block.get("type") == "section":
        return 0 < len(str(block.get("text", {}).get("text", ""))) <= _MOST_SECTION
    if block.get("type") == "actions":
        return all(
            one.get("action_id") and one.get("text", {}).get("type") == "plain_text" for one in block["elements"]
        )
    return block.get("type") in ("header", "context", "divider")


def _refused(why: str) -> Answered:
    return answered(200, {"ok": False, "error": why})


@contextmanager
def slack(burst: int = 1_000) -> Iterator[Slack]:
    """The API while the block runs."""
    vendor = Slack(burst)
    with vendor_server(vendor.answer, vendor.moods) as server:
        vendor.url = server.url
        yield vendor
