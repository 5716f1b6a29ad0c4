"""What is kept of issues: a row each, and the same for analytics."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

OPEN, CLEARED, LAPSED, WITHDRAWN, MERGED = "open", "cleared", "lapsed", "withdrawn", "merged"
STATES = (OPEN, CLEARED, LAPSED, WITHDRAWN, MERGED)
"""``cleared``: its condition no longer holds; ``lapsed``: it went on for longer than it may last; ``withdrawn``: its
document was taken out; ``merged``: the person has the same issue from before a merge."""

_MIGRATION = """
CREATE TABLE issues (
    issue_id TEXT PRIMARY KEY, issue TEXT NOT NULL, profile_key BIGINT NOT NULL, node_key BIGINT NOT NULL,
    severity TEXT NOT NULL, arm TEXT NOT NULL, state TEXT NOT NULL, detected_at BIGINT NOT NULL, ended_at BIGINT,
    case_id TEXT) /*clustered*/;
CREATE INDEX issues_open ON issues (issue) WHERE state = 'open';
CREATE INDEX issues_by_profile ON issues (profile_key, issue);
CREATE INDEX issues_by_node ON issues (node_key);
CREATE INDEX issues_by_time ON issues (state, detected_at, issue_id);
"""

ISSUE_ROWS = {
    "issue_id": "VARCHAR",
    "node_key": "BIGINT",
    "issue": "VARCHAR",
    "severity": "VARCHAR",
    "arm": "VARCHAR",
    "state": "VARCHAR",
    "detected_at": "TIMESTAMP",
    "ended_at": "TIMESTAMP",
    "case_id": "VARCHAR",
}

_VIEW = View(
    "issues",
    "SELECT i.issue_id, coalesce(n.profile_id, '') AS profile_id, i.issue, i.severity, i.arm, i.state, i.detected_at, "
    "i.ended_at, i.case_id FROM log_issues i LEFT JOIN nodes n ON n.node_key = i.profile_key",
    {
        "issue_id": "Id of the issue: one person, once.",
        "profile_id": "The person, after all merges known today.",
        "issue": "Key of the issue's document.",
        "severity": "urgent, high, normal or low.",
        "arm": "treated, or held_out: no case was opened, to measure against.",
        "state": "open, cleared, lapsed, withdrawn or merged.",
        "detected_at": "When it was detected, UTC.",
        "ended_at": "When it was over, UTC.",
        "case_id": "The case that was opened for it.",
    },
)

PARTS = RoomParts(
    "care_issues",
    (_MIGRATION,),
    (
        AnalyticsTable(
            "issue_rows", ISSUE_ROWS, "node_key", ("issue_id",), ("issue", "detected_at"), derived="log_issues"
        ),
    ),
    (_VIEW,),
    people={"issues": ("profile_key", "node_key")},
)
