"""Profile: what do we know of a person?

Enters: events that have their person. Leaves: traits as of now and their whole history, first and
last seen, the timeline. Called by the engine as a stage, and by every room that shows a person.
"""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View
from foretell.profile.card import Entry, Profile, show, timeline
from foretell.profile.stage import ProfileStage

PARTS = RoomParts(
    room="profile",
    migrations=(
        """
        CREATE TABLE profiles (
            profile_key BIGINT PRIMARY KEY, first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL,
            events BIGINT NOT NULL) /*clustered*/;
        CREATE TABLE profile_traits (
            profile_key BIGINT, trait TEXT, s TEXT, n BIGINT, ts BIGINT NOT NULL, seq BIGINT NOT NULL,
            PRIMARY KEY (profile_key, trait)) /*clustered*/;
        """,
    ),
    tables=(
        AnalyticsTable(
            "trait_values",
            {
                "seq": "BIGINT",
                "node_key": "BIGINT",
                "ts": "TIMESTAMP",
                "known_at": "TIMESTAMP",
                "trait": "VARCHAR",
                "s": "VARCHAR",
                "n": "BIGINT",
            },
            "node_key",
            order=("trait", "ts"),
            derived="log_traits",
        ),
    ),
    views=(
        View(
            "profiles",
            "WITH seen AS (SELECT profile_key, min(ts) AS first_seen, max(CASE WHEN known THEN 1 ELSE 0 END) AS known "
            "FROM log_sightings GROUP BY profile_key), "
            "latest AS (SELECT profile_key, max(ts) AS last_seen, count(*) AS events FROM log_events "
            "GROUP BY profile_key), "
            "named AS (SELECT profile_key, min(CASE WHEN kind = 'user_id' THEN value END) AS user_id, "
            "min(CASE WHEN kind = 'email' THEN value END) AS email FROM log_identifiers GROUP BY profile_key) "
            "SELECT n.profile_id, i.user_id, i.email, s.known = 1 AS known, s.first_seen, l.last_seen, l.events "
            "FROM seen s JOIN nodes n ON n.node_key = s.profile_key "
            "LEFT JOIN latest l ON l.profile_key = s.profile_key "
            "LEFT JOIN named i ON i.profile_key = s.profile_key",
            {
                "profile_id": "The person, after all merges known today.",
                "user_id": "User id (the first in order where there are several).",
                "email": "E-mail address (the first in order where there are several).",
                "known": "True where a user id, e-mail, phone or external id is known.",
                "first_seen": "First event, UTC.",
                "last_seen": "Last event, UTC.",
                "events": "Number of events.",
            },
        ),
    ),
)

__all__ = ["PARTS", "Entry", "Profile", "ProfileStage", "show", "timeline"]
