"""All six calls with rudder-sdk-python."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import rudderstack.analytics as analytics

WHEN = datetime(2025, 3, 1, 10, 0, tzinfo=UTC)

analytics.write_key = os.environ["WRITE_KEY"]
analytics.dataPlaneUrl = os.environ["ADDRESS"]
analytics.on_error = lambda error, batch: print("dropped", len(batch), error)
analytics.identify("u1", {"email": "Ada@Shop.example", "plan": "gold"}, anonymous_id="a1")
analytics.track("u1", "Order Completed", {"order_id": "o1", "revenue": 49.90}, timestamp=WHEN)
analytics.page("u1", "Shop", "Home", {"url": "https://shop.example/"})
analytics.screen("u1", "Shop", "Start", {"tab": "first"})
analytics.group("u1", "g1", {"name": "Initech"})
analytics.alias("a0", "u1")
analytics.shutdown()
