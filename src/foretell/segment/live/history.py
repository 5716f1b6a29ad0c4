"""Who was in a segment when, for all of the past: walked through from event to event, or looked at on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from foretell.clock import from_micros, micros
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine, integers, scratch
from foretell.segment.document import condition_of, spec_of
from foretell.segment.live.plan import plan_of_one
from foretell.segment.live.state import adapted, empty

GRID_POINTS = 60
"""Instants at which a segment is looked at that cannot be walked through."""
_FIRST = "SELECT min(epoch_us(ts)) AS t FROM log_sightings"
_INTERVALS = (
    "SELECT profile_key, ts AS entered_at, next_ts AS exited_at FROM (SELECT c.*, lead(c.ts) OVER "
    "(PARTITION BY c.profile_key ORDER BY c.ts) AS next_ts FROM c) AS x WHERE x.entered ORDER BY x.ts, x.profile_key"
)
_SIZES = (
    "SELECT g.at, count(i.profile_key) AS members FROM g LEFT JOIN i ON i.entered_at <= g.at "
    "AND (i.exited_at IS NULL OR i.exited_at > g.at) GROUP BY g.at ORDER BY g.at"
)


@dataclass(frozen=True)
class History:
    """Who was in when, by all that is known today.

    Args:
        intervals: ``profile_key entered_at exited_at`` (timestamps, UTC; null: still in), by entry.
        exact: to the microsecond; otherwise who was in at the instants of a grid alone.
        step: of the grid; None where it is exact.
    """

    intervals: pa.Table
    exact: bool
    step: timedelta | None

    def sizes(self, instants: list[datetime]) -> list[int]:
        """How many were in at each instant."""
        grid = pa.table({"at": pa.array([one.replace(tzinfo=None) for one in sorted(instants)], TIMESTAMP)})
        found = scratch(_SIZES, {"g": grid, "i": self.intervals})
        return [int(one) for one in found["members"].to_pylist()]


def history(engine: Engine, catalog: Catalog, reader: Reader, key: str, *, now: datetime) -> History:
    """All intervals in which people were in segment ``key``, from the first event to ``now``.

    Exact where all parts are counts, sums and the like; others are looked at on a grid.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``BROKEN_DEFINITION``.
    """
    plan = plan_of_one(catalog, key)
    first = engine.analytics.query(_FIRST)["t"][0].as_py()
    if first is None:
        return History(_rows([]), True, None)
    if any(True for _ in plan.asked()):
        return _on_grid(catalog, reader, key, from_micros(first), now)
    scope = reader.scope(now)
    state = empty(plan, scope, epoch=0)
    state.as_of, state.seq = first - 1, engine.readable_seq()
    state, _ = adapted(state, plan, scope, engine.analytics)
    state.everybody(state.as_of)
    changes = state.lapsed(micros(now))
    made = {"profile_key": state.people.keys[changes.person], "ts": changes.at, "entered": changes.entered}
    return History(_rows([pa.table(made)]), True, None)


def _rows(changes: list[pa.Table]) -> pa.Table:
    kinds = pa.schema([("profile_key", pa.int64()), ("ts", pa.int64()), ("entered", pa.bool_())])
    whole = pa.concat_tables([kinds.empty_table(), *(one.cast(kinds) for one in changes)])
    whole = whole.set_column(1, "ts", whole["ts"].cast(TIMESTAMP))
    return scratch(_INTERVALS, {"c": whole})


def _on_grid(catalog: Catalog, reader: Reader, key: str, first: datetime, now: datetime) -> History:
    document = catalog.get("segment", key)
    tree, of = condition_of(document), spec_of(document).of
    step = max((now - first) / GRID_POINTS, timedelta(hours=1))
    before, parts = np.zeros(0, np.int64), []
    at = first
    while at < now:
        at = min(at + step, now)
        inside = np.sort(integers(reader.members(tree, as_of=at, of=of)["profile_key"]))
        for keys, entered in ((np.setdiff1d(inside, before), True), (np.setdiff1d(before, inside), False)):
            count = len(keys)
            moved = {"profile_key": keys, "ts": np.full(count, micros(at)), "entered": np.full(count, entered)}
            parts.append(pa.table(moved))
        before = inside
    return History(_rows(parts), False, step)
