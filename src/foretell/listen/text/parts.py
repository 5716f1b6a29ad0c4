"""What is kept of texts: a row a text, a row a word of it, and which words make a theme."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

ROOM = "listen_text"
_MIGRATION = """
CREATE TABLE text_progress (
    one BIGINT PRIMARY KEY, seq BIGINT NOT NULL, version BIGINT NOT NULL, themes_at BIGINT NOT NULL,
    themes_texts BIGINT NOT NULL) /*clustered*/;
"""
"""How far texts are judged, and when themes were looked for among how many texts."""
_ANONYMOUS = "DELETE FROM text_progress;"
"""Texts from before it was kept which of them are anonymous are looked at once more; none is judged or told again."""

TEXT_ROWS = {
    "seq": "BIGINT",
    "node_key": "BIGINT",
    "ts": "TIMESTAMP",
    "known_at": "TIMESTAMP",
    "message_id": "VARCHAR",
    "origin": "VARCHAR",
    "item": "VARCHAR",
    "survey": "VARCHAR",
    "response_id": "VARCHAR",
    "score": "DOUBLE",
    "language": "VARCHAR",
    "sentiment": "VARCHAR",
    "probability": "DOUBLE",
    "model": "VARCHAR",
    "quote": "VARCHAR",
    "characters": "BIGINT",
    "anonymous": "BOOLEAN",
}
WORD_ROWS = {"seq": "BIGINT", "node_key": "BIGINT", "word": "VARCHAR"}
THEME_ROWS = {
    "theme": "VARCHAR",
    "word": "VARCHAR",
    "title": "VARCHAR",
    "named": "BOOLEAN",
    "active": "BOOLEAN",
    "found_at": "TIMESTAMP",
}
OF_THEMES = "SELECT DISTINCT w.seq, h.theme FROM text_words w JOIN theme_rows h ON h.word = w.word WHERE h.active"
"""SQL: which text (``seq``) is of which theme."""

VOICE = "CASE WHEN t.anonymous OR coalesce(t.profile_key, 0) = 0 THEN -t.seq ELSE t.profile_key END"
"""SQL over ``log_texts t``: who speaks, a person, or of those who are not named each text by itself."""
SPEAKER = "CASE WHEN t.anonymous THEN '' ELSE coalesce(n.profile_id, '') END"
"""SQL over ``log_texts t`` and their ``nodes n``: the person who is shown."""

_VIEW = View(
    "feedback_topics",
    f"SELECT t.message_id, {SPEAKER} AS profile_id, t.ts AS at, t.origin, t.survey, t.response_id, "
    "t.score, o.theme, t.sentiment, t.probability, t.language, t.quote FROM log_texts t "
    f"LEFT JOIN ({OF_THEMES}) o ON o.seq = t.seq LEFT JOIN nodes n ON n.node_key = t.profile_key",
    {
        "message_id": "Id of the event that brought the text; a text of several themes has a row for each.",
        "profile_id": "The person, after all merges known today; empty where nobody knows who it was, and of anonymous "
        "answers.",
        "at": "When it was said, UTC; what later parts of a response say in the same words was said then.",
        "origin": "survey, ticket, review or reply.",
        "survey": "Key of the survey, of answers.",
        "response_id": "Id of the response, of answers.",
        "score": "The score beside the text, in its own scale; of reviews the stars.",
        "theme": "Key of a theme that the text speaks of; empty where it is of none.",
        "sentiment": "positive, neutral, negative; unknown where nobody can say.",
        "probability": "Probability that the sentiment is as it is called, 0 to 1.",
        "language": "ISO 639-1 code; unknown where nobody can say.",
        "quote": "The beginning of the text, with personal data masked.",
    },
)

PARTS = RoomParts(
    ROOM,
    (_MIGRATION, _ANONYMOUS),
    (
        AnalyticsTable(
            "text_rows", TEXT_ROWS, "node_key", ("origin", "survey", "item", "node_key"), ("ts", "seq"),
            packed=("quote",), derived="log_texts",
        ),
        AnalyticsTable("text_words", WORD_ROWS, "node_key", order=("word", "seq"), derived="log_text_words"),
        AnalyticsTable("theme_rows", THEME_ROWS, key=("theme", "word"), order=("theme", "word")),
    ),
    (_VIEW,),
    rebuilt=("text_progress",),
)  # fmt: skip
"""For ``app``."""
