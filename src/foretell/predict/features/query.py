"""The one query behind the features: integers and instants per person, read as of an instant or as of many.

Portable SQL only; shares, means and spreads are worked out from the integers afterwards. What a plan does not keep is
not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from foretell.clock import naive_utc
from foretell.predict.activity import by_people
from foretell.predict.features import series, tallying, traits
from foretell.predict.features.days import local_day
from foretell.predict.features.plan import FeaturePlan
from foretell.predict.features.reading import AT_ONE, Instants

ORDER_WINDOWS = (7, 30, 90, 180, 365)
EVENT_WINDOWS = (30, 90, 365)
ACTIVE_WINDOWS = (7, 30, 90, 365)
MACHINE = "machine"
"""The property of what a program did in somebody's name."""


def parameters(plan: FeaturePlan, as_of: datetime, instants: Instants = AT_ONE) -> dict[str, object]:
    """Values for the query's named parameters.

    Args:
        as_of: the instant; the latest where each row has its own.
    """
    named: dict[str, object] = {"as_of": naive_utc(as_of)}
    if _orders(plan):
        named["currency"] = plan.currency
    if not instants.many:
        days = {*tallying.windows(plan)}
        days |= {*ORDER_WINDOWS} if _orders(plan) else set()
        days |= {*ACTIVE_WINDOWS} if "activity" in plan.base else set()
        days |= {*EVENT_WINDOWS} if "events" in plan.base else set()
        named |= {f"since_{day}": naive_utc(as_of - timedelta(days=day)) for day in sorted(days)}
    if "events" in plan.base:
        named |= {f"event_{place}": name for place, name in enumerate(plan.events)}
    return named | tallying.parameters(plan) | traits.parameters(plan) | series.parameters(plan)


def _orders(plan: FeaturePlan) -> bool:
    """Whether anything about orders is asked."""
    return bool({"orders", "rhythm", "baskets", "repeat"} & {*plan.base})


def _placed(instants: Instants) -> str:
    return f"""
  FROM order_rows o LEFT JOIN merged m ON m.node_key = o.node_key
  JOIN people p ON p.profile_key = coalesce(m.profile_key, o.node_key)
  WHERE {instants.there("o")}"""


def histories_sql(plan: FeaturePlan, as_of: datetime) -> str:
    """How many of the table ``people`` (column profile_key) have which number of order days, first and last day."""
    day = local_day("o.ts", ZoneInfo(plan.zone), as_of)
    return f"""
WITH days AS (
  SELECT DISTINCT p.profile_key, {day} AS day {_placed(AT_ONE)} AND o.kind = 'completed'
), rhythm AS (
  SELECT profile_key, count(*) AS order_days, min(day) AS first_day, max(day) AS last_day FROM days GROUP BY profile_key
)
SELECT order_days, first_day, last_day, count(*) AS people FROM rhythm GROUP BY order_days, first_day, last_day"""


def features_sql(plan: FeaturePlan, as_of: datetime, carried: Sequence[str] = (), instants: Instants = AT_ONE) -> str:
    """One row a row of the table ``people`` (profile_key; of many instants also place and as_of), in no order.

    Args:
        as_of: the instant; the latest where each row has its own.
        carried: further columns of ``people``.
    """
    parts = _parts(plan, as_of, instants)
    tables = [(name, columns) for name, _, columns in parts if columns]
    inner = ", ".join(f"{name} AS ({sql}\n)" for name, sql, _ in parts)
    key = instants.key
    own = ["p.profile_key", *(["p.place"] if instants.many else []), *(f"p.{name}" for name in carried)]
    shown = ", ".join([*own, *(f"{name}.{column}" for name, columns in tables for column in columns)])
    joined = "\n".join(f"LEFT JOIN {name} ON {name}.{key} = p.{key}" for name, _ in tables)
    return f"{f'WITH {inner}' if inner else ''}\nSELECT {shown}\nFROM people p\n{joined}"


_Part = tuple[str, str, tuple[str, ...]]
"""A named query, and the columns of it that are shown; none where it is a step on the way."""


def _parts(plan: FeaturePlan, as_of: datetime, instants: Instants) -> list[_Part]:
    zone = ZoneInfo(plan.zone)
    day = local_day("e.ts", zone, as_of)
    found = _order_parts(plan, as_of, zone, instants) if _orders(plan) else []
    if {"activity", "events"} & {*plan.base}:
        columns = _activity(plan, instants)
        found.append(("activity", _events_sql(columns, _done(plan), instants), tuple(columns)))
    if "activity" in plan.base:
        found.append(_active_days(_done(plan), day, instants))
    found += tallying.parts(plan, day, instants)
    return found + traits.parts(plan, instants) + series.parts(plan, instants)


def _events_sql(columns: dict[str, str], which: str, instants: Instants) -> str:
    return f"""
  SELECT {instants.event_key}, {_joined(columns)}
  {instants.events([which])} GROUP BY {instants.event_key}"""


def _order_parts(plan: FeaturePlan, as_of: datetime, zone: ZoneInfo, instants: Instants) -> list[_Part]:
    key, base = instants.key, {*plan.base}
    minor = "CASE WHEN coalesce(o.currency, $currency) = $currency THEN o.amount_minor ELSE 0 END"
    day = local_day("o.ts", zone, as_of)
    placed = f"\n  SELECT o.seq, {instants.carried}, o.ts, o.kind, {day} AS day, {minor} AS minor{_placed(instants)}"
    spending = _spending(instants)
    found: list[_Part] = [
        ("placed", placed, ()),
        ("spending", f"\n  SELECT {key}, {_joined(spending)} FROM placed GROUP BY {key}", tuple(spending)),
    ]
    if base & {"rhythm", "repeat"}:
        found += _rhythm_parts(key)
    if "baskets" in base:
        columns = _baskets(instants)
        sql = (
            f"\n  SELECT l.{key}, {_joined(columns)}\n  FROM order_item_rows i JOIN placed l ON l.seq = i.seq"
            f"\n  WHERE l.kind = 'completed' GROUP BY l.{key}"
        )
        found.append(("baskets", sql, tuple(columns)))
    return found


def _rhythm_parts(key: str) -> list[_Part]:
    days = f"\n  SELECT {key}, day, sum(minor) AS minor FROM placed WHERE kind = 'completed' GROUP BY {key}, day"
    gaps = f"\n  SELECT {key}, day, minor, day - lag(day) OVER (PARTITION BY {key} ORDER BY day) AS gap FROM days"
    rhythm = {
        "order_days": "count(*)",
        "first_day": "min(day)",
        "last_day": "max(day)",
        "gap_sum": "CAST(sum(gap) AS BIGINT)",
        "gap_squares": "CAST(sum(gap * gap) AS BIGINT)",
        "gap_max": "max(gap)",
        "best_day_minor": "max(minor)",
    }
    return [
        ("days", days, ()),
        ("gaps", gaps, ()),
        ("rhythm", f"\n  SELECT {key}, {_joined(rhythm)}\n  FROM gaps GROUP BY {key}", tuple(rhythm)),
    ]


def _joined(columns: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


def _spending(instants: Instants) -> dict[str, str]:
    bought = "kind = 'completed'"
    columns = {
        "orders_all": f"count(*) FILTER (WHERE {bought})",
        "spent_all": f"CAST(sum(minor) FILTER (WHERE {bought}) AS BIGINT)",
        "last_order": f"max(ts) FILTER (WHERE {bought})",
        "refunds_all": "count(*) FILTER (WHERE kind = 'refunded')",
        "refunds_90": f"count(*) FILTER (WHERE kind = 'refunded' AND {instants.since('ts', 90)})",
        "refunded_all": "CAST(sum(minor) FILTER (WHERE kind = 'refunded') AS BIGINT)",
        "cancelled_all": "count(*) FILTER (WHERE kind = 'cancelled')",
    }
    for days in ORDER_WINDOWS:
        within = f"{bought} AND {instants.since('ts', days)}"
        columns[f"orders_{days}"] = f"count(*) FILTER (WHERE {within})"
        columns[f"spent_{days}"] = f"CAST(sum(minor) FILTER (WHERE {within}) AS BIGINT)"
    return columns


def _baskets(instants: Instants) -> dict[str, str]:
    return {
        "lines": "count(*)",
        "units_micro": "CAST(sum(i.quantity_micro) AS BIGINT)",
        "products": "count(DISTINCT i.product_id)",
        "products_90": f"count(DISTINCT CASE WHEN {instants.since('l.ts', 90, 'l')} THEN i.product_id END)",
        "categories": "count(DISTINCT i.category)",
    }


def _done(plan: FeaturePlan) -> str:
    return by_people(plan.paths[MACHINE][0] if MACHINE in plan.paths else None)


def _active_days(done: str, day: str, instants: Instants) -> _Part:
    """Days with an event: each with its latest, which serves all windows."""
    columns = {
        f"active_{days}": f"count(*) FILTER (WHERE {instants.since('g.seen', days, 'g')})" for days in ACTIVE_WINDOWS
    }
    sql = f"""
  SELECT g.{instants.key}, {_joined(columns)} FROM (
    SELECT {instants.event_carried}, max(e.ts) AS seen
    {instants.events([done])} GROUP BY {instants.event_carried}, {day}) AS g
  GROUP BY g.{instants.key}"""
    return "active_days", sql, tuple(columns)


def _activity(plan: FeaturePlan, instants: Instants) -> dict[str, str]:
    columns: dict[str, str] = {}
    if "activity" in plan.base:
        columns |= {"first_event": "min(e.ts)", "last_event": "max(e.ts)", "kinds": "count(DISTINCT e.event)"}
        for days in ACTIVE_WINDOWS:
            within = instants.since("e.ts", days, "p")
            columns[f"events_{days}"] = f"count(CASE WHEN {within} THEN 1 END)"
    if "events" in plan.base:
        for place in range(len(plan.events)):
            for days in EVENT_WINDOWS:
                within = instants.since("e.ts", days, "p")
                columns[f"event_{place}_{days}"] = f"count(CASE WHEN e.event = $event_{place} AND {within} THEN 1 END)"
    return columns or {"events_all": "count(*)"}
