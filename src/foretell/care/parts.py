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

_DESK = """
ALTER TABLE cases ADD COLUMN rule TEXT;
ALTER TABLE cases ADD COLUMN team TEXT;
ALTER TABLE cases ADD COLUMN priority_by TEXT NOT NULL DEFAULT 'given';
ALTER TABLE cases ADD COLUMN value_minor BIGINT;
ALTER TABLE cases ADD COLUMN valued_at BIGINT;
ALTER TABLE cases ADD COLUMN root_cause TEXT;
ALTER TABLE cases ADD COLUMN snoozed_until BIGINT;
ALTER TABLE cases ADD COLUMN first_contact_at BIGINT;
ALTER TABLE cases ADD COLUMN breached_at BIGINT;
ALTER TABLE cases ADD COLUMN reopened BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN message_id TEXT;
ALTER TABLE cases ADD COLUMN survey TEXT;
CREATE INDEX cases_by_rule ON cases (profile_key, rule) WHERE state <> 'closed';
CREATE INDEX cases_by_owner ON cases (owner) WHERE state <> 'closed';
CREATE INDEX cases_unvalued ON cases (valued_at) WHERE state <> 'closed';
CREATE INDEX cases_snoozed ON cases (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX cases_unbreached ON cases (due_at) WHERE state <> 'closed' AND breached_at IS NULL;
ALTER TABLE case_history ADD COLUMN origin TEXT;
CREATE TABLE case_repeats (case_id TEXT PRIMARY KEY, kept_id TEXT NOT NULL) /*clustered*/;
CREATE INDEX case_repeats_by_kept ON case_repeats (kept_id);
CREATE TABLE case_marks (
    case_id TEXT, step TEXT, done_at BIGINT NOT NULL, done_by TEXT NOT NULL,
    PRIMARY KEY (case_id, step)) /*clustered*/;
CREATE TABLE case_links (
    case_id TEXT, other_id TEXT, kind TEXT NOT NULL, PRIMARY KEY (case_id, other_id)) /*clustered*/;
CREATE INDEX case_links_by_other ON case_links (other_id);
CREATE TABLE team_turns (team TEXT PRIMARY KEY, turn BIGINT NOT NULL) /*clustered*/;
CREATE TABLE case_syncs (
    case_id TEXT PRIMARY KEY, state TEXT NOT NULL, wanted_version BIGINT NOT NULL, synced_version BIGINT NOT NULL,
    tried_version BIGINT, ticket_id TEXT, url TEXT, seen_change TEXT, ticket TEXT NOT NULL, synced_at BIGINT,
    next_at BIGINT, attempts BIGINT NOT NULL, error TEXT) /*clustered*/;
CREATE INDEX case_syncs_waiting ON case_syncs (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX case_syncs_by_ticket ON case_syncs (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE TABLE desk_news (ticket_id TEXT PRIMARY KEY, told_at BIGINT NOT NULL) /*clustered*/;
CREATE TABLE desk_redactions (
    ticket_id TEXT PRIMARY KEY, asked_at BIGINT, state TEXT NOT NULL, next_at BIGINT, attempts BIGINT NOT NULL,
    error TEXT) /*clustered*/;
CREATE TABLE desk_standing (
    desk TEXT PRIMARY KEY, place TEXT, polled_at BIGINT, paused_until BIGINT, failures BIGINT NOT NULL, error TEXT)
    /*clustered*/;
"""
"""``priority_by``: ``given``, ``value`` or ``person``. ``value_minor``: money at risk. ``valued_at``: when scores
were last looked at. ``case_repeats``: cases that were not opened since their
person had one (``kept_id``). ``origin`` of a history row: the help desk it came from. ``team_turns``: how many cases a
team was given in turn. ``case_syncs.ticket``: JSON of the ticket's fields when both sides were last alike;
``seen_change``: the last change of the ticket that was taken in; ``tried_version``: handed over, perhaps;
``desk_news``: tickets of which the desk says that they changed; ``desk_standing.place``: how far its list of changes
was read."""

_ANSWERS = """
ALTER TABLE cases ADD COLUMN response_id TEXT;
ALTER TABLE cases ADD COLUMN score REAL;
ALTER TABLE cases ADD COLUMN words TEXT;
CREATE INDEX cases_by_response ON cases (response_id) WHERE response_id IS NOT NULL;
CREATE TABLE case_rule_looks (
    opening TEXT PRIMARY KEY, batch BIGINT NOT NULL, looked_at BIGINT NOT NULL, since BIGINT NOT NULL) /*clustered*/;
"""
"""``words``: what the person wrote in the response. ``case_rule_looks``: up to where a way in which a rule opens cases
was looked at, by arrival and by time, and since when it is in force."""

_BELONGS = """
ALTER TABLE case_repeats ADD COLUMN survey TEXT;
ALTER TABLE case_repeats ADD COLUMN response_id TEXT;
CREATE INDEX case_contacts ON case_history (at) WHERE what = 'contact';
CREATE INDEX cases_by_kind ON cases (rule, opened_at);
CREATE INDEX cases_going_on ON cases (rule, profile_key) WHERE state <> 'closed';
CREATE TABLE case_rule_days (rule TEXT PRIMARY KEY, day TEXT NOT NULL, opened BIGINT NOT NULL) /*clustered*/;
CREATE TABLE case_rule_held (
    case_id TEXT PRIMARY KEY, rule TEXT NOT NULL, opening TEXT NOT NULL, state TEXT NOT NULL,
    happened_at BIGINT NOT NULL, held_at BIGINT NOT NULL) /*clustered*/;
CREATE INDEX case_rule_held_by_rule ON case_rule_held (rule, state);
"""
"""``case_repeats.response_id``: the response that belongs to the case kept, with its survey. ``case_rule_days``: how
many cases a rule opened by itself on the last day on which it opened any. ``case_rule_held``: cases that were not
opened since there were too many on their day: ``held`` until somebody decides, then they are opened, or ``left``."""

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
    "rule": "VARCHAR",
    "team": "VARCHAR",
    "value_at_risk": "DOUBLE",
    "root_cause": "VARCHAR",
    "snoozed_until": "TIMESTAMP",
    "first_contact_at": "TIMESTAMP",
    "breached_at": "TIMESTAMP",
    "reopened": "BIGINT",
    "contact_seconds": "BIGINT",
    "close_seconds": "BIGINT",
    "message_id": "VARCHAR",
    "survey": "VARCHAR",
    "response_id": "VARCHAR",
    "score": "DOUBLE",
}

_SHOWN = [name for name in CASE_ROWS if name not in ("case_id", "node_key")]

_VIEW = View(
    "cases",
    f"SELECT c.case_id, coalesce(n.profile_id, '') AS profile_id, {', '.join(f'c.{name}' for name in _SHOWN)} "
    "FROM log_cases c LEFT JOIN nodes n ON n.node_key = c.profile_key",
    {
        "case_id": "Id of the case.",
        "profile_id": "The person, after all merges known today.",
        "title": "What is to be done.",
        "reason": "Why it was opened.",
        "state": "open, in_progress, waiting or closed.",
        "priority": "urgent, high, normal or low.",
        "owner": "Who has it; empty where nobody does.",
        "opened_at": "When it was opened, UTC.",
        "due_at": "By when, UTC.",
        "closed_at": "When it was closed, UTC.",
        "outcome": "What came of it: reached, not_reached, solved, not_needed or handed_over.",
        "journey": "Journey that opened it.",
        "run": "Run of that journey.",
        "step": "Step of that journey.",
        "rule": "Case rule by which it is worked on: the kind of case.",
        "team": "Team that takes care of it.",
        "value_at_risk": "Expected value of the person times the probability that they leave, in major units of the "
        "workspace's currency; as of the last scoring while it was not closed.",
        "root_cause": "What lay behind it, as the team found.",
        "snoozed_until": "Until when it rests, UTC.",
        "first_contact_at": "When somebody of the team first spoke with the person, UTC.",
        "breached_at": "Its due time, where it was not closed by then, UTC.",
        "reopened": "How often it was opened again.",
        "contact_seconds": "Seconds from its opening to the first contact.",
        "close_seconds": "Seconds from its opening to its last closing.",
        "message_id": "Message that it is about.",
        "survey": "Survey that it is about.",
        "response_id": "Response that it is about; its words are in survey_responses.",
        "score": "Score of that response, in the scale of its survey.",
    },
)

PARTS = RoomParts(
    "care",
    (_MIGRATION, _BY_NODE, _DESK, _ANSWERS, _BELONGS),
    (AnalyticsTable("case_rows", CASE_ROWS, "node_key", ("case_id",), ("opened_at",), derived="log_cases"),),
    (_VIEW,),
    people={"cases": ("profile_key", "node_key")},
)
