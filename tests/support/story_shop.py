"""A small made-up shop as files: events as JSON lines from its site, receipts as CSV from its till.

People buy at their own pace until they silently leave; who buys at the till is a customer of the site
too. Everything follows from a seed. Times lie between ``BEGIN`` and ``END``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

BEGIN, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
AS_OF = "2025-07-01"
PEOPLE = 240
TWICE = "ambiguous"
"""A value that is the user id of one person and the external id of another."""

DOCUMENTS = {
    "foretell.yaml": "name: Corner Shop\ncurrency: EUR\nzone: Europe/Berlin\n",
    "segments/buyers.yaml": """\
kind: segment
key: buyers
spec:
  title: Bought in the last 180 days
  condition: {did: Order Completed, within: 180d}
---
kind: segment
key: regulars
spec:
  condition:
    all:
      - {segment: buyers}
      - {did: Order Completed, times: {gte: 4}, within: 1y}
---
kind: segment
key: leaving
spec:
  condition:
    all:
      - {did: Order Completed, times: {gte: 2}}
      - {prediction: churn, gte: 0.5}
---
kind: segment
key: from_france
spec:
  condition: {trait: address.country, is: France}
""",
    "predictions/churn.yaml": """\
kind: prediction
key: churn
spec:
  outcome: {did_not: Order Completed}
  horizon: 60d
  population: {did: Order Completed, within: 365d}
""",
    "predictions/clv.yaml": """\
kind: prediction
key: clv
spec:
  value: {did: Order Completed, sum: revenue}
  horizon: 12w
  unit: 1w
""",
    "sources/site.yaml": """\
kind: source
key: site
spec:
  format: jsonl
  history: true
  lag: 5m
""",
    "sources/till.yaml": """\
kind: source
key: till
spec:
  format: csv
  delimiter: ";"
  zone: Europe/Berlin
  history: true
  lag: 1h
  group_by: receipt
  mappings:
    - name: sales
      track: Order Completed
      timestamp: sold_at
      timestamp_format: "%d.%m.%Y %H:%M"
      message_id: receipt
      identifiers: {user_id: customer, card: card}
      properties:
        order_id: receipt
        revenue: sum(quantity * price)
        currency: "'EUR'"
      items:
        array: products
        properties: {product_id: article, quantity: quantity, price: price}
""",
}

BROKEN = (
    '{"type": "track", "messageId": "broken", "userId": "u1", "event": "Order Comp',
    '{"type": "track", "messageId": "when", "userId": "u1", "event": "Page Viewed", "timestamp": "last Monday"}',
)


def write_shop(folder: Path, *, seed: int = 1) -> None:
    """Write the workspace into ``folder``, and ``site.jsonl`` and ``till.csv`` beside its documents."""
    for name, text in DOCUMENTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    random = Random(seed)
    site, till = [], []
    for person in range(1, PEOPLE + 1):
        for place, at in enumerate(_purchases(random)):
            if person % 3 == 0 and place % 2:
                till += _receipt(random, person, place, at)
            else:
                site += _order(random, person, place, at)
        site += _arrival(random, person)
    site.sort(key=lambda event: event["timestamp"])
    lines = [json.dumps(event) for event in site]
    (folder / "site.jsonl").write_text("\n".join([*lines[:10], *BROKEN, *lines[10:]]) + "\n", encoding="utf-8")
    with (folder / "till.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["receipt", "sold_at", "customer", "card", "article", "quantity", "price"])
        out.writerows(till)


def _purchases(random: Random) -> Iterator[datetime]:
    pace = random.gammavariate(2, 20)
    at = BEGIN + timedelta(days=random.uniform(20, 300))
    leaves = at + timedelta(days=random.expovariate(1 / 200))
    while at < END and at <= leaves:
        yield at
        at += timedelta(days=0.5 + random.expovariate(1 / (5 + pace)))
        leaves = max(leaves, BEGIN)


def _arrival(random: Random, person: int) -> list[dict[str, Any]]:
    at = BEGIN + timedelta(days=random.uniform(1, 20))
    country = "France" if person % 4 == 0 else "Germany"
    traits = {"email": f"person{person}@shop.example", "address": {"country": country}}
    context = {"externalIds": [{"id": TWICE, "type": "old_id", "collection": "users", "encoding": "none"}]}
    return [
        _event("page", f"v{person}", at, anonymousId=f"a{person}", name="Home", properties={"path": "/"}),
        _event(
            "identify", f"i{person}", at + timedelta(minutes=5), userId=TWICE if person == 2 else f"u{person}",
            anonymousId=f"a{person}", traits=traits, **({"context": context} if person == 1 else {}),
        ),
    ]  # fmt: skip


def _order(random: Random, person: int, place: int, at: datetime) -> list[dict[str, Any]]:
    products = [
        {"product_id": f"p{random.randint(1, 20)}", "category": random.choice(["shoes", "hats"]),
         "price": random.randint(500, 9_000) / 100, "quantity": random.randint(1, 3)}
        for _ in range(random.randint(1, 3))
    ]  # fmt: skip
    total = sum(round(line["price"] * 100) * line["quantity"] for line in products) / 100
    user = TWICE if person == 2 else f"u{person}"
    told = {"order_id": f"o{person}-{place}", "revenue": total, "currency": "EUR", "products": products}
    seen = at - timedelta(hours=2)
    return [
        _event("track", f"s{person}-{place}", seen, userId=user, event="Product Viewed", properties=products[0]),
        _event("track", f"o{person}-{place}", at, userId=user, event="Order Completed", properties=told),
    ]


def _receipt(random: Random, person: int, place: int, at: datetime) -> list[list[object]]:
    return [
        [f"r{person}-{place}", f"{at:%d.%m.%Y %H:%M}", f"u{person}", f"card{person}", f"p{random.randint(1, 20)}",
         random.randint(1, 3), f"{random.randint(500, 9_000) / 100:.2f}"]
        for _ in range(random.randint(1, 2))
    ]  # fmt: skip


def _event(kind: str, message_id: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {"type": kind, "messageId": message_id, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z", **more}
