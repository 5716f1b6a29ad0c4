"""What the room keeps in the stores: models, their runs, and scores as rows."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

_MIGRATION = """
CREATE TABLE models (
    model TEXT PRIMARY KEY, prediction TEXT NOT NULL, trained_as_of BIGINT NOT NULL, run BIGINT NOT NULL,
    report TEXT NOT NULL);
CREATE TABLE training_runs (
    run BIGINT PRIMARY KEY, prediction TEXT NOT NULL, as_of BIGINT NOT NULL, started_at BIGINT NOT NULL,
    seed BIGINT NOT NULL, split TEXT NOT NULL, state TEXT NOT NULL, model TEXT, report TEXT);
CREATE INDEX training_runs_by_prediction ON training_runs (prediction, run);
"""

_BANDS = "CREATE TABLE band_tellings (prediction TEXT PRIMARY KEY, as_of BIGINT NOT NULL);"
"""Up to which scoring of a prediction it was told whose band changed."""

_SCORES = AnalyticsTable(
    "score_rows",
    {
        "prediction": "VARCHAR",
        "horizon": "VARCHAR",
        "node_key": "BIGINT",
        "as_of": "TIMESTAMP",
        "score": "DOUBLE",
        "low": "DOUBLE",
        "high": "DOUBLE",
        "model": "VARCHAR",
        "reasons": "VARCHAR",
    },
    profile_column="node_key",
    key=("prediction", "horizon", "node_key", "as_of"),
    order=("prediction", "horizon", "as_of", "node_key"),
    derived="log_scores",
)

_PREDICTIONS = View(
    "predictions",
    "SELECT coalesce(n.profile_id, '') AS profile_id, s.prediction, s.horizon, s.as_of, s.score, s.low, s.high, "
    "s.model, s.reasons FROM (SELECT l.*, row_number() OVER (PARTITION BY l.prediction, l.horizon, l.as_of, "
    "l.profile_key ORDER BY CASE WHEN l.node_key = l.profile_key THEN 0 ELSE 1 END, l.node_key) AS place "
    "FROM log_scores l) s LEFT JOIN nodes n ON n.node_key = s.profile_key WHERE s.place = 1",
    {
        "profile_id": "The person, after all merges known today.",
        "prediction": "Key of the prediction.",
        "horizon": "How far ahead, as written in the document.",
        "as_of": "Instant as of which the person was scored, UTC.",
        "score": "Probability from 0 to 1, or expected amount in major units of the workspace's currency.",
        "low": "Lower bound of the score's interval.",
        "high": "Upper bound of the score's interval.",
        "model": "Id of the model that made the score.",
        "reasons": "Up to three reasons as JSON: feature, words, effect.",
    },
)

PARTS = RoomParts("predict", (_MIGRATION, _BANDS), (_SCORES,), (_PREDICTIONS,))
