"""``/api``: what the app shows, on three events whose answers are known by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foretell import collect
from foretell.clock import FixedClock
from foretell.web.api.kpis import KpiReading
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import EVENTS, write, write_documents

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
MORE = {
    "segments/visitors.yaml": "kind: segment\nkey: visitors\nspec: {title: Visitors, condition: {did: Page Viewed}}\n",
    "segments/broken.yaml": "kind: segment\nkey: broken\nspec: {condition: {did_not_exist: x}}\n",
    "static/index.html": "<!doctype html><title>The app</title>",
    "static/assets/main-1a2b.js": "export {}",
    "static/assets/main-1a2b.js.br": b"packed",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    write(folder, MORE)  # type: ignore[arg-type]
    (folder / "history.jsonl").write_text(EVENTS)
    with served(folder, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [folder / "history.jsonl"], "site", now=NOW)
        found.site.cache.forget()
        yield found


def test_the_workspace(shop: Served) -> None:
    told = shop.get("workspace")
    assert (told["name"], told["currency"], told["zone"], told["locale"]) == ("Shop", "EUR", "Europe/Berlin", "en-GB")
    assert (told["now"], told["demo"], told["problems"]) == ("2025-02-01T12:00:00Z", True, 1)
    assert told["counts"] == {
        "people": 2, "anonymous": 0, "segments": 2, "predictions": 1, "journeys": 0, "messages": 0, "cases_open": 0,
    }  # fmt: skip


def test_people_are_found_by_any_identifier_and_name(shop: Served) -> None:
    def found(**asked: object) -> list[str]:
        return [row["user_id"] for row in shop.get("people", **asked)["rows"]]

    assert found() == ["u2", "u1"], "last seen first"
    assert found(order="asc") == ["u1", "u2"]
    assert found(sort="revenue") == ["u1", "u2"]
    assert found(q="ADA@shop") == ["u1"]
    assert sorted(found(q="u1")) == ["u1", "u2"], "u1 is the old id of u2"
    assert found(q="user_id:u1") == ["u1"]
    assert found(q="nobody") == []
    assert found(segment="buyers") == ["u1"]
    assert found(page=2) == []
    assert shop.get("people", status=404, segment="nothing")["error"]["code"] == "UNKNOWN_DEFINITION"
    assert shop.get("people", status=422, sort="height")["error"]["where"] == "query.sort"


def test_a_person(shop: Served) -> None:
    person = shop.get("people/user_id:u1")
    assert person["email"] == "ada@shop.example"
    assert person["facts"] == {
        "first_seen": "2025-01-05T09:00:00Z", "last_seen": "2025-01-05T09:05:00Z", "events": 2, "orders": 1,
        "revenue": 49.9, "last_order": "2025-01-05T09:05:00Z", "last_nps": None,
    }  # fmt: skip
    assert {"kind": "user_id", "value": "u1"} in person["identifiers"]
    assert person["traits"] == [
        {
            "name": "email", "value": "ada@shop.example", "at": "2025-01-05T09:00:00Z", "source": "site",
            "verified": False, "rule": "latest", "others": [],
        }
    ]  # fmt: skip
    assert person["segments"] == [{"key": "buyers", "title": "buyers"}]
    assert shop.get(f"people/{person['profile_id']}") == person
    assert shop.get("people/u1", status=409)["error"]["code"] == "PROFILE_AMBIGUOUS"
    assert shop.get("people/zz", status=404)["error"]["code"] == "PROFILE_UNKNOWN"


def test_a_timeline_piece_by_piece(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretell.web.api.people.TIMELINE_ENTRIES", 1)
    first = shop.get("people/user_id:u1/timeline")
    assert [row["event"] for row in first["rows"]] == ["Order Completed"]
    assert first["rows"][0]["properties"]["revenue"] == 49.9
    second = shop.get("people/user_id:u1/timeline", before=first["before"])
    assert [row["event"] for row in second["rows"]] == ["Identify"]
    assert shop.get("people/user_id:u1/timeline", before=second["before"]) == {"rows": [], "before": None}
    assert shop.get("people/user_id:u1/timeline", before="x", status=400)["error"]["code"] == "BAD_PLACE"
    kinds = {kind: len(shop.get("people/user_id:u1/timeline", kind=kind)["rows"]) for kind in ("orders", "visits")}
    assert kinds == {"orders": 1, "visits": 0}


def test_segments(shop: Served) -> None:
    rows = {row["key"]: row for row in shop.get("segments")["rows"]}
    assert set(rows) == {"buyers", "visitors"}
    assert (rows["visitors"]["title"], rows["visitors"]["members"], rows["visitors"]["share"]) == ("Visitors", 1, 0.5)
    buyers = shop.get("segments/buyers")
    assert (buyers["members"], buyers["revenue"], buyers["overlaps"]) == (1, 49.9, [])
    assert [row["user_id"] for row in shop.get("segments/buyers/members")["rows"]] == ["u1"]
    why = shop.get("segments/buyers/explain/u2")
    assert (why["holds"], [part["holds"] for part in why["parts"]]) == (False, [True, False])


def test_a_prediction_that_was_never_trained(shop: Served) -> None:
    (row,) = shop.get("predictions")["rows"]
    assert (row["key"], row["trained_as_of"], row["calibrated"], row["scores"]) == ("churn", None, None, [])
    body = shop.get("predictions/churn")
    assert (body["reliability"], body["gains"], body["history"]) == ([], [], [])
    assert shop.get("predictions/nothing", status=404)["error"]["code"] == "UNKNOWN_DEFINITION"


def test_kpis_and_the_overview(shop: Served) -> None:
    listed = shop.get("kpis")
    rows = {row["key"]: row for row in listed["rows"]}
    assert listed["level"] == shop.get("overview")["level"] == 0.90
    stands = {name: rows["revenue"][name] for name in ("value", "low", "exact", "unit", "previous", "reason")}
    assert stands == {"value": 0.0, "low": None, "exact": True, "unit": "money", "previous": 0.0, "reason": ""}
    assert (rows["churn_probability"]["value"], rows["churn_probability"]["reason"]) == (None, "no_data")
    card = next(card for card in shop.get("overview")["kpis"] if card["key"] == "revenue")
    assert {name: rows["revenue"][name] for name in KpiReading.model_fields} == {
        name: card[name] for name in KpiReading.model_fields
    }
    months = shop.get("kpis/revenue", by="month")
    assert [(point["period"], point["value"]) for point in months["points"]] == [("2025-01", 49.9)]
    assert shop.get("kpis/nothing", status=404)["error"]["code"] == "UNKNOWN_KPI"
    page = shop.get("overview")
    revenue = next(card for card in page["kpis"] if card["key"] == "revenue")
    assert revenue["series"][-2]["value"] == 49.9
    assert [task["kind"] for task in page["tasks"]] == ["definition"]


def test_unknown_addresses_are_told_as_json(shop: Served) -> None:
    assert shop.get("nothing", status=404)["error"]["code"] == "UNKNOWN_ADDRESS"
    assert shop.browser.get("/v1x").status_code == 200, "the app knows what to say"


def test_the_app_and_its_files(shop: Served) -> None:
    page = shop.browser.get("/people/p_1")
    assert "The app" in page.text
    assert page.headers["cache-control"] == "no-cache"
    script = shop.browser.get("/assets/main-1a2b.js", headers={"accept-encoding": "identity"})
    assert script.text == "export {}"
    assert "immutable" in script.headers["cache-control"]
    assert shop.browser.request("HEAD", "/assets/main-1a2b.js").status_code == 200
    assert shop.browser.get("/assets/gone.js").status_code == 404
    assert shop.browser.get("/%2e%2e/foretell.yaml").status_code == 404


def test_without_a_built_app_it_says_what_to_do(tmp_path: Path) -> None:
    with served(tmp_path) as bare:
        assert "make ui" in bare.browser.get("/").text


def test_health(shop: Served) -> None:
    assert shop.browser.get("/healthz").json() == {"alive": True}
    state = shop.browser.get("/readyz")
    assert (state.status_code, state.json()["spool_waiting_bytes"]) == (200, 0)
    assert shop.browser.post("/v1/track", json={"event": "X", "userId": "late"}).status_code == 200
    assert shop.browser.get("/readyz").json()["spool_waiting_bytes"] > 0
