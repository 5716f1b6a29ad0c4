"""What people have ordered, by the instant of each message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from foretell.clock import utc
from foretell.definitions import WorkspaceSettings
from foretell.deliver.catalogue_values import product_value
from foretell.deliver.outbox import Queued
from foretell.deliver.reading_products import asked_about
from foretell.engine import Engine
from foretell.money import from_micro, minor_to_major

NO_ORDERS: Mapping[str, Any] = {
    "count": 0, "revenue": "0", "average": None, "currency": None, "first_at": None, "last_at": None, "last": None,
}  # fmt: skip
"""``orders`` of somebody who never ordered."""
_MOST_LINES = 50
_EACH = """
WITH mine AS (
  SELECT a.message_id, o.seq, o.ts, o.order_id, o.kind, o.amount_minor, o.currency
  FROM asked a JOIN log_orders o ON o.profile_key = a.profile_key WHERE o.ts <= a.due
), orders AS (
  SELECT m.message_id, m.order_id, min(CASE WHEN m.kind = 'completed' THEN m.ts END) AS made,
    max(CASE WHEN m.kind = 'completed' THEN m.seq END) AS seq,
    max(CASE WHEN m.kind = 'cancelled' THEN 1 ELSE 0 END) AS gone,
    sum(CASE WHEN m.kind = 'cancelled' THEN 0 ELSE m.amount_minor END) AS amount, max(m.currency) AS currency
  FROM mine m GROUP BY m.message_id, m.order_id
), standing AS (
  SELECT o.*, row_number() OVER (PARTITION BY o.message_id ORDER BY o.made DESC, o.seq DESC) AS place,
    count(*) OVER (PARTITION BY o.message_id) AS number, sum(o.amount) OVER (PARTITION BY o.message_id) AS revenue,
    min(o.made) OVER (PARTITION BY o.message_id) AS first_at
  FROM orders o WHERE o.made IS NOT NULL AND o.gone = 0
)
SELECT message_id, order_id, seq, made, amount, currency, number, CAST(revenue AS BIGINT) AS revenue, first_at
FROM standing WHERE place = 1 ORDER BY message_id"""
_LINES = f"""
SELECT seq, product_id, sku, name, category, quantity_micro, price_micro FROM (
  SELECT i.*, row_number() OVER (PARTITION BY i.seq ORDER BY i.ordinal) AS place
  FROM wanted w JOIN order_item_rows i ON i.seq = w.seq) n
WHERE place <= {_MOST_LINES} ORDER BY seq, place"""


def orders_of(engine: Engine, settings: WorkspaceSettings, messages: Sequence[Queued]) -> dict[str, Mapping[str, Any]]:
    """Message id → ``orders``: cancelled ones do not count, refunds and adjustments change their amounts."""
    found = engine.analytics.query(_EACH, tables={"asked": asked_about(messages)})
    lines: dict[int, list[dict[str, Any]]] = {}
    if found.num_rows:
        for row in engine.analytics.query(_LINES, tables={"wanted": found.select(["seq"])}).to_pylist():
            lines.setdefault(row["seq"], []).append(_line(row, settings.currency))
    return {row["message_id"]: _orders(row, lines, settings) for row in found.to_pylist()}


def _orders(row: Mapping[str, Any], lines: Mapping[int, list[dict[str, Any]]], settings: WorkspaceSettings) -> Any:
    currency = row["currency"]

    def money(minor: int) -> str:
        return str(minor_to_major(minor, currency))

    made, first = (utc(row[name]).astimezone(settings.zone_info) for name in ("made", "first_at"))
    return {
        "count": row["number"],
        "revenue": money(row["revenue"]),
        "average": money(round(row["revenue"] / row["number"])),
        "currency": currency,
        "first_at": first,
        "last_at": made,
        "last": {
            "order_id": row["order_id"],
            "at": made,
            "total": money(int(row["amount"])),
            "currency": currency,
            "products": lines.get(row["seq"], []),
        },
    }


def _line(row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    pieces = from_micro(row["quantity_micro"])
    return {**product_value(row, currency), "quantity": int(pieces) if pieces == int(pieces) else float(pieces)}
