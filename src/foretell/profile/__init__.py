"""Profile: what do we know of a person?

Enters: events that have their person. Leaves: traits as of now and their whole history, first and
last seen, consent, the timeline. Called by the engine as a stage, and by every room that shows a person.
"""

from __future__ import annotations

from foretell.engine import OWN_SOURCE, AnalyticsTable, RoomParts, View
from foretell.profile.card import Consent, Entry, Profile, show, timeline
from foretell.profile.consent import MIGRATION, consents
from foretell.profile.demographics import Demographics, demographics
from foretell.profile.differences import Differences, differences
from foretell.profile.stage import ProfileStage
from foretell.profile.told import EVENT_GROUPS, EventGroup, TraitTold, timeline_before, trait_calls, traits_told

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
        MIGRATION,
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
        AnalyticsTable(
            "consent_rows",
            {
                "seq": "BIGINT",
                "node_key": "BIGINT",
                "ts": "TIMESTAMP",
                "known_at": "TIMESTAMP",
                "channel": "VARCHAR",
                "purpose": "VARCHAR",
                "state": "VARCHAR",
                "source": "VARCHAR",
                "basis": "VARCHAR",
                "message_id": "VARCHAR",
            },
            "node_key",
            order=("channel", "purpose", "ts"),
            derived="log_consents",
        ),
    ),
    views=(
        View(
            "profiles",
            "WITH seen AS (SELECT profile_key, min(ts) AS first_seen, max(CASE WHEN known THEN 1 ELSE 0 END) AS known "
            "FROM log_sightings GROUP BY profile_key), "
            "latest AS (SELECT profile_key, max(ts) AS last_seen, count(*) AS events FROM log_events "
            f"WHERE coalesce(source, '') <> '{OWN_SOURCE}' GROUP BY profile_key), "
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
                "last_seen": "Last event, UTC; what Foretell wrote itself (a message was sent) does not count.",
                "events": "Number of events, without those that Foretell wrote itself.",
            },
        ),
        View(
            "consents",
            "SELECT n.profile_id, c.channel, c.purpose, c.state, c.ts, c.source, c.basis FROM ("
            "SELECT l.*, row_number() OVER (PARTITION BY l.profile_key, l.channel, l.purpose ORDER BY l.ts DESC, "
            "CASE WHEN l.state = 'denied' THEN 0 ELSE 1 END, l.seq DESC) AS place "
            "FROM log_consents l WHERE l.state IN ('granted', 'denied')) c "
            "JOIN nodes n ON n.node_key = c.profile_key WHERE c.place = 1",
            {
                "profile_id": "The person, after all merges known today.",
                "channel": "Channel: email, sms, push, ads, phone.",
                "purpose": "What for: marketing, service or another.",
                "state": "granted or denied, by the latest word; without a row nothing is granted.",
                "ts": "When that was said, UTC.",
                "source": "Where: as the event tells, else its source.",
                "basis": "On which ground, as the event tells; merge where the stricter of two merged people counts.",
            },
        ),
    ),
    rebuilt=("profiles", "profile_traits", "consent_states", "consent_carried"),
)

__all__ = [
    "EVENT_GROUPS",
    "PARTS",
    "Consent",
    "Demographics",
    "Differences",
    "Entry",
    "EventGroup",
    "Profile",
    "ProfileStage",
    "TraitTold",
    "consents",
    "demographics",
    "differences",
    "show",
    "timeline",
    "timeline_before",
    "trait_calls",
    "traits_told",
]
