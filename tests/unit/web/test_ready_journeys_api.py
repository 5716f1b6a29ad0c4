"""``/api/ready-journeys``: journeys to begin with, used without leaving the app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell import app, journey
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write

OURS = "kind: template\nkey: cart_reminder\nspec: {subject: Ours, html: '<p>Ours</p>'}\n"
DOCUMENTS = {
    "foretell.yaml": "name: Shop\nsending: {base_url: https://shop.example}\n",
    "templates/ours.yaml": OURS,
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write(tmp_path, DOCUMENTS)
    with served(tmp_path, clock=FixedClock(NOW)) as found:
        app.apply(found.site.workspace)
        yield found


def test_all_are_shown_with_their_steps_and_what_they_bring(shop: Served) -> None:
    rows = {row["key"]: row for row in shop.get("ready-journeys")["rows"]}
    assert list(rows) == [one.key for one in journey.ready_journeys()]
    cart = rows["abandoned_cart"]
    assert (cart["title"], cart["channels"], cart["there"]) == ("Abandoned cart", ["email"], False)
    assert "Product Added" in cart["enters"]
    assert {part["key"]: part["there"] for part in cart["parts"]} == {
        "abandoned_cart": False, "cart_code": False, "cart_reminder": True, "cart_with_code": False,
    }  # fmt: skip
    read = next(step for step in cart["steps"] if step["key"] == "read")
    assert read["ways"] == {"then": "code", "else": "finish"}
    assert read["counts"]["in"] == 0
    assert rows["churn_rescue"]["channels"] == ["email", "sms"]
    assert rows["browse_abandonment"]["enters"] == (
        "Each time: people who did Product Viewed at least once; of those, people who did Product Viewed in the last "
        "7 days at least 3 times, and who did not do Product Added or Order Completed in the last 7 days."
    )
    assert rows["win_back"]["enters"].startswith("On a schedule, weekly on Tuesday at 10:00; of those, people who did ")


def test_one_is_used_and_what_is_there_stays(shop: Served) -> None:
    used = shop.browser.post("/api/ready-journeys/abandoned_cart").json()
    assert used["kept"] == ["template cart_reminder"]
    assert used["saved"] == ["template cart_with_code", "offer cart_code", "journey abandoned_cart"]
    found = shop.get("journeys/abandoned_cart")
    assert (found["state"], found["again"], found["cap"]) == ("draft", "again 7d after the last entry", "")
    assert shop.get("journeys/abandoned_cart/document")["kept_by"] == "app"
    assert shop.get("templates/cart_reminder")["spec"]["subject"] == "Ours"
    assert next(row for row in shop.get("ready-journeys")["rows"] if row["key"] == "abandoned_cart")["there"]
    again = shop.browser.post("/api/ready-journeys/abandoned_cart")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "FILE_TAKEN")
    assert shop.browser.post("/api/ready-journeys/abandoned_card").status_code == 404


def test_nothing_is_saved_of_one_that_does_not_go_with_what_is_there(shop: Served) -> None:
    unfit = "kind: template\nkey: churn_text\nspec: {subject: Ours, html: '<p>Ours</p>'}\n"
    (shop.site.workspace.root / "templates" / "unfit.yaml").write_text(unfit)
    answer = shop.browser.post("/api/ready-journeys/churn_rescue")
    assert answer.status_code == 400
    assert not (shop.site.workspace.root / "journeys").exists()
    assert not (shop.site.workspace.root / "offers").exists()


def test_each_is_used_changed_in_a_draft_and_published(shop: Served) -> None:
    for row in shop.get("ready-journeys")["rows"]:
        key = row["key"]
        used = shop.browser.post(f"/api/ready-journeys/{key}")
        assert used.status_code == 200, used.json()
    document = shop.get("journeys/win_back/document")
    spec = {**document["spec"], "entries": {"most": 5_000, "per": "1d"}, "reentry": "always"}
    path = "/api/journey-drafts/win_back"
    assert shop.browser.request("PUT", path, json={"spec": spec}).json()["lacks"] == []
    stale = shop.browser.post(f"{path}/publish", params={"revision": 0})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "CHANGED_MEANWHILE")
    assert shop.browser.post(f"{path}/publish", params={"revision": document["revision"]}).json()["revision"] == 2
    found = shop.get("journeys/win_back")
    assert found["cap"] == "at most 5,000 in 1d"
    assert found["again"] == "again whenever they are let in and no run goes on"
