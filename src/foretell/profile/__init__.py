"""Profile: what do we know of a person?

Enters: events that have their person. Leaves: traits as of now and their whole history, first and
last seen, consent, the timeline. Called by the engine as a stage, and by every room that shows a person.
"""

from __future__ import annotations

from foretell.engine import UNSENT, AnalyticsTable, RoomParts, View
from foretell.profile import privacy
from foretell.profile.by_node import BY_NODE_DDL, seen_of
from foretell.profile.card import Consent, Entry, Profile, show, timeline
from foretell.profile.cards import (
    CARDS_DDL,
    Card,
    CardRules,
    card_rules,
    due_cards,
    lay_cards,
    make_cards,
    plain_value,
    read_card,
    read_cards,
    ready_card,
)
from foretell.profile.consents import (
    CONFIRMING,
    CONSENT_ROWS,
    CONSENTS,
    EVERYTHING,
    EXEMPT,
    KIND,
    MIGRATIONS,
    PUT_OFF_DDL,
    USUAL,
    WAYS_OUT,
    Allowed,
    ConsentRequest,
    Purpose,
    Purposes,
    Spoken,
    WayOut,
    allowed,
    consent_counts,
    consent_history,
    consents,
    full_name,
    mark_request,
    name_of,
    only_allowed,
    open_requests,
    purposes_of,
    request_of,
    requests_of,
    text_in,
    way_out,
)
from foretell.profile.demographics import Demographics, demographics
from foretell.profile.differences import Differences, differences
from foretell.profile.golden import ToldValue, TraitTold, golden, traits_told
from foretell.profile.node_traits import NodeTraits
from foretell.profile.own_traits import tell_traits
from foretell.profile.privacy import BIRTHS_DDL, PRIVACY_PARTS, PrivacyStage, SuppressionStage, hashing_key, restricted
from foretell.profile.stage import ProfileStage
from foretell.profile.survivorship import (
    USUAL_SURVIVORSHIP,
    Survivorship,
    ranked_sql,
    survivorship_of,
    traits_told_of,
    words_sql,
)
from foretell.profile.told import EVENT_GROUPS, EventGroup, timeline_before, trait_calls

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
        *MIGRATIONS,
        BIRTHS_DDL,
        BY_NODE_DDL,
        CARDS_DDL,
        PUT_OFF_DDL,
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
                "source": "VARCHAR",
            },
            "node_key",
            order=("trait", "ts"),
            derived="log_traits",
        ),
        CONSENT_ROWS,
    ),
    views=(
        View(
            "profiles",
            "WITH seen AS (SELECT profile_key, min(ts) AS first_seen, max(CASE WHEN known THEN 1 ELSE 0 END) AS known "
            "FROM log_sightings GROUP BY profile_key), "
            "latest AS (SELECT profile_key, max(ts) AS last_seen, count(*) AS events FROM log_events "
            f"WHERE coalesce(source, '') NOT IN ({UNSENT}) GROUP BY profile_key), "
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
                "last_seen": "Last event, UTC; what Foretell itself or an own table tells does not count.",
                "events": "Number of events, without those.",
            },
        ),
        CONSENTS,
    ),
    rebuilt=("node_seen", "node_traits", "cards", "consent_words", "consent_requests", "births"),
)

__all__ = [
    "CONFIRMING",
    "EVENT_GROUPS",
    "EVERYTHING",
    "EXEMPT",
    "KIND",
    "PARTS",
    "PRIVACY_PARTS",
    "USUAL",
    "USUAL_SURVIVORSHIP",
    "WAYS_OUT",
    "Allowed",
    "Card",
    "CardRules",
    "Consent",
    "ConsentRequest",
    "Demographics",
    "Differences",
    "Entry",
    "EventGroup",
    "NodeTraits",
    "PrivacyStage",
    "Profile",
    "ProfileStage",
    "Purpose",
    "Purposes",
    "Spoken",
    "SuppressionStage",
    "Survivorship",
    "ToldValue",
    "TraitTold",
    "WayOut",
    "allowed",
    "card_rules",
    "consent_counts",
    "consent_history",
    "consents",
    "demographics",
    "differences",
    "due_cards",
    "full_name",
    "golden",
    "hashing_key",
    "lay_cards",
    "make_cards",
    "mark_request",
    "name_of",
    "only_allowed",
    "open_requests",
    "plain_value",
    "privacy",
    "purposes_of",
    "ranked_sql",
    "read_card",
    "read_cards",
    "ready_card",
    "request_of",
    "requests_of",
    "restricted",
    "seen_of",
    "show",
    "survivorship_of",
    "tell_traits",
    "text_in",
    "timeline",
    "timeline_before",
    "trait_calls",
    "traits_told",
    "traits_told_of",
    "way_out",
    "words_sql",
]
