"""One bad event of a hundred is quarantined, the 99 go in; when the plan is mended, it goes in too, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Foretell
from tests.support.small_workspace import write, write_documents

PLAN = """\
kind: tracking
key: shop
spec:
  sources: [site]
  owner: {team: E-commerce}
  on_violation: quarantine
  events:
    Order Completed:
      properties:
        order_id: {type: string, required: true, pattern: '^O-[0-9]+$'}
        revenue: {type: number, minimum: 0}
        currency: {type: string, enum: [EUR, GBP], on_violation: drop_field, owner: {person: ada@shop.example}}
"""


def order(number: int, **properties: Any) -> str:
    """A line of an order."""
    told = {"order_id": f"O-{number}", "revenue": 10.0, "currency": "EUR", **properties}
    message = {
        "type": "track", "event": "Order Completed", "messageId": f"m{number}", "userId": f"u{number}",
        "timestamp": "2025-03-01T09:00:00Z", "properties": told,
    }  # fmt: skip
    return json.dumps(message) + "\n"


@pytest.fixture
def shop(foretell_command: Path, tmp_path: Path) -> Foretell:
    """A workspace with a plan and a file of a hundred orders; one has another number, one another currency."""
    write_documents(tmp_path)
    lines = [order(n) for n in range(100)]
    lines[16] = order(16, order_id="X-16")
    lines[71] = order(71, currency="USD")
    write(tmp_path, {"tracking/shop.yaml": PLAN, "orders.jsonl": "".join(lines)})
    return Foretell(foretell_command, tmp_path)


def test_one_bad_event_of_a_hundred(shop: Foretell) -> None:
    done = shop("import", "orders.jsonl", "--source", "site")
    assert "100 rows, 99 new events" in done.stdout
    assert "orders.jsonl:17: Order Completed: order_id does not match ^O-[0-9]+$ (owner: E-commerce)" in done.stderr
    assert "1 event breaches the tracking plan and went in; see `foretell tracking report`" in done.stderr
    (row,) = shop.json("quarantine", "list")["rows"]
    assert (row["line"], row["code"]) == (17, "PLAN_VIOLATION")
    assert json.loads(row["body"]) == json.loads(order(16, order_id="X-16")), "as it came"
    assert shop.rows("SELECT count(*) AS n FROM orders") == [{"n": 99}]
    # Of somebody who is not known no erasure could find the example again: it is masked.
    told = shop.rows("SELECT field, rule, action, example, owner FROM violations ORDER BY field")
    assert told == [
        {"field": "currency", "rule": "enum", "action": "drop_field", "example": "USD", "owner": "ada@shop.example"},
        {"field": "order_id", "rule": "pattern", "action": "quarantine", "example": "x-00", "owner": "E-commerce"},
    ]
    (kept,) = shop.rows("SELECT properties FROM events WHERE message_id = 'm71'")
    assert json.loads(kept["properties"]) == {"order_id": "O-71", "revenue": 10.0}

    (shop.folder / "tracking" / "shop.yaml").write_text(PLAN.replace("^O-", "^[OX]-"))
    again = shop.json("quarantine", "replay")
    assert (again["rows"], again["replayed"], again["events"]) == (1, 1, 1)
    assert shop.json("quarantine", "list")["rows"] == []
    assert shop.json("quarantine", "replay")["rows"] == 0
    done = shop("import", "orders.jsonl", "--source", "site")
    assert "0 new events, 100 were there already, 0 in quarantine" in done.stdout
    assert shop.rows("SELECT count(*) AS n FROM orders") == [{"n": 100}]


def test_a_wrong_plan_is_told_with_file_and_line(shop: Foretell) -> None:
    write(
        shop.folder,
        {"tracking/other.yaml": PLAN.replace("key: shop", "key: other").replace("minimum: 0", "minimum: 1")},
    )
    problems = shop.json("plan", status=2)["problems"]
    found = [one for one in problems if one["severity"] == "error"]
    assert [(one["code"], one["where"]) for one in found] == [("CLAIMED_TWICE", "tracking/shop.yaml:8")]
