"""The way to an order: looked at, put into the cart, begun to pay, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from foretell.predict.features.families.base import EVER, Family, Tally, against_before
from foretell.predict.features.plan import Feature, FeaturePlan
from foretell.predict.features.raw import Column, Raw, ratio

_VIEWED, _ADDED, _BEGUN, _BOUGHT = ("Product Viewed",), ("Product Added",), ("Checkout Started",), ("Order Completed",)
_WINDOWS = (30, 60, 90)
_STEPS = (("view", _VIEWED, "a product was viewed"), ("cart", _ADDED, "something was put into the cart"),
          ("checkout", _BEGUN, "a checkout was begun"))  # fmt: skip


def _shaped(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    del plan
    bought = raw.days_since(f"funnel_order_at_{EVER}")
    for step, _, said in _STEPS:
        last = raw.days_since(f"funnel_{step}_at_{EVER}")
        yield Feature(f"days_since_{step}", f"days since {said}: {{}}", "days"), last
        unbought = np.where(np.isnan(bought) | (last < bought), last, np.nan)
        words = f"days since {said} and nothing bought after it: {{}}"
        yield Feature(f"days_since_unbought_{step}", words, "days"), unbought
    views, both = raw.count("funnel_view_30"), raw.count("funnel_view_60")
    yield from against_before("product_views", "product views", views, both, 30)
    for days in (30, 90):
        views, carts = raw.count(f"funnel_view_{days}"), raw.count(f"funnel_cart_{days}")
        orders = raw.count(f"funnel_order_{days}")
        words = f"share of product views that reached the cart in the last {days} days: {{}}"
        yield Feature(f"view_to_cart_{days}d", words, "share"), np.minimum(ratio(carts, views), 10.0)
        words = f"orders to one thing put into the cart in the last {days} days: {{}}"
        yield Feature(f"cart_to_order_{days}d", words, "number"), np.minimum(ratio(orders, carts), 10.0)


FAMILY = Family(
    "funnel",
    "days since a product view, cart or checkout, with and without an order after it; rates from step to step",
    tuple(
        tally
        for name, events in (("view", _VIEWED), ("cart", _ADDED), ("checkout", _BEGUN), ("order", _BOUGHT))
        for tally in (
            Tally(f"funnel_{name}", events, _WINDOWS),
            Tally(f"funnel_{name}_at", events, (EVER,), "last"),
        )
    ),
    _shaped,
    frozenset({"Product Viewed"}),
)
