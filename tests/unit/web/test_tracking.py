"""``/v1``: what a sender is told, and what becomes of what was sent."""

from __future__ import annotations

import base64
import gzip
import json
import random
import shutil
import zlib
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from foretell.errors import ForetellError
from foretell.web import Access, backlog
from foretell.web.messages import EVENT_BYTES, batch_messages, single_message
from foretell.web.tracking import BATCH_BYTES
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

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
    found = batch_messages(json.dumps(batch).encode())
    first, second, third = (json.loads(line) for line in found.lines.splitlines())
    assert first == {"type": "track", "context": {"ip": "1.2.3.4"}}
    assert second == {"type": "track", "sentAt": "own", "context": {}}
    assert third == {"context": {"ip": "1.2.3.4"}}
    assert found.sent_at == "2025-03-01T10:00:05Z"


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
        ("batch", b'{"batch":[{"a":nul}]}', 400, "BAD_JSON", ""),
        ("batch", b'{"batch":[' + b"1," * 2_500 + b"1]}", 400, "TOO_MANY_EVENTS", "$.batch"),
        ("batch", b" " * (BATCH_BYTES + 1), 413, "REQUEST_TOO_LARGE", ""),
        ("track", b'{"event":"' + b"x" * EVENT_BYTES + b'"}', 413, "REQUEST_TOO_LARGE", ""),
        ("nothing", b"{}", 404, "UNKNOWN_CALL", ""),
    ],
)
def test_what_cannot_be_taken_is_told(shop: Served, call: str, body: bytes, status: int, code: str, where: str) -> None:
    answer = post(shop, call, body, origin="https://shop.example")
    told = answer.json()["error"]
    assert (answer.status_code, told["code"], told["where"]) == (status, code, where)
    assert told["what"]
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "retry-after" not in answer.headers
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
    site = {"origin": "https://shop.example", "access-control-request-headers": "authorization, x-retry-count"}
    for call in ("batch", "t", "m", "projects/k/settings"):
        answer = shop.browser.request("OPTIONS", f"/v1/{call}", headers=site)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert {"GET", "POST"} <= set(answer.headers["access-control-allow-methods"].split(", "))
        allowed = set(answer.headers["access-control-allow-headers"].split(", "))
        assert {"authorization", "content-type", "x-retry-count"} <= allowed
    assert shop.browser.get("/v1/batch").status_code == 405
    assert shop.browser.post("/v1/projects/k/settings").status_code == 405


def test_a_browser_reads_its_settings(shop: Served) -> None:
    answer = shop.browser.get("/v1/projects/k1/settings", headers={"origin": "https://shop.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    assert answer.json()["integrations"]["Segment.io"]["apiKey"] == "k1"
    assert answer.json()["metrics"] == {"sampleRate": 0}


def test_what_a_library_says_of_itself_is_let_go(shop: Served) -> None:
    answer = post(shop, "m", b"anything", **{"content-type": "text/plain"})
    assert (answer.status_code, answer.content) == (200, b'{"success":true}')
    assert events(shop) == []


@pytest.mark.parametrize("path", ["track/", "t//", "batch/"])
def test_a_slash_more_is_no_redirect(shop: Served, path: str) -> None:
    body = {"batch": [{"type": "track", **TRACK}]} if path == "batch/" else TRACK
    assert post(shop, path, body, **{"content-type": "text/plain;charset=UTF-8"}).status_code == 200
    assert len(events(shop)) == 1


def test_deflate(shop: Served) -> None:
    assert (
        post(shop, "t", zlib.compress(json.dumps(TRACK).encode()), **{"content-encoding": "deflate"}).status_code == 200
    )
    assert len(events(shop)) == 1


def test_one_bad_event_of_a_hundred(shop: Served) -> None:
    """What is wrong with each does not keep the others away."""
    bad = {
        "NOT_AN_OBJECT": b"[1]",
        "UNKNOWN_TYPE": b'{"type":"nothing","userId":"u"}',
        "EVENT_MISSING": b'{"type":"track","userId":"u"}',
        "BAD_TIMESTAMP": b'{"type":"track","event":"A","userId":"u","timestamp":"yesterday"}',
        "NO_IDENTIFIER": b'{"type":"track","event":"A"}',
        "BAD_PROPERTIES": b'{"type":"track","event":"A","userId":"u","properties":7}',
        "BAD_UTF8": b'{"type":"track","event":"A\xff","userId":"u"}',
    }
    for number, one in enumerate(bad.values()):
        good = [json.dumps({"type": "track", **TRACK, "messageId": f"{number}-{n}"}).encode() for n in range(99)]
        batch = b",".join([*good[:50], one, *good[50:]])
        assert post(shop, "batch", b'{"batch":[' + batch + b"]}").status_code == 200
    assert len(events(shop)) == 99 * len(bad)
    rows = shop.site.workspace.engine.ops.query("SELECT code FROM quarantine ORDER BY code")
    assert [code for (code,) in rows] == sorted(bad)


def test_an_emoji_cut_in_half_does_not_take_the_batch_with_it(shop: Served) -> None:
    text = rb'{"batch":[{"type":"track","userId":"u","event":"A \\ud83d \ud83d \ud83d\ude00 \ude00","messageId":"m"}]}'
    assert post(shop, "batch", text).status_code == 200
    assert post(shop, "t", rb'{"userId":"u","event":"B\ud83d","messageId":"n"}').status_code == 200
    assert [event["event"] for event in events(shop)] == ["A \\ud83d \ufffd \U0001f600 \ufffd", "B\ufffd"]


def test_times_by_the_senders_clock(shop: Served) -> None:
    """``timestamp = arrival - (sentAt - originalTimestamp)``; what then lies in the future is placed at arrival."""
    now = shop.site.now
    behind = {
        "own": {"timestamp": "2025-03-01T10:00:00Z", "sentAt": "2025-03-01T11:00:00Z"},
        "batch": {"timestamp": "2025-03-01T10:00:00Z"},
        "original": {"timestamp": "2020-01-01T00:00:00Z", "originalTimestamp": "2025-03-01T08:00:00+00:00"},
        "future": {"timestamp": "2025-03-01T10:12:00Z"},
        "nearly": {"timestamp": "2025-03-01T10:04:00Z"},
    }
    batch = [
        {"type": "track", "userId": "u", "event": "A", "messageId": name, **times} for name, times in behind.items()
    ]
    assert post(shop, "batch", {"batch": batch, "sentAt": "2025-03-01T10:00:00Z"}).status_code == 200
    shop.apply()
    engine = shop.site.workspace.engine
    rows = engine.analytics.query(
        "SELECT message_id, epoch(received_at - timestamp) AS age, received_at FROM events ORDER BY message_id"
    ).to_pylist()
    assert {row["message_id"]: round(row["age"]) for row in rows} == {
        "own": 3600, "batch": 0, "original": 7200, "future": 0, "nearly": -240,
    }  # fmt: skip
    assert abs((rows[0]["received_at"] - now.replace(tzinfo=None)).total_seconds()) < 60
    warned = engine.ops.query("SELECT code, severity, body FROM quarantine")
    assert warned == [("FUTURE_TIMESTAMP", "warning", "future")]


def test_messages_without_an_id_get_one_each(shop: Served) -> None:
    same = {"type": "track", "userId": "u", "event": "A"}
    for _ in range(2):
        assert post(shop, "batch", {"batch": [same, same]}).status_code == 200
    assert len({event["message_id"] for event in events(shop)}) == 4


def test_too_much_that_waits_is_refused_until_it_was_taken_in(tmp_path: Path) -> None:
    write_documents(tmp_path)
    with (tmp_path / "foretell.yaml").open("a") as file:
        file.write("collect: {spool_max_mb: 1}\n")
    filler = random.Random(7).randbytes(300_000).hex()
    chunks = [filler[i : i + 30_000] for i in range(0, 420_000, 30_000)]
    batch = [{"type": "track", "userId": "u", "event": "A", "properties": {"x": chunk}} for chunk in chunks]
    with served(tmp_path) as shop:
        told = [post(shop, "batch", {"batch": batch}) for _ in range(6)]
        assert [answer.status_code for answer in told][:2] == [200, 200]
        refused = told[-1]
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "SPOOL_FULL")
        assert int(refused.headers["retry-after"]) > 0
        taken = sum(answer.status_code == 200 for answer in told)
        assert len(events(shop)) == taken * len(batch)
        assert post(shop, "batch", {"batch": batch}).status_code == 200, "it goes on by itself"


def test_room_is_kept_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path) as shop:
        full = shutil.disk_usage(tmp_path)._replace(free=32 * 1024 * 1024)
        monkeypatch.setattr(backlog, "AGAIN_SECONDS", 0)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
        answer = post(shop, "track", TRACK)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "DISK_FULL")
        assert int(answer.headers["retry-after"]) > 0
        monkeypatch.setattr(shutil, "disk_usage", lambda _: full._replace(free=2**40))
        assert post(shop, "track", TRACK).status_code == 200


def test_only_named_write_keys_where_some_are_named(tmp_path: Path) -> None:
    with served(tmp_path, access=Access(write_keys={"k1": "site"})) as shop:
        basic = "Basic " + base64.b64encode(b"k1:").decode()
        assert post(shop, "track", TRACK).status_code == 401
        assert post(shop, "track", {**TRACK, "writeKey": "k2"}).status_code == 401
        assert post(shop, "track", TRACK, authorization=basic).status_code == 200
        assert post(shop, "track", {**TRACK, "messageId": "m2", "writeKey": "k1"}).status_code == 200
        assert [event["source"] for event in events(shop)] == ["site", "site"]


def test_pages_of_named_origins_alone(tmp_path: Path) -> None:
    ours, others = "https://shop.example", "https://elsewhere.example"
    named = Access(
        write_keys={"k1": "site", "k2": "app"}, origins={"site": frozenset({ours}), "app": frozenset({ours})}
    )
    with served(tmp_path, access=named) as shop:
        body = {**TRACK, "writeKey": "k1"}
        refused = post(shop, "t", body, origin=others)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "ORIGIN_NOT_ALLOWED")
        assert "access-control-allow-origin" not in refused.headers
        asked = shop.browser.request("OPTIONS", "/v1/t", headers={"origin": others})
        assert asked.status_code == 403
        assert "access-control-allow-origin" not in asked.headers
        assert shop.browser.request("OPTIONS", "/v1/t", headers={"origin": ours.upper()}).status_code == 204
        assert events(shop) == []
        assert post(shop, "t", body, origin=ours).status_code == 200
        assert post(shop, "t", {**body, "messageId": "m2"}).status_code == 200, "a server has no origin"
        assert len(events(shop)) == 2


def test_others_who_can_reach_the_server_need_a_write_key(tmp_path: Path) -> None:
    with served(tmp_path, access=Access(token="secret")) as shop:
        assert post(shop, "track", TRACK).status_code == 401


def test_nothing_is_acknowledged_before_it_is_durable(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: Future[Any] = Future()
    failed.set_exception(ForetellError("DISK_FULL", "the disk is full", transient=True))
    monkeypatch.setattr(shop.site.workspace.engine, "spool_submit", lambda _: failed)
    answer = post(shop, "track", TRACK)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "DISK_FULL")
    assert int(answer.headers["retry-after"]) > 0


def test_a_message_is_one_line_whatever_it_holds() -> None:
    found = single_message(b' {\n "event": "A",\r\n "writeKey": "k", "properties": {"t": "x\\ny"}}\n', "track")
    assert found.lines.count(b"\n") == 1
    assert json.loads(found.lines) == {"type": "track", "event": "A", "writeKey": "k", "properties": {"t": "x\ny"}}
    assert found.write_key == "k"
