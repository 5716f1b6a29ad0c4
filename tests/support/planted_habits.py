"""A small shop with three kinds of customers who differ in their habits, for tests of personas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from foretell import collect
from foretell.app import Workspace, open_workspace
from foretell.clock import SteppedClock
from tests.support.small_workspace import write

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
OF_A_KIND = 110
KINDS = ("frequent", "generous", "store")
_GAP_DAYS = (11.0, 50.0, 26.0)
_SPENT = (25.0, 260.0, 60.0)
_IN_STORE = (0.0, 0.0, 0.9)
OBJECTS = ("frequent-3", "store-4")
GONE_EVERY = 10
"""Each so-many-th of a kind stops buying 120 days before :data:`NOW`."""

DOCUMENT = """\
kind: persona
key: customers
spec:
  people_needed: 300
  answers:
    motivation: [{event: Survey Answered, property: why}]
"""
DOCUMENTS = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\n",
    "sources/shop.yaml": "kind: source\nkey: shop\nspec: {format: jsonl, history: true}\n",
    "personas/customers.yaml": DOCUMENT,
}


def lines() -> Iterator[dict[str, Any]]:
    """What people did: orders, tickets, refunds, answers, consents."""
    draws = np.random.default_rng(11)
    for kind, name in enumerate(KINDS):
        for number in range(OF_A_KIND):
            yield from _person(name, kind, number, draws)


def _person(name: str, kind: int, number: int, draws: np.random.Generator) -> Iterator[dict[str, Any]]:
    who = f"{name}-{number}"
    traits: dict[str, Any] = {"email": f"{who}@shop.example"}
    if number % 2:
        traits["timezone"] = "America/New_York"
    yield {"type": "identify", **_at(who, "i", BEGIN + timedelta(hours=number)), "traits": traits}
    if number % 3:
        yield _track(
            who, "c", BEGIN + timedelta(hours=number), "Consent Updated", purpose="email.marketing", state="granted"
        )
    if who in OBJECTS:
        yield _track(who, "o", BEGIN + timedelta(days=200), "Consent Updated", purpose="profiling", state="denied")
    end = NOW - timedelta(days=120 if number % GONE_EVERY == 0 else 1)
    at, order = BEGIN + timedelta(days=float(draws.uniform(0, 20))), 0
    while at < end:
        day = at.replace(hour=18, minute=30, second=0, microsecond=0)
        channel = "store" if draws.random() < _IN_STORE[kind] else "web"
        spent = round(float(_SPENT[kind] * draws.uniform(0.8, 1.25)), 2)
        yield _track(
            who,
            f"o{order}",
            day,
            "Order Completed",
            order_id=f"{who}-{order}",
            revenue=spent,
            currency="EUR",
            channel=channel,
        )
        if order == 2 and number % 4 == 0:
            yield _track(
                who, "t", day + timedelta(days=2), "Ticket Opened", category="delivery", text="Where is my parcel?"
            )
        if order == 3 and number % 5 == 0:
            yield _track(
                who,
                "s",
                day + timedelta(days=3),
                "Survey Answered",
                score=9,
                why=f"for {name} days",
                text=f"I like being {name}.",
            )
        at, order = at + timedelta(days=float(_GAP_DAYS[kind] * draws.uniform(0.7, 1.3))), order + 1


def _track(who: str, name: str, at: datetime, event: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", **_at(who, name, at), "event": event, "properties": properties}


def _at(who: str, name: str, at: datetime) -> dict[str, Any]:
    return {"messageId": f"{who}-{name}", "userId": who, "timestamp": at.isoformat()}


@contextmanager
def planted_shop(root: Path, more: dict[str, str] | None = None) -> Iterator[Workspace]:
    """The shop, opened, with all that happened up to :data:`NOW`."""
    write(root, {**DOCUMENTS, **(more or {})})
    told = root.parent / f"{root.name}.jsonl"
    told.write_text("".join(json.dumps(line) + "\n" for line in lines()))
    with open_workspace(root, "write", SteppedClock(NOW)) as opened:
        assert not opened.problems, opened.problems
        collect.import_files(opened.engine, opened.catalog, [told], "shop", now=NOW, reader=opened.frames)
        yield opened
