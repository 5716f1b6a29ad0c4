"""Noting who has entered and left since the last look: durable before anything is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, naive_utc
from foretell.deliver.exports.standing import Standing, save
from foretell.engine import Engine, reached

# People who were one are inside as long as one of the nodes is, as in the view segment_memberships; who was in when the
# segment was first kept has not entered.
_CHANGES = """
SELECT r.node_key, r.profile_key, r.entered, epoch_us(r.ts) AS happened, epoch_us(r.known_at) AS noticed FROM (
  SELECT c.*, sum(c.step) OVER (PARTITION BY c.profile_key ORDER BY c.ts, c.step DESC, c.node_key
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS inside
  FROM (SELECT l.*, CASE WHEN l.entered THEN 1 ELSE -1 END AS step FROM log_segment_changes l
    WHERE l.segment = $segment AND l.profile_key IN (SELECT f.profile_key FROM log_segment_changes f
      WHERE f.segment = $segment AND f.known_at >= $since)) c) r
WHERE r.known_at >= $since AND r.how <> 'held'
  AND ((r.step = 1 AND r.inside = 1) OR (r.step = -1 AND r.inside = 0))
ORDER BY r.known_at, r.ts, r.node_key, r.step"""
_NOTED = (
    "INSERT INTO export_tellings SELECT telling_id, export, number, profile_key, node_key, event, happened, noticed, "
    "'waiting', 0, noticed FROM noted_changes"
)

_KNOWN = "SELECT telling_id FROM export_tellings WHERE export = ? AND known_at >= ?"


def note(engine: Engine, standing: Standing, events: Collection[str]) -> Standing:
    """Note what an export has to tell that is new, in the order in which it is to be told.

    Args:
        events: what it tells: ``entered``, ``exited``.
    """
    since = naive_utc(from_micros(standing.since))
    found = engine.analytics.query(_CHANGES, {"segment": standing.segment, "since": since})
    if found.num_rows == 0:
        return standing
    rows = _tellings(found, standing)
    known = engine.ops.query(_KNOWN, (standing.export, standing.since))
    fresh = rows.filter(pc.is_in(rows["event"], pa.array(sorted(events), pa.string())))
    fresh = fresh.filter(pc.invert(pc.is_in(fresh["telling_id"], pa.array([one for (one,) in known], pa.string()))))
    latest = int(pc.max(found["noticed"]).as_py())
    if fresh.num_rows == 0 and latest == standing.since:
        return standing
    numbers = standing.number + 1 + np.arange(fresh.num_rows, dtype=np.int64)
    moved = replace(
        standing, since=latest, number=standing.number + fresh.num_rows, waiting=standing.waiting + fresh.num_rows
    )
    with engine.ops.write() as tx:
        tx.put("noted_changes", fresh.append_column("number", pa.array(numbers)))
        tx.execute(_NOTED)
        tx.execute(
            "DELETE FROM export_tellings WHERE export = ? AND state = 'done' AND known_at < ?", (moved.export, latest)
        )
        save(tx, moved)
    reached("exports.noted")
    return moved


def _tellings(found: pa.Table, standing: Standing) -> pa.Table:
    event = pc.if_else(found["entered"], "entered", "exited")
    texts = [found[name].cast(pa.string()) for name in ("node_key", "happened", "noticed")]
    ids = pc.binary_join_element_wise(standing.export, standing.segment, event, *texts, "-")
    columns = {name: found[name] for name in ("profile_key", "node_key", "happened", "noticed")}
    export = pa.repeat(standing.export, found.num_rows)
    return pa.table({"telling_id": ids, "export": export, "event": event, **columns})
