"""What this room owns in the stores, and the views it publishes."""

from __future__ import annotations

from foretell.collect.catalogue import CATALOGUE_DDL
from foretell.collect.health import ARRIVAL_ROWS, HEALTH_DDL, PRESENCE_ROWS, REPEAT_ROWS, ROLLED_DDL
from foretell.collect.own_tables import TABLE_ROWS_VIEW, VERSION_ROWS
from foretell.collect.quarantine import QUARANTINE_DDL, STATES_DDL
from foretell.collect.sessions import ANEW_DDL, DDL, DEVICE_ROWS, MACHINES_VIEW, SESSION_ROWS, SESSIONS_VIEW
from foretell.collect.tracking import VIOLATION_ROWS, VIOLATIONS_VIEW
from foretell.collect.write_keys import WRITE_KEYS_DDL
from foretell.engine import ERASED_SOURCE, AnalyticsTable, RoomParts, View

_ORDERS = AnalyticsTable(
    "order_rows",
    {
        "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "known_at": "TIMESTAMP", "order_id": "VARCHAR",
        "kind": "VARCHAR", "amount_minor": "BIGINT", "currency": "VARCHAR", "source": "VARCHAR",
    },
    "node_key",
    order=("ts", "seq"),
    derived="log_orders",
    erased={
        "seq": "seq", "ts": "day", "known_at": "day", "order_id": "random", "kind": "same", "amount_minor": "same",
        "currency": "same", "source": f"={ERASED_SOURCE}",
    },
)  # fmt: skip
_ITEMS = AnalyticsTable(
    "order_item_rows",
    {
        "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "known_at": "TIMESTAMP", "order_id": "VARCHAR",
        "ordinal": "INTEGER", "product_id": "VARCHAR", "sku": "VARCHAR", "name": "VARCHAR", "category": "VARCHAR",
        "quantity_micro": "BIGINT", "price_micro": "BIGINT", "amount_micro": "BIGINT",
    },
    "node_key",
    order=("ts", "seq", "ordinal"),
    derived="log_order_items",
    erased={
        "seq": "seq", "ts": "day", "known_at": "day", "order_id": "random",
        **dict.fromkeys(
            ("ordinal", "product_id", "sku", "name", "category", "quantity_micro", "price_micro", "amount_micro"),
            "same",
        ),
    },
)  # fmt: skip
_PRODUCTS = AnalyticsTable(
    "product_rows",
    {
        "seq": "BIGINT", "ts": "TIMESTAMP", "product_id": "VARCHAR", "sku": "VARCHAR", "name": "VARCHAR",
        "category": "VARCHAR", "brand": "VARCHAR", "variant": "VARCHAR", "url": "VARCHAR", "image_url": "VARCHAR",
        "price_micro": "BIGINT",
    },
    order=("product_id", "seq"),
    erased={
        "ts": "day", "url": "address", "image_url": "address",
        **dict.fromkeys(("seq", "product_id", "sku", "name", "category", "brand", "variant", "price_micro"), "same"),
    },
)  # fmt: skip


def _major(micro: str) -> str:
    """SQL text: micro units as a number in major units."""
    return f"CAST({micro} AS DOUBLE) / CAST(1000000 AS DOUBLE)"


_ORDERS_VIEW = View(
    "orders",
    "SELECT o.order_id, coalesce(n.profile_id, '') AS profile_id, o.ts AS timestamp, o.known_at, o.kind, "
    "o.amount_minor, o.currency, o.source FROM log_orders o LEFT JOIN nodes n ON n.node_key = o.profile_key",
    {
        "order_id": "Id of the order in the shop.",
        "profile_id": "The person, after all merges known today; empty where nobody is named.",
        "timestamp": "When it happened, UTC.",
        "known_at": "From when on Foretell counts it as known, UTC.",
        "kind": "completed, refunded, cancelled or adjusted: one row for each such event.",
        "amount_minor": "Amount in minor units of the currency (pence, cents); refunds are negative.",
        "currency": "ISO 4217 code.",
        "source": "Key of the source document, or file name.",
    },
)
_ITEMS_VIEW = View(
    "order_items",
    "SELECT i.order_id, coalesce(n.profile_id, '') AS profile_id, i.ts AS timestamp, o.kind, i.ordinal, i.product_id, "
    f"i.sku, i.name, i.category, {_major('i.quantity_micro')} AS quantity, {_major('i.price_micro')} AS price, "
    f"{_major('i.amount_micro')} AS amount, o.currency FROM log_order_items i JOIN order_rows o ON o.seq = i.seq "
    "LEFT JOIN nodes n ON n.node_key = i.profile_key",
    {
        "order_id": "Id of the order in the shop.",
        "profile_id": "The person, after all merges known today; empty where nobody is named.",
        "timestamp": "When the order happened, UTC.",
        "kind": "completed, refunded, cancelled or adjusted.",
        "ordinal": "Place of the line in the order, from 0.",
        "product_id": "Id of the product in the shop.",
        "sku": "Stock-keeping unit.",
        "name": "Name of the product, as in the order.",
        "category": "Category of the product, as in the order.",
        "quantity": "Pieces; negative in refunds.",
        "price": "Price of one piece, major units; not rounded.",
        "amount": "Price times quantity, major units; not rounded; negative in refunds.",
        "currency": "ISO 4217 code.",
    },
)
_PRODUCTS_VIEW = View(
    "products",
    "SELECT product_id, sku, name, category, brand, variant, url, image_url, "
    f"{_major('price_micro')} AS price, ts AS updated_at FROM "
    "(SELECT *, row_number() OVER (PARTITION BY product_id ORDER BY seq DESC) AS place FROM product_rows) p "
    "WHERE place = 1",
    {
        "product_id": "Id of the product in the shop.",
        "sku": "Stock-keeping unit.",
        "name": "Name.",
        "category": "Category.",
        "brand": "Brand.",
        "variant": "Variant, e.g. size or colour.",
        "url": "Address of its page.",
        "image_url": "Address of its picture.",
        "price": "Price last seen, major units.",
        "updated_at": "Time of the event that last changed something, UTC.",
    },
)

PARTS = RoomParts(
    room="collect",
    migrations=(
        f"{QUARANTINE_DDL}; {CATALOGUE_DDL};",
        f"{STATES_DDL};",
        f"{DDL};",
        f"{WRITE_KEYS_DDL};",
        f"{HEALTH_DDL};",
        f"{ANEW_DDL};",
        f"{ROLLED_DDL};",
    ),
    tables=(
        _ORDERS,
        _ITEMS,
        _PRODUCTS,
        VIOLATION_ROWS,
        DEVICE_ROWS,
        SESSION_ROWS,
        VERSION_ROWS,
        ARRIVAL_ROWS,
        PRESENCE_ROWS,
        REPEAT_ROWS,
    ),
    views=(_ORDERS_VIEW, _ITEMS_VIEW, _PRODUCTS_VIEW, VIOLATIONS_VIEW, SESSIONS_VIEW, MACHINES_VIEW, TABLE_ROWS_VIEW),
    rebuilt=("quarantine", "catalogue", "sessions_progress", "data_health_rolled"),
)
"""For ``app``."""
