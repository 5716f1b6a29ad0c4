"""``/v1``: what a sender is told, and what becomes of what was sent."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from foretell.errors import ForetellError
from foretell.web import Access
from foretell.web.tracking import BATCH_BYTES, EVENT_BYTES, batch_lines, message_lines
from tests.support.served_workspace import Served, served

TRACK = {"userId": "u1", "event": "Order Completed", "messageId": "m1", "timestamp": "2025-03-01T10:00:00Z"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as found:
        yield found


def post(shop: Served, call: str, body: object, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return shop.browser.post(f"/v1/{call}", content=content, headers=headers)


def events(shop: Served) -> list[dict[str, Any]]:
    shop.apply()
    sql = "SELECT event, type, source, message_id, properties, context FROM events ORDER BY message_id"
    found: list[dict[str, Any]] = shop.site.workspace.engine.analytics.query(sql).to_pylist()
    return found


@pytest.mark.parametrize(
    ("call", "kind"),
    [("track", "track"), ("t", "track"), ("identify", "identify"), ("i", "identify"), ("page", "page"), ("p", "page"),
     ("screen", "screen"), ("s", "screen"), ("group", "group"), ("g", "group"), ("alias", "alias"), ("a", "alias")],
)  # fmt: skip
def test_every_call_is_taken(shop: Served, call: str, kind: str) -> None:
    answer = post(shop, call, {**TRACK, "groupId": "g1", "previousId": "u0"})
    assert (answer.status_code, answer.content) == (200, b'{"success":true}')
    (event,) = events(shop)
    assert (event["type"], event["source"]) == (kind, "api")


@pytest.mark.parametrize("call", ["batch", "b", "import"])
def test_a_batch_is_taken_and_repeated_messages_once(shop: Served, call: str) -> None:
    batch = [{"type": "track", **TRACK}, {"type": "track", **TRACK}, {"type": "track", **TRACK, "messageId": "m2"}]
    assert post(shop, call, {"batch": batch}).status_code == 200
    assert post(shop, call, {"batch": batch[:1]}).status_code == 200
    assert [event["message_id"] for event in events(shop)] == ["m1", "m2"]


def test_gzip_and_text_over_several_lines(shop: Served) -> None:
    body = json.dumps({"batch": [{"type": "track", **TRACK, "properties": {"note": "a\nb"}}]}, indent=2).encode()
    packed = gzip.compress(body)
    assert post(shop, "batch", packed, **{"content-encoding": "gzip"}).status_code == 200
    assert json.loads(events(shop)[0]["properties"]) == {"note": "a\nb"}


def test_what_the_batch_tells_holds_for_messages_without_their_own() -> None:
    batch = {
        "sentAt": "2025-03-01T10:00:05Z", "context": {"ip": "1.2.3.4"},
        "batch": [{"type": "track"}, {"type": "track", "sentAt": "own", "context": {}}, {}],
    }  # fmt: skip
    first, second, third = (json.loads(line) for line in batch_lines(json.dumps(batch).encode())[0].splitlines())
    assert first == {"type": "track", "sentAt": "2025-03-01T10:00:05Z", "context": {"ip": "1.2.3.4"}}
    assert second == {"type": "track", "sentAt": "own", "context": {}}
    assert third == {"sentAt": "2025-03-01T10:00:05Z", "context": {"ip": "1.2.3.4"}}


@pytest.mark.parametrize(
    ("call", "body", "status", "code", "where"),
    [
        ("track", b"{", 400, "BAD_JSON", ""),
        ("track", b"[]", 400, "BAD_JSON", ""),
        ("track", b"\xff\xfe", 400, "BAD_JSON", ""),
        ("track", b'{"type":"page"}', 400, "BAD_JSON", "$.type"),
        ("track", b'{"userId":"u1"} {}', 400, "BAD_JSON", ""),
        ("batch", b"{}", 400, "BAD_JSON", ""),
        ("batch", b'{"batch":{}}', 400, "BAD_JSON", "$.batch"),
        ("batch", b'{"batch":[1]}', 400, "BAD_JSON", ""),
        ("batch", b" " * (BATCH_BYTES + 1), 413, "REQUEST_TOO_LARGE", ""),
        ("track", b'{"event":"' + b"x" * EVENT_BYTES + b'"}', 413, "REQUEST_TOO_LARGE", ""),
        ("nothing", b"{}", 404, "UNKNOWN_CALL", ""),
    ],
)
def test_what_cannot_be_taken_is_told(shop: Served, call: str, body: bytes, status: int, code: str, where: str) -> None:
    answer = post(shop, call, body)
    told = answer.json()["error"]
    assert (answer.status_code, told["code"], told["where"]) == (status, code, where)
    assert told["what"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert events(shop) == []


@pytest.mark.parametrize(
    "packed", [b"no gzip", gzip.compress(b'{"batch":[]}')[:-6], gzip.compress(b" " * 50_000_000)],
    ids=["no gzip", "cut", "bomb"],
)  # fmt: skip
def test_a_wrong_encoding_is_told(shop: Served, packed: bytes) -> None:
    answer = post(shop, "batch", packed, **{"content-encoding": "gzip"})
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["code"] in ("BAD_ENCODING", "REQUEST_TOO_LARGE")


def test_an_event_that_is_too_large_does_not_take_the_batch_with_it(shop: Served) -> None:
    large = {"type": "track", **TRACK, "messageId": "big", "properties": {"x": "y" * EVENT_BYTES}}
    assert post(shop, "batch", {"batch": [large, {"type": "track", **TRACK}]}).status_code == 200
    assert [event["message_id"] for event in events(shop)] == ["m1"]
    rows = shop.site.workspace.engine.ops.query("SELECT code FROM quarantine")
    assert rows == [("TOO_LARGE",)]


def test_an_empty_batch_is_fine(shop: Served) -> None:
    assert post(shop, "batch", {"batch": []}).status_code == 200
    assert events(shop) == []


def test_browsers_of_other_sites_may_send(shop: Served) -> None:
    answer = shop.browser.request("OPTIONS", "/v1/batch", headers={"origin": "https://shop.example"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert shop.browser.get("/v1/batch").status_code == 405


def test_only_named_write_keys_where_some_are_named(tmp_path: Path) -> None:
    with served(tmp_path, access=Access(write_keys={"k1": "site"})) as shop:
        basic = "Basic " + base64.b64encode(b"k1:").decode()
        assert post(shop, "track", TRACK).status_code == 401
        assert post(shop, "track", {**TRACK, "writeKey": "k2"}).status_code == 401
        assert post(shop, "track", TRACK, authorization=basic).status_code == 200
        assert post(shop, "track", {**TRACK, "messageId": "m2", "writeKey": "k1"}).status_code == 200
        assert [event["source"] for event in events(shop)] == ["site", "site"]


def test_others_who_can_reach_the_server_need_a_write_key(tmp_path: Path) -> None:
    with served(tmp_path, access=Access(token="secret")) as shop:
        assert post(shop, "track", TRACK).status_code == 401


def test_nothing_is_acknowledged_before_it_is_durable(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: Future[Any] = Future()
    failed.set_exception(ForetellError("DISK_FULL", "the disk is full", transient=True))
    monkeypatch.setattr(shop.site.workspace.engine, "spool_submit", lambda _: failed)
    answer = post(shop, "track", TRACK)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "DISK_FULL")


def test_a_message_is_one_line_whatever_it_holds() -> None:
    line, key = message_lines(b' {\n "event": "A",\r\n "writeKey": "k", "properties": {"t": "x\\ny"}}\n', "track")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"type": "track", "event": "A", "writeKey": "k", "properties": {"t": "x\ny"}}
    assert key == "k"
