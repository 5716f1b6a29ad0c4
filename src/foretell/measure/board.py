"""The board: a few KPIs side by side, each with its last value, its course and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import hypot

from foretell.clock import shift_months
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.measure.series import Estimate, KpiSeries, Point
from foretell.measure.show import list_kpis, show

BOARD = ("revenue", "active_customers", "churn_probability", "retention_rate", "average_order_value", "repeat_rate")
"""The KPIs of the board, where the workspace has them in force."""
MONTHS = 13


@dataclass(frozen=True)
class Change:
    """From one value to the next.

    Args:
        by: the later value less the earlier one, in the KPI's unit.
        low, high: its 90 % interval, by the two values' own intervals taken as independent; None where one
            of them has none.
    """

    by: float
    low: float | None
    high: float | None

    @property
    def is_real(self) -> bool | None:
        """False where the interval holds 0; None where there is no interval."""
        return None if self.low is None or self.high is None else not self.low <= 0 <= self.high


@dataclass(frozen=True)
class Card:
    """A KPI on the board.

    Args:
        last: the last value of a whole period (of a stock: the last reading); None where there is none.
        before: the value of the period before it.
        change: from ``before`` to ``last``.
    """

    series: KpiSeries
    last: Point | None
    before: Point | None
    change: Change | None


def board(
    engine: Engine, reader: Reader, catalog: Catalog, *, now: datetime, keys: Sequence[str] = BOARD
) -> list[Card]:
    """The KPIs ``keys`` by month, over the last thirteen months; those that are not in force are left out."""
    zone = catalog.settings.zone_info
    local = now.astimezone(zone)
    since = shift_months(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0), -(MONTHS - 1))
    known = {entry.key for entry in list_kpis(catalog)}
    return [
        card_of(show(engine, reader, catalog, key, now=now, since=since, until=now, by=("month",)))
        for key in keys
        if key in known
    ]


def card_of(series: KpiSeries) -> Card:
    """The card of a series over time."""
    stock = series.measure == "stock"
    usable = [point for point in series.points if point.estimate.value is not None and (point.complete or stock)]
    last = usable[-1] if usable else None
    before = usable[-2] if len(usable) > 1 else None
    change = None if last is None or before is None else _change(before.estimate, last.estimate)
    return Card(series, last, before, change)


def _change(before: Estimate, after: Estimate) -> Change | None:
    if before.value is None or after.value is None:
        return None
    by = after.value - before.value
    if before.low is None or before.high is None or after.low is None or after.high is None:
        return Change(by, None, None)
    down = hypot(after.value - after.low, before.high - before.value)
    up = hypot(after.high - after.value, before.value - before.low)
    return Change(by, by - down, by + up)
