"""What privacy keeps in the operational store.

Requests and certificates hold no personal data once a request is fulfilled: people are named by keyed hashes of
their identifiers (:mod:`foretell.profile.privacy.hashing`).
"""

from __future__ import annotations

BIRTHS_DDL = """
CREATE TABLE births (
    node_key BIGINT PRIMARY KEY, born TEXT NOT NULL, ts BIGINT NOT NULL, seq BIGINT NOT NULL) /*clustered*/;
CREATE INDEX births_by_day ON births (born);
INSERT INTO births SELECT profile_key, substr(s, 1, 10), ts, seq FROM profile_traits
    WHERE trait = 'birth_date' AND s LIKE '____-__-__%';
"""
"""Derived from events, so it stands among the tables of ``profile``."""

MIGRATION = """
CREATE TABLE restrictions (
    node_key BIGINT, kind TEXT, reason TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT, made_by TEXT NOT NULL,
    PRIMARY KEY (node_key, kind, since)) /*clustered*/;
CREATE TABLE suppressed_identifiers (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, since BIGINT NOT NULL, request TEXT) /*clustered*/;
CREATE TABLE suppressed_arrivals (
    message_id TEXT PRIMARY KEY, source TEXT NOT NULL, batch BIGINT NOT NULL, arrived_at BIGINT NOT NULL) /*clustered*/;
CREATE TABLE suppressed_counts (
    day TEXT, source TEXT, events BIGINT NOT NULL, PRIMARY KEY (day, source)) /*clustered*/;
CREATE TABLE privacy_requests (
    request TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, hashes TEXT NOT NULL, node_key BIGINT,
    received_at BIGINT NOT NULL, due_at BIGINT NOT NULL, state TEXT NOT NULL, closed_at BIGINT, note TEXT NOT NULL,
    made_by TEXT NOT NULL);
CREATE INDEX privacy_requests_by_due ON privacy_requests (state, due_at);
CREATE INDEX privacy_requests_by_node ON privacy_requests (node_key);
CREATE TABLE privacy_history (
    request TEXT, number BIGINT, at BIGINT NOT NULL, made_by TEXT NOT NULL, what TEXT NOT NULL, told TEXT NOT NULL,
    PRIMARY KEY (request, number)) /*clustered*/;
CREATE TABLE erasures (
    erasure TEXT PRIMARY KEY, state TEXT NOT NULL, begun_at BIGINT NOT NULL, done_at BIGINT, made_by TEXT NOT NULL,
    requests TEXT NOT NULL, counts TEXT NOT NULL, certificate TEXT);
CREATE INDEX erasures_by_state ON erasures (state);
CREATE TABLE erasure_people (
    erasure TEXT, node_key BIGINT, profile_key BIGINT NOT NULL, random_key BIGINT NOT NULL,
    PRIMARY KEY (erasure, node_key)) /*clustered*/;
CREATE TABLE artifacts (
    path TEXT PRIMARY KEY, kind TEXT NOT NULL, made_at BIGINT NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE retention_progress (one BIGINT PRIMARY KEY, done_at BIGINT NOT NULL);
"""
"""``node_key`` of a restriction is the node that gave the profile its key. ``erasure_people`` holds those whose
erasure is under way, and nobody afterwards."""
