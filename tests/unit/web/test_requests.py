"""The id of a request: taken over or made, answered, in errors, in every line of the log that belongs to it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell import segment, telemetry
from foretell.web import Access
from tests.support.served_workspace import Served, served

GIVEN = "4f1c0d6e-request-of-the-caller"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    with served(tmp_path) as found:
        yield found
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.getLogger("foretell").setLevel(logging.NOTSET)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/", "/api/workspace", "/v1/nothing", "/hooks/none"]
)
def test_every_answer_has_the_id_of_its_request(shop: Served, path: str) -> None:
    assert shop.browser.get(path, headers={"x-request-id": GIVEN}).headers["x-request-id"] == GIVEN
    made = {shop.browser.get(path).headers["x-request-id"] for _ in range(2)}
    assert len(made) == 2
    assert all(telemetry.well_formed(one) for one in made)


@pytest.mark.parametrize("given", ["anna@example.com", "short", "x" * 65, 'a"quote-in-the-log'])
def test_what_could_break_a_line_is_not_taken_over(shop: Served, given: str) -> None:
    answer = shop.browser.get("/healthz", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] != given
    assert answer.headers.get_list("x-request-id") == [answer.headers["x-request-id"]]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/segments/none", "UNKNOWN"),
        ("POST", "/v1/nothing", "UNKNOWN_CALL"),
        ("POST", "/hooks/none", "UNKNOWN_DEFINITION"),
        ("GET", "/api/none", "UNKNOWN_ADDRESS"),
    ],
)
def test_errors_say_which_request_it_was(shop: Served, method: str, path: str, code: str) -> None:
    told = shop.browser.request(method, path, headers={"x-request-id": GIVEN}).json()
    assert told["error"]["code"].startswith(code)
    assert told["request_id"] == GIVEN


def test_whoever_is_not_let_in_is_told_too(tmp_path: Path) -> None:
    with served(tmp_path, access=Access("the-token-of-the-app")) as shop:
        told = shop.browser.get("/api/workspace", headers={"x-request-id": GIVEN})
        assert (told.status_code, told.json()["request_id"]) == (401, GIVEN)


def test_all_lines_of_a_request_have_its_id_and_none_a_person(
    shop: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError(whom)

    whom = "anna@example.com"
    monkeypatch.setattr(segment, "directory", broken)
    telemetry.begin_logging("json", "info")
    shop.browser.get(f"/api/people?text={whom}", headers={"x-request-id": GIVEN})
    found = [line for line in lines(capsys) if line["logger"].startswith("foretell.")]
    assert {line["request_id"] for line in found} == {GIVEN}
    assert {line["logger"] for line in found} == {"foretell.web", "foretell.request"}
    last = found[-1]
    assert (last["route"], last["status"], last["door"]) == ("/api/people", 500, "api")
    assert whom not in json.dumps(found)


def test_routes_stand_in_for_what_somebody_put_into_an_address(
    shop: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.begin_logging("json", "info")
    shop.browser.get("/api/profiles/email:nobody@example.com")
    shop.browser.get("/s/u/a-token-of-somebody")
    shop.browser.post("/v1/projects/a-write-key/settings", content="{}")
    found = [line for line in lines(capsys) if line["logger"] == "foretell.request"]
    assert [line["route"] for line in found] == ["/api/profiles/{identifier}", "/s/u/{token}", "/v1"]
    assert "a-write-key" not in json.dumps(found)


def test_events_that_are_kept_have_no_line_each(shop: Served, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.begin_logging("json", "info")
    assert shop.browser.post("/v1/track", content='{"event": "X", "userId": "u1"}').status_code == 200
    assert [line for line in lines(capsys) if line["logger"] == "foretell.request"] == []
