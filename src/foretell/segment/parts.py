"""What the room keeps in the stores beside memberships: sizes at past instants, and reviews."""

from __future__ import annotations

from foretell.engine import RoomParts

REVIEWS = """
CREATE TABLE segment_reviews (
    segment TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, made_by TEXT NOT NULL, decision TEXT NOT NULL,
    note TEXT NOT NULL, next_review TEXT, people BIGINT NOT NULL, could_be BIGINT NOT NULL, meaning TEXT NOT NULL,
    PRIMARY KEY (segment, number)) /*clustered*/;
"""
"""Rows are only ever added. ``at`` is in microseconds since 1970 UTC, ``next_review`` a date (ISO 8601), ``meaning``
the hash of what the segment meant (:func:`foretell.segment.meaning_of`), ``could_be`` how many people could have been
in it."""

_POINTS = """
CREATE TABLE segment_points (
    segment TEXT NOT NULL, meaning TEXT NOT NULL, at BIGINT NOT NULL, before_at BIGINT NOT NULL, people BIGINT NOT NULL,
    joined BIGINT NOT NULL, seen_seq BIGINT NOT NULL, computed_at BIGINT NOT NULL,
    PRIMARY KEY (segment, meaning, at, before_at)) /*clustered*/;
"""
"""``before_at`` is the point before, 0 for none; ``seen_seq`` the newest event that was there when it was computed."""

TREND_PARTS = RoomParts(room="segment_trends", migrations=(_POINTS,), rebuilt=("segment_points",))
"""Counts that can be computed from the log again: a rebuild leaves them out."""
