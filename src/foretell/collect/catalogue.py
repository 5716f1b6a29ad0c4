"""The product catalogue as it becomes known: from product rows, product events and order lines.

What a product row says outranks what events say, and those outrank order lines; of the same rank the
later one counts. A field that is not told is kept. Every change is appended to ``product_rows``, so
that the catalogue can be read as of any instant.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.orders import KINDS, picked, product_lines, properties_at
from foretell.engine import KEY_BYTES, Batch, Tx, python_rows, scratch, table_of

TEXTS = ("product_id", "sku", "name", "category", "brand", "variant", "url", "image_url")
FIELDS = ("sku", "name", "category", "brand", "variant", "url", "image_url", "price_micro")
CATALOGUE_DDL = (
    "CREATE TABLE catalogue (product_id TEXT PRIMARY KEY, sku TEXT, name TEXT, category TEXT, brand TEXT, "
    "variant TEXT, url TEXT, image_url TEXT, price_micro BIGINT, origin BIGINT NOT NULL, changed_at BIGINT NOT NULL)"
)
_KNOWN = {
    "product_id": pa.string(),
    **dict.fromkeys(FIELDS[:-1], pa.string()),
    "price_micro": pa.int64(),
    "origin": pa.int64(),
    "changed_at": pa.int64(),
}
_LATEST = f"""
SELECT unnest(arg_max(told, (origin, ts, seq, ordinal))) FROM told
WHERE strlen(product_id) BETWEEN 1 AND {KEY_BYTES} GROUP BY product_id
"""
_NEWER = "(k.product_id IS NULL OR t.origin > k.origin OR (t.origin = k.origin AND epoch_us(t.ts) >= k.changed_at))"
_MERGED = (
    "WITH merged AS (SELECT t.product_id, t.ts, t.seq, "
    + ", ".join(
        f"CASE WHEN {_NEWER} THEN coalesce(t.{name}, k.{name}) ELSE coalesce(k.{name}, t.{name}) END AS {name}, "
        f"k.{name} AS old_{name}"
        for name in FIELDS
    )
    + f", greatest(t.origin, coalesce(k.origin, 0)) AS origin, k.product_id IS NULL AS fresh, "
    f"CASE WHEN {_NEWER} THEN epoch_us(t.ts) ELSE k.changed_at END AS changed_at "
    "FROM latest t LEFT JOIN known k ON k.product_id = t.product_id) "
    "SELECT * FROM merged WHERE fresh OR "
    + " OR ".join(f"{name} IS DISTINCT FROM old_{name}" for name in FIELDS)
    + " ORDER BY product_id"
)


def update_catalogue(tx: Tx, batch: Batch) -> pa.Table:
    """Take what ``batch`` tells of products into the catalogue.

    Returns:
        The products that changed, as rows of ``product_rows``.
    """
    told = _told(batch)
    latest = scratch(_LATEST, {"told": told})
    if not latest.num_rows:
        return pa.table({})
    tx.put("told_products", latest.select(["product_id"]))
    columns = ", ".join(f"c.{name}" for name in _KNOWN)
    known = tx.query(f"SELECT {columns} FROM told_products t JOIN catalogue c ON c.product_id = t.product_id")
    changed = scratch(_MERGED, {"latest": latest, "known": table_of(_KNOWN, known)})
    names = ["product_id", *FIELDS, "origin", "changed_at"]
    updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    tx.executemany(
        f"INSERT INTO catalogue ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT (product_id) DO UPDATE SET {updates}",
        python_rows(changed.select(names)),
    )
    return changed.select(["seq", "ts", "product_id", *FIELDS])


def _told(batch: Batch) -> pa.Table:
    """Everything the batch says of products: one row a mention, with its rank as ``origin``."""
    events = batch.events
    single = pc.and_(
        pc.starts_with(events["event"], "Product "), pc.invert(pc.equal(events["event"], "Product List Viewed"))
    )
    parts = []
    if pc.any(single).as_py():
        own = events.select(["row", "seq", "ts", "event"]).filter(single)
        fields = picked(properties_at(batch.decoded, own["row"]), TEXTS, ("price",))
        parts.append(pa.table({"seq": own["seq"], "ts": own["ts"], "event": own["event"], **fields}))
    lines = product_lines(batch.decoded)
    orders = events.filter(pc.is_in(events["event"], pa.array(list(KINDS)))).select(["row", "seq", "ts", "event"])
    if lines.num_rows and orders.num_rows:
        parts.append(scratch("SELECT l.*, o.seq, o.ts, o.event FROM lines l JOIN orders o USING (row)",
                             {"lines": lines, "orders": orders}))  # fmt: skip
    if not parts:
        return pa.table({name: pa.nulls(0, pa.string()) for name in (*TEXTS, "origin", "ts", "seq", "ordinal")})
    return scratch(_RANKED, {"told": pa.concat_tables(parts, promote_options="default")})


_RANKED = f"""
SELECT seq, ts, {", ".join(TEXTS)}, price AS price_micro,
       CASE WHEN event = 'Product Updated' THEN 3 WHEN starts_with(event, 'Product ') THEN 2 ELSE 1 END AS origin,
       row_number() OVER () AS ordinal
FROM told
"""
