"""What an event of an erased person still says: which product, how many, how much money."""

from __future__ import annotations

from foretell.engine import KeptProperties

KEPT = KeptProperties(
    numbers=frozenset(
        {
            "quantity", "price", "revenue", "total", "subtotal", "value", "amount", "tax", "shipping", "discount",
            "refund",
        }
    ),
    codes=frozenset({"currency"}),
    products=frozenset({"product_id", "sku", "name", "category", "brand"}),
    naming=("product_id", "sku"),
    arrays=frozenset({"products"}),
)  # fmt: skip
"""Names of the Segment specification (https://segment.com/docs/connections/spec/ecommerce/v2/)."""
