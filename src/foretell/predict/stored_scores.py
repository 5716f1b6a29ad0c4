"""The last stored scores, for one person over all predictions or for everybody at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import Duration, naive_utc, utc
from foretell.engine import Analytics, scratch
from foretell.predict.reading import ScoreExplanation, ScoreReason

# Of the scores of people who were merged the one made for today's profile counts.
_LATEST = """
WITH latest AS (
  SELECT s.prediction, s.horizon, max(s.as_of) AS as_of FROM score_rows s
  WHERE s.as_of <= $as_of GROUP BY s.prediction, s.horizon
), placed AS (
  SELECT s.profile_key, s.prediction, s.horizon, s.score, s.low, s.high, s.as_of, s.model, s.reasons,
    row_number() OVER (PARTITION BY s.prediction, s.horizon, s.profile_key
      ORDER BY CASE WHEN s.node_key = s.profile_key THEN 0 ELSE 1 END, s.node_key) AS place
  FROM log_scores s JOIN latest l ON l.prediction = s.prediction AND l.horizon = s.horizon AND l.as_of = s.as_of
  {only}
)
SELECT {columns} FROM placed WHERE place = 1 ORDER BY profile_key, prediction, horizon"""

_SCORE = "profile_key, prediction, horizon, score, low, high, as_of"
_HISTORY = """
SELECT s.prediction, s.horizon, s.as_of, avg(s.score) AS score, avg(s.low) AS low, avg(s.high) AS high
FROM log_scores s WHERE s.profile_key = $person AND s.prediction = $prediction AND s.as_of <= $as_of
GROUP BY s.prediction, s.horizon, s.as_of ORDER BY s.horizon, s.as_of"""


@dataclass(frozen=True)
class ScorePoint:
    """A score that was stored at ``as_of``."""

    horizon: str
    as_of: datetime
    score: float
    low: float
    high: float


def latest_scores(analytics: Analytics, *, as_of: datetime, people: Sequence[int] | None = None) -> pa.Table:
    """Everybody's last stored scores up to ``as_of``.

    Args:
        people: profile keys of a few people: theirs alone.

    Returns:
        Columns profile_key, prediction, horizon, score, low, high and as_of (UTC): one row for each person,
        prediction and horizon of the last scoring; no row for who was not in the population then.
    """
    values = {"as_of": naive_utc(as_of)}
    if people is None:
        return analytics.query(_LATEST.format(only="", columns=_SCORE), values)
    only = "WHERE s.profile_key IN (SELECT profile_key FROM asked)"
    asked = {"asked": pa.table({"profile_key": pa.array(people, pa.int64())})}
    return analytics.query(_LATEST.format(only=only, columns=_SCORE), values, asked)


def person_scores(analytics: Analytics, profile_key: int, *, as_of: datetime) -> list[ScoreExplanation]:
    """One person's last stored scores of all predictions, with reasons; by prediction, shortest horizon first."""
    sql = _LATEST.format(only="WHERE s.profile_key = $person", columns=f"{_SCORE}, model, reasons")
    rows = analytics.query(sql, {"as_of": naive_utc(as_of), "person": profile_key}).to_pylist()
    found = [
        ScoreExplanation(
            row["prediction"], row["horizon"], row["score"], row["low"], row["high"], utc(row["as_of"]), row["model"],
            tuple(ScoreReason(**part) for part in json.loads(row["reasons"])),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.prediction, Duration.parse(one.horizon).days))


def score_history(analytics: Analytics, prediction: str, profile_key: int, *, as_of: datetime) -> list[ScorePoint]:
    """All stored scores of one person, by horizon and time; of merged people the mean."""
    values = {"as_of": naive_utc(as_of), "person": profile_key, "prediction": prediction}
    return [
        ScorePoint(row["horizon"], utc(row["as_of"]), row["score"], row["low"], row["high"])
        for row in analytics.query(_HISTORY, values).to_pylist()
    ]


@dataclass(frozen=True)
class Driver:
    """A feature that moves scores.

    Args:
        words: what it measures.
        weight: its part of everything that the stored reasons (three a person) moved, 0 to 1.
        people: for how many people it is among the reasons.
        rises: the mean effect is upwards.
    """

    feature: str
    words: str
    weight: float
    people: int
    rises: bool


_REASONS = """
SELECT s.reasons FROM score_rows s WHERE s.prediction = $prediction AND s.horizon = $horizon AND s.as_of = (
  SELECT max(l.as_of) FROM score_rows l WHERE l.prediction = $prediction AND l.horizon = $horizon AND l.as_of <= $as_of)
"""
_DRIVERS = """
WITH parts AS (
  SELECT unnest(from_json(reasons, '[{"feature": "VARCHAR", "words": "VARCHAR", "effect": "DOUBLE"}]')) AS r FROM rows
), summed AS (
  SELECT r.feature AS feature, min(split_part(r.words, ':', 1)) AS words, sum(abs(r.effect)) AS moved,
    count(*) AS people, sum(r.effect) >= 0 AS rises FROM parts GROUP BY r.feature
)
SELECT feature, words, coalesce(moved / nullif(sum(moved) OVER (), 0), 0) AS weight, people, rises
FROM summed ORDER BY weight DESC, feature"""


def drivers(analytics: Analytics, prediction: str, horizon: str, *, as_of: datetime) -> list[Driver]:
    """What moved the last stored scores, by weight; empty where there are none."""
    values = {"prediction": prediction, "horizon": horizon, "as_of": naive_utc(as_of)}
    rows = analytics.query(_REASONS, values)
    return [Driver(**row) for row in scratch(_DRIVERS, {"rows": rows}).to_pylist()]
