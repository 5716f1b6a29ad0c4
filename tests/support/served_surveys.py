"""A served workspace with surveys, and a mail in the inbox by which ``ann`` was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foretell import app, deliver
from foretell.clock import FixedClock
from foretell.listen import surveys
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_sending import ask
from tests.support.small_workspace import write_documents

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}
NPS: dict[str, Any] = {
    "title": {"en": "How are we doing?", "de": "Wie zufrieden sind Sie?", "ar": "كيف كانت تجربتك؟"},
    "touchpoint": "delivery",
    "expires": "30d",
    "questions": [
        {
            "key": "recommend",
            "type": "nps",
            "required": True,
            "ask": {"en": "Would you recommend us?", "de": "Empfehlen Sie uns?", "ar": "هل توصي بنا؟"},
        },
        {"key": "why", "type": "text", "ask": {"en": "What went wrong?", "de": "Was lief schief?", "ar": "ماذا حدث؟"},
         "when": {"recommend": {"lte": 6}}},
        {"key": "liked", "type": "choice", "several": True, "ask": "What did you like?",
         "options": [{"key": "price", "label": "Price"}, {"key": "team", "label": "The team"}], "other": "Else",
         "when": {"recommend": {"gte": 9}}},
    ],
}  # fmt: skip
SURVEYS: dict[str, Mapping[str, Any]] = {
    "nps": NPS,
    "secret": {
        "title": "Between us",
        "anonymous": True,
        "questions": [
            {"key": "mood", "type": "csat", "ask": "How was it?", "required": True},
            {"key": "more", "type": "text", "ask": "Anything else?", "page": True},
        ],
    },
    "closed": {**NPS, "closed": True},
}
TEMPLATE = {
    "kind": "template",
    "key": "asking",
    "spec": {"subject": "One question", "html": "<p>{{ survey.question }}</p>{{ survey.buttons }}"
             '<p><a href="{{ survey.url }}">Page</a></p>'},
}  # fmt: skip


@contextmanager
def with_surveys(folder: Path, more: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Served]:
    """``ann`` got the mails ``m-nps`` and ``m-secret``, an hour after an order."""
    write_documents(folder)
    with (folder / "foretell.yaml").open("a") as settings:
        settings.write("sending: {survey_gap: 0s}\n")
    for place, documents in (("templates", {"asking": TEMPLATE}), ("surveys", {**SURVEYS, **(more or {})})):
        (folder / place).mkdir()
        for key, raw in documents.items():
            document = raw if "kind" in raw else {"kind": "survey", "key": key, "spec": raw}
            (folder / place / f"{key}.yaml").write_text(json.dumps(document))
    at = (NOW - timedelta(days=1)).isoformat()
    person = {"userId": "ann", "anonymousId": "device-1", "timestamp": at, "originalTimestamp": at}
    granted = {"channel": "email", "purpose": "marketing", "state": "granted"}
    happened = [
        {"type": "identify", "messageId": "i1", **person, "traits": {"email": "ann@customers.example"}},
        {"type": "track", "messageId": "c1", **person, "event": "Consent Updated", "properties": granted},
    ]
    with served(folder, events="\n".join(map(json.dumps, happened)), clock=FixedClock(NOW)) as site:
        place = site.site.workspace
        assert not place.problems, place.problems
        for key in ("nps", "secret"):
            carried = {"surveys": [{"survey": key, "order_id": "o1", "product_id": "p9", "touchpoint": "delivery"}]}
            row = {"id": f"m-{key}", "who": "ann", "template": "asking", "variables": json.dumps(carried)}
            assert ask(place.engine, place.catalog, row) == [("send", "ok")]
        deliver.dispatch(place.engine, place.catalog, now=NOW)
        site.site.cache.forget()
        yield site


def page_of(site: Served, message: str = "m-nps") -> str:
    """The path of the mail's link to the survey's page."""
    return _link(site, message, "q")


def score_of(site: Served, value: int, message: str = "m-nps") -> str:
    """The path of the mail's link that answers ``value``."""
    found = _links(site, message, "a")
    lowest = 0 if message == "m-nps" else 1
    return found[value - lowest]


def later(site: Served, seconds: float) -> datetime:
    """Move the clock on."""
    place = site.site.workspace
    place.clock = FixedClock(place.clock.now() + timedelta(seconds=seconds))
    site.site.cache.forget()
    return place.clock.now()


def settled(site: Served) -> tuple[int, int]:
    """Let the minute go by in which answers by one click are provisional: how many were told, and how many dropped."""
    now = later(site, 61)
    return surveys.settle(site.site.workspace.engine, site.site.workspace.catalog, now=now)


def become(site: Served, key: str, **changed: Any) -> None:
    """Put a survey in force with some fields changed."""
    place = site.site.workspace
    path = place.root / "surveys" / f"{key}.yaml"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps({**raw, "spec": {**raw["spec"], **changed}}))
    app.reload_definitions(place)
    site.site.cache.forget()


def answered(site: Served) -> list[dict[str, Any]]:
    """The rows of ``survey_responses``, by their first answer."""
    sql = "SELECT * FROM survey_responses ORDER BY answered_at, response_id"
    rows: list[dict[str, Any]] = site.site.workspace.engine.analytics.query(sql).to_pylist()
    return rows


def events(site: Served, name: str = "Survey Answered") -> list[dict[str, Any]]:
    """Properties of own events with this name, as they came."""
    rows = site.site.workspace.engine.analytics.query(
        "SELECT properties FROM event_log WHERE event = $name ORDER BY seq", {"name": name}
    )
    return [json.loads(text) for text in rows["properties"].to_pylist()]


def fields(html: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html)
    return {name: unescape(value) for name, value in found}


def send(site: Served, path: str, html: str, /, **answers: Any) -> Any:
    """Send a page's form off with ``answers`` by the question's path."""
    told = {f"q.{name.replace('__', '.')}": value for name, value in answers.items()}
    return site.browser.post(path, data={**fields(html), **told}, headers=BROWSER)


def _link(site: Served, message: str, kind: str) -> str:
    return _links(site, message, kind)[0]


def _links(site: Served, message: str, kind: str) -> list[str]:
    html = site.get(f"inbox/{message}")["html"]
    found = re.findall(rf"https?://[^\"'<>\s]+/s/{kind}/[^\"'<>\s]+", html)
    assert found, html
    return list(dict.fromkeys(urlsplit(unescape(one)).path for one in found))
