"""A shop that asks by the ready survey after a purchase, calls detractors and asks promoters for a review; served."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foretell import app, care, definitions, journey
from foretell.clock import SteppedClock, naive_utc
from tests.support.served_workspace import Browser, Served, site_for
from tests.support.small_workspace import write

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday; the team works from nine to five in Berlin, an hour ahead."""
ORDERED = BEGIN + timedelta(hours=2)
MAILED = datetime(2026, 3, 6, 9, tzinfo=UTC)
"""Three days and the next morning at ten in Berlin: the fourth day after the order."""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
SETTINGS = """\
name: Hike Shop
currency: EUR
zone: Europe/Berlin
sending: {base_url: "https://mail.hike.example", postal_address: "Berg 1, 10115 Berlin"}
care:
  teams:
    customer_success: {title: Customer success, members: [kim, lee], hours: {mon-fri: "09:00-17:00"}}
"""
JOURNEYS = ("purchase_survey", "promoter_review")


@dataclass
class SurveyShop(Served):
    """The shop on a clock that the test moves."""

    clock: SteppedClock
    posted: int = 0

    @property
    def workspace(self) -> app.Workspace:
        """The opened workspace."""
        return self.site.workspace

    def go_to(self, instant: datetime) -> None:
        """Let time go by, in one tick."""
        self.clock.instant = instant
        app.advance(self.workspace, instant)
        self.site.cache.forget()

    def later(self, **span: float) -> None:
        """Let so much time go by."""
        self.go_to(self.clock.instant + timedelta(**span))

    def tell(self, name: str, event: str, **properties: Any) -> None:
        """Post an event of somebody as a tracking library does, and take it in."""
        self._post("track", name, event=event, properties=properties)
        self.apply()

    def know(self, *names: str, **languages: str) -> None:
        """People register and agree to mail; ``languages`` are theirs where it is not English."""
        said = {"channel": "email", "purpose": "marketing", "state": "granted"}
        for name in names:
            traits = {"email": f"{name}@customers.example", "language": languages.get(name, "en")}
            self._post("identify", name, traits=traits)
            self._post("track", name, event="Consent Updated", properties=said)
        self.apply()

    def _post(self, call: str, name: str, **told: Any) -> None:
        self.posted += 1
        body = {"userId": name, "messageId": f"m{self.posted}", "timestamp": self.clock.instant.isoformat(), **told}
        answer = self.browser.post(f"/v1/{call}", content=json.dumps(body))
        assert answer.status_code == 200, answer.text

    def orders(self, name: str, order: str = "o1") -> None:
        """Somebody buys something."""
        line = {"product_id": "BOOT-7", "name": "Mountain boot", "price": 120, "quantity": 1}
        self.tell(name, "Order Completed", order_id=f"{name}-{order}", revenue=120, currency="EUR", products=[line])

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        """Rows of a query over the views."""
        told = {name: naive_utc(value) if isinstance(value, datetime) else value for name, value in params.items()}
        found: list[dict[str, Any]] = self.workspace.engine.analytics.query(sql, told).to_pylist()
        return found

    def who(self, name: str) -> str:
        """Somebody's profile id."""
        ((row),) = self.rows("SELECT profile_id FROM profiles WHERE user_id = $name", name=name)
        return str(row["profile_id"])

    def mails(self, name: str) -> list[dict[str, Any]]:
        """What lies in somebody's inbox, in full, the earliest first."""
        rows = [row for row in self.get("inbox")["rows"] if row["address"] == f"{name}@customers.example"]
        return [self.get(f"inbox/{row['message_id']}") for row in sorted(rows, key=lambda row: str(row["at"]))]

    def score_link(self, name: str, score: int, row: int = 0) -> str:
        """Path of the link of a score in somebody's latest mail; ``row``: of the first or the second survey."""
        labels = re.findall(r'<a href="([^"]+/s/a/[^"]+)" aria-label="(\d+) / (\d+)"', self.mails(name)[-1]["html"])
        most = (10, 5)[row]
        (found,) = [url for url, value, of in labels if (int(value), int(of)) == (score, most)]
        return urlsplit(unescape(found)).path

    def answers(self, name: str | None = None) -> list[dict[str, Any]]:
        """Responses, by their first answer."""
        rows = self.rows("SELECT * FROM survey_responses ORDER BY answered_at, response_id")
        return [row for row in rows if name is None or row["profile_id"] == self.who(name)]


class Form(HTMLParser):
    """The first form of a page: its address and the fields that a browser would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action, self.at_once = "", False
        self.fields: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form" and not self.action:
            self.action, self.at_once = told["action"] or "", "data-at-once" in told
        name = told.get("name")
        if name is None or tag not in ("input", "textarea"):
            return
        if told.get("type") in ("radio", "checkbox") and "checked" not in told:
            return
        self.fields.setdefault(name, []).append(told.get("value") or "")

    def send(self, browser: Browser, agent: str = AGENT, **more: str) -> Any:
        """Send it off; ``more`` are answers by question, with ``__`` for dots."""
        said = {f"q.{name.replace('__', '.')}": [value] for name, value in more.items()}
        return browser.post(self.action, data={**self.fields, **said}, headers={"user-agent": agent})


@contextmanager
def survey_shop(folder: Path, assets: Path | None = None) -> Iterator[SurveyShop]:
    """The shop in ``folder``, its journeys started; ``assets``: the built app."""
    write(folder, {"foretell.yaml": SETTINGS})
    for key in JOURNEYS:
        catalog, _ = definitions.load(folder, app.KINDS, environ={})
        journey.write_ready(catalog, key)
    catalog, _ = definitions.load(folder, app.KINDS, environ={})
    care.write_ready_rule(catalog, "detractor_call")
    clock = SteppedClock(BEGIN)
    with app.open_workspace(folder, clock=clock) as workspace:
        app.apply(workspace)
        for key in JOURNEYS:
            journey.start(workspace.engine, workspace.catalog, key, now=BEGIN)
        site = site_for(workspace, assets or folder / "static")
        yield SurveyShop(site, Browser(_application(site)), clock)


def _application(site: Any) -> Any:
    from foretell.web import create_app

    return create_app(site)
