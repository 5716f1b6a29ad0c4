"""``/api/templates``: the list, a look as a real person reads it, doubts with their lines, saving by the editor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell.clock import SteppedClock
from tests.support.journey_shop import DOCUMENTS
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write

TEMPLATE = """\
kind: template
key: hello
spec:
  title: Hello
  language: en
  subject: "Hello {{ person.first_name | default: 'you' }}"
  html: |
    <p>Dear {{ person.first_name }}</p>
    {% for line in orders.last.products %}<p>{{ line.name }} {{ line.price | money }}</p>{% endfor %}
    <p><a href="/sale" data-topic="sale">x</a></p>
  sms: "Hi {{ person.first_name }} ✓"
"""


def _arrived() -> list[dict[str, Any]]:
    at = (NOW - timedelta(days=9)).isoformat()
    head = {"userId": "ann", "timestamp": at, "originalTimestamp": at}
    traits = {"email": "ann@customers.example", "first_name": "Ann", "language": "de"}
    lines = [{"product_id": "1", "name": "Cup", "price": 5, "quantity": 1}]
    order = {"order_id": "o1", "revenue": 5, "currency": "EUR", "products": lines}
    return [
        {"type": "identify", "messageId": "i", **head, "traits": traits},
        {"type": "track", "messageId": "o", **head, "event": "Order Completed", "properties": order},
    ]


@contextmanager
def _shop(folder: Path) -> Iterator[Served]:
    write(folder, {"foretell.yaml": DOCUMENTS["foretell.yaml"], "templates/hello.yaml": TEMPLATE})
    with served(folder, events="\n".join(map(json.dumps, _arrived())), clock=SteppedClock(NOW)) as found:
        yield found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    with _shop(tmp_path) as found:
        yield found


def _look(shop: Served, status: int = 200, **body: Any) -> Any:
    answer = shop.browser.post("/api/templates/look", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_the_list_says_what_each_is_for(shop: Served) -> None:
    (row,) = shop.get("templates")["rows"]
    assert {name: row[name] for name in ("key", "title", "media", "languages", "sent", "last_sent_at", "kept_by")} == {
        "key": "hello", "title": "Hello", "media": ["email", "sms"], "languages": ["en"], "sent": 0,
        "last_sent_at": None, "kept_by": "files",
    }  # fmt: skip
    assert row["doubts"] >= 3


def test_a_look_is_as_a_person_would_read_it(shop: Served) -> None:
    told = _look(shop, key="hello", person="ann")
    assert (told["subject"], told["to"], told["medium"]) == ("Hello Ann", "ann@customers.example", "email")
    assert told["text"].startswith("Dear Ann\n\nCup €5.00\n\nx (/sale)")
    assert told["topics"] == {"/sale": "sale"}
    page = shop.browser.get(told["html_url"])
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Dear Ann" in page.text
    dark = shop.browser.get(told["html_url"], params={"scheme": "dark"}).text
    assert "@media all {" in dark
    assert shop.get("messages")["total"] == 0
    text = _look(shop, key="hello", channel="sms")
    assert text["person"] == told["person"], "somebody is chosen"
    assert text["sms"]["encoding"] == "unicode"
    assert text["sms"]["odd"] == ["✓"]


def test_a_draft_is_looked_at_and_its_mistakes_have_their_line(shop: Served) -> None:
    spec = {"subject": "x", "html": "<p>{{ person.name }}</p>\n<p><img src='https://a.example/a.png'></p>\n"}
    told = _look(shop, spec=spec, person="ann")
    doubt = next(one for one in told["doubts"] if one["code"] == "IMAGE_WITHOUT_ALT")
    assert (doubt["path"], doubt["line"], doubt["severity"]) == (["html"], 2, "warning")
    wrong = _look(shop, 422, spec={**spec, "html": "<p>a</p>\n<p>{{ persn.name }}</p>"})
    (problem,) = wrong["problems"]
    assert (problem["path"], problem["line"], problem["severity"]) == (["html"], 2, "error")
    assert shop.get("templates/draft", 404)


def test_the_editor_saves_what_the_app_keeps(shop: Served) -> None:
    answer = shop.browser.request("PUT", "/api/templates/hello", json={"spec": {"sms": "x"}})
    assert answer.status_code == 409, "people keep it in a file"
    saved = shop.browser.request(
        "PUT", "/api/templates/mine?revision=0", json={"spec": {"sms": "Hi {{ person.name }}"}}
    )
    assert saved.status_code == 200, saved.text
    body = shop.get("templates/mine")
    assert (body["kept_by"], body["revision"], body["spec"]["sms"]) == ("app", 1, "Hi {{ person.name }}")
    assert [row["key"] for row in shop.get("templates")["rows"]] == ["hello", "mine"]
    assert shop.browser.request("DELETE", "/api/templates/mine?revision=1").status_code == 204
    assert [row["key"] for row in shop.get("templates")["rows"]] == ["hello"]


def test_a_test_goes_to_an_address_of_ones_own(shop: Served) -> None:
    body = {"key": "hello", "person": "ann", "to": "me@customers.example"}
    answer = shop.browser.post("/api/templates/test", json=body)
    assert (answer.status_code, answer.json()) == (200, {"outcome": "accepted", "said": ""})
    (caught,) = shop.get("inbox")["rows"]
    assert (caught["address"], caught["subject"]) == ("me@customers.example", "[Test] Hello Ann")
    assert shop.get("messages")["total"] == 0
