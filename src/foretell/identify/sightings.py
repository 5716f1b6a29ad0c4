"""Who had been seen, known or anonymous, at any pair of (happened, known)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import TIMESTAMP, Batch, integers, scratch
from foretell.identify.arriving import Arriving
from foretell.identify.rules import ANONYMOUS, SHARED


def emit_sightings(batch: Batch, incoming: Arriving) -> None:
    """The frontier of (happened, known) of each node, for all events and for those that name a known identifier:
    enough to say at any pair of instants who had been seen."""
    events = batch.events.select(["row", "node_key", "ts", "known_at"])
    anonymous = pc.is_in(incoming.ids["kind"], pa.array([ANONYMOUS, SHARED + ANONYMOUS]))
    strong = ~anonymous.to_numpy(zero_copy_only=False)[integers(incoming.stars["id"])]
    known = np.zeros(events.num_rows, dtype=bool)
    known[np.searchsorted(integers(events["row"]), integers(incoming.stars["row"])[strong])] = True
    events = events.append_column("known", pa.array(known)).filter(pc.greater(events["node_key"], 0))
    if events.num_rows:
        together = pc.min(events["known_at"]) == pc.max(events["known_at"])
        batch.emit("sightings", _first(events) if together else scratch(_FRONTIER, {"seen": events}))


def _first(events: pa.Table) -> pa.Table:
    """The first sightings where all events were known at one instant."""
    group = integers(events["node_key"]) * 2 + events["known"].to_numpy()
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0])
    times = integers(events["ts"].cast(pa.int64()))[order]
    groups = group[order[starts]]
    return pa.table(
        {
            "node_key": groups // 2,
            "ts": pa.array(np.minimum.reduceat(times, starts)).cast(TIMESTAMP),
            "known_at": events["known_at"].take(order[starts]),
            "known": groups % 2 == 1,
        }
    )


_FRONTIER = (
    "WITH best AS (SELECT node_key, known, ts, min(known_at) AS known_at FROM seen GROUP BY ALL), "
    "ordered AS (SELECT *, min(known_at) OVER (PARTITION BY node_key, known ORDER BY ts "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier FROM best) "
    "SELECT node_key, ts, known_at, known FROM ordered WHERE earlier IS NULL OR known_at < earlier"
)
