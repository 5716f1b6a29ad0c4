"""``/api/journeys/KEY/entries`` and ``/api/journey-drafts``: letting people in, and journeys in the making."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell import app, journey
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write

DOCUMENTS = {
    "foretell.yaml": "name: Shop\nsending: {base_url: https://shop.example}\n",
    "journeys/guests.yaml": "kind: journey\nkey: guests\nspec:\n  trigger: {api: true}\n  holdout: 0\n  steps:\n"
    "    - {key: hello, emit: Greeted}\n",
}
KNOWN = (
    '{"type": "identify", "userId": "u1", "messageId": "i1", "timestamp": "2025-12-31T00:00:00Z", '
    '"traits": {"email": "ann@customers.example"}}\n'
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write(tmp_path, DOCUMENTS)
    with served(tmp_path, events=KNOWN, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        app.apply(place)
        journey.start(place.engine, place.catalog, "guests", now=NOW)
        yield found


def asked(shop: Served, *entries: dict[str, Any], **more: Any) -> Any:
    return shop.browser.post("/api/journeys/guests/entries", json={"entries": list(entries)}, **more)


def test_a_wish_is_heard_once(shop: Served) -> None:
    wish = {"id": "email:ann@customers.example", "with": {"plan": "pro", "seats": 3}}
    key = {"Idempotency-Key": "order-7"}
    first, again = (asked(shop, wish, headers=key).json()["answers"] for _ in range(2))
    assert [one["state"] for one in (*first, *again)] == ["accepted", "known"]
    assert first[0]["entry"] == again[0]["entry"]
    answers = asked(shop, {"id": "user_id:nobody"}, {**wish, "idempotency_key": "order-8"}).json()["answers"]
    assert [one["state"] for one in answers] == ["unknown", "accepted"]


def test_what_is_no_wish_is_refused(shop: Served) -> None:
    assert asked(shop).status_code == 422
    assert asked(shop, {"id": "u1", "with": {"nested": {"a": 1}}}).status_code == 422
    answer = shop.browser.post("/api/journeys/other/entries", json={"entries": [{"id": "u1"}]})
    assert answer.status_code == 404


def test_a_draft_is_saved_told_what_it_lacks_and_published(shop: Served) -> None:
    path = "/api/journey-drafts/carts"
    spec: dict[str, Any] = {"trigger": {"event": "Cart Viewed"}, "steps": [{"key": "tell", "emit": None}]}
    body = shop.browser.request("PUT", path, json={"spec": spec}).json()
    assert [problem["path"][:2] for problem in body["lacks"]] == [["steps", 0]]
    assert shop.browser.post(f"{path}/publish").status_code == 422
    spec["steps"][0]["emit"] = "Reminded"
    assert shop.browser.request("PUT", path, json={"spec": spec}).json()["lacks"] == []
    assert shop.browser.get("/api/journey-drafts").json()["rows"][0]["key"] == "carts"
    assert shop.browser.post(f"{path}/publish").json()["revision"] == 1
    assert shop.browser.get(path).status_code == 404
    assert shop.browser.get("/api/journeys/carts").json()["enter"]["says"].startswith("Each time: ")
    assert shop.browser.request("PUT", path, json={"spec": {"stepps": []}}).status_code == 400
    assert shop.browser.request("DELETE", path).status_code == 204
