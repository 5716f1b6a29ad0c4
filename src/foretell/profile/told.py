"""A person's timeline piece by piece, and what sources told of traits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, get_args

import pyarrow as pa

from foretell.clock import naive_utc, utc
from foretell.engine import Engine
from foretell.profile.card import Entry

EventGroup = Literal["orders", "visits", "messages", "other"]
EVENT_GROUPS: tuple[EventGroup, ...] = get_args(EventGroup)
"""Groups of events by which a timeline is narrowed."""

_ORDERS = "(l.event LIKE 'Order %' OR l.event LIKE 'Checkout %' OR l.event LIKE 'Cart %' OR l.event LIKE 'Coupon %')"
_VISITS = (
    "(l.event IN ('Page Viewed', 'Screen Viewed', 'Session Ended', 'Products Searched', 'Product List Viewed') "
    "OR l.event LIKE 'Product %')"
)
_MESSAGES = (
    "(l.event LIKE 'Email %' OR l.event LIKE 'SMS %' OR l.event LIKE 'Push %' OR l.event LIKE 'Message %' "
    "OR l.event IN ('Unsubscribed', 'Consent Updated'))"
)
_GROUPS: dict[EventGroup, str] = {
    "orders": _ORDERS,
    "visits": f"{_VISITS} AND NOT {_ORDERS}",
    "messages": _MESSAGES,
    "other": f"NOT {_ORDERS} AND NOT {_VISITS} AND NOT {_MESSAGES}",
}
_MOST_CALLS = 50_000
_TRAIT_CALLS = f"""
SELECT seq, trait, s, n FROM (
    SELECT t.seq, t.trait, t.s, t.n, row_number() OVER (PARTITION BY t.trait ORDER BY t.seq DESC) AS place
    FROM trait_values t JOIN event_log e ON e.seq = t.seq
    WHERE e.type = 'identify' AND ($source IS NULL OR e.source = $source)
    AND e.received_at >= $start AND e.received_at < $end) v
WHERE place <= {_MOST_CALLS} ORDER BY seq, trait
"""


def trait_calls(
    engine: Engine, *, source: str | None = None, start: datetime | None = None, end: datetime | None = None
) -> pa.Table:
    """What sources told of people's traits, the latest values of each.

    Args:
        source: of this source alone.
        start, end: arrival, ``end`` not included.

    Returns:
        ``seq`` (the event), ``trait``, ``s``, ``n`` (micro units); both null take a trait away.
    """
    params: dict[str, object] = {
        "source": source,
        "start": naive_utc(start) if start else datetime(1, 1, 1),
        "end": naive_utc(end) if end else datetime(9999, 1, 1),
    }
    return engine.analytics.query(_TRAIT_CALLS, params)


def timeline_before(
    engine: Engine,
    profile_key: int,
    limit: int,
    *,
    before: tuple[datetime, str] | None = None,
    group: EventGroup | None = None,
    events: Sequence[str] = (),
    sources: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[Entry]:
    """The ``limit`` events of a person that come before one of them, newest first; ties by message id.

    Args:
        before: instant and message id of the last event of the piece before; None begins with the newest.
        group: only events of this group.
        events, sources: only events that are called so, and that these sources sent; empty: all.
        start, end: only events from ``start`` on, and before ``end``.
    """
    tests = ["l.profile_key = $key"]
    values: dict[str, object] = {"key": profile_key, "limit": limit}
    if before is not None:
        tests.append("(l.ts < $ts OR (l.ts = $ts AND l.message_id < $message))")
        values |= {"ts": naive_utc(before[0]), "message": before[1]}
    if group is not None:
        tests.append(_GROUPS[group])
    for column, names in (("event", events), ("source", sources)):
        if names:
            marks = [f"${column}{place}" for place in range(len(names))]
            tests.append(f"l.{column} IN ({', '.join(marks)})")
            values |= {f"{column}{place}": name for place, name in enumerate(names)}
    if start is not None:
        tests.append("l.ts >= $start")
        values["start"] = naive_utc(start)
    if end is not None:
        tests.append("l.ts < $end")
        values["end"] = naive_utc(end)
    found = engine.analytics.query(
        f"SELECT l.ts, l.event, l.source, l.properties, l.message_id FROM log_events l WHERE {' AND '.join(tests)} "
        "ORDER BY l.ts DESC, l.message_id DESC LIMIT $limit",
        values,
    )
    return [
        Entry(utc(row["ts"]), row["event"], row["source"], row["properties"] or "{}", row["message_id"])
        for row in found.to_pylist()
    ]
