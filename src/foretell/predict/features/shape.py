"""From the query's integers to the numbers that models see, one array operation a feature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from foretell.clock import micros
from foretell.money import minor_digits
from foretell.predict.features.plan import Feature, FeaturePlan, Floats
from foretell.predict.features.query import ACTIVE_WINDOWS, EVENT_WINDOWS, ORDER_WINDOWS

_DAY_US = 86_400_000_000
Column = tuple[Feature, Floats]


class Raw:
    """The query's result by column name, as float64 arrays (n,)."""

    def __init__(self, rows: pa.Table, as_of: datetime) -> None:
        self._rows = rows
        self._as_of = micros(as_of)

    def count(self, name: str) -> Floats:
        """A count or sum: nothing is 0."""
        return np.nan_to_num(self.number(name), nan=0.0)

    def number(self, name: str) -> Floats:
        """A number: nothing is NaN."""
        column = self._rows.column(name).cast(pa.float64())
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)

    def days_since(self, name: str) -> Floats:
        """Days from a timestamp column to ``as_of``; NaN where there is none."""
        column = self._rows.column(name).cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.float64(), safe=False)
        return (self._as_of - np.asarray(column.to_numpy(zero_copy_only=False))) / _DAY_US


def shaped(raw: Raw, plan: FeaturePlan, as_of: datetime, today: float) -> list[Column]:
    """All features but those of purchase models, in a fixed order.

    Args:
        today: the day up to which people were observed, in days from 1970-01-01.
    """
    zone = ZoneInfo(plan.zone)
    return [
        *_spending(raw, plan),
        *_rhythm(raw, plan, today),
        *_baskets(raw),
        *_activity(raw),
        *_events(raw, plan),
        *_season(raw, as_of.astimezone(zone)),
    ]


def _spending(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    minor = 10.0 ** minor_digits(plan.currency)
    for days in ORDER_WINDOWS:
        yield Feature(f"orders_{days}d", f"orders in the last {days} days: {{}}"), raw.count(f"orders_{days}")
        words = f"spent in the last {days} days: {{}} {plan.currency}"
        yield Feature(f"spent_{days}d", words, "money"), raw.count(f"spent_{days}") / minor
    orders, spent = raw.count("orders_all"), raw.count("spent_all") / minor
    yield Feature("orders", "orders so far: {}"), orders
    yield Feature("spent", f"spent so far: {{}} {plan.currency}", "money"), spent
    yield Feature("order_value", f"spent per order: {{}} {plan.currency}", "money"), _ratio(spent, orders)
    before = raw.count("orders_180") - raw.count("orders_90")
    words = "orders in the last 90 days compared with the 90 before: {}"
    yield Feature("orders_trend", words), raw.count("orders_90") - before
    before = (raw.count("spent_180") - raw.count("spent_90")) / minor
    words = f"spending in the last 90 days compared with the 90 before: {{}} {plan.currency}"
    yield Feature("spent_trend", words, "money"), raw.count("spent_90") / minor - before
    yield Feature("refunds", "refunds so far: {}"), raw.count("refunds_all")
    yield Feature("refunds_90d", "refunds in the last 90 days: {}"), raw.count("refunds_90")
    refunded = -raw.count("refunded_all") / minor
    yield Feature("refund_share", "share of spending refunded: {}", "share"), _ratio(refunded, spent)
    yield Feature("cancelled", "cancelled orders so far: {}"), raw.count("cancelled_all")


def _rhythm(raw: Raw, plan: FeaturePlan, today: float) -> Iterator[Column]:
    minor = 10.0 ** minor_digits(plan.currency)
    days, first, last = raw.count("order_days"), raw.number("first_day"), raw.number("last_day")
    gaps = days - 1
    mean = _ratio(raw.number("gap_sum"), gaps)
    spread = np.sqrt(np.maximum(_ratio(raw.number("gap_squares"), gaps) - mean**2, 0.0))
    since = today - last
    yield Feature("order_days", "days with an order: {}"), days
    yield Feature("days_since_order", "days since the last order: {}", "days"), since
    yield Feature("days_as_buyer", "days since the first order: {}", "days"), today - first
    yield Feature("gap_mean", "days between orders: {}", "days"), mean
    yield Feature("gap_spread", "spread of the days between orders: {}", "days"), spread
    yield Feature("gap_longest", "longest time between two orders in days: {}", "days"), raw.number("gap_max")
    words = "time since the last order, in usual times between orders: {}"
    yield Feature("overdue", words, "number"), _ratio(since, mean)
    yield Feature("overdue_spread", "overdue against the usual spread: {}", "number"), _ratio(since - mean, spread + 7)
    words = f"most spent on one day: {{}} {plan.currency}"
    yield Feature("best_day", words, "money"), raw.number("best_day_minor") / minor


def _baskets(raw: Raw) -> Iterator[Column]:
    orders, units = raw.count("orders_all"), raw.count("units_micro") / 1e6
    yield Feature("products", "different products bought: {}"), raw.count("products")
    yield Feature("products_90d", "different products bought in the last 90 days: {}"), raw.count("products_90")
    yield Feature("categories", "different categories bought: {}"), raw.count("categories")
    yield Feature("lines_per_order", "lines per order: {}", "number"), _ratio(raw.count("lines"), orders)
    yield Feature("units_per_order", "units per order: {}", "number"), _ratio(units, orders)
    again = _ratio(raw.count("lines"), raw.count("products"))
    yield Feature("lines_per_product", "times the same product is bought: {}", "number"), again


def _activity(raw: Raw) -> Iterator[Column]:
    yield Feature("days_since_event", "days since anything was seen: {}", "days"), raw.days_since("last_event")
    yield Feature("days_known", "days since first seen: {}", "days"), raw.days_since("first_event")
    yield Feature("event_kinds", "different kinds of events: {}"), raw.count("kinds")
    for days in ACTIVE_WINDOWS:
        yield Feature(f"active_{days}d", f"active days in the last {days}: {{}}"), raw.count(f"active_{days}")
        yield Feature(f"events_{days}d", f"events in the last {days} days: {{}}"), raw.count(f"events_{days}")


def _events(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    for place, name in enumerate(plan.events):
        safe = name.replace("{", "(").replace("}", ")")
        for days in EVENT_WINDOWS:
            feature = Feature(f"event:{name}:{days}d", f"{safe} in the last {days} days: {{}}")
            yield feature, raw.count(f"event_{place}_{days}")


def _season(raw: Raw, local: datetime) -> Iterator[Column]:
    n = raw.count("orders_all").size
    angle = 2 * np.pi * (local.timetuple().tm_yday - 1) / 365.25
    yield Feature("season_sin", "time of the year", "number"), np.full(n, np.sin(angle))
    yield Feature("season_cos", "time of the year", "number"), np.full(n, np.cos(angle))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    """``top / bottom``, NaN where ``bottom`` is not positive."""
    quotient = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient
