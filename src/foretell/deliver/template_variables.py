"""The variables that every template may use."""

from __future__ import annotations

from collections.abc import Mapping

OFFER = ("key", "title", "code", "percent", "amount", "expires", "product")
PRODUCT = (
    "product_id", "sku", "name", "price", "currency", "url", "image_url", "category", "brand", "variant", "source",
)  # fmt: skip
COMPANY = ("name", "address", "website", "email")
JOURNEY = ("key", "step", "campaign")
MESSAGE = ("id", "channel", "topic", "purpose", "at")
ORDERS = ("count", "revenue", "average", "currency", "first_at", "last_at", "last")
SURVEY = ("key", "title", "url", "expires", "question", "low", "high", "scores", "buttons", "questions")
VARIABLES: Mapping[str, tuple[str, ...] | None] = {
    "person": None,
    "event": None,
    "offer": OFFER,
    "product": PRODUCT,
    "products": (),
    "catalogue": None,
    "orders": ORDERS,
    "scores": None,
    "company": COMPANY,
    "journey": JOURNEY,
    "message": MESSAGE,
    "survey": SURVEY,
    "surveys": None,
    "tables": None,
    "blocks": None,
    "strings": None,
    "language": (),
    "locale": (),
    "zone": (),
    "currency": (),
    "now": (),
    "unsubscribe_url": (),
    "preferences_url": (),
    "confirm_url": (),
    "purpose_title": (),
    "purpose_wording": (),
}
"""Name → its fields; None: any field (the traits of people, their rows in own tables)."""
ASKING_ANALYTICS = frozenset({"product", "products", "catalogue", "orders", "scores"})
"""Variables that only the analytics store can answer."""
