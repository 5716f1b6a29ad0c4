"""Bands: from scores to the events that tell that somebody's band changed, each told exactly once.

Scores are published first and told then. What has been told stands in ``band_tellings``, changed in
the same transaction as the events; a scoring that a crash left untold is told at the next refresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros, naive_utc, utc
from foretell.definitions import Catalog
from foretell.engine import Analytics, Batch, Engine, OperationalStore, Tx
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.life.trust import trust

NONE = "none"
"""The band below the lowest, and of people without a score."""
CROSSED = "Prediction Band Crossed"

_TOLD = "INSERT INTO band_tellings VALUES (?, ?) ON CONFLICT (prediction) DO UPDATE SET as_of = excluded.as_of"
_CHANGES = """
WITH stored AS (
  SELECT s.profile_key, s.node_key, s.horizon, s.as_of, s.score FROM log_scores s
  WHERE s.prediction = $prediction AND s.as_of <= $as_of
), latest AS (
  SELECT horizon, profile_key, max(as_of) AS as_of FROM stored WHERE as_of < $as_of GROUP BY horizon, profile_key
), wanted AS (
  SELECT s.*, 0 AS earlier FROM stored s WHERE s.as_of = $as_of
  UNION ALL
  SELECT s.*, 1 AS earlier FROM stored s
  JOIN latest l ON l.horizon = s.horizon AND l.profile_key = s.profile_key AND l.as_of = s.as_of
), placed AS (
  SELECT *, row_number() OVER (PARTITION BY earlier, horizon, profile_key
    ORDER BY CASE WHEN node_key = profile_key THEN 0 ELSE 1 END, node_key) AS place
  FROM wanted
)
SELECT n.profile_key AS node_key, n.horizon, n.score, p.score AS previous FROM placed n
LEFT JOIN placed p ON p.earlier = 1 AND p.place = 1 AND p.horizon = n.horizon AND p.profile_key = n.profile_key
WHERE n.earlier = 0 AND n.place = 1 ORDER BY n.horizon, n.profile_key"""


def tell_crossings(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> int:
    """Tell, for every stored scoring up to ``now`` that was not told yet, whose band changed.

    A band is held against that of the person's score before; without one it is ``none``. Where
    nothing was ever told, the newest scoring alone is. Horizons that nobody can trust and nobody has accepted
    (:func:`~foretell.predict.life.trust.trust` at the scoring's instant) are left out. Returns the number of events.
    """
    spec = spec_of(catalog, key)
    if not spec.bands:
        return 0
    told = 0
    for instant in _untold(engine, key, now):
        rows = crossings(engine.analytics, key, spec, instant)
        refused = trust(engine, catalog, key, as_of=instant).refused
        rows = rows.filter(pc.invert(pc.is_in(rows["horizon"], pa.array(refused, pa.string()))))
        told += rows.num_rows

        def work(tx: Tx, batch: Batch, rows: pa.Table = rows, instant: datetime = instant) -> None:
            batch.tell(rows)
            tx.execute(_TOLD, (key, micros(instant)))

        engine.act("predict", work, now=now)
    return told


def crossings(analytics: Analytics, key: str, spec: PredictionSpec, as_of: datetime) -> pa.Table:
    """The own events of one scoring: columns message_id, event, ts, node_key, prediction, title, horizon,
    from, to, score; one row for each person and horizon whose band is not what it was."""
    bands = spec.bands or {}
    found = analytics.query(_CHANGES, {"prediction": key, "as_of": naive_utc(as_of)})
    after = bands_of(found["score"], bands)
    before = bands_of(found["previous"], bands)
    changed = pc.not_equal(after, before)
    found, after, before = found.filter(changed), after.filter(changed), before.filter(changed)
    n = found.num_rows

    def same(value: object, kind: pa.DataType) -> pa.Array:
        return pa.repeat(pa.scalar(value, kind), n)

    node = found["node_key"].cast(pa.string())
    ids = pc.binary_join_element_wise("band", key, found["horizon"], node, str(micros(as_of)), "-")
    return pa.table(
        {
            "message_id": ids,
            "event": same(CROSSED, pa.string()),
            "ts": same(naive_utc(as_of), pa.timestamp("us")),
            "node_key": found["node_key"],
            "prediction": same(key, pa.string()),
            "title": same(spec.name or key, pa.string()),
            "horizon": found["horizon"],
            "from": before,
            "to": after,
            "score": found["score"],
        }
    )


def bands_of(scores: pa.ChunkedArray, bands: Mapping[str, float]) -> pa.Array:
    """The name of the highest band that each score reaches; :data:`NONE` below them and for null."""
    names = sorted(bands, key=lambda name: bands[name])
    floors = np.array([bands[name] for name in names], dtype=np.float64)
    values: npt.NDArray[np.float64] = scores.to_numpy().astype(np.float64)
    place = np.searchsorted(floors, np.where(np.isnan(values), -np.inf, values), side="right")
    return pa.array([NONE, *names], pa.string()).take(pa.array(place))


def _untold(engine: Engine, key: str, now: datetime) -> list[datetime]:
    """Instants of stored scorings up to ``now`` that were not told, oldest first."""
    told = last_told(engine.ops, key)
    rows = engine.analytics.query(
        "SELECT DISTINCT as_of FROM score_rows WHERE prediction = $prediction AND as_of > $told AND as_of <= $now "
        "ORDER BY as_of",
        {"prediction": key, "told": naive_utc(told or _NEVER), "now": naive_utc(now)},
    )
    found = [utc(instant) for instant in rows["as_of"].to_pylist()]
    return found if told is not None else found[-1:]


def last_told(ops: OperationalStore, key: str) -> datetime | None:
    """The instant of the scoring that was told last."""
    rows = ops.query("SELECT as_of FROM band_tellings WHERE prediction = ?", (key,))
    return from_micros(rows[0][0]) if rows else None


_NEVER = from_micros(0) - timedelta(days=365 * 400)
