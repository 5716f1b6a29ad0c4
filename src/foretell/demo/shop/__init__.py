"""The demo shop: a world that is stepped, with people whose answer to every message is known.

``step(until, messages)`` lets time go by and gives the events that a real shop would have sent. Every
draw is a hash, so the same person with and without a message uses the same draws: the true effect of a
journey is the difference between two worlds. The truth is for tests; the product never reads it.
"""

from __future__ import annotations

from foretell.demo.shop.sayings import topic_of
from foretell.demo.shop.settings import SLOT_MICROS, ShopSettings
from foretell.demo.shop.truth import shop_opinions, shop_truth
from foretell.demo.shop.world import ShopWorld, WorldStep

__all__ = ["SLOT_MICROS", "ShopSettings", "ShopWorld", "WorldStep", "shop_opinions", "shop_truth", "topic_of"]
