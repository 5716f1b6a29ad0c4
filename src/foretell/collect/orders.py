"""E-commerce events as rows of orders and of their items.

Names and properties follow the e-commerce events of the Segment specification. An order's amount is
``revenue``, else ``total``, else ``value``, else the sum of its product lines; it is rounded once, to
the minor unit of its currency, half to even. A refund counts negative; a cancelled order has no
amount of its own, since the money goes back by a refund.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.values import joined
from foretell.engine import Batch, Decoded, scratch
from foretell.money import MICRO, micro_per_minor

KINDS = {
    "Order Completed": "completed",
    "Order Refunded": "refunded",
    "Order Cancelled": "cancelled",
    "Order Adjusted": "adjusted",
}


def half_even(value: str, divisor: str) -> str:
    """SQL text: integer ``value`` over positive ``divisor``, rounded half to even."""
    whole, rest = f"(abs({value}) // {divisor})", f"(abs({value}) % {divisor})"
    up = f"CASE WHEN 2 * {rest} > {divisor} OR (2 * {rest} = {divisor} AND {whole} % 2 = 1) THEN 1 ELSE 0 END"
    return f"CAST(sign({value}) * ({whole} + {up}) AS BIGINT)"


_KIND = "CASE event " + " ".join(f"WHEN '{event}' THEN '{kind}'" for event, kind in KINDS.items()) + " END"
_LINE = half_even("(CAST(price AS HUGEINT) * coalesce(quantity, 1000000))", str(MICRO))
_ITEMS = f"""
WITH placed AS (SELECT *, {_KIND} AS kind FROM orders),
lines AS (SELECT *, coalesce(quantity, 1000000) AS pieces, {_LINE} AS amount FROM items)
SELECT o.row, o.seq, o.node_key, o.ts, o.known_at, o.order_id, l.ordinal, l.product_id, l.sku, l.name, l.category,
       CASE WHEN o.kind = 'refunded' THEN -abs(l.pieces) ELSE l.pieces END AS quantity_micro, l.price AS price_micro,
       CASE WHEN o.kind = 'refunded' THEN -abs(l.amount) ELSE l.amount END AS amount_micro
FROM lines l JOIN placed o ON o.row = l.row ORDER BY o.seq, l.ordinal
"""
_AMOUNT = half_even("signed", "per_minor")
_ORDERS = f"""
WITH sums AS (SELECT row, CAST(sum(amount_micro) AS BIGINT) AS lines FROM items GROUP BY row),
placed AS (
    SELECT o.*, {_KIND} AS kind, upper(coalesce(nullif(trim(o.currency), ''), $currency)) AS code,
           coalesce(o.revenue, o.total, o.value, s.lines, 0) AS amount
    FROM orders o LEFT JOIN sums s ON s.row = o.row),
signs AS (
    SELECT p.*, m.per_minor, CASE p.kind WHEN 'refunded' THEN -abs(p.amount) WHEN 'cancelled' THEN 0 ELSE p.amount
           END AS signed
    FROM placed p JOIN minors m ON m.code = p.code)
SELECT seq, node_key, ts, known_at, order_id, kind, {_AMOUNT} AS amount_minor, code AS currency, source
FROM signs ORDER BY seq
"""


def picked(table: pa.Table, texts: Iterable[str], numbers: Iterable[str]) -> dict[str, pa.ChunkedArray]:
    """Value columns of ``table`` under their plain names: ``s:`` for texts, ``n:`` for numbers, null
    where the batch has none. A text that was sent as a number is given in its digits."""
    empty_text, empty_number = pa.nulls(table.num_rows, pa.string()), pa.nulls(table.num_rows, pa.int64())
    have = set(table.column_names)
    found = {}
    for name in texts:
        text = table[f"s:{name}"] if f"s:{name}" in have else empty_text
        if f"n:{name}" in have:
            digits = scratch(
                "SELECT CASE WHEN n % 1000000 = 0 THEN CAST(n // 1000000 AS VARCHAR) "
                "ELSE rtrim(CAST(CAST(n AS DECIMAL(25, 6)) / 1000000 AS VARCHAR), '0') END AS t FROM v",
                {"v": pa.table({"n": table[f"n:{name}"]})},
            )
            text = pc.coalesce(text, digits["t"])
        found[name] = text
    for name in numbers:
        found[name] = table[f"n:{name}"] if f"n:{name}" in have else empty_number
    return found


def properties_at(decoded: Decoded, rows: pa.ChunkedArray) -> pa.Table:
    """The properties of some events, in their order; all null where an event has none."""
    table = decoded.properties
    return table.take(pc.index_in(joined(rows), joined(table["row"])))


def product_lines(decoded: Decoded) -> pa.Table:
    """Elements of ``products`` arrays: row, ordinal, texts of the product, quantity and price in micro units."""
    elements = decoded.elements
    elements = elements.filter(pc.equal(elements["array"], "products"))
    texts = ("product_id", "sku", "name", "category", "brand", "variant", "url", "image_url")
    return pa.table({
        "row": elements["row"],
        "ordinal": elements["ordinal"],
        **picked(elements, texts, ("quantity", "price")),
    })  # fmt: skip


def order_tables(batch: Batch, currency: str) -> tuple[pa.Table, pa.Table]:
    """The batch's rows for ``order_rows`` and ``order_item_rows``.

    Args:
        currency: ISO 4217 code for orders that name none.
    """
    events = batch.events
    chosen = pc.is_in(events["event"], pa.array(list(KINDS)))
    if not pc.any(chosen).as_py():
        return pa.table({}), pa.table({})
    columns = ["row", "seq", "node_key", "ts", "known_at", "event", "source"]
    own = events.select(columns).filter(chosen)
    properties = properties_at(batch.decoded, own["row"])
    fields = picked(properties, ("order_id", "currency"), ("revenue", "total", "value"))
    orders = pa.table({**{name: own[name] for name in columns}, **fields})
    items = scratch(_ITEMS, {"items": product_lines(batch.decoded), "orders": orders})
    minors = _minors([currency, *orders["currency"].unique().to_pylist()])
    rows = scratch(_ORDERS, {"orders": orders, "items": items, "minors": minors}, {"currency": currency})
    return rows, items.drop_columns(["row"])


def _minors(codes: list[str | None]) -> pa.Table:
    distinct = sorted({code.strip().upper() for code in codes if code and code.strip()})
    per = np.array([micro_per_minor(code) for code in distinct], np.int64)
    return pa.table({"code": pa.array(distinct, pa.string()), "per_minor": per})
