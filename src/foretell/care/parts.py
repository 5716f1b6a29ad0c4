"""What the room keeps in the stores: cases as they stand, their history, and both for analytics."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

_MIGRATION = """
CREATE TABLE cases (
    case_id TEXT PRIMARY KEY, profile_key BIGINT NOT NULL, title TEXT NOT NULL, reason TEXT NOT NULL,
    state TEXT NOT NULL, priority TEXT NOT NULL, owner TEXT, opened_at BIGINT NOT NULL, due_at BIGINT,
    closed_at BIGINT, outcome TEXT, journey TEXT, run TEXT, step TEXT, version BIGINT NOT NULL) /*clustered*/;
CREATE INDEX cases_by_due ON cases (state, due_at, case_id);
CREATE INDEX cases_by_profile ON cases (profile_key);
CREATE TABLE case_history (
    case_id TEXT, number BIGINT, at BIGINT NOT NULL, made_by TEXT NOT NULL, what TEXT NOT NULL, old TEXT, new TEXT,
    PRIMARY KEY (case_id, number)) /*clustered*/;
"""

_BY_NODE = """
ALTER TABLE cases ADD COLUMN node_key BIGINT NOT NULL DEFAULT 0;
UPDATE cases SET node_key = profile_key;
CREATE INDEX cases_by_node ON cases (node_key);
"""

CASE_ROWS = {
    "case_id": "VARCHAR",
    "node_key": "BIGINT",
    "title": "VARCHAR",
    "reason": "VARCHAR",
    "state": "VARCHAR",
    "priority": "VARCHAR",
    "owner": "VARCHAR",
    "opened_at": "TIMESTAMP",
    "due_at": "TIMESTAMP",
    "closed_at": "TIMESTAMP",
    "outcome": "VARCHAR",
    "journey": "VARCHAR",
    "run": "VARCHAR",
    "step": "VARCHAR",
}

_VIEW = View(
    "cases",
    "SELECT c.case_id, coalesce(n.profile_id, '') AS profile_id, c.title, c.reason, c.state, c.priority, c.owner, "
    "c.opened_at, c.due_at, c.closed_at, c.outcome, c.journey, c.run, c.step "
    "FROM log_cases c LEFT JOIN nodes n ON n.node_key = c.profile_key",
    {
        "case_id": "Id of the case.",
        "profile_id": "The person, after all merges known today.",
        "title": "What is to be done.",
        "reason": "Why it was opened.",
        "state": "open, in_progress, waiting or closed.",
        "priority": "urgent, high, normal or low.",
        "owner": "Person or team; empty where nobody has it.",
        "opened_at": "When it was opened, UTC.",
        "due_at": "By when, UTC.",
        "closed_at": "When it was closed, UTC.",
        "outcome": "What came of it: reached, not_reached, solved, not_needed or handed_over.",
        "journey": "Journey that opened it.",
        "run": "Run of that journey.",
        "step": "Step of that journey.",
    },
)

PARTS = RoomParts(
    "care",
    (_MIGRATION, _BY_NODE),
    (AnalyticsTable("case_rows", CASE_ROWS, "node_key", ("case_id",), ("opened_at",), derived="log_cases"),),
    (_VIEW,),
    people={"cases": ("profile_key", "node_key")},
)
