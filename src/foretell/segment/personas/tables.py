"""What is kept of personas: builds, cards, notes, interviews, and who is what as facts that conditions read."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

DDL = """
CREATE TABLE persona_builds (
    build BIGINT PRIMARY KEY, as_of BIGINT NOT NULL, built_at BIGINT NOT NULL, made_by TEXT NOT NULL,
    state TEXT NOT NULL, report TEXT NOT NULL);
CREATE TABLE persona_cards (
    build BIGINT, persona TEXT, place BIGINT NOT NULL, card TEXT NOT NULL, PRIMARY KEY (build, persona));
CREATE TABLE personas (
    persona TEXT PRIMARY KEY, title TEXT NOT NULL, named_by TEXT, born BIGINT NOT NULL, last_build BIGINT NOT NULL,
    vanished BIGINT);
CREATE TABLE persona_notes (
    note_id TEXT, number BIGINT, persona TEXT NOT NULL, node_key BIGINT, profile_key BIGINT, kind TEXT NOT NULL,
    text TEXT NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL, removed BIGINT NOT NULL,
    PRIMARY KEY (note_id, number)) /*clustered*/;
CREATE INDEX persona_notes_by_persona ON persona_notes (persona, made_at);
CREATE INDEX persona_notes_by_node ON persona_notes (node_key);
CREATE INDEX persona_notes_by_profile ON persona_notes (profile_key);
CREATE TABLE persona_interviews (
    interview_id TEXT PRIMARY KEY, node_key BIGINT NOT NULL, profile_key BIGINT NOT NULL, persona TEXT NOT NULL,
    cause TEXT NOT NULL, state TEXT NOT NULL, guide TEXT NOT NULL, picked_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL, changed_by TEXT NOT NULL) /*clustered*/;
CREATE INDEX persona_interviews_by_node ON persona_interviews (node_key);
CREATE INDEX persona_interviews_by_profile ON persona_interviews (profile_key);
"""
"""Builds and cards are numbers about many; notes and interviews are about somebody, a note about a persona alone has
no person. Every change of a note is a further row of a higher number."""

PERSONA_ROWS = AnalyticsTable(
    "persona_rows",
    {
        "node_key": "BIGINT",
        "persona": "VARCHAR",
        "as_of": "TIMESTAMP",
        "known_at": "TIMESTAMP",
        "fit": "DOUBLE",
        "build": "BIGINT",
    },
    "node_key",
    key=("node_key", "as_of"),
    order=("as_of", "node_key"),
    derived="log_personas",
)
"""One row a person and build: from ``as_of`` (event time) and ``known_at`` (arrival) on they are of ``persona``.

``persona`` is null from a build on that no longer counts them: the latest row with ``as_of`` up to an instant holds,
and null is "of none". ``fit`` is 0 (as near to another persona) to 1 (at the middle of their own)."""

PERSONA_MEMBERS = View(
    "persona_members",
    "SELECT coalesce(n.profile_id, '') AS profile_id, p.persona, p.as_of, p.known_at, p.fit FROM ("
    "SELECT l.*, row_number() OVER (PARTITION BY l.profile_key, l.as_of "
    "ORDER BY CASE WHEN l.node_key = l.profile_key THEN 0 ELSE 1 END, l.node_key) AS place FROM log_personas l) p "
    "LEFT JOIN nodes n ON n.node_key = p.profile_key WHERE p.place = 1",
    {
        "profile_id": "The person, after all merges known today.",
        "persona": "Key of the persona, the same over rebuilds; null: of none from then on.",
        "as_of": "Instant as of which it was found, UTC; it holds until the person's next row.",
        "known_at": "From when on Foretell counts it as known, UTC.",
        "fit": "How near to the middle of the persona: 0 (as near to another) to 1.",
    },
)

PEOPLE = {
    "persona_notes": ("node_key", "profile_key"),
    "persona_interviews": ("node_key", "profile_key"),
}

ROOM = "segment_personas"
PARTS = RoomParts(ROOM, (DDL,), (PERSONA_ROWS,), (PERSONA_MEMBERS,), people=PEOPLE)
