"""Stored scores, reports and explanations, as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, naive_utc, utc
from foretell.engine import Analytics, Engine
from foretell.errors import ForetellError
from foretell.predict.registry import latest_model

_SCORES = """
WITH latest AS (
  SELECT s.horizon, max(s.as_of) AS as_of FROM log_scores s
  WHERE s.prediction = $prediction AND s.as_of <= $as_of GROUP BY s.horizon
), placed AS (
  SELECT s.profile_key, s.horizon, s.score, s.low, s.high, s.as_of, s.model, s.reasons,
    row_number() OVER (PARTITION BY s.horizon, s.profile_key
      ORDER BY CASE WHEN s.node_key = s.profile_key THEN 0 ELSE 1 END, s.node_key) AS place
  FROM log_scores s JOIN latest l ON l.horizon = s.horizon AND l.as_of = s.as_of
  WHERE s.prediction = $prediction
), users AS (
  SELECT coalesce(m.profile_key, i.node_key) AS profile_key, min(i.value) AS user_id
  FROM identifier_links i LEFT JOIN merged m ON m.node_key = i.node_key
  WHERE i.kind = 'user_id' GROUP BY coalesce(m.profile_key, i.node_key)
)
SELECT p.profile_key, n.profile_id, u.user_id, p.horizon, p.score, p.low, p.high, p.as_of, p.model, p.reasons
FROM placed p LEFT JOIN nodes n ON n.node_key = p.profile_key
LEFT JOIN users u ON u.profile_key = p.profile_key
WHERE p.place = 1"""

_COLUMNS = "profile_key, profile_id, user_id, horizon, score, low, high, as_of, model"


@dataclass(frozen=True)
class ScoreReason:
    """One reason for a score: the feature, the words, and what it added (logit, or the factor itself)."""

    feature: str
    words: str
    effect: float


@dataclass(frozen=True)
class ScoreExplanation:
    """A person's stored score over one horizon and why it is what it is."""

    prediction: str
    horizon: str
    score: float
    low: float
    high: float
    as_of: datetime
    model: str
    reasons: tuple[ScoreReason, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "prediction": self.prediction,
            "horizon": self.horizon,
            "score": self.score,
            "low": self.low,
            "high": self.high,
            "as_of": self.as_of.isoformat(),
            "model": self.model,
            "reasons": [vars(reason) for reason in self.reasons],
        }


def scores(engine: Engine, key: str, *, as_of: datetime) -> pa.Table:
    """The last stored scores with an instant up to ``as_of``, one row for each person and horizon.

    Columns profile_key, profile_id, user_id, horizon, score, low, high, as_of (UTC), model; the shortest horizon
    first, and in it the highest score. Raises ``NOT_SCORED`` where there are none.
    """
    found = engine.analytics.query(
        f"SELECT {_COLUMNS} FROM ({_SCORES}) AS r ORDER BY score DESC, profile_id", _values(key, as_of)
    )
    if not found.num_rows:
        raise _not_scored(key, as_of)
    shortest_first = sorted(pc.unique(found["horizon"]).to_pylist(), key=_days)
    parts = [found.filter(pc.equal(found["horizon"], horizon)) for horizon in shortest_first]
    return pa.concat_tables(parts)


def explain(engine: Engine, key: str, profile_key: int, *, as_of: datetime) -> list[ScoreExplanation]:
    """One person's last stored scores up to ``as_of`` with their reasons, shortest horizon first.

    Raises ``NOT_SCORED``, ``NOT_IN_POPULATION``.
    """
    found = _person(engine.analytics, key, profile_key, as_of)
    if not found:
        scores(engine, key, as_of=as_of)
        raise ForetellError(
            "NOT_IN_POPULATION",
            f"this person was not in the population of prediction {key} when it was scored last",
            thing=f"profile {profile_key}",
            next_step="Look at the population's condition, or at an earlier time.",
        )
    return sorted((_explanation(key, row) for row in found), key=lambda one: _days(one.horizon))


def report(engine: Engine, key: str, *, as_of: datetime) -> Mapping[str, Any]:
    """The report of the model that scores at ``as_of``; raises ``NOT_TRAINED`` where there is none."""
    return latest_model(engine.ops, key, as_of).report


def _person(analytics: Analytics, key: str, profile_key: int, as_of: datetime) -> list[dict[str, Any]]:
    sql = f"SELECT * FROM ({_SCORES}) AS r WHERE profile_key = $person"
    rows: list[dict[str, Any]] = analytics.query(sql, {**_values(key, as_of), "person": profile_key}).to_pylist()
    return rows


def _explanation(key: str, row: Mapping[str, Any]) -> ScoreExplanation:
    parts = tuple(ScoreReason(**part) for part in json.loads(row["reasons"]))
    return ScoreExplanation(
        key, row["horizon"], row["score"], row["low"], row["high"], utc(row["as_of"]), row["model"], parts
    )


def _days(horizon: str) -> float:
    return Duration.parse(horizon).days


def _values(key: str, as_of: datetime) -> dict[str, object]:
    return {"prediction": key, "as_of": naive_utc(as_of)}


def _not_scored(key: str, as_of: datetime) -> ForetellError:
    return ForetellError(
        "NOT_SCORED",
        f"prediction {key} has no score as of {as_of:%Y-%m-%d %H:%M} UTC or before",
        thing=f"prediction {key}",
        next_step=f"Run foretell predict score {key}.",
    )
