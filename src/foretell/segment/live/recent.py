"""What was told of a segment lately: who came and went, day by day, and how fresh it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from foretell.clock import naive_utc, utc
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.segment.live.plan import plan_of_one
from foretell.segment.live.reasons import Freshness
from foretell.segment.live.refreshing import looked_at

_INSIDE = (
    "SELECT sum(CASE WHEN c.entered THEN 1 ELSE -1 END) AS n, min(c.known_at) AS begun FROM segment_changes AS c "
    "WHERE c.segment = $key"
)
_DAYS = (
    "SELECT CAST(c.ts AS DATE) AS day, sum(CASE WHEN c.entered THEN 1 ELSE 0 END) AS entered, "
    "sum(CASE WHEN c.entered THEN 0 ELSE 1 END) AS exited FROM segment_changes AS c "
    "WHERE c.segment = $key AND c.how <> 'held' AND c.ts > $since GROUP BY CAST(c.ts AS DATE) ORDER BY day"
)


@dataclass(frozen=True)
class Day:
    """How many people came and went on a day (UTC)."""

    day: date
    entered: int
    exited: int


@dataclass(frozen=True)
class Keeping:
    """How a segment is kept.

    Args:
        fresh: how fresh, and why not fresher.
        looked_at: up to when it is kept; None where it never was.
        begun_at: since when it is kept.
        members: who is in, as kept.
        days: that had changes, oldest first.
    """

    fresh: Freshness
    looked_at: datetime | None
    begun_at: datetime | None
    members: int
    days: tuple[Day, ...]


def keeping(engine: Engine, catalog: Catalog, key: str, *, now: datetime, days: int = 30) -> Keeping:
    """How segment ``key`` is kept, and its changes of the last ``days``; raises UsageError where it is not sound."""
    kept = plan_of_one(catalog, key).segments[0]
    inside = engine.analytics.query(_INSIDE, {"key": key}).to_pylist()[0]
    since = naive_utc(now - timedelta(days=days))
    rows = engine.analytics.query(_DAYS, {"key": key, "since": since}).to_pylist()
    return Keeping(
        kept.fresh,
        looked_at(engine),
        None if inside["begun"] is None else utc(inside["begun"]),
        int(inside["n"] or 0),
        tuple(Day(row["day"], int(row["entered"]), int(row["exited"])) for row in rows),
    )
