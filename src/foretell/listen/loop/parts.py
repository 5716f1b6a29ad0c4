"""What the room keeps of improvements: one row each, and the root causes that they are to take away."""

from __future__ import annotations

from foretell.engine import RoomParts

_MIGRATION = """
CREATE TABLE improvements (
    improvement_id TEXT PRIMARY KEY, title TEXT NOT NULL, owner TEXT, measure TEXT NOT NULL, touchpoint TEXT,
    started_at BIGINT, dropped_at BIGINT, created_at BIGINT NOT NULL, created_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL, changed_by TEXT NOT NULL, version BIGINT NOT NULL) /*clustered*/;
CREATE TABLE improvement_causes (
    improvement_id TEXT, root_cause TEXT, PRIMARY KEY (improvement_id, root_cause)) /*clustered*/;
"""
"""``measure``: what was done; ``started_at``: since when it holds, null while it is planned."""

PARTS = RoomParts("listen_loop", (_MIGRATION,))
