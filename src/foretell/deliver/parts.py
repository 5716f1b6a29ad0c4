"""What the room keeps in the stores: messages, suppressions, audiences, what came back, the inbox."""

from __future__ import annotations

from foretell.deliver import spans, standings
from foretell.engine import AnalyticsTable, RoomParts, View

_MIGRATION = """
CREATE TABLE messages (
    message_id TEXT PRIMARY KEY, profile_key BIGINT NOT NULL, node_key BIGINT NOT NULL, at BIGINT NOT NULL,
    channel TEXT NOT NULL, medium TEXT NOT NULL, template TEXT NOT NULL, purpose TEXT NOT NULL, journey TEXT, run TEXT,
    step TEXT, campaign TEXT, topic TEXT, variables TEXT NOT NULL, address TEXT NOT NULL, state TEXT NOT NULL,
    attempts BIGINT NOT NULL, next_at BIGINT, sent_at BIGINT, handed_over_at BIGINT, delivered_at BIGINT,
    opened_at BIGINT, clicked_at BIGINT, ended_at BIGINT, accepted_id TEXT, error TEXT);
CREATE INDEX messages_waiting ON messages (state, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX messages_by_profile ON messages (profile_key, at);
CREATE INDEX messages_by_node ON messages (node_key);
CREATE INDEX messages_by_run ON messages (run) WHERE run IS NOT NULL;
CREATE INDEX messages_by_time ON messages (at, message_id);
CREATE TABLE suppressions (
    medium TEXT, address TEXT, reason TEXT NOT NULL, since BIGINT NOT NULL, message_id TEXT,
    PRIMARY KEY (medium, address)) /*clustered*/;
CREATE TABLE engagements (
    event_id TEXT PRIMARY KEY, message_id TEXT NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL, url TEXT,
    machine BIGINT NOT NULL) /*clustered*/;
CREATE INDEX engagements_by_message ON engagements (message_id);
CREATE TABLE audience_members (
    audience TEXT, profile_key BIGINT, node_key BIGINT NOT NULL, run TEXT, code TEXT, joined_at BIGINT NOT NULL,
    left_at BIGINT, address TEXT NOT NULL, PRIMARY KEY (audience, profile_key)) /*clustered*/;
CREATE INDEX audience_members_by_profile ON audience_members (profile_key);
CREATE INDEX audience_members_by_node ON audience_members (node_key);
CREATE TABLE inbox (
    message_id TEXT PRIMARY KEY, channel TEXT NOT NULL, medium TEXT NOT NULL, address TEXT NOT NULL,
    subject TEXT NOT NULL, html TEXT NOT NULL, text TEXT NOT NULL, headers TEXT NOT NULL, at BIGINT NOT NULL,
    received_at BIGINT NOT NULL, attempts BIGINT NOT NULL);
CREATE INDEX inbox_by_time ON inbox (medium, at, message_id);
"""
"""``next_at`` is null for messages that nothing more is to be done with. ``inbox`` stands for the outside
world in development: it is written by development channels alone and keys on the message."""

_BY_NODE = """
ALTER TABLE messages ADD COLUMN address_node BIGINT;
ALTER TABLE messages ADD COLUMN unsettled BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_by_address_node ON messages (address_node) WHERE address_node IS NOT NULL;
CREATE INDEX messages_unsettled ON messages (message_id) WHERE unsettled = 1;
CREATE TABLE moved_members (
    audience TEXT, node_key BIGINT, profile_key BIGINT NOT NULL, run TEXT, code TEXT, joined_at BIGINT NOT NULL,
    left_at BIGINT, address TEXT NOT NULL, PRIMARY KEY (audience, node_key)) /*clustered*/;
INSERT INTO moved_members
    SELECT audience, node_key, profile_key, run, code, joined_at, left_at, address FROM audience_members;
DROP TABLE audience_members;
ALTER TABLE moved_members RENAME TO audience_members;
CREATE INDEX audience_members_by_profile ON audience_members (profile_key);
CREATE INDEX audience_members_by_node ON audience_members (node_key);
"""
"""``address_node`` is the node of the identifier to which a message is addressed, where it is one of the person's:
once the message has left, it is that node's. ``unsettled`` marks messages that a split took back and the same batch
still has to publish."""

_FOLLOWED = "CREATE TABLE followed_audiences (audience TEXT PRIMARY KEY, looked_at BIGINT NOT NULL) /*clustered*/;"
"""Audiences that follow a segment; who has entered it since ``looked_at`` was not asked about yet."""

_EXPORTS = """
CREATE TABLE export_standings (
    export TEXT PRIMARY KEY, segment TEXT NOT NULL, since BIGINT NOT NULL, number BIGINT NOT NULL, done_at BIGINT,
    next_at BIGINT, failures BIGINT NOT NULL, error TEXT NOT NULL, told BIGINT NOT NULL, refused BIGINT NOT NULL,
    left_out TEXT NOT NULL) /*clustered*/;
CREATE TABLE export_tellings (
    telling_id TEXT PRIMARY KEY, export TEXT NOT NULL, number BIGINT NOT NULL, profile_key BIGINT NOT NULL,
    node_key BIGINT NOT NULL, event TEXT NOT NULL, at BIGINT NOT NULL, known_at BIGINT NOT NULL, state TEXT NOT NULL,
    attempts BIGINT NOT NULL, next_at BIGINT NOT NULL);
CREATE INDEX export_tellings_waiting ON export_tellings (export, number) WHERE state = 'waiting';
CREATE INDEX export_tellings_by_profile ON export_tellings (profile_key);
CREATE INDEX export_tellings_by_node ON export_tellings (node_key);
"""
"""``since``: changes noticed before it are noted; those noticed at it may be, and are then among the tellings, which is
why those stay until it has moved on. ``number``: of the last telling; the order in which they go out. ``state``:
``waiting`` or ``done``."""

_CLAIMANTS = "ALTER TABLE messages ADD COLUMN claimed_by TEXT;"
"""Which process hands a claimed message over, where several work on the workspace."""

_AUDIENCES_TOLD = """
ALTER TABLE audience_members ADD COLUMN told TEXT;
ALTER TABLE audience_members ADD COLUMN told_at BIGINT;
CREATE INDEX messages_of_audiences ON messages (template, state, accepted_id) WHERE medium = 'ads';
CREATE TABLE audience_looks (
    audience TEXT, list_name TEXT, looked_at BIGINT, list_id TEXT, standing TEXT, size_low BIGINT, size_high BIGINT,
    match_low REAL, match_high REAL, life_days BIGINT, rounding TEXT, told BIGINT NOT NULL,
    error TEXT NOT NULL, PRIMARY KEY (audience, list_name, looked_at)) /*clustered*/;
CREATE TABLE audience_uploads (
    accepted_id TEXT PRIMARY KEY, audience TEXT NOT NULL, state TEXT NOT NULL, rows BIGINT NOT NULL,
    refused BIGINT NOT NULL, said TEXT NOT NULL, looked_at BIGINT NOT NULL) /*clustered*/;
CREATE TABLE audience_removals (
    removal_id TEXT PRIMARY KEY, audience TEXT NOT NULL, told TEXT, state TEXT NOT NULL, asked_at BIGINT,
    attempts BIGINT NOT NULL, next_at BIGINT NOT NULL, accepted_id TEXT, done_at BIGINT, error TEXT NOT NULL);
CREATE INDEX audience_removals_open ON audience_removals (next_at) WHERE state <> 'acknowledged';
CREATE INDEX audience_removals_by_audience ON audience_removals (audience, state);
"""
"""``told``: what the platform was told when the person joined, as JSON with hashed identifiers; ``told_at``: when it
was told last that the person is in. ``audience_looks``: what platforms say of their lists, and when.
``audience_uploads``: requests that a platform takes in later, and what came of each. ``audience_removals``: memberships
of people who were erased, which the platform has to forget; nothing says whose they were, and ``told`` is emptied once
it has.
``state``: ``waiting``, ``told``, ``acknowledged``."""

_LANES = """
ALTER TABLE messages ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_transactional ON messages (purpose, next_at, message_id)
    WHERE state = 'queued' AND purpose = 'transactional';
CREATE INDEX messages_in_doubt ON messages (message_id) WHERE state = 'uncertain';
CREATE INDEX messages_by_turn ON messages (journey, next_at, message_id) WHERE state = 'queued';
CREATE TABLE message_attempts (
    message_id TEXT, number BIGINT, at BIGINT NOT NULL, outcome TEXT NOT NULL, said TEXT NOT NULL, next_at BIGINT,
    PRIMARY KEY (message_id, number)) /*clustered*/;
CREATE TABLE send_rates (bucket TEXT PRIMARY KEY, full_at BIGINT NOT NULL, planned_at BIGINT NOT NULL) /*clustered*/;
"""
"""``message_attempts``: hand-overs that were no success, and what the other side said; it goes with its message.
``send_rates``: what providers and mail servers of domains still take. ``full_at``: when a bucket has refilled if
nothing more is taken out; ``planned_at``: the same once all that waits for it has gone too."""

_SURVEYS = """
CREATE TABLE message_surveys (
    message_id TEXT, survey TEXT, thread TEXT NOT NULL, PRIMARY KEY (message_id, survey)) /*clustered*/;
"""
"""The surveys that messages ask by; ``thread``: the invitation, which its reminders share. It goes with its message."""

_UNASKED = "DROP INDEX messages_by_address_node;"
"""Nobody looks messages up by it, and each of them entered it."""

_NAMED = ("channel", "medium", "template", "purpose", "journey", "run", "step", "campaign", "topic")
_TEXTS = dict.fromkeys(_NAMED, "VARCHAR")
TIMES = ("at", "sent_at", "delivered_at", "opened_at", "clicked_at", "ended_at")

DECISION_ROWS = AnalyticsTable(
    "decision_rows",
    {
        "message_id": "VARCHAR",
        "node_key": "BIGINT",
        "at": "TIMESTAMP",
        "decided_at": "TIMESTAMP",
        **_TEXTS,
        "decision": "VARCHAR",
        "reason": "VARCHAR",
        "until": "TIMESTAMP",
        "checks": "VARCHAR",
    },
    profile_column="node_key",
    order=("at", "message_id"),
    derived="log_decisions",
)
MESSAGE_ROWS = AnalyticsTable(
    "message_rows",
    {
        "message_id": "VARCHAR",
        "node_key": "BIGINT",
        **_TEXTS,
        "state": "VARCHAR",
        "attempts": "BIGINT",
        **dict.fromkeys(TIMES, "TIMESTAMP"),
        "error": "VARCHAR",
    },
    profile_column="node_key",
    key=("message_id",),
    order=("at", "message_id"),
    derived="log_messages",
)
AUDIENCE_ROWS = AnalyticsTable(
    "audience_rows",
    {
        "audience": "VARCHAR",
        "node_key": "BIGINT",
        "run": "VARCHAR",
        "joined_at": "TIMESTAMP",
        "left_at": "TIMESTAMP",
    },
    profile_column="node_key",
    key=("audience", "node_key"),
    order=("audience", "joined_at"),
    derived="log_audiences",
)

_ABOUT = {
    "message_id": "Unique id of the message.",
    "profile_id": "The person, after all merges known today.",
    "channel": "Key of the channel.",
    "medium": "What the channel carries: email, sms, push, ads or alert.",
    "template": "Key of the template; of the audience for ads.",
    "purpose": "Purpose for which consent was asked.",
    "journey": "Key of the journey that sent it.",
    "run": "The person's run through the journey.",
    "step": "Step of the journey.",
    "campaign": "Campaign it counts for.",
    "topic": "What it is about.",
}


def _columns(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _NAMED)


_DECISIONS = View(
    "decisions",
    f"SELECT d.message_id, coalesce(n.profile_id, '') AS profile_id, {_columns('d')}, d.at, d.decided_at, d.decision, "
    'd.reason, d."until" AS until_at, d.checks '
    "FROM log_decisions d LEFT JOIN nodes n ON n.node_key = d.profile_key",
    {
        **_ABOUT,
        "message_id": "Id of the message that was asked for; of the run for people held out.",
        "at": "The instant for which it was asked, UTC.",
        "decided_at": "When it was decided, UTC.",
        "decision": "send, refuse, defer or held_out.",
        "reason": "ok, or the check that failed: no_consent, suppressed, no_address, frequency_cap, quiet_hours …",
        "until_at": "For defer: when to ask again, UTC.",
        "checks": "The checks in their order, as JSON text.",
    },
)
_MESSAGES = View(
    "messages",
    f"SELECT m.message_id, coalesce(n.profile_id, '') AS profile_id, {_columns('m')}, m.state, m.attempts, m.at, "
    "m.sent_at, m.delivered_at, m.opened_at, m.clicked_at, m.ended_at, m.error "
    "FROM log_messages m LEFT JOIN nodes n ON n.node_key = m.profile_key",
    {
        **_ABOUT,
        "state": "queued, sent, delivered, bounced, failed, uncertain or cancelled.",
        "attempts": "How often it was handed to the channel.",
        "at": "The instant at which it was due, UTC.",
        "sent_at": "When the channel took it, UTC.",
        "delivered_at": "When the channel said that it arrived, UTC.",
        "opened_at": "First opening by a person, UTC; a click counts as one.",
        "clicked_at": "First click by a person, UTC.",
        "ended_at": "When it was given up or taken back, UTC.",
        "error": "Why it was given up, taken back or is uncertain.",
    },
)
_AUDIENCES = View(
    "audiences",
    "SELECT a.audience, coalesce(n.profile_id, '') AS profile_id, a.run, a.joined_at, a.left_at "
    "FROM log_audiences a LEFT JOIN nodes n ON n.node_key = a.profile_key",
    {
        "audience": "Key of the audience.",
        "profile_id": "The person, after all merges known today.",
        "run": "The run of a journey that let the person join.",
        "joined_at": "When the person joined last, UTC.",
        "left_at": "When the person left, UTC.",
    },
)

PARTS = RoomParts(
    "deliver",
    (
        _MIGRATION,
        _BY_NODE,
        _FOLLOWED,
        _EXPORTS,
        spans.TABLE,
        _CLAIMANTS,
        _AUDIENCES_TOLD,
        standings.TABLE,
        _LANES,
        _SURVEYS,
        _UNASKED,
    ),
    (DECISION_ROWS, MESSAGE_ROWS, AUDIENCE_ROWS),
    (_DECISIONS, _MESSAGES, _AUDIENCES),
    people={
        "messages": ("profile_key", "node_key", "address_node"),
        "audience_members": ("profile_key", "node_key"),
        "export_tellings": ("profile_key", "node_key"),
    },
)
