"""What the room keeps of who entered and left: rows, the view over them, and how far it has come."""

from __future__ import annotations

from foretell.engine import AnalyticsTable, RoomParts, View

_MIGRATION = """
CREATE TABLE live_clock (number BIGINT PRIMARY KEY, as_of BIGINT NOT NULL, seq BIGINT NOT NULL);
CREATE TABLE live_segments (segment TEXT PRIMARY KEY, meaning TEXT NOT NULL, since BIGINT NOT NULL);
CREATE TABLE live_epoch (number BIGINT PRIMARY KEY, epoch BIGINT NOT NULL, moves BIGINT NOT NULL);
INSERT INTO live_epoch VALUES (1, 0, 0);
CREATE TABLE live_moves (
    number BIGINT NOT NULL, node_key BIGINT NOT NULL, profile_key BIGINT NOT NULL, apart BIGINT NOT NULL,
    PRIMARY KEY (number, node_key)) /*clustered*/;
"""
"""``live_clock``: the instant up to which is told, and the last event taken in. ``live_moves``: people who became
others' since then (``apart`` 1: who are their own again); ``node_key`` and ``profile_key`` are both to be looked at.
``epoch`` goes up where all is to be read anew, ``moves`` with every move. Instants are in microseconds."""

CHANGES = AnalyticsTable(
    "segment_changes",
    {
        "segment": "VARCHAR",
        "node_key": "BIGINT",
        "ts": "TIMESTAMP",
        "known_at": "TIMESTAMP",
        "entered": "BOOLEAN",
        "how": "VARCHAR",
    },
    profile_column="node_key",
    order=("segment", "ts", "node_key"),
    derived="log_segment_changes",
)
"""``how``: ``event`` (also by the passing of time), ``held`` when the segment was first kept, ``edited`` by its
document."""

MEMBERSHIPS = View(
    "segment_memberships",
    # People who were one: inside as long as one of the nodes is.
    "SELECT e.segment, coalesce(n.profile_id, '') AS profile_id, e.ts AS entered_at, e.next_ts AS exited_at, "
    "e.known_at, e.how = 'held' AS held FROM (SELECT f.*, lead(f.ts) OVER (PARTITION BY f.segment, f.profile_key "
    "ORDER BY f.ts, f.place) AS next_ts FROM (SELECT r.*, row_number() OVER (PARTITION BY r.segment, r.profile_key "
    "ORDER BY r.ts, r.step DESC, r.node_key) AS place FROM (SELECT c.*, sum(c.step) OVER (PARTITION BY c.segment, "
    "c.profile_key ORDER BY c.ts, c.step DESC, c.node_key ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS inside "
    "FROM (SELECT l.*, CASE WHEN l.entered THEN 1 ELSE -1 END AS step FROM log_segment_changes l "
    # Conditions of other documents are kept as segments are, and are none.
    "WHERE l.segment NOT LIKE '%/%') c) r "
    "WHERE (r.step = 1 AND r.inside = 1) OR (r.step = -1 AND r.inside = 0)) f) e "
    "LEFT JOIN nodes n ON n.node_key = e.profile_key WHERE e.step = 1",
    {
        "segment": "Key of the segment.",
        "profile_id": "The person, after all merges known today.",
        "entered_at": "When the person came in, UTC; where `held` is true, when the segment was first kept.",
        "exited_at": "When the person went out, UTC; null: still in.",
        "known_at": "When that the person came in was noticed, UTC.",
        "held": "True where the person was in already when the segment was first kept.",
    },
)

LIVE_PARTS = RoomParts(
    "segment_live", (_MIGRATION,), (CHANGES,), (MEMBERSHIPS,), people={"live_moves": ("node_key", "profile_key")}
)
