"""What consent needs in the stores: words as of now and requests by node, and every word ever spoken."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, View
from foretell.profile.consents.words import strict_words

MIGRATIONS = (
    """
    CREATE TABLE consent_states (
        profile_key BIGINT, channel TEXT, purpose TEXT, state TEXT NOT NULL, ts BIGINT NOT NULL, seq BIGINT NOT NULL,
        source TEXT NOT NULL, basis TEXT NOT NULL, message_id TEXT NOT NULL,
        PRIMARY KEY (profile_key, channel, purpose)) /*clustered*/;
    CREATE TABLE consent_carried (
        profile_key BIGINT NOT NULL, channel TEXT NOT NULL, purpose TEXT NOT NULL, state TEXT NOT NULL,
        ts BIGINT NOT NULL, seq BIGINT NOT NULL, source TEXT NOT NULL, basis TEXT NOT NULL, message_id TEXT NOT NULL);
    """,
    """
    CREATE TABLE consent_words (
        node_key BIGINT, channel TEXT, purpose TEXT, spoken_by BIGINT, state TEXT NOT NULL, ts BIGINT NOT NULL,
        seq BIGINT NOT NULL, source TEXT NOT NULL, basis TEXT NOT NULL, message_id TEXT NOT NULL,
        wording TEXT NOT NULL, expires_at BIGINT, proof TEXT NOT NULL,
        PRIMARY KEY (node_key, channel, purpose, spoken_by)) /*clustered*/;
    CREATE INDEX consent_words_plain ON consent_words (purpose) WHERE channel = '';
    INSERT INTO consent_words SELECT profile_key, channel, purpose, profile_key, state, ts, seq, source, basis,
        message_id, '', NULL, '{}' FROM consent_states;
    DROP TABLE consent_states;
    DROP TABLE consent_carried;
    CREATE TABLE consent_requests (
        request TEXT PRIMARY KEY, node_key BIGINT NOT NULL, channel TEXT NOT NULL, purpose TEXT NOT NULL,
        wording TEXT NOT NULL, source TEXT NOT NULL, requested_at BIGINT NOT NULL, event_id TEXT NOT NULL,
        state TEXT NOT NULL, message_id TEXT, ended_at BIGINT);
    CREATE INDEX consent_requests_open ON consent_requests (requested_at) WHERE state = 'open';
    CREATE INDEX consent_requests_by_node ON consent_requests (node_key);
    """,
)
"""A word of a node: ``spoken_by`` is the node whose identifier spoke. ``consent_requests`` are grants that wait
for their confirmation: ``open`` until a message asks for it, ``asked``, ``confirmed`` or ``refused``."""
PUT_OFF_DDL = "ALTER TABLE consent_requests ADD COLUMN ask_at BIGINT NOT NULL DEFAULT 0;"
"""``ask_at``: no message asks for an open request before that instant (microseconds)."""

CONSENT_ROWS = AnalyticsTable(
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
        "spoken_by": "BIGINT",
        "wording": "VARCHAR",
        "expires_at": "TIMESTAMP",
        "proof": "VARCHAR",
    },
    "node_key",
    order=("channel", "purpose", "ts"),
    derived="log_consents",
)
"""``spoken_by`` is null in rows of workspaces that were made before it was kept: the node itself."""

HELD = (
    "SELECT l.profile_key, coalesce(s.profile_key, l.spoken_by, l.profile_key) AS owner, l.node_key, l.channel, "
    "l.purpose, l.state, l.ts, l.seq, l.source, l.basis, l.message_id, l.wording, l.expires_at, l.proof "
    "FROM log_consents l LEFT JOIN merged s ON s.node_key = l.spoken_by WHERE l.state IN ('granted', 'denied')"
)

CONSENTS = View(
    "consents",
    f"SELECT n.profile_id, c.channel, c.purpose, c.state, c.ts, c.source, c.basis, c.wording, c.expires_at, c.proof "
    f"FROM (WITH held AS ({HELD}), {strict_words('held')}) c JOIN nodes n ON n.node_key = c.profile_key",
    {
        "profile_id": "The person, after all merges known today.",
        "channel": "Channel: email, sms, push, ads, phone; empty for purposes such as profiling.",
        "purpose": "What for: marketing, service or another.",
        "state": "granted or denied, by the latest word, of several identities the stricter; no row: never asked.",
        "ts": "When that was said, UTC.",
        "source": "Where: as the event tells, else its source.",
        "basis": "On which ground, as the event tells.",
        "wording": "Version of the wording that was shown, as far as it was told.",
        "expires_at": "When the word itself says that it ends, UTC; what a purpose lets lapse is not counted here.",
        "proof": "What is kept as proof beside the message, as JSON text.",
    },
)
