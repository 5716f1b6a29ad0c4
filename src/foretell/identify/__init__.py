"""Identify: who is it?

Enters: the identifiers of arriving events. Leaves: the profile key of every event, the flat map from
identifier to profile, merges. Called by the engine as a stage, and by rooms that look a person up.
"""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View
from foretell.identify.accounts import (
    ACCOUNT_VIEWS,
    ACCOUNTS_DDL,
    MEMBER_ROWS,
    TRAIT_ROWS,
    accounts_of,
)
from foretell.identify.adopting import adopt
from foretell.identify.beginning import starting_with
from foretell.identify.edges import EDGE_ROWS, EDGES_DDL, Link
from foretell.identify.entries import Entry
from foretell.identify.explaining import Apart, Denial, Explanation, Held, connection, explain
from foretell.identify.finding import find_all, known_by
from foretell.identify.identity_document import KIND, IdentitySpec, identity_of, rules_of
from foretell.identify.ledger import MIGRATION as _LEDGER
from foretell.identify.ledger import await_apart
from foretell.identify.lookup import Match, find, owner_of
from foretell.identify.matching import (
    MATCHING_DDL,
    RECORD_ROWS,
    FieldWeight,
    Learnt,
    MatchField,
    MatchingSpec,
    MatchReport,
    Model,
    Pair,
    Question,
    Questions,
    Record,
    TraitReader,
    accept,
    last_run,
    questions,
    reject,
)
from foretell.identify.matching import counts as pair_counts
from foretell.identify.matching import latest as latest_model
from foretell.identify.matching import match as match_records
from foretell.identify.matching import refresh as refresh_matching
from foretell.identify.overviews import DenialsPage, LedgerPage, Size, biggest, denied_joins, ledger
from foretell.identify.preview import LargeProfile, Preview, WouldJoin, WouldPart, preview
from foretell.identify.reforming import FOLLOWED_DDL, Reformed, follows, reform
from foretell.identify.rules import ANONYMOUS, IdentifierType, IdentityRules
from foretell.identify.sharing import SEEN_DDL
from foretell.identify.stage import IdentifyStage
from foretell.identify.survivorship_document import BySource, Survival, SurvivorshipSpec
from foretell.identify.telling import NAMES_ANOTHER
from foretell.identify.undoing import Joined, Side, SplitPlan, merge, plan_split, split

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
        _LEDGER,
        ACCOUNTS_DDL,
        EDGES_DDL,
        MATCHING_DDL,
        SEEN_DDL,
        FOLLOWED_DDL,
    ),
    tables=(
        AnalyticsTable("merged", {"node_key": "BIGINT", "profile_key": "BIGINT"}, None, ("node_key",)),
        AnalyticsTable(
            "nodes",
            {"node_key": "BIGINT", "profile_id": "VARCHAR"},
            "node_key",
            erased={"profile_id": "random"},
        ),
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
        EDGE_ROWS,
        MEMBER_ROWS,
        TRAIT_ROWS,
        RECORD_ROWS,
    ),
    views=(
        View(
            "identifiers",
            "SELECT n.profile_id, i.kind, i.value, min(i.first_seen) AS first_seen FROM log_identifiers i "
            "JOIN nodes n ON n.node_key = i.profile_key GROUP BY n.profile_id, i.kind, i.value",
            {
                "profile_id": "The person, after all merges known today.",
                "kind": "user_id, email, phone, anonymous_id, the name of an external id; shared_… of a shared device.",
                "value": "The identifier, normalised.",
                "first_seen": "First event that named it, UTC.",
            },
        ),
        *ACCOUNT_VIEWS,
    ),
    rebuilt=(
        "account_members",
        "identifiers",
        "nodes",
        "merged",
        "merges",
        "kept_apart",
        "awaited_apart",
        "denied",
        "edges_seen",
        "match_pairs",
        "seen_with",
    ),
)

__all__ = [
    "ANONYMOUS",
    "KIND",
    "NAMES_ANOTHER",
    "PARTS",
    "Apart",
    "BySource",
    "Denial",
    "DenialsPage",
    "Entry",
    "Explanation",
    "FieldWeight",
    "Held",
    "IdentifierType",
    "IdentifyStage",
    "IdentityRules",
    "IdentitySpec",
    "Joined",
    "LargeProfile",
    "Learnt",
    "LedgerPage",
    "Link",
    "Match",
    "MatchField",
    "MatchReport",
    "MatchingSpec",
    "Model",
    "Pair",
    "Preview",
    "Question",
    "Questions",
    "Record",
    "Reformed",
    "Side",
    "Size",
    "SplitPlan",
    "Survival",
    "SurvivorshipSpec",
    "TraitReader",
    "WouldJoin",
    "WouldPart",
    "accept",
    "accounts_of",
    "adopt",
    "await_apart",
    "biggest",
    "connection",
    "denied_joins",
    "explain",
    "find",
    "find_all",
    "follows",
    "identity_of",
    "known_by",
    "last_run",
    "latest_model",
    "ledger",
    "match_records",
    "merge",
    "owner_of",
    "pair_counts",
    "plan_split",
    "preview",
    "questions",
    "reform",
    "refresh_matching",
    "reject",
    "rules_of",
    "split",
    "starting_with",
]
