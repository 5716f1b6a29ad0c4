"""``/api/segment-groups`` and what hangs on one segment, on three events whose answers are known by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from foretell import collect
from foretell.clock import FixedClock
from foretell.web.api.segment_discovery import DiscoverAsked, discover_groups
from foretell.web.site import Site
from tests.support.group_shop import CHURN, open_groups, plant
from tests.support.group_shop import NOW as PLANTED_NOW
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import EVENTS, write, write_documents

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
MORE = {
    "segments/visitors.yaml": "kind: segment\nkey: visitors\nspec:\n  title: Visitors\n  owner: cx@shop.example\n"
    "  review: 2025-01-31\n  condition: {did: Page Viewed}\n",
    "segments/known.yaml": "kind: segment\nkey: known\nspec: {condition: {any: [{segment: buyers}, "
    "{segment: visitors}]}}\n",
    "segments/broken.yaml": "kind: segment\nkey: broken\nspec: {condition: {did_not_exist: x}}\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    write(folder, MORE)
    (folder / "history.jsonl").write_text(EVENTS)
    with served(folder, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [folder / "history.jsonl"], "site", now=NOW)
        found.site.cache.forget()
        yield found


def _post(shop: Served, path: str, body: object, status: int = 200) -> Any:
    found = shop.browser.post(f"/api/{path}", json=body)
    assert found.status_code == status, found.text
    return found.json()


def test_overlap(shop: Served) -> None:
    told = shop.get("segment-groups/overlap")
    assert told["segments"] == [
        {"key": "buyers", "title": "buyers", "people": 1}, {"key": "known", "title": "known", "people": 2},
        {"key": "visitors", "title": "Visitors", "people": 1},
    ]  # fmt: skip
    assert told["pairs"] == [
        {"one": "buyers", "other": "known", "both": 1, "of_one": 1.0, "of_other": 0.5, "jaccard": 0.5},
        {"one": "known", "other": "visitors", "both": 1, "of_one": 0.5, "of_other": 1.0, "jaccard": 0.5},
    ]


def test_uses_and_what_nobody_uses(shop: Served) -> None:
    assert shop.get("segments/buyers/uses")["rows"] == [{"kind": "segment", "key": "known", "title": "known"}]
    rows = {row["key"]: row for row in shop.get("segment-groups/unused")["rows"]}
    assert set(rows) == {"buyers", "known", "visitors"}
    assert (rows["visitors"]["owner"], rows["visitors"]["people"]) == ("cx@shop.example", 1)
    assert [use["key"] for use in rows["visitors"]["only_in"]] == ["known"]
    assert shop.get("segments/nothing/uses", status=404)["error"]["code"] == "UNKNOWN_DEFINITION"


def test_trends(shop: Served) -> None:
    told = shop.get("segments/buyers/trend", weeks=4)
    assert [point["people"] for point in told["points"]] == [1, 1, 1, 1, 1]
    assert told["points"][0]["stays"] is None
    assert told["points"][-1] == {"at": "2025-02-01T12:00:00Z", "people": 1, "joined": 0, "left": 0, "stays": 1.0}
    found = shop.get("segment-groups/trends", weeks=2)
    assert [(row["key"], len(row["points"])) for row in found["rows"]] == [("buyers", 2), ("known", 2), ("visitors", 2)]
    assert found["complete"]
    assert shop.get("segments/buyers/trend", status=422, weeks=1)["error"]["where"] == "query.weeks"


def test_a_review_is_noted_and_then_nothing_is_overdue(shop: Served) -> None:
    before = shop.get("segment-groups/reviews")
    assert (before["overdue"], before["rows"][0]["key"], before["rows"][0]["days"]) == (1, "visitors", -1)
    made = _post(shop, "segments/visitors/reviews", {"decision": "keep", "note": "as meant", "by": "ada"})
    assert made["due"]["due"] == "2025-05-01"
    assert [(row["number"], row["by"], row["note"], row["people"]) for row in made["rows"]] == [
        (1, "ada", "as meant", 1)
    ]
    assert shop.get("segments/visitors/reviews") == made
    assert shop.get("segment-groups/reviews")["overdue"] == 0
    wrong = _post(shop, "segments/visitors/reviews", {"decision": "keep", "next_review": "2025-01-01"}, status=400)
    assert wrong["error"]["code"] == "BAD_DATE"
    assert _post(shop, "segments/visitors/reviews", {"decision": "burn"}, status=422)["error"]["where"]


def test_drift(shop: Served) -> None:
    told = shop.get("segments/buyers/drift", since="2025-01-05T09:30:00Z")
    assert (told["then"], told["now"], told["stayed"], told["joined"], told["lost"]) == (1, 1, 1, 0, 0)
    assert (told["could_be_then"], told["could_be_now"]) == (1, 2)
    assert told["advice"]["decision"] == "retire"
    assert told["advice"]["reasons"][0]["code"] == "TOO_FEW"
    assert {row["key"] for row in told["overlaps"]} == {"known", "visitors"}
    early = shop.get("segments/buyers/drift", status=400, since="2024-01-05T00:00:00Z")
    assert early["error"]["code"] == "NO_HISTORY"


def test_discovery_says_what_there_is_and_why_not(shop: Served) -> None:
    names = [row["name"] for row in shop.get("segment-groups/targets")["rows"]]
    assert names == ["churn:30d", "score:churn:30d", "response"]
    told = _post(shop, "segment-groups/discover", {"target": "churn:30d"}, status=400)
    assert told["error"]["code"] == "TOO_FEW_PEOPLE"
    assert _post(shop, "segment-groups/discover", {}, status=400)["error"]["code"] == "BAD_TARGET"
    wrong = {"outcome": {"did_it": "x"}, "population": {"did": "x"}, "horizon": "30d"}
    assert _post(shop, "segment-groups/discover", wrong, status=404)["error"]["code"] == "UNKNOWN_KEY"


def test_groups_that_hold_are_told_whole(tmp_path: Path) -> None:
    planted = open_groups(tmp_path, {("prediction", "churn"): CHURN})
    with planted.engine:
        plant(planted, 2_000, seed=1)
        place = SimpleNamespace(engine=planted.engine, catalog=planted.catalog, reader=planted.reader)
        site = cast(Site, SimpleNamespace(workspace=place, now=PLANTED_NOW))
        asked = DiscoverAsked.model_validate({"target": "churn", "least_people": 60, "depth": 2})
        told = json.loads(discover_groups(site, asked).model_dump_json())
    best = told["groups"][0]
    assert {"trait": "country", "is": "France"} in best["parts"]
    assert best["condition"]["all"] == [CHURN["population"], *best["parts"]]
    assert best["difference"]["low"] < best["difference"]["value"] < best["difference"]["high"]
    assert best["difference"]["level"] >= best["inside"]["level"] == 0.9
    assert (told["target"]["unit"], told["check"]["until"]) == ("share", "2026-02-10T00:00:00Z")
    assert told["searched"] + told["checked"] > 1_900
    assert told["groups"][0]["people"] > 0
