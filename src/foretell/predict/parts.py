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

_LIFE = """
ALTER TABLE models ADD COLUMN held_back TEXT;
ALTER TABLE training_runs ADD COLUMN reason TEXT NOT NULL DEFAULT 'by hand';
ALTER TABLE training_runs ADD COLUMN beside TEXT;
CREATE TABLE model_decisions (
    prediction TEXT NOT NULL, number BIGINT NOT NULL, model TEXT NOT NULL, does TEXT NOT NULL,
    holds_from BIGINT NOT NULL, decided_at BIGINT NOT NULL, made_by TEXT NOT NULL, after_run BIGINT NOT NULL,
    PRIMARY KEY (prediction, number));
"""
"""Why runs were made, how a model did beside the one in use, and who decided which one scores."""

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

_DATES = AnalyticsTable(
    "event_date_rows",
    {
        "prediction": "VARCHAR",
        "node_key": "BIGINT",
        "as_of": "TIMESTAMP",
        "expected_at": "TIMESTAMP",
        "earliest_at": "TIMESTAMP",
        "latest_at": "TIMESTAMP",
        "chance": "DOUBLE",
        "model": "VARCHAR",
    },
    profile_column="node_key",
    key=("prediction", "node_key", "as_of"),
    order=("prediction", "as_of", "node_key"),
    derived="log_event_dates",
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

_PREDICTION_DATES = View(
    "prediction_dates",
    "SELECT coalesce(n.profile_id, '') AS profile_id, d.prediction, d.as_of, d.expected_at, d.earliest_at, "
    "d.latest_at, d.chance, d.model FROM (SELECT l.*, row_number() OVER (PARTITION BY l.prediction, l.as_of, "
    "l.profile_key ORDER BY CASE WHEN l.node_key = l.profile_key THEN 0 ELSE 1 END, l.node_key) AS place "
    "FROM log_event_dates l) d LEFT JOIN nodes n ON n.node_key = d.profile_key WHERE d.place = 1",
    {
        "profile_id": "The person, after all merges known today.",
        "prediction": "Key of a prediction of the form hazard.",
        "as_of": "Instant as of which the person was scored, UTC.",
        "expected_at": "Half of the event's probability lies before it, UTC; empty beyond the longest horizon.",
        "earliest_at": "A tenth of the probability lies before it.",
        "latest_at": "Nine tenths of the probability lie before it.",
        "chance": "Probability of the event within the longest horizon.",
        "model": "Id of the model that says so.",
    },
)

_CHECKS = AnalyticsTable(
    "model_check_rows",
    {
        "prediction": "VARCHAR",
        "model": "VARCHAR",
        "what": "VARCHAR",
        "subject": "VARCHAR",
        "as_of": "TIMESTAMP",
        "scored_at": "TIMESTAMP",
        "people": "BIGINT",
        "value": "DOUBLE",
        "limit_value": "DOUBLE",
        "low": "DOUBLE",
        "high": "DOUBLE",
        "expected": "DOUBLE",
        "observed": "DOUBLE",
        "verdict": "VARCHAR",
        "words": "VARCHAR",
    },
    key=("prediction", "what", "subject", "as_of"),
    order=("prediction", "as_of", "what", "subject"),
)

_MODEL_CHECKS = View(
    "model_checks",
    "SELECT c.prediction, c.model, c.what, c.subject, c.as_of, c.scored_at, c.people, c.value, c.limit_value, c.low, "
    "c.high, c.expected, c.observed, c.verdict, c.words FROM model_check_rows c",
    {
        "prediction": "Key of the prediction.",
        "model": "Id of the model that was looked at; imported for scores from outside.",
        "what": "feature or scores: whether they lie as they did at training; calibration: whether scores came true.",
        "subject": "Name of the feature, or the horizon.",
        "as_of": "Instant of the check, UTC.",
        "scored_at": "Instant as of which the people had been scored that it speaks of, UTC.",
        "people": "How many people were looked at.",
        "value": "Population stability index; of calibration the calibration error.",
        "limit_value": "From here on the verdict is moved (of calibration: off); it takes chance into account.",
        "low": "Lower end of the 90 % interval of the calibration error.",
        "high": "Upper end of the 90 % interval of the calibration error.",
        "expected": "Mean probability; of a feature or scores the share without a value at training.",
        "observed": "Share for whom it came true; of a feature or scores the share without a value now.",
        "verdict": "steady, moving or moved; of calibration: steady or off.",
        "words": "The same in words.",
    },
)

_SEND_TIMES = "CREATE TABLE send_time_models (as_of BIGINT PRIMARY KEY, content TEXT NOT NULL);"
"""What is said of people of whom nothing is known, and how well later clicks were foreseen."""

_SEND_TIME_ROWS = AnalyticsTable(
    "send_time_rows",
    {
        "node_key": "BIGINT",
        "as_of": "TIMESTAMP",
        "hour": "INTEGER",
        "chance": "DOUBLE",
        "hours": "VARCHAR",
        "clicks": "BIGINT",
        "active_hours": "BIGINT",
        "channel": "VARCHAR",
        "expected": "DOUBLE",
        "low": "DOUBLE",
        "high": "DOUBLE",
        "channels": "VARCHAR",
    },
    profile_column="node_key",
    key=("node_key",),
    order=("node_key",),
    derived="log_send_times",
)

_SEND_TIMES_VIEW = View(
    "send_times",
    "SELECT coalesce(n.profile_id, '') AS profile_id, s.as_of, s.hour, s.chance, s.clicks, s.active_hours, s.channel, "
    "s.expected, s.low, s.high FROM (SELECT l.*, row_number() OVER (PARTITION BY l.profile_key "
    "ORDER BY CASE WHEN l.node_key = l.profile_key THEN 0 ELSE 1 END, l.node_key) AS place FROM log_send_times l "
    "WHERE l.as_of = (SELECT max(m.as_of) FROM send_time_rows m)) s "
    "LEFT JOIN nodes n ON n.node_key = s.profile_key WHERE s.place = 1",
    {
        "profile_id": "The person, after all merges known today.",
        "as_of": "Instant as of which it was worked out, UTC.",
        "hour": "Hour of the person's own clock, 0 to 23, in which the next click is most probable.",
        "chance": "Probability that the next click comes in that hour.",
        "clicks": "Hours of the last half year in which the person clicked or replied.",
        "active_hours": "Hours in which the person did anything.",
        "channel": "Channel with the highest expected answer; empty where no messages were sent.",
        "expected": "Expected answers a message over it.",
        "low": "Lower end of its 90 % interval.",
        "high": "Upper end of its 90 % interval.",
    },
)

PARTS = RoomParts(
    "predict",
    (_MIGRATION, _BANDS, _LIFE, _SEND_TIMES),
    (_SCORES, _DATES, _CHECKS, _SEND_TIME_ROWS),
    (_PREDICTIONS, _PREDICTION_DATES, _MODEL_CHECKS, _SEND_TIMES_VIEW),
)
