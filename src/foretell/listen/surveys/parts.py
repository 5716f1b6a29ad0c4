"""What is kept of answers: a row for analytics whoever brought them, and what pages need to go on with a response."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

_TEXTS = (
    "survey", "measure", "text", "language", "channel", "touchpoint", "product_id", "agent", "order_id", "journey",
    "run", "step", "message_id",
)  # fmt: skip

ANSWER_ROWS = AnalyticsTable(
    "survey_answer_rows",
    {
        "seq": "BIGINT",
        "node_key": "BIGINT",
        "ts": "TIMESTAMP",
        "response_key": "BIGINT",
        "response_id": "VARCHAR",
        "part": "BIGINT",
        "score": "DOUBLE",
        **dict.fromkeys(_TEXTS, "VARCHAR"),
        "asked_at": "TIMESTAMP",
        "complete": "BOOLEAN",
        "anonymous": "BOOLEAN",
    },
    "node_key",
    order=("survey", "ts", "seq"),
    packed=("text",),
    derived="log_survey_answers",
    erased={
        "seq": "seq", "ts": "day", "response_key": "=0", "response_id": "random", "part": "same", "score": "same",
        "survey": "same", "measure": "same", "channel": "same", "touchpoint": "same", "product_id": "same",
        "complete": "same", "anonymous": "same",
    },
)  # fmt: skip
"""``response_key`` is 63 bits of a hash of survey and response: who has a key alone is the only part of a response, so
that the view ranks the others alone. 0: of an erased person."""

_SHOWN = (
    "a.profile_key, a.response_id, a.survey, a.measure, a.score, a.text, a.language, a.channel, a.touchpoint, "
    "a.product_id, a.agent, a.order_id, a.journey, a.run, a.step, a.message_id, a.asked_at, a.complete, a.anonymous"
)
_SEVERAL = "SELECT response_key FROM survey_answer_rows GROUP BY response_key HAVING count(*) > 1"
_PART_OF = "PARTITION BY a.survey, a.response_id"
_RESPONSES = (
    f"SELECT {_SHOWN}, a.ts AS answered_at, a.ts AS changed_at FROM log_survey_answers a "
    f"LEFT JOIN ({_SEVERAL}) s ON s.response_key = a.response_key WHERE s.response_key IS NULL UNION ALL "
    f"SELECT {_SHOWN}, a.answered_at, a.changed_at FROM (SELECT a.*, min(a.ts) OVER ({_PART_OF}) AS answered_at, "
    f"max(a.ts) OVER ({_PART_OF}) AS changed_at, row_number() OVER ({_PART_OF} "
    "ORDER BY a.part DESC, a.ts DESC, a.seq DESC) AS place "
    f"FROM log_survey_answers a JOIN ({_SEVERAL}) s ON s.response_key = a.response_key) a WHERE a.place = 1"
)
RESPONSES = View(
    "survey_responses",
    "SELECT r.response_id, CASE WHEN r.anonymous THEN '' ELSE coalesce(n.profile_id, '') END AS profile_id, "
    "r.survey, r.measure, r.score, r.text, r.language, "
    "r.channel, r.touchpoint, r.product_id, r.agent, r.order_id, r.journey, r.run, r.step, r.message_id, r.asked_at, "
    "r.answered_at, r.changed_at, r.complete, r.anonymous "
    f"FROM ({_RESPONSES}) r LEFT JOIN nodes n ON n.node_key = r.profile_key",
    {
        "response_id": "Id of the response: what one person answered to one asking.",
        "profile_id": "The person, after all merges known today; empty where nobody knows who it was, and of "
        "anonymous answers; of erased people a random one.",
        "survey": "Key of the survey.",
        "measure": "Scale of the score: nps, csat, ces or stars.",
        "score": "Answer to the main question: nps 0 to 10, csat 1 to 5, ces 1 to 7, stars 1 to 5; empty where it "
        "lies outside of its scale.",
        "text": "Words of the main open question.",
        "language": "Language in which it was answered.",
        "channel": "How the survey reached the person: email, sms, web, link, qr, import and others.",
        "touchpoint": "What it is about: delivery, support and others.",
        "product_id": "Product that it is about.",
        "agent": "Who of the team it is about.",
        "order_id": "Order that it is about.",
        "journey": "Journey that asked.",
        "run": "Run of that journey.",
        "step": "Step of that journey.",
        "message_id": "Message that asked.",
        "asked_at": "When it was asked, UTC; empty where that is not known.",
        "answered_at": "When the first part came, UTC; of anonymous responses the day.",
        "changed_at": "When the last part came, UTC.",
        "complete": "Every question that had to be answered was.",
        "anonymous": "Nothing connects it with whoever gave it.",
    },
)

ANSWER_PARTS = RoomParts("listen_answers", (), (ANSWER_ROWS,), (RESPONSES,), derived=True)
"""Derived again from the events of any log."""

_MIGRATION = """
CREATE TABLE survey_given (
    response_id TEXT PRIMARY KEY, survey TEXT NOT NULL, profile_key BIGINT NOT NULL, node_key BIGINT NOT NULL,
    part BIGINT NOT NULL, told TEXT NOT NULL, seen TEXT NOT NULL, about TEXT NOT NULL, complete BIGINT NOT NULL,
    answered_at BIGINT NOT NULL, changed_at BIGINT NOT NULL) /*clustered*/;
CREATE INDEX survey_given_by_profile ON survey_given (profile_key);
CREATE INDEX survey_given_by_node ON survey_given (node_key);
CREATE TABLE survey_uses (use_id TEXT PRIMARY KEY) /*clustered*/;
CREATE TABLE survey_kept (
    response_id TEXT PRIMARY KEY, survey TEXT NOT NULL, day BIGINT NOT NULL, told TEXT NOT NULL, seen TEXT NOT NULL,
    about TEXT NOT NULL, complete BIGINT NOT NULL) /*clustered*/;
"""
_BY_SURVEY = """
CREATE TABLE survey_given_each (
    survey TEXT, response_id TEXT, profile_key BIGINT NOT NULL, node_key BIGINT NOT NULL, part BIGINT NOT NULL,
    told TEXT NOT NULL, seen TEXT NOT NULL, about TEXT NOT NULL, complete BIGINT NOT NULL, answered_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL, PRIMARY KEY (survey, response_id)) /*clustered*/;
INSERT INTO survey_given_each SELECT survey, response_id, profile_key, node_key, part, told, seen, about, complete,
    answered_at, changed_at FROM survey_given;
DROP TABLE survey_given;
ALTER TABLE survey_given_each RENAME TO survey_given;
CREATE INDEX survey_given_by_profile ON survey_given (profile_key);
CREATE INDEX survey_given_by_node ON survey_given (node_key);
CREATE TABLE survey_held (
    survey TEXT, response_id TEXT, profile_key BIGINT NOT NULL, node_key BIGINT NOT NULL, told TEXT NOT NULL,
    seen TEXT NOT NULL, about TEXT NOT NULL, complete BIGINT NOT NULL, message_id TEXT NOT NULL, url TEXT NOT NULL,
    held_at BIGINT NOT NULL, PRIMARY KEY (survey, response_id)) /*clustered*/;
CREATE INDEX survey_held_by_time ON survey_held (held_at);
CREATE TABLE survey_looks (
    message_id TEXT, url TEXT, at BIGINT NOT NULL, PRIMARY KEY (message_id, url)) /*clustered*/;
CREATE TABLE survey_leaves (
    survey TEXT, day BIGINT, low BIGINT, rows TEXT NOT NULL, PRIMARY KEY (survey, day, low)) /*clustered*/;
INSERT INTO survey_leaves SELECT survey, day, -row_number() OVER (ORDER BY response_id), '{"' || response_id
    || '":{"told":' || told || ',"seen":' || seen || ',"about":' || about || ',"complete":' || CAST(complete AS TEXT)
    || '}}' FROM survey_kept;
DROP TABLE survey_kept;
ALTER TABLE survey_leaves RENAME TO survey_kept;
CREATE TABLE survey_marks (
    survey TEXT, day BIGINT, low BIGINT, rows TEXT NOT NULL, PRIMARY KEY (survey, day, low)) /*clustered*/;
CREATE TABLE survey_drafts (name TEXT PRIMARY KEY, spec TEXT NOT NULL, until BIGINT NOT NULL) /*clustered*/;
"""
"""``survey_given``: responses of which more may come; ``told``, ``seen`` and ``about`` are JSON: answers by path, keys
of the questions that were shown, what the response is about. ``survey_held``: the same of answers by one click that
may still turn out to be a program's; ``survey_looks``: addresses of scores that were opened lately.

``survey_kept``: anonymous responses by their random ids, until their day is told; ``survey_marks``: links of anonymous
surveys that were used, by a hash. The rows of both lie in leaves (:mod:`.leaves`): ``rows`` is JSON. ``survey_uses``:
marks of earlier releases. ``survey_drafts``: what is looked at before it is saved."""

PARTS = RoomParts(
    "listen_surveys",
    (_MIGRATION, _BY_SURVEY),
    people={"survey_given": ("profile_key", "node_key"), "survey_held": ("profile_key", "node_key")},
)
"""Kept as they are."""
