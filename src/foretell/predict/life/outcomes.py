"""Calibration once outcomes have come: stored scores of one horizon ago against what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.clock import Duration, naive_utc, utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Analytics, Engine
from foretell.ids import unit_intervals
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.life.checking import CHECKS
from foretell.predict.population import Population
from foretell.stats import Floats, Interval, calibration_error, poisson_weights, reliability

_COMPLETE = """
SELECT max(s.as_of) AS scored_at FROM score_rows s
WHERE s.prediction = $prediction AND s.horizon = $horizon AND s.as_of <= $latest
"""
_CHECKED = """
SELECT max(c.scored_at) AS scored_at FROM model_check_rows c
WHERE c.prediction = $prediction AND c.what = 'calibration' AND c.subject = $horizon AND c.as_of <= $now
"""
_SCORED = """
SELECT t.profile_key, t.score, t.model FROM (SELECT s.profile_key, s.score, s.model,
    row_number() OVER (PARTITION BY s.profile_key
      ORDER BY CASE WHEN s.node_key = s.profile_key THEN 0 ELSE 1 END, s.node_key) AS place
  FROM log_scores s WHERE s.prediction = $prediction AND s.horizon = $horizon AND s.as_of = $scored_at) t
WHERE t.place = 1 ORDER BY t.profile_key
"""
_REPLICATES = 200
LEAST_JUDGED = 20
"""Of fewer people nothing is said."""


def check_outcomes(engine: Engine, catalog: Catalog, reader: Reader, key: str, *, now: datetime) -> pa.Table:
    """:data:`~foretell.predict.life.checking.CHECKS` of every horizon whose newest complete scoring was not judged yet.

    A scoring is complete one horizon after its instant; what happened is read as known at ``now``. The rows are
    published. A value has none.
    """
    spec = spec_of(catalog, key)
    if spec.outcome is None or spec.per is not None:
        return CHECKS.empty_table()
    rows = [
        row
        for horizon, scored_at in _complete(engine.analytics, catalog, key, spec, now)
        if (row := _judged(engine, reader, key, spec, horizon, scored_at, now)) is not None
    ]
    found = pa.Table.from_pylist(rows, schema=CHECKS)
    if found.num_rows:
        engine.publish("predict", {"model_check_rows": found}, now=now)
    return found


def _complete(
    analytics: Analytics, catalog: Catalog, key: str, spec: PredictionSpec, now: datetime
) -> Iterator[tuple[str, datetime]]:
    """Each horizon with the instant of its newest complete scoring, where that was not judged by ``now``."""
    for horizon in spec.all_horizons:
        latest = Duration.parse(horizon).before(now, catalog.settings.zone_info)
        values = {"prediction": key, "horizon": horizon}
        scored_at = analytics.query(_COMPLETE, {**values, "latest": naive_utc(latest)})["scored_at"][0].as_py()
        if scored_at is None:
            continue
        checked = analytics.query(_CHECKED, {**values, "now": naive_utc(now)})["scored_at"][0].as_py()
        if checked is None or checked < scored_at:
            yield horizon, utc(scored_at)


def _judged(
    engine: Engine, reader: Reader, key: str, spec: PredictionSpec, horizon: str, scored_at: datetime, now: datetime
) -> dict[str, Any] | None:
    values = {"prediction": key, "horizon": horizon, "scored_at": naive_utc(scored_at)}
    rows = engine.analytics.query(_SCORED, values)
    if rows.num_rows < LEAST_JUDGED:
        return None
    had = Population.of(reader, spec, now).outcome(scored_at, Duration.parse(horizon))
    people = np.asarray(rows["profile_key"].to_numpy())
    y = np.isin(people, np.asarray(had["profile_key"].to_numpy())).astype(np.float64)
    p = np.asarray(rows["score"].to_numpy(), dtype=np.float64)
    error = calibration_interval(y, p, people, f"{key}:{horizon}")
    judge = import_module("foretell.predict.binary.judge")  # with the model libraries, which load slowly
    chance: float = judge.expected_error(reliability(y, p))
    limit = max(chance, judge.MATERIAL)
    off = error.value > limit
    mean, observed = float(p.mean()), float(y.mean())
    return {
        "prediction": key,
        "model": rows["model"][0].as_py(),
        "what": "calibration",
        "subject": horizon,
        "as_of": naive_utc(now),
        "scored_at": naive_utc(scored_at),
        "people": rows.num_rows,
        "value": error.value,
        "limit_value": limit,
        "low": error.low,
        "high": error.high,
        "expected": mean,
        "observed": observed,
        "verdict": "off" if off else "steady",
        "words": _words(horizon, scored_at, error, chance, mean, observed, off=off),
    }


def calibration_interval(y: Floats, p: Floats, people: np.ndarray[Any, Any], seed: str) -> Interval:
    """Calibration error of probabilities ``p`` (n,) with its 90 % interval over samples of the people, drawn by hash.

    Of samples that are drawn with repetition the error is larger than of the people themselves; so much is taken off.
    """
    value = calibration_error(y, p)
    keys = people.astype(np.uint64)
    drawn = np.empty(_REPLICATES)
    for replicate in range(_REPLICATES):
        often = poisson_weights(unit_intervals(f"{seed}:{replicate}", keys)).astype(np.int64)
        drawn[replicate] = calibration_error(np.repeat(y, often), np.repeat(p, often))
    drawn = drawn[np.isfinite(drawn)]
    excess = float(drawn.mean()) - value
    low, high = np.quantile(drawn - excess, [0.05, 0.95])
    return Interval(value, max(0.0, float(low)), float(high), int(y.size), 0.9, "")


def _words(
    horizon: str, scored_at: datetime, error: Interval, chance: float, mean: float, observed: float, *, off: bool
) -> str:
    head = f"{error.n:,} people scored at {scored_at:%Y-%m-%d} over {horizon}: {mean:.1%} on average"
    seen = f"it came true for {observed:.1%}"
    tail = f"off by {error.value:.3f} on average ({error.low:.3f} to {error.high:.3f})"
    if off:
        return f"{head}, and {seen}; {tail}, where chance explains {chance:.3f}. The probabilities are no longer right."
    return f"{head}, {seen}; {tail}, which chance explains up to {chance:.3f}."
