"""Identify: who is it?

Enters: the identifiers of arriving events. Leaves: the profile key of every event, the flat map from
identifier to profile, merges. Called by the engine as a stage, and by rooms that look a person up.
"""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View
from foretell.identify.adopting import adopt
from foretell.identify.beginning import starting_with
from foretell.identify.lookup import Match, find
from foretell.identify.rules import ANONYMOUS, IdentityRules
from foretell.identify.stage import IdentifyStage

PARTS = RoomParts(
    room="identify",
    migrations=(
        """
        INSERT INTO counters VALUES ('profile_key', 0);
        CREATE TABLE identifiers (
            kind TEXT, value TEXT, node_key BIGINT NOT NULL, PRIMARY KEY (kind, value)) /*clustered*/;
        CREATE INDEX identifiers_by_node ON identifiers (node_key);
        CREATE TABLE nodes (node_key BIGINT PRIMARY KEY, profile_id TEXT NOT NULL) /*clustered*/;
        CREATE TABLE merged (node_key BIGINT PRIMARY KEY, profile_key BIGINT NOT NULL) /*clustered*/;
        CREATE INDEX merged_by_profile ON merged (profile_key);
        CREATE TABLE merges (loser_key BIGINT, winner_key BIGINT, batch BIGINT, merged_at BIGINT);
        """,
    ),
    tables=(
        AnalyticsTable("merged", {"node_key": "BIGINT", "profile_key": "BIGINT"}, None, ("node_key",)),
        AnalyticsTable("nodes", {"node_key": "BIGINT", "profile_id": "VARCHAR"}, "node_key"),
        AnalyticsTable(
            "identifier_links",
            {"kind": "VARCHAR", "value": "VARCHAR", "node_key": "BIGINT", "first_seen": "TIMESTAMP"},
            "node_key",
            derived="log_identifiers",
        ),
        AnalyticsTable(
            "sightings",
            {"node_key": "BIGINT", "ts": "TIMESTAMP", "known_at": "TIMESTAMP", "known": "BOOLEAN"},
            "node_key",
            derived="log_sightings",
        ),
    ),
    views=(
        View(
            "identifiers",
            "SELECT n.profile_id, i.kind, i.value, min(i.first_seen) AS first_seen FROM log_identifiers i "
            "JOIN nodes n ON n.node_key = i.profile_key GROUP BY n.profile_id, i.kind, i.value",
            {
                "profile_id": "The person, after all merges known today.",
                "kind": "user_id, email, phone, anonymous_id or the name of an external id.",
                "value": "The identifier, normalised.",
                "first_seen": "First event that named it, UTC.",
            },
        ),
    ),
    rebuilt=("identifiers", "nodes", "merged", "merges"),
)

__all__ = ["ANONYMOUS", "PARTS", "IdentifyStage", "IdentityRules", "Match", "adopt", "find", "starting_with"]
