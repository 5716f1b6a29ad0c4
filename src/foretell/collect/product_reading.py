"""The catalogue for those who speak of products: each as it was known at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.collect.catalogue import FIELDS
from foretell.engine import Analytics

_LISTED = """
WITH newest AS (
  SELECT p.product_id, p.seq, p.{field} AS value, row_number() OVER (PARTITION BY p.product_id ORDER BY p.seq DESC) AS n
  FROM product_rows p WHERE p.ts <= $as_of
), placed AS (
  SELECT w.value, k.product_id, row_number() OVER (PARTITION BY w.value ORDER BY k.seq DESC, k.product_id) AS place
  FROM wanted w JOIN newest k ON k.value = w.value AND k.n = 1
)
SELECT value, product_id FROM placed WHERE place <= $most ORDER BY value, place"""


def product_versions(analytics: Analytics, ids: pa.Array) -> pa.Table:
    """Everything that was ever known of products, by product, the latest word last.

    Returns:
        Columns product_id, ts (from when on it holds, UTC), sku, name, category, brand, variant, url, image_url
        and price_micro (in 1e-6 of the currency's unit).
    """
    columns = ", ".join(f"p.{name}" for name in FIELDS)
    return analytics.query(
        f"SELECT p.product_id, p.ts, {columns} FROM asked a JOIN product_rows p ON p.product_id = a.product_id "
        "ORDER BY p.product_id, p.ts, p.seq",
        tables={"asked": pa.table({"product_id": ids.cast(pa.string())})},
    )


def products_listed(analytics: Analytics, field: str, values: Sequence[str], *, as_of: datetime, most: int) -> pa.Table:
    """The products whose ``field`` (category, brand …) has one of ``values``.

    Args:
        as_of: by what was known then.
        most: so many of each value, those that changed last first.

    Returns:
        Columns value and product_id.
    """
    assert field in FIELDS, field
    return analytics.query(
        _LISTED.format(field=field),
        {"as_of": naive_utc(as_of), "most": most},
        {"wanted": pa.table({"value": pa.array(values, pa.string())})},
    )
