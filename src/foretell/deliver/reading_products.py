"""Of each message's person the product viewed or bought last, by the instant of the message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.deliver.catalogue_values import Shelf, product_value
from foretell.deliver.outbox import Queued
from foretell.engine import TIMESTAMP, Engine

VIEWED, BOUGHT = "viewed", "bought"


def asked_about(messages: Sequence[Queued]) -> pa.Table:
    """Messages as queries ask about them: message_id, profile_key, due (timestamp, UTC)."""
    return pa.table(
        {
            "message_id": pa.array([message.message_id for message in messages], pa.string()),
            "profile_key": pa.array([message.profile_key for message in messages], pa.int64()),
            "due": pa.array([naive_utc(message.at.astimezone(UTC)) for message in messages], TIMESTAMP),
        }
    )


def last_products(engine: Engine, shelf: Shelf, messages: Sequence[Queued]) -> dict[str, Mapping[str, Any]]:
    """Message id → its product, as the catalogue described it then; what it does not know, as the event did."""
    rows = engine.analytics.query(_sql(engine), tables={"asked": asked_about(messages)}).to_pylist()
    shelf.wanted.update(row["product_id"] for row in rows)
    shelf.fetch(engine.analytics)
    due = {message.message_id: micros(message.at) for message in messages}
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        told = product_value({**row, "name": row["name"] or row["product_id"]}, shelf.currency)
        listed = shelf.product(row["product_id"], due[row["message_id"]]) or {}
        known = {name: value for name, value in listed.items() if value is not None}
        found[row["message_id"]] = {**told, **known, "source": row["source"]}
    return found


def _sql(engine: Engine) -> str:
    column = engine.log.properties().of("product_id")
    viewed = ""
    if column is not None and column.array is None:
        product = f"coalesce(e.{column.text}, CAST(CAST(e.{column.number} / 1000000 AS BIGINT) AS VARCHAR))"
        viewed = (
            f"SELECT a.message_id, {product} AS product_id, '{VIEWED}' AS source, e.ts, CAST(NULL AS VARCHAR) AS name, "
            "CAST(NULL AS VARCHAR) AS category, CAST(NULL AS BIGINT) AS price_micro "
            "FROM asked a JOIN log_events e ON e.profile_key = a.profile_key "
            f"WHERE e.event = 'Product Viewed' AND e.ts <= a.due AND {product} IS NOT NULL UNION ALL "
        )
    return (
        f"WITH touched AS ({viewed}SELECT a.message_id, i.product_id, '{BOUGHT}' AS source, i.ts, i.name, i.category, "
        "i.price_micro FROM asked a JOIN log_order_items i ON i.profile_key = a.profile_key "
        "JOIN order_rows o ON o.seq = i.seq "
        "WHERE o.kind = 'completed' AND i.ts <= a.due AND i.product_id IS NOT NULL), "
        "ranked AS (SELECT *, row_number() OVER (PARTITION BY message_id ORDER BY ts DESC, source DESC, product_id) "
        "AS place FROM touched) "
        "SELECT r.message_id, r.product_id, r.source, r.name, r.category, r.price_micro FROM ranked r "
        "WHERE r.place = 1 ORDER BY r.message_id"
    )
