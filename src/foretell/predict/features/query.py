"""The one query behind the features: integers and instants per person, read as of an instant.

Portable SQL only; shares, means and spreads are worked out from the integers afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from foretell.clock import naive_utc
from foretell.predict.activity import DONE_BY_PEOPLE
from foretell.predict.features.days import local_day
from foretell.predict.features.plan import FeaturePlan

ORDER_WINDOWS = (7, 30, 90, 180, 365)
EVENT_WINDOWS = (30, 90, 365)
ACTIVE_WINDOWS = (7, 30, 90, 365)


def parameters(plan: FeaturePlan, as_of: datetime) -> dict[str, object]:
    """Values for the query's named parameters."""
    days = sorted({*ORDER_WINDOWS, *EVENT_WINDOWS, *ACTIVE_WINDOWS})
    return {
        "as_of": naive_utc(as_of),
        "currency": plan.currency,
        **{f"since_{day}": naive_utc(as_of - timedelta(days=day)) for day in days},
        **{f"event_{place}": name for place, name in enumerate(plan.events)},
    }


_ORDERS = """
  FROM order_rows o LEFT JOIN merged m ON m.node_key = o.node_key
  JOIN people p ON p.profile_key = coalesce(m.profile_key, o.node_key)
  WHERE o.ts <= $as_of AND o.known_at <= $as_of"""


def histories_sql(plan: FeaturePlan, as_of: datetime) -> str:
    """How many of the table ``people`` (column profile_key) have which number of order days, first and last day."""
    day = local_day("o.ts", ZoneInfo(plan.zone), as_of)
    return f"""
WITH days AS (
  SELECT DISTINCT p.profile_key, {day} AS day {_ORDERS} AND o.kind = 'completed'
), rhythm AS (
  SELECT profile_key, count(*) AS order_days, min(day) AS first_day, max(day) AS last_day FROM days GROUP BY profile_key
)
SELECT order_days, first_day, last_day, count(*) AS people FROM rhythm GROUP BY order_days, first_day, last_day"""


def features_sql(plan: FeaturePlan, as_of: datetime, carried: Sequence[str] = ()) -> str:
    """One row a person of the table ``people`` (column profile_key), in no order, with its columns ``carried``."""
    zone = ZoneInfo(plan.zone)
    return f"""
WITH placed AS (
  SELECT o.seq, p.profile_key, o.ts, o.kind, {local_day("o.ts", zone, as_of)} AS day,
    CASE WHEN coalesce(o.currency, $currency) = $currency THEN o.amount_minor ELSE 0 END AS minor{_ORDERS}
), spending AS (
  SELECT profile_key, {_joined(_spending())} FROM placed GROUP BY profile_key
), days AS (
  SELECT profile_key, day, sum(minor) AS minor FROM placed WHERE kind = 'completed' GROUP BY profile_key, day
), gaps AS (
  SELECT profile_key, day, minor, day - lag(day) OVER (PARTITION BY profile_key ORDER BY day) AS gap FROM days
), rhythm AS (
  SELECT profile_key, count(*) AS order_days, min(day) AS first_day, max(day) AS last_day,
    CAST(sum(gap) AS BIGINT) AS gap_sum, CAST(sum(gap * gap) AS BIGINT) AS gap_squares, max(gap) AS gap_max,
    max(minor) AS best_day_minor
  FROM gaps GROUP BY profile_key
), baskets AS (
  SELECT l.profile_key, {_joined(_baskets())}
  FROM order_item_rows i JOIN placed l ON l.seq = i.seq
  WHERE l.kind = 'completed' GROUP BY l.profile_key
), activity AS (
  SELECT e.profile_key, {_joined(_activity(plan, local_day("e.ts", zone, as_of)))}
  FROM log_events e JOIN people p ON p.profile_key = e.profile_key
  WHERE e.ts <= $as_of AND e.known_at <= $as_of AND {DONE_BY_PEOPLE} GROUP BY e.profile_key
)
SELECT p.profile_key, {", ".join([*(f"p.{name}" for name in carried), *_outer(plan)])}
FROM people p
LEFT JOIN spending ON spending.profile_key = p.profile_key
LEFT JOIN rhythm ON rhythm.profile_key = p.profile_key
LEFT JOIN baskets ON baskets.profile_key = p.profile_key
LEFT JOIN activity ON activity.profile_key = p.profile_key"""


def _joined(columns: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


def _spending() -> dict[str, str]:
    bought = "kind = 'completed'"
    columns = {
        "orders_all": f"count(*) FILTER (WHERE {bought})",
        "spent_all": f"CAST(sum(minor) FILTER (WHERE {bought}) AS BIGINT)",
        "last_order": f"max(ts) FILTER (WHERE {bought})",
        "refunds_all": "count(*) FILTER (WHERE kind = 'refunded')",
        "refunds_90": "count(*) FILTER (WHERE kind = 'refunded' AND ts > $since_90)",
        "refunded_all": "CAST(sum(minor) FILTER (WHERE kind = 'refunded') AS BIGINT)",
        "cancelled_all": "count(*) FILTER (WHERE kind = 'cancelled')",
    }
    for days in ORDER_WINDOWS:
        within = f"{bought} AND ts > $since_{days}"
        columns[f"orders_{days}"] = f"count(*) FILTER (WHERE {within})"
        columns[f"spent_{days}"] = f"CAST(sum(minor) FILTER (WHERE {within}) AS BIGINT)"
    return columns


def _baskets() -> dict[str, str]:
    return {
        "lines": "count(*)",
        "units_micro": "CAST(sum(i.quantity_micro) AS BIGINT)",
        "products": "count(DISTINCT i.product_id)",
        "products_90": "count(DISTINCT CASE WHEN l.ts > $since_90 THEN i.product_id END)",
        "categories": "count(DISTINCT i.category)",
    }


def _activity(plan: FeaturePlan, day: str) -> dict[str, str]:
    columns = {"first_event": "min(e.ts)", "last_event": "max(e.ts)", "kinds": "count(DISTINCT e.event)"}
    for days in ACTIVE_WINDOWS:
        columns[f"events_{days}"] = f"count(*) FILTER (WHERE e.ts > $since_{days})"
        columns[f"active_{days}"] = f"count(DISTINCT CASE WHEN e.ts > $since_{days} THEN {day} END)"
    for place in range(len(plan.events)):
        for days in EVENT_WINDOWS:
            columns[f"event_{place}_{days}"] = (
                f"count(*) FILTER (WHERE e.event = $event_{place} AND e.ts > $since_{days})"
            )
    return columns


def _outer(plan: FeaturePlan) -> list[str]:
    rhythm = ("order_days", "first_day", "last_day", "gap_sum", "gap_squares", "gap_max", "best_day_minor")
    return [
        *(f"spending.{name}" for name in _spending()),
        *(f"rhythm.{name}" for name in rhythm),
        *(f"baskets.{name}" for name in _baskets()),
        *(f"activity.{name}" for name in _activity(plan, "0")),
    ]
