"""Consent through HTTP: words taken in durably, purposes with counts, proof; preferences and confirmation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell import deliver
from foretell.clock import FixedClock
from tests.support.served_sending import BROWSER, link, with_mail
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write_documents

PURPOSES = {
    "email.marketing": {"basis": "consent", "title": {"en": "News", "de": "Neues"}, "expires_after": "24mo"},
    "email.tips": {"basis": "consent", "title": "Tips", "double_opt_in": {"template": "confirm"}},
    "profiling": {
        "basis": "legitimate_interest", "title": "Chosen for me", "wording": [{"version": "v1", "text": "We reckon."}],
    },
}  # fmt: skip
CONFIRM = {"subject": "Confirm", "html": '<a href="{{ confirm_url }}">Yes</a>'}


def documents(folder: Path) -> None:
    (folder / "consents").mkdir(parents=True)
    (folder / "templates").mkdir(exist_ok=True)
    spec = {"purposes": PURPOSES, "proof": ["user_agent", "url"]}
    (folder / "consents/c.yaml").write_text(json.dumps({"kind": "consent", "key": "c", "spec": spec}))
    template = {"kind": "template", "key": "confirm", "spec": CONFIRM}
    (folder / "templates/confirm.yaml").write_text(json.dumps(template))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    write_documents(tmp_path)
    documents(tmp_path)
    with served(tmp_path, clock=FixedClock(NOW)) as site:
        yield site


def post(shop: Served, person: str, *words: dict[str, Any], status: int = 200) -> Any:
    body = {"person": person, "words": list(words)}
    answer = shop.browser.post("/api/consents", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def now(shop: Served, who: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in shop.get(f"consents/people/{who}")["rows"]}


def test_words_are_durable_and_counted(shop: Served) -> None:
    word = {
        "purpose": "email.marketing",
        "state": "granted",
        "source": "call centre",
        "wording": "v7",
        "url": "https://a.example/",
    }
    first = post(shop, "email:ann@shop.example", word, {"purpose": "profiling", "state": "denied"})
    assert first["kept"] == 2
    assert post(shop, "email:ann@shop.example", word)["message_ids"] == first["message_ids"][:1], "the same word"
    post(shop, "user_id:bob", {"purpose": "email.marketing", "state": "granted", "at": "2023-12-31T23:00:00Z"})
    shop.apply()
    found = now(shop, "email:ann@shop.example")
    mail = found["email.marketing"]
    assert (mail["allowed"], mail["reason"], mail["source"], mail["wording"]) == (True, "granted", "call centre", "v7")
    assert [found[name]["reason"] for name in ("profiling", "training", "export")] == [
        "objected",
        "objected",
        "not_needed",
    ]
    assert now(shop, "bob")["email.marketing"]["reason"] == "expired"
    history = shop.get("consents/people/email:ann@shop.example")["history"]
    assert {row["name"]: row["proof"] for row in history} == {
        "email.marketing": {"url": "https://a.example/"}, "profiling": {},
    }  # fmt: skip
    rows = {row["name"]: row for row in shop.get("consents/purposes")["rows"]}
    assert {name: rows["email.marketing"][name] for name in ("granted", "expired", "denied", "none")} == {
        "granted": 1, "expired": 1, "denied": 0, "none": 0,
    }  # fmt: skip
    assert (rows["profiling"]["denied"], rows["profiling"]["none"], rows["profiling"]["text"]) == (1, 1, "We reckon.")
    assert rows["email.tips"]["double_opt_in"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"person": "ann", "words": [{"purpose": "email.marketing", "state": "granted"}]},
        {"person": "user_id:ann", "words": []},
        {"person": "user_id:ann", "words": [{"purpose": "E Mail", "state": "granted"}]},
        {"person": "user_id:ann", "words": [{"purpose": "email.marketing", "state": "maybe"}]},
        {"person": "user_id:ann", "words": [{"purpose": "email.marketing", "state": "granted", "colour": "red"}]},
        {"person": "user_id:ann", "words": [{"purpose": "ads", "state": "granted"}] * 2},
    ],
)
def test_what_is_no_word_is_refused(shop: Served, body: dict[str, Any]) -> None:
    assert shop.browser.post("/api/consents", json=body).status_code in (400, 422)


def test_double_opt_in_through_its_page(shop: Served) -> None:
    post(shop, "email:ann@shop.example", {"purpose": "email.tips", "state": "granted", "source": "footer"})
    shop.apply()
    place = shop.site.workspace
    assert deliver.dispatch(place.engine, place.catalog, now=NOW).sent == {"email": 1}
    assert {row["name"]: row for row in shop.get("consents/purposes")["rows"]}["email.tips"]["pending"] == 1
    (row,) = shop.get("inbox")["rows"]
    html = shop.get(f"inbox/{row['message_id']}")["html"]
    found = re.search(r"/s/d/[\w-]+", html)
    assert found
    path = found[0]
    for method in ("GET", "HEAD", "GET"):
        assert shop.browser.request(method, path, headers=BROWSER).status_code == 200
    page = shop.browser.get(path, headers=BROWSER).text
    assert "Tips" in page
    assert "<script" not in page
    assert not now(shop, "email:ann@shop.example")["email.tips"]["allowed"], "a look confirms nothing"
    for _ in range(2):
        assert "it is confirmed" in shop.browser.post(path, headers=BROWSER).text
    assert now(shop, "email:ann@shop.example")["email.tips"]["allowed"]
    (word, _) = shop.get("consents/people/email:ann@shop.example")["history"]
    assert word["proof"]["user_agent"] == BROWSER["user-agent"]
    assert word["proof"]["message"] == row["message_id"]
    assert "ip" not in word["proof"]
    assert shop.browser.get(path + "x", headers=BROWSER).status_code == 404


def test_the_preference_page_speaks_the_documents_words(tmp_path: Path) -> None:
    documents(tmp_path)
    (tmp_path / "templates" / "confirm.yaml").rename(tmp_path / "confirm.yaml")
    (tmp_path / "templates").rmdir()
    purposes = tmp_path / "consents/c.yaml"
    purposes.write_text(purposes.read_text().replace('"double_opt_in": {"template": "confirm"}', '"on_page": true'))
    (tmp_path / "confirm.yaml").unlink()
    with with_mail(tmp_path) as mail:
        path = link(mail, "p")
        page = mail.browser.get(path, headers=BROWSER).text
        assert re.findall(r'value="([\w.]+)"( checked)?', page) == [
            ("email.marketing", " checked"), ("email.tips", ""), ("profiling", " checked"),
        ]  # fmt: skip
        for text in ("News", "Tips", "Chosen for me", "We reckon."):
            assert text in page
        assert "<script" not in page
        chosen = {"allow": ["email.tips"]}
        assert "Your choice is saved" in mail.browser.post(path, data=chosen, headers=BROWSER).text
        found = now(mail, "ann")
        assert {name: found[name]["state"] for name in PURPOSES} == {
            "email.marketing": "denied", "email.tips": "granted", "profiling": "denied",
        }  # fmt: skip
        assert found["profiling"]["wording"] == "v1"
        before = len(mail.get("consents/people/ann")["history"])
        mail.browser.post(path, data=chosen, headers=BROWSER)
        assert len(mail.get("consents/people/ann")["history"]) == before, "nothing new was said"
