"""``/api/maps`` and ``foretell map``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.cli.commands import run
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
WAY = """\
kind: map
key: way
spec:
  title: The way
  window: 30d
  stages:
    - key: look
      condition: {did: Page Viewed}
      touchpoints: [{key: page, did: Page Viewed}]
    - {key: buy, condition: {did: Order Completed}}
"""


def _line(user: int, event: str, days_ago: float) -> dict[str, Any]:
    at = (NOW - timedelta(days=days_ago)).isoformat()
    who = {"messageId": f"{event}{user}", "userId": f"u{user}"}
    return {"type": "track", "event": event, "timestamp": at, **who}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("maps")
    write_documents(root)
    (root / "maps").mkdir()
    (root / "maps" / "way.yaml").write_text(WAY)
    lines = [_line(n, "Page Viewed", 20) for n in range(12)] + [_line(n, "Order Completed", 18) for n in range(3)]
    (root / "past.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    with served(root, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [root / "past.jsonl"], "site", now=NOW)
        found.site.cache.forget()
        yield found


def test_a_map_is_listed_and_read(shop: Served) -> None:
    (row,) = shop.get("maps")["rows"]
    assert (row["key"], row["stages"], row["touchpoints"], row["kept_by"]) == ("way", ["Look", "Buy"], 1, "files")
    told = shop.get("maps/way")
    look, buy = told["stages"]
    assert (look["people"], buy["people"], look["furthest"]) == (12, 3, 9)
    assert look["going"]["course"] == {
        "entered": 12, "ahead": 0, "next": 3, "skipped": 0, "stopped": 0, "not_yet": 9,
    }  # fmt: skip
    assert look["going"]["share"]["value"] == pytest.approx(0.25)
    assert (look["going"]["median_hours"]["value"], buy["going"]["reason"]) == (48, "last")
    assert (told["touchpoints"][0]["people"], told["lanes"]) == (12, [{"key": "customer", "title": "Customer"}])
    assert told["touchpoints"][0]["condition"] == {"did": "Page Viewed", "within": "30d"}


def test_the_people_behind_a_number(shop: Served) -> None:
    told = shop.get("maps/way/people", what="next", stage="look")
    assert (told["total"], {row["user_id"] for row in told["rows"]}) == (3, {"u0", "u1", "u2"})
    assert shop.get("maps/way/people", what="met", stage="page")["total"] == 12
    assert shop.get("maps/way/people", what="missed", stage="look")["total"] == 0
    assert shop.get("maps/way/people", 422, what="gone", stage="look")["error"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("path", "status", "code", "asked"),
    [
        ("maps/none", 404, "UNKNOWN_DEFINITION", {}),
        ("maps/way", 404, "UNKNOWN_DEFINITION", {"segment": "none"}),
        ("maps/way", 422, "BAD_REQUEST", {"by": "moon"}),
        ("maps/way", 422, "BAD_REQUEST", {"from": "2026-05-01"}),
        ("maps/way", 400, "BAD_RANGE", {"from": "2027-05-01T00:00:00Z"}),
        ("maps/way/people", 404, "UNKNOWN_STAGE", {"what": "at", "stage": "x' OR 1=1"}),
        ("maps/way/people", 404, "UNKNOWN_TOUCHPOINT", {"what": "met", "stage": "look"}),
    ],
)
def test_what_cannot_be_answered(shop: Served, path: str, status: int, code: str, asked: dict[str, str]) -> None:
    assert shop.get(path, status, **asked)["error"]["code"] == code


def test_a_ready_map_is_made_changed_and_taken_out(shop: Served) -> None:
    assert [one["key"] for one in shop.get("maps")["ready"]] == ["customer_journey"]
    answer = shop.browser.post("/api/maps/ready/customer_journey")
    assert answer.status_code == 200, answer.text
    assert shop.get("maps")["ready"] == []
    told = shop.get("maps/customer_journey")
    assert [stage["title"] for stage in told["stages"]] == [
        "Awareness", "Consideration", "Purchase", "Retention", "Advocacy",
    ]  # fmt: skip
    assert [stage["exact"] for stage in told["stages"]] == [True] * 5
    written = shop.get("maps/customer_journey/document")
    assert written["kept_by"] == "app"
    spec = {**written["spec"], "title": "Ours"}
    revision = {"revision": written["revision"]}
    assert (
        shop.browser.request("PUT", "/api/maps/customer_journey", json={"spec": spec}, params=revision).status_code
        == 200
    )
    assert shop.get("maps/customer_journey")["title"] == "Ours"
    again = shop.browser.request("PUT", "/api/maps/customer_journey", json={"spec": spec}, params=revision)
    assert again.status_code == 409
    spec["stages"][0]["condition"] = {"did": "Page Viewed", "wher": 1}
    wrong = shop.browser.request("PUT", "/api/maps/customer_journey", json={"spec": spec})
    assert (wrong.status_code, wrong.json()["problems"][0]["path"][:2]) == (422, ["stages", 0])
    assert shop.browser.request("DELETE", "/api/maps/customer_journey").status_code == 204
    assert shop.get("maps/customer_journey", 404)["error"]["code"] == "UNKNOWN_DEFINITION"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    place = ["--workspace", str(tmp_path)]
    assert run(["map", "list", *place]) == 0
    assert "map ready" in capsys.readouterr().out
    assert run(["map", "ready", "customer_journey", "--write", *place]) == 0
    assert run(["map", "ready", "customer_journey", "--write", *place]) == 2
    assert run(["plan", *place]) == 0
    capsys.readouterr()
    assert run(["map", "list", "--json", *place]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["key"], row["stages"][0]) == ("customer_journey", "Awareness")
    assert run(["map", "show", "customer_journey", "--json", *place]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [stage["people"] for stage in told["stages"]] == [0] * 5
    assert run(["map", "show", "customer_journey", "--by", "moon", *place]) == 2
    assert "cannot be split" in capsys.readouterr().err
    assert run(["map", "show", "customer_journey", *place]) == 0
    assert "not yet" in capsys.readouterr().out
