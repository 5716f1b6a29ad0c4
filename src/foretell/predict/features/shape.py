"""From the query's integers to the numbers that models see, one array operation a feature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from foretell.money import minor_digits
from foretell.predict.features import series, traits
from foretell.predict.features.calendar import season
from foretell.predict.features.families import families
from foretell.predict.features.plan import Feature, FeaturePlan
from foretell.predict.features.query import ACTIVE_WINDOWS, EVENT_WINDOWS, ORDER_WINDOWS
from foretell.predict.features.raw import Column, Raw, ratio
from foretell.predict.features.tallying import tallies_of


def shaped(raw: Raw, plan: FeaturePlan, as_of: datetime, today: float) -> list[Column]:
    """All features that the plan keeps but those of purchase models, in a fixed order.

    Args:
        today: the day up to which people were observed, in days from 1970-01-01.
    """
    local = as_of.astimezone(ZoneInfo(plan.zone))
    made: dict[str, Iterator[Column]] = {
        "orders": _spending(raw, plan),
        "rhythm": _rhythm(raw, plan, today),
        "baskets": _baskets(raw),
        "activity": _activity(raw),
        "events": _events(raw, plan),
        "season": season(raw, plan, local),
    }
    found = [column for name, columns in made.items() if name in plan.base for column in _of(name, columns)]
    for name in plan.families:
        found += _of(name, families()[name].shaped(raw, plan))
    found += _of(traits.FAMILY, traits.shaped(raw, plan))
    found += _of(series.FAMILY, series.shaped(raw, plan))
    found += _of("", _tallied(raw, plan))
    return [(feature, values) for feature, values in found if plan.keeps(feature.name)]


def _of(family: str, columns: Iterator[Column]) -> list[Column]:
    """Columns of one family, which are told so."""
    return [(replace(feature, family=family), values) for feature, values in columns]


def _tallied(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    """The plan's own tallies, as they are."""
    own = {tally.name for tally in plan.tallies}
    for tally in tallies_of(plan):
        for days in tally.windows if tally.name in own else ():
            name = f"{tally.name}_{days}"
            if tally.function in ("first", "last"):
                values = raw.days_since(name)
            else:
                read = {"sum": raw.total, "max": raw.value, "latest": raw.value}.get(tally.function, raw.count)
                values = read(name)
            yield Feature(f"{name}d" if days else tally.name, f"{tally.name}: {{}}", "number"), values


def _spending(raw: Raw, plan: FeaturePlan) -> Iterator[Column]:
    minor = 10.0 ** minor_digits(plan.currency)
    for days in ORDER_WINDOWS:
        yield Feature(f"orders_{days}d", f"orders in the last {days} days: {{}}"), raw.count(f"orders_{days}")
        words = f"spent in the last {days} days: {{}} {plan.currency}"
        yield Feature(f"spent_{days}d", words, "money"), raw.count(f"spent_{days}") / minor
    orders, spent = raw.count("orders_all"), raw.count("spent_all") / minor
    yield Feature("orders", "orders so far: {}"), orders
    yield Feature("spent", f"spent so far: {{}} {plan.currency}", "money"), spent
    yield Feature("order_value", f"spent per order: {{}} {plan.currency}", "money"), ratio(spent, orders)
    before = raw.count("orders_180") - raw.count("orders_90")
    words = "orders in the last 90 days compared with the 90 before: {}"
    yield Feature("orders_trend", words), raw.count("orders_90") - before
    before = (raw.count("spent_180") - raw.count("spent_90")) / minor
    words = f"spending in the last 90 days compared with the 90 before: {{}} {plan.currency}"
    yield Feature("spent_trend", words, "money"), raw.count("spent_90") / minor - before
    yield Feature("refunds", "refunds so far: {}"), raw.count("refunds_all")
    yield Feature("refunds_90d", "refunds in the last 90 days: {}"), raw.count("refunds_90")
    refunded = -raw.count("refunded_all") / minor
    yield Feature("refund_share", "share of spending refunded: {}", "share"), ratio(refunded, spent)
    yield Feature("cancelled", "cancelled orders so far: {}"), raw.count("cancelled_all")


def _rhythm(raw: Raw, plan: FeaturePlan, today: float) -> Iterator[Column]:
    minor = 10.0 ** minor_digits(plan.currency)
    days, first, last = raw.count("order_days"), raw.number("first_day"), raw.number("last_day")
    gaps = days - 1
    mean = ratio(raw.number("gap_sum"), gaps)
    spread = np.sqrt(np.maximum(ratio(raw.number("gap_squares"), gaps) - mean**2, 0.0))
    since = today - last
    yield Feature("order_days", "days with an order: {}"), days
    yield Feature("days_since_order", "days since the last order: {}", "days"), since
    yield Feature("days_as_buyer", "days since the first order: {}", "days"), today - first
    yield Feature("gap_mean", "days between orders: {}", "days"), mean
    yield Feature("gap_spread", "spread of the days between orders: {}", "days"), spread
    yield Feature("gap_longest", "longest time between two orders in days: {}", "days"), raw.number("gap_max")
    words = "time since the last order, in usual times between orders: {}"
    yield Feature("overdue", words, "number"), ratio(since, mean)
    yield Feature("overdue_spread", "overdue against the usual spread: {}", "number"), ratio(since - mean, spread + 7)
    words = f"most spent on one day: {{}} {plan.currency}"
    yield Feature("best_day", words, "money"), raw.number("best_day_minor") / minor


def _baskets(raw: Raw) -> Iterator[Column]:
    orders, units = raw.count("orders_all"), raw.count("units_micro") / 1e6
    yield Feature("products", "different products bought: {}"), raw.count("products")
    yield Feature("products_90d", "different products bought in the last 90 days: {}"), raw.count("products_90")
    yield Feature("categories", "different categories bought: {}"), raw.count("categories")
    yield Feature("lines_per_order", "lines per order: {}", "number"), ratio(raw.count("lines"), orders)
    yield Feature("units_per_order", "units per order: {}", "number"), ratio(units, orders)
    again = ratio(raw.count("lines"), raw.count("products"))
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
