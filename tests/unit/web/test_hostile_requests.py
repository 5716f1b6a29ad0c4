"""Requests that mean harm or make no sense: a clear answer each, and the server goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.web import Access
from tests.support.served_workspace import Served, served


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("shop")) as found:
        yield found


@pytest.mark.parametrize(
    "value", [b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"[" * 10_000 + b"]" * 10_000], ids=["objects", "lists"]
)
@pytest.mark.parametrize("call", ["track", "batch"])
def test_values_thousands_deep(shop: Served, call: str, value: bytes) -> None:
    event = b'{"type":"track","userId":"a","event":"Deep","properties":{"a":%s}}' % value
    body = b'{"batch":[%s]}' % event if call == "batch" else event
    assert len(body) > 20_000
    answer = shop.browser.post(f"/v1/{call}", content=body[: 32 * 1024] if call == "track" else body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BAD_JSON")


def test_an_error_of_our_own_is_told_like_any_other(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("foretell.web.tracking.Request", broken)
    page = {"origin": "https://shop.example"}
    answer = shop.browser.post("/v1/track", content=b'{"userId":"a","event":"X"}', headers=page)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "SERVER_FAILED")
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize("path", ["/assets/%00", "/assets/" + "a" * 5_000 + ".js", "/%00.js", "/..%2f..%2ffile.yaml"])
def test_files_that_cannot_be(shop: Served, path: str) -> None:
    answer = shop.browser.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "UNKNOWN_ADDRESS")


@pytest.mark.parametrize("host", ["[::1", "", "127.0.0.1.evil.example", "evil.example:80", "127.0.0.1@evil.example"])
def test_hosts_that_are_not_ours(shop: Served, host: str) -> None:
    answer = shop.browser.get("/api/workspace", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "NOT_ALLOWED")


@pytest.mark.parametrize("origin", ["http://[::1", "https://127.0.0.1:1", "null", "", "127.0.0.1"])
def test_origins_that_are_not_ours(shop: Served, origin: str) -> None:
    answer = shop.browser.post("/api/journeys/x/start", headers={"origin": origin})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "NOT_ALLOWED")


@pytest.mark.parametrize("path", ["/api/command", "/login", "/s/p/x", "/api/cases/x"])
def test_nobody_fills_the_memory(tmp_path: Path, path: str) -> None:
    body = b"token=" + b"&x=1" * 400_000
    kind = "application/json" if path.startswith("/api") else "application/x-www-form-urlencoded"
    with served(tmp_path, access=Access(token="long and random")) as guarded:
        headers = {"content-type": kind, "authorization": "Bearer long and random"}
        answer = guarded.browser.post(path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "REQUEST_TOO_LARGE")
        assert answer.json()["error"]["what"] == f"POST {path}: the request has more than 1024 KB"


def test_ranges_beyond_the_calendar(shop: Served) -> None:
    for name in ("from", "to"):
        wrong = shop.get("kpis/revenue", status=422, **{name: "9999-12-31T23:00:00Z"})["error"]
        assert (wrong["code"], wrong["where"]) == ("BAD_REQUEST", f"query.{name}")
        assert wrong["what"] == "input should lie in the years 1900 to 2200"


def test_an_event_of_the_year_0_does_not_spoil_the_pages(shop: Served) -> None:
    event = b'{"messageId":"y0","userId":"old","event":"Empty Date","timestamp":"0000-01-01T00:00:00Z"}'
    good = b'{"messageId":"y1","userId":"new","event":"Page Viewed"}'
    for body in (event, good):
        assert shop.browser.post("/v1/track", content=body).status_code == 200
    shop.apply()
    assert [row["user_id"] for row in shop.get("people")["rows"]] == ["new"]
    shop.get("overview")
    shop.get("kpis/revenue", by="month")
    assert shop.get("people/old", status=404)["error"]["code"] == "PROFILE_UNKNOWN"
