"""Browsers of the people of the demo: they open the pages of surveys from their mails, fill them in, and send them.

What they press is in the very message that lies in the inbox, and the pages are those that the server shows, without a
script: each sees a form, chooses, writes, and sends it. Scanners that stand before an inbox fetch every link of a mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from foretell import deliver, listen, web
from foretell.app import Workspace
from foretell.clock import SteppedClock, utc

_HERE = "http://127.0.0.1"
_PERSON = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "accept": "text/html",
}
_SCANNER = {"user-agent": "Mozilla/5.0 (compatible; MailScanner/5.4)", "accept": "*/*"}
_PAGES_OF_SURVEYS = ("/s/a/", "/s/q/", "/s/survey/")
_MOST_PAGES = 4
"""Of one visit: the score, the question why, and the thanks."""


@dataclass
class Form:
    """A form of a page: where it is sent, what is filled in already, what may be chosen, and the fields for words."""

    action: str
    filled: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def choose(self, value: str) -> None:
        """Choose ``value`` where the first question that has it is not answered yet."""
        for name, values in self.choices.items():
            if value in values:
                self.filled.setdefault(name, value)
                return


class _Forms(HTMLParser):
    """Finds the forms of a page that are posted."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = told.get("method", "get").lower() == "post"
            if self._open:
                self.found.append(Form(told.get("action", "")))
        elif self._open and told.get("name"):
            self._field(tag, told)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False

    def _field(self, tag: str, told: Mapping[str, str]) -> None:
        form, name, kind = self.found[-1], told["name"], told.get("type", "text")
        if tag == "textarea":
            form.words.append(name)
        elif tag == "input" and (kind == "hidden" or (kind in ("radio", "checkbox") and "checked" in told)):
            form.filled[name] = told.get("value", "on")
        if tag == "input" and kind == "radio":
            form.choices.setdefault(name, []).append(told.get("value", "on"))


class Visitors:
    """The people who follow what their mails ask; a context that ends with their last visit.

    Args:
        clock: the workspace's; it stands at the instant of each visit, so that the server sees its time.
    """

    def __init__(self, workspace: Workspace, clock: SteppedClock) -> None:
        engine = workspace.engine
        cache = web.Cache(engine.analytics.last_batch, engine.analytics.last_batch)
        access = web.Access()
        site = web.Site(workspace, web.Worker(workspace), access, cache, workspace.root / "no assets")
        # One loop for all visits: the threads in which pages are made keep what they have prepared.
        self._loop, self._app = asyncio.Runner(), web.create_app(site)
        self._workspace, self._clock, self._asks = workspace, clock, measures(workspace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.close()

    def follow(self, engagements: list[dict[str, Any]]) -> int:
        """Let people answer and scanners scan, in the order of time; returns how many answers were sent.

        Args:
            engagements: ``message_id``, ``at``, ``kind`` (answer or scan; others are passed over), ``measure``,
                ``score``, ``text``.
        """
        sent = 0
        for row in sorted(engagements, key=lambda one: (one["at"], one["message_id"], one["kind"])):
            if row["kind"] == "scan":
                self._at(row["at"])
                self._scan(row["message_id"])
            elif row["kind"] == "answer":
                self._at(row["at"])
                sent += self._answer(row["message_id"], row["measure"], int(row["score"]), row["text"])
        return sent

    def _at(self, instant: datetime) -> None:
        self._clock.instant = max(self._clock.instant, utc(instant))

    def _scan(self, message_id: str) -> None:
        for link in self._links(message_id):
            self._request("GET", link, _SCANNER)

    def _answer(self, message_id: str, measure: str, score: int, text: str | None) -> bool:
        """Press the score in the message, or choose it on the page; write, where the page asks for words."""
        link, chosen = self._place_of(message_id, measure, score)
        if link is None:
            return False
        page = self._request("GET", link, _PERSON)
        written, sent = False, False
        for _ in range(_MOST_PAGES):
            form = form_of(page, chosen)
            if form is None or (sent and (written or text is None)):
                return sent
            told = dict(form.filled)
            if text is not None and form.words and not written:
                told[form.words[0]] = text
                written = True
            page = self._request("POST", form.action or str(page.url), _PERSON, told)
            sent = True
        return sent

    def _place_of(self, message_id: str, measure: str, score: int) -> tuple[str | None, str | None]:
        """The link of a score in a message; where it has none, the page's, with the value to choose there. Of several
        surveys in one message it is that of ``measure``."""
        signer = deliver.signer_of(self._workspace.engine, self._workspace.catalog.settings)
        page = None
        for link in self._links(message_id):
            path = urlsplit(link).path
            if not path.startswith(_PAGES_OF_SURVEYS):
                continue
            token = deliver.verify_token(signer, path.rpartition("/")[2])
            if self._asks.get(token.survey) != measure:
                continue
            if token.kind == "answer" and token.value == str(score):
                return link, None
            page = link if token.kind == "survey" else page
        return page, str(score)

    def _links(self, message_id: str) -> Iterator[str]:
        for link in deliver.inbox_message(self._workspace.engine, message_id).links:
            yield str(link)

    def _request(
        self, method: str, target: str, headers: Mapping[str, str], data: Mapping[str, str] | None = None
    ) -> httpx.Response:
        parts = urlsplit(target)
        path = parts.path + (f"?{parts.query}" if parts.query else "")

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=_HERE, headers=headers) as client:
                return await client.request(method, path, data=data)

        return self._loop.run(send())


def measures(workspace: Workspace) -> dict[str, str | None]:
    """Surveys → the scale of what they ask first."""
    surveys = workspace.catalog.all("survey")
    return {one.key: listen.surveys.measure_of(listen.surveys.spec_of(one), one.key) for one in surveys}


def form_of(page: httpx.Response, chosen: str | None) -> Form | None:
    """The form of a page, with the score chosen where nothing is."""
    forms = _Forms()
    forms.feed(page.text)
    if page.status_code >= 400 or not forms.found:
        return None
    if chosen is not None:
        forms.found[0].choose(chosen)
    return forms.found[0]
