"""What is kept of exports: how far each has come, and what still has to be told."""

from __future__ import annotations

EXPORTS_DDL = """
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
