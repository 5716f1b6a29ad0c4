"""What the room keeps in the stores: who is in which arm, and which code was given to whom."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

_MIGRATION = """
CREATE TABLE assignments (
    experiment TEXT, profile_key BIGINT, arm TEXT NOT NULL, at BIGINT NOT NULL, contaminated BIGINT NOT NULL,
    PRIMARY KEY (experiment, profile_key)) /*clustered*/;
CREATE INDEX assignments_by_profile ON assignments (profile_key);
CREATE TABLE code_secret (one BIGINT PRIMARY KEY, secret TEXT NOT NULL);
CREATE TABLE offer_codes (
    code TEXT PRIMARY KEY, offer TEXT NOT NULL, run TEXT NOT NULL, profile_key BIGINT NOT NULL,
    issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, redeemed_at BIGINT, order_id TEXT) /*clustered*/;
CREATE UNIQUE INDEX offer_codes_by_run ON offer_codes (run, offer);
CREATE INDEX offer_codes_by_profile ON offer_codes (profile_key);
"""

_BY_NODE = """
CREATE TABLE assignments_by_node (
    experiment TEXT, node_key BIGINT, profile_key BIGINT NOT NULL, arm TEXT NOT NULL, at BIGINT NOT NULL,
    contaminated BIGINT NOT NULL, PRIMARY KEY (experiment, node_key)) /*clustered*/;
INSERT INTO assignments_by_node SELECT experiment, profile_key, profile_key, arm, at, contaminated FROM assignments;
DROP TABLE assignments;
ALTER TABLE assignments_by_node RENAME TO assignments;
CREATE INDEX assignments_by_profile ON assignments (profile_key, experiment);
ALTER TABLE offer_codes ADD COLUMN node_key BIGINT NOT NULL DEFAULT 0;
UPDATE offer_codes SET node_key = profile_key;
CREATE INDEX offer_codes_by_node ON offer_codes (node_key);
"""
"""An assignment stays with the node it was made for, so that a split gives it back. ``contaminated`` is written no
more: it keeps what merges of earlier releases left of a second arm."""

_ASSIGNED = {
    "experiment": "VARCHAR",
    "node_key": "BIGINT",
    "arm": "VARCHAR",
    "at": "TIMESTAMP",
}
CODE_ROWS = {
    "code": "VARCHAR",
    "offer": "VARCHAR",
    "title": "VARCHAR",
    "run": "VARCHAR",
    "node_key": "BIGINT",
    "issued_at": "TIMESTAMP",
    "expires_at": "TIMESTAMP",
    "redeemed_at": "TIMESTAMP",
    "order_id": "VARCHAR",
}

_EXPOSURES = View(
    "experiment_exposures",
    "SELECT coalesce(n.profile_id, '') AS profile_id, l.experiment, l.arm, l.\"at\" AS exposed_at, l.one <> l.other AS "
    'contaminated FROM (SELECT a.*, row_number() OVER (PARTITION BY experiment, profile_key ORDER BY a."at", '
    "node_key) AS place, min(arm) OVER (PARTITION BY experiment, profile_key) AS one, "
    "max(arm) OVER (PARTITION BY experiment, profile_key) AS other "
    "FROM log_assignments a) l LEFT JOIN nodes n ON n.node_key = l.profile_key WHERE l.place = 1",
    {
        "profile_id": "The person, after all merges known today.",
        "experiment": "Key of the experiment; of a journey's holdout journey:KEY.",
        "arm": "Arm the person was put into first.",
        "exposed_at": "When, UTC.",
        "contaminated": "True where two merged people were in different arms; left out of analyses.",
    },
)
_CODES = View(
    "offer_codes",
    "SELECT c.code, c.offer, coalesce(n.profile_id, '') AS profile_id, c.run, c.issued_at, c.expires_at, "
    "c.redeemed_at, c.order_id FROM log_offer_codes c LEFT JOIN nodes n ON n.node_key = c.profile_key",
    {
        "code": "The code.",
        "offer": "Key of the offer.",
        "profile_id": "The person it was issued to, after all merges known today.",
        "run": "Run of the journey that asked for it.",
        "issued_at": "When it was issued, UTC.",
        "expires_at": "Until when it counts, UTC.",
        "redeemed_at": "When it was redeemed, UTC; empty where it was not.",
        "order_id": "The order it was redeemed with.",
    },
)
_OFFERS = View(
    "offers",
    "SELECT offer, max(title) AS title, count(*) AS issued, count(redeemed_at) AS redeemed, "
    "min(issued_at) AS first_issued_at, max(issued_at) AS last_issued_at FROM log_offer_codes GROUP BY offer",
    {
        "offer": "Key of the offer.",
        "title": "What people call it.",
        "issued": "Codes issued.",
        "redeemed": "Codes redeemed.",
        "first_issued_at": "First code, UTC.",
        "last_issued_at": "Last code, UTC.",
    },
)

PARTS = RoomParts(
    "decide",
    (_MIGRATION, _BY_NODE),
    (
        AnalyticsTable("assignment_rows", _ASSIGNED, "node_key", ("experiment", "node_key"), derived="log_assignments"),
        AnalyticsTable("offer_code_rows", CODE_ROWS, "node_key", ("code",), derived="log_offer_codes"),
    ),
    (_EXPOSURES, _CODES, _OFFERS),
    people={"assignments": ("profile_key", "node_key"), "offer_codes": ("profile_key", "node_key")},
)
