"""``/api/conditions``: what a condition comes to while it is written; and segments saved from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell.app import apply as apply_files
from foretell.app import plan, reload_definitions
from foretell.clock import SteppedClock
from foretell.definitions import current
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import DOCUMENTS, EVENTS, write

FILES: dict[str, str | bytes] = {**DOCUMENTS, "reference/zips.csv": "code,city\n01234,Jena\n10115,Berlin\n"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """What only reads shares one workspace."""
    yield from _shop(tmp_path_factory.mktemp("conditions"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """What saves has its own."""
    yield from _shop(tmp_path)


def _shop(folder: Path) -> Iterator[Served]:
    """Two people: one bought and told an address, the other only looked."""
    write(folder, FILES)
    more = [
        {"type": "track", "messageId": f"v{number}", "userId": "u2", "event": "Page Viewed",
         "timestamp": f"2025-01-0{number + 1}T09:05:00Z", "properties": {"n": number}}
        for number in range(1, 4)
    ]  # fmt: skip
    with served(folder, events=EVENTS + "\n".join(map(json.dumps, more)), clock=SteppedClock(NOW)) as found:
        apply_files(found.site.workspace)
        reload_definitions(found.site.workspace)
        yield found


def _preview(shop: Served, condition: dict[str, Any], **more: Any) -> Any:
    answer = shop.browser.post("/api/conditions/preview", json={"condition": condition, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _save(shop: Served, key: str, body: dict[str, Any], status: int = 200, **params: Any) -> Any:
    answer = shop.browser.request("PUT", f"/api/segments/{key}", json=body, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def _delete(shop: Served, key: str, status: int = 204) -> Any:
    answer = shop.browser.request("DELETE", f"/api/segments/{key}")
    assert answer.status_code == status, answer.text
    return None if status == 204 else answer.json()


def test_a_preview_counts_each_part_and_what_is_left(shop: Served) -> None:
    told = _preview(shop, {"all": [{"did": "Page Viewed"}, {"did_not": "Order Completed"}, {"segment": "buyers"}]})
    assert (told["total"], told["universe"], told["share"]) == (0, 2, 0.0)
    assert [(part["alone"], part["left"]) for part in told["parts"]] == [(1, 1), (1, 1), (1, 0)]
    assert [part["path"] for part in told["parts"]] == [["all", 0], ["all", 1], ["all", 2]]
    assert [problem["code"] for problem in told["problems"]] == ["EVERYBODY_OR_NOBODY"]
    assert told["sample"] == []
    assert told["says"].startswith("People who did Page Viewed at least once, and who did not")
    one = _preview(shop, {"did": "Order Completed"})
    assert (one["total"], [person["user_id"] for person in one["sample"]]) == (1, ["u1"])
    assert [(part["path"], part["alone"], part["left"]) for part in one["parts"]] == [([], 1, 1)]
    assert _preview(shop, {"did": "Order Completed"}, as_of="2025-01-05T09:00:00Z")["total"] == 0
    assert _preview(shop, {"did": "Order Completed"}, sample=0)["sample"] == []


def test_parts_that_speak_of_one_value_count_together(shop: Served) -> None:
    bound = {"did": "Page Viewed", "per": "n", "as": "c"}
    told = _preview(shop, {"all": [bound, {"did_not": "Order Completed", "where": {"n": "$c"}}]})
    assert [(part["alone"], part["left"]) for part in told["parts"]] == [(1, 1), (None, 1)]
    turned = _preview(shop, {"all": [{"did_not": "Order Completed", "where": {"n": "$c"}}, bound]})
    assert [(part["alone"], part["left"]) for part in turned["parts"]] == [(None, None), (1, 1)]


def test_a_preview_says_where_something_is_wrong(shop: Served) -> None:
    def wrong(condition: dict[str, Any]) -> list[tuple[str, list[Any]]]:
        told = _preview(shop, condition)
        return [(problem["code"], problem["path"]) for problem in told["problems"] if problem["severity"] == "error"]

    assert wrong({"all": [{"did": "X", "whithin": "3d"}]}) == [("UNKNOWN_KEY", ["all", 0, "whithin"])]
    assert wrong({"not": {"segment": "nobody"}}) == [("UNKNOWN_REFERENCE", ["not", "segment"])]
    assert wrong({"account": {"table": "pets"}}) == [("UNKNOWN_REFERENCE", ["account", "table"])]
    assert wrong({"prediction": "churn", "horizon": "9d", "gte": 1}) == [("UNKNOWN_HORIZON", ["horizon"])]
    assert wrong({"trait": "zip", "in_list": "zipps"}) == [
        ("UNKNOWN_LIST", ["in_list"]),
    ]
    assert wrong({"did": "X", "where": {"a.b": {"in_list": "nope"}}}) == [("UNKNOWN_LIST", ["where", "a.b", "in_list"])]
    unheard = _preview(shop, {"trait": "shoe_size", "is": 42})
    assert [(one["code"], one["path"]) for one in unheard["problems"][:1]] == [("UNKNOWN_TRAIT", ["trait"])]
    assert unheard["total"] == 0


def test_the_vocabulary(shop: Served) -> None:
    told = shop.get("conditions/vocabulary")
    events = {event["name"]: event for event in told["events"]}
    assert events["Page Viewed"]["count"] == 4
    (number,) = [one for one in events["Page Viewed"]["properties"] if one["name"] == "n"]
    assert (number["kind"], number["low"], number["high"]) == ("number", 1.0, 3.0)
    assert [(one["name"], one["kind"], one["examples"]) for one in told["traits"]] == [("email", "text", [])]
    assert told["segments"] == [{"key": "buyers", "title": "buyers"}]
    assert told["predictions"] == [{"key": "churn", "title": "churn", "horizons": ["30d"], "unit": "probability"}]
    assert told["lists"] == [{"key": "zips", "columns": ["code", "city"], "rows": 2}]
    assert (told["tables"], told["personas"], told["consents"], told["account_traits"]) == ([], [], [], [])


def test_yaml_both_ways(shop: Served) -> None:
    def formatted(**body: Any) -> Any:
        return shop.browser.post("/api/conditions/format", json=body).json()

    raw = {"all": [{"within": "030d", "did": "Page Viewed"}, {"trait": "zip", "is": "01234"}]}
    text = "all:\n  - {did: Page Viewed, within: 30d}\n  - {trait: zip, is: '01234'}"
    told = formatted(condition=raw)
    assert (told["yaml"], told["problems"]) == (text, [])
    assert formatted(yaml=text) == told
    broken = formatted(yaml="all: [\n  {did: A\n")
    assert (broken["condition"], broken["yaml"]) == (None, "all: [\n  {did: A\n")
    assert (broken["line"], broken["problems"][0]["code"]) == (2, "BROKEN_YAML")
    assert formatted(yaml="{did: A, times: many}")["problems"][0]["path"] == ["times"]
    assert shop.browser.post("/api/conditions/format", json={}).status_code == 422
    assert shop.get("conditions/schema")["$defs"]["head_did"]["required"] == ["did"]


def test_a_segment_is_saved_and_in_force_at_once(fresh: Served) -> None:
    body = {"title": "Lookers", "condition": {"within": "1y", "did": "Page Viewed"}, "review": "2026-05-01"}
    saved = _save(fresh, "lookers", body, revision=0)
    assert saved == {"key": "lookers", "revision": 1, "file": "segments/lookers.yaml", "problems": []}
    root = fresh.site.workspace.root
    assert (root / "segments/lookers.yaml").read_text() == (
        "# The app keeps this file: change it there.\n"
        "kind: segment\nkey: lookers\nui: {kept_by: app}\nspec:\n  title: Lookers\n"
        "  condition: {did: Page Viewed, within: 1y}\n  review: 2026-05-01\n"
    )
    shown = fresh.get("segments/lookers")
    assert (shown["members"], shown["kept_by"], shown["revision"]) == (1, "app", 1)
    assert fresh.get("segments/buyers")["kept_by"] == "files"
    assert plan(fresh.site.workspace).empty
    held = {one.key: one.owner for one in current(fresh.site.workspace.engine.ops) if one.kind == "segment"}
    assert held == {"buyers": "git", "lookers": "ui"}
    again = _save(fresh, "lookers", {**body, "of": "all"}, revision=1)
    assert (again["revision"], fresh.get("segments/lookers")["of"]) == (2, "all")
    assert _save(fresh, "lookers", {**body, "of": "all"})["revision"] == 2
    late = _save(fresh, "lookers", body, status=409, revision=1)
    assert late["error"]["code"] == "CHANGED_MEANWHILE"


def test_nothing_wrong_is_saved(fresh: Served) -> None:
    told = _save(fresh, "lookers", {"condition": {"all": [{"did": "A"}, {"segment": "nobody"}]}}, status=422)
    assert [(one["code"], one["path"]) for one in told["problems"]] == [
        ("UNKNOWN_REFERENCE", ["condition", "all", 1, "segment"])
    ]
    assert told["error"]["code"] == "UNKNOWN_REFERENCE"
    named = _save(fresh, "Not A Key", {"condition": {"did": "A"}}, status=422)
    assert [(one["code"], one["path"]) for one in named["problems"]] == [("BAD_KEY", ["key"])]
    _save(fresh, "selfish", {"condition": {"segment": "selfish"}}, status=422)
    assert [path.name for path in (fresh.site.workspace.root / "segments").iterdir()] == ["buyers.yaml"]
    assert fresh.get("segments/lookers", status=404)["error"]["code"] == "UNKNOWN_DEFINITION"


def test_what_people_keep_is_theirs(fresh: Served) -> None:
    told = _save(fresh, "buyers", {"condition": {"did": "Page Viewed"}}, status=409)
    assert told["error"]["code"] == "KEPT_IN_FILES"
    assert told["error"]["what"] == "segment buyers is kept in the file segments/buyers.yaml, not by the app"
    assert _delete(fresh, "buyers", status=409)["error"]["code"] == "KEPT_IN_FILES"
    (fresh.site.workspace.root / "segments/taken.yaml").write_text("kind: segment\nkey: other\nspec: {}\n")
    assert _save(fresh, "taken", {"condition": {"did": "A"}}, status=409)["error"]["code"] == "FILE_TAKEN"


def test_what_others_name_stays(fresh: Served) -> None:
    _save(fresh, "lookers", {"condition": {"did": "Page Viewed"}})
    _save(fresh, "shy", {"condition": {"all": [{"segment": "lookers"}, {"did_not": "Order Completed"}]}})
    told = _delete(fresh, "lookers", status=409)["error"]
    assert (told["code"], told["what"]) == ("STILL_NAMED", "segment lookers is still named by segment shy")
    _delete(fresh, "shy")
    _delete(fresh, "lookers")
    assert _delete(fresh, "lookers", status=404)["error"]["code"] == "UNKNOWN_DEFINITION"
    assert [row["key"] for row in fresh.get("segments")["rows"]] == ["buyers"]
    assert [path.name for path in (fresh.site.workspace.root / "segments").iterdir()] == ["buyers.yaml"]
    assert plan(fresh.site.workspace).empty
    assert _save(fresh, "lookers", {"condition": {"did": "Page Viewed"}}, revision=0)["revision"] == 2


@pytest.mark.parametrize(("raw", "words"), [('{"did": "\\ud800"}', "half a character"), ("deep", "nested too deeply")])
def test_what_nobody_can_write_is_no_request(shop: Served, raw: str, words: str) -> None:
    if raw == "deep":
        raw = '{"not": ' * 400 + '{"did": "A"}' + "}" * 400
    told = {"content": f'{{"condition": {raw}}}', "headers": {"content-type": "application/json"}}
    answers = [shop.browser.post(f"/api/conditions/{route}", **told) for route in ("preview", "format")]
    answers.append(shop.browser.request("PUT", "/api/segments/a", **told))
    assert [(answer.status_code, words in answer.text) for answer in answers] == [(422, True)] * 3
