"""A workspace of three events, to make mistakes in."""

from __future__ import annotations

from pathlib import Path

SEGMENT = "kind: segment\nkey: {key}\nspec:\n  condition: {condition}\n"

DOCUMENTS = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\n",
    "segments/buyers.yaml": SEGMENT.format(key="buyers", condition="{did: Order Completed}"),
    "predictions/churn.yaml": """\
kind: prediction
key: churn
spec:
  outcome: {did_not: Order Completed}
  horizon: 30d
  population: {did: Order Completed}
""",
    "sources/till.yaml": """\
kind: source
key: till
spec:
  format: csv
  history: true
  mappings:
    - name: sales
      track: Order Completed
      timestamp: sold_at
      identifiers: {user_id: customer}
      properties: {order_id: receipt, revenue: price}
""",
    "sources/site.yaml": "kind: source\nkey: site\nspec: {format: jsonl, history: true}\n",
}

IDENTIFY = (
    '{"type": "identify", "messageId": "m1", "userId": "u1", "timestamp": "2025-01-05T09:00:00Z", '
    '"traits": {"email": "ada@shop.example"}}\n'
)
ORDER = (
    '{"type": "track", "messageId": "m2", "userId": "u1", "event": "Order Completed", '
    '"timestamp": "2025-01-05T09:05:00Z", "properties": {"order_id": "o1", "revenue": 49.90, "currency": "EUR"}}\n'
)
VIEW = (
    '{"type": "track", "messageId": "m3", "userId": "u2", "event": "Page Viewed", "timestamp": "2025-01-06T09:05:00Z", '
    '"context": {"externalIds": [{"id": "u1", "type": "old_id", "collection": "users", "encoding": "none"}]}}\n'
)
EVENTS = IDENTIFY + ORDER + VIEW
"""``u1`` is the user id of one person and the old id of another."""


def write_documents(folder: Path) -> None:
    """Write the workspace's documents into ``folder``."""
    write(folder, DOCUMENTS)


def write(folder: Path, files: dict[str, str] | dict[str, bytes] | dict[str, str | bytes]) -> None:
    """Write files below ``folder``; a name that ends in a slash makes a folder."""
    for name, content in files.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
