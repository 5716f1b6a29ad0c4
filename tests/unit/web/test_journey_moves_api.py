"""``/api/journeys/KEY/…``: draining, stopping, revisions, moving people, a test, one person's path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell import app, journey
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write

DOCUMENTS = {
    "foretell.yaml": "name: Shop\nsending: {base_url: https://shop.example}\n",
    "templates/hello.yaml": "kind: template\nkey: hello\nspec: {subject: Hello, html: '<p>Hello</p>'}\n",
    "journeys/hello.yaml": "kind: journey\nkey: hello\nspec:\n  enter: {trait: email, exists: true}\n  holdout: 0\n"
    "  steps:\n    - {key: mail, send: hello, purpose: service}\n    - {key: day, wait: 24h}\n",
}
KNOWN = (
    '{"type": "identify", "userId": "u1", "messageId": "i1", "timestamp": "2025-12-31T00:00:00Z", '
    '"traits": {"email": "ann@customers.example"}}\n'
)
AT = "/api/journeys/hello"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write(tmp_path, DOCUMENTS)
    with served(tmp_path, events=KNOWN, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        app.apply(place)
        journey.start(place.engine, place.catalog, "hello", now=NOW)
        journey.tick(place.engine, place.catalog, place.reader, now=NOW)
        yield found


def test_who_is_where_and_how_it_ends(shop: Served) -> None:
    (revision,) = shop.browser.get(f"{AT}/revisions").json()["rows"]
    assert (revision["in_force"], revision["inside"]) == (True, 1)
    assert revision["steps"] == [{"step": "day", "people": 1, "becomes": "same"}]
    assert shop.browser.post(f"{AT}/drain").json()["state"] == "draining"
    assert shop.browser.post(f"{AT}/stop").json() == {"key": "hello", "state": "stopped", "ended": 1}
    body = shop.browser.get(AT).json()
    assert (body["state"], body["stopped"], body["active"]) == ("stopped", 1, 0)


def test_steps_tell_who_passed_by_each_way(shop: Served) -> None:
    steps = {step["key"]: step for step in shop.browser.get(AT).json()["steps"]}
    assert (steps["mail"]["passed"], steps["mail"]["counts"]["here"]) == ({"next": 1}, 0)
    assert (steps["day"]["passed"], steps["day"]["counts"]["here"]) == ({"next": 0}, 1)


def test_a_move_is_planned_before_it_is_done(shop: Served) -> None:
    answer = shop.browser.post(f"{AT}/move", json={"from_revision": 1, "to_revision": 2})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "UNKNOWN_REVISION")
    shop.browser.post(f"{AT}/stop")
    assert shop.browser.post(f"{AT}/drain").status_code == 409


def test_one_person_is_played_through_and_looked_up(shop: Served) -> None:
    played = shop.browser.post(f"{AT}/test", json={"person": "email:ann@customers.example"}).json()
    assert [step["step"] for step in played["steps"]] == ["mail", "day", "day"]
    assert played["steps"][0]["message"]["subject"] == "Hello"
    assert (played["state"], played["sent"]) == ("done", [])
    (run,) = shop.browser.get(f"{AT}/people/email:ann@customers.example").json()["rows"]
    assert [(one["step"], one["outcome"]) for one in run["passed"]][-1] == ("day", "waiting")
    assert run["messages"][0]["template"] == "hello"


def test_the_mails_of_a_test_go_to_whoever_tests(shop: Served) -> None:
    asked = {"person": "email:ann@customers.example", "to": "me@shop.example"}
    assert shop.browser.post(f"{AT}/test", json=asked).json()["sent"] == ["mail"]
    caught = shop.browser.get("/api/inbox").json()["rows"]
    assert [(one["address"], one["subject"]) for one in caught] == [("me@shop.example", "[Test] Hello")]
