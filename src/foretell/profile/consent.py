"""Consent: what may be sent to whom, over which channel and for which purpose.

The latest word by event time counts; of one instant the stricter, then the later in sequence. Without
a word nothing is granted. ``Unsubscribed`` without a purpose denies everything of its channel but
``service``: the row with the purpose ``*`` remembers it for purposes that turn up later. What is no
word (neither granted nor denied) goes to the history as ``unknown`` and changes nothing.
"""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, Tx, python_rows, scratch, table_of

UPDATED, UNSUBSCRIBED = "Consent Updated", "Unsubscribed"
_NAMES = pa.array([UPDATED, UNSUBSCRIBED])
_TOLD = ("channel", "purpose", "state", "source", "basis")
_ROW = {
    "profile_key": pa.int64(), "channel": pa.string(), "purpose": pa.string(), "state": pa.string(),
    "ts": pa.int64(), "seq": pa.int64(), "source": pa.string(), "basis": pa.string(), "message_id": pa.string(),
}  # fmt: skip
_COLUMNS = ", ".join(_ROW)
_KEYS_A_QUERY = 5_000

MIGRATION = """
CREATE TABLE consent_states (
    profile_key BIGINT, channel TEXT, purpose TEXT, state TEXT NOT NULL, ts BIGINT NOT NULL, seq BIGINT NOT NULL,
    source TEXT NOT NULL, basis TEXT NOT NULL, message_id TEXT NOT NULL,
    PRIMARY KEY (profile_key, channel, purpose)) /*clustered*/;
CREATE TABLE consent_carried (
    profile_key BIGINT NOT NULL, channel TEXT NOT NULL, purpose TEXT NOT NULL, state TEXT NOT NULL, ts BIGINT NOT NULL,
    seq BIGINT NOT NULL, source TEXT NOT NULL, basis TEXT NOT NULL, message_id TEXT NOT NULL);
"""
"""``consent_carried`` holds what a merge decided until the batch's end hands it to the history."""


class _Asks(Protocol):
    def query(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]: ...


def consents(store: _Asks, profile_keys: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The consent of people as of now, from an open transaction or from the operational store.

    Returns:
        Columns profile_key, channel, purpose, state (``granted`` or ``denied``), ts (timestamp, UTC) and
        source, in the order of their keys. Who has no row was never asked: nothing is granted.
    """
    keys = pc.unique(profile_keys).drop_null().to_pylist()
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(keys), _KEYS_A_QUERY):
        part = tuple(keys[start : start + _KEYS_A_QUERY])
        marks = ", ".join("?" * len(part))
        rows += store.query(
            "SELECT profile_key, channel, purpose, state, ts, source FROM consent_states "
            f"WHERE purpose <> '*' AND profile_key IN ({marks})",
            part,
        )
    kinds = {name: kind for name, kind in _ROW.items() if name in ("profile_key", *_TOLD[:3], "ts", "source")}
    found = table_of(kinds, rows).sort_by([(name, "ascending") for name in ("profile_key", "channel", "purpose")])
    return found.set_column(4, "ts", found["ts"].cast(pa.timestamp("us")))


def take_consents(tx: Tx, batch: Batch) -> None:
    """Take in what a batch says of consent; at once done where it says nothing."""
    _emit_carried(tx, batch)
    spoken = pc.is_in(batch.events["event"], _NAMES)
    if not pc.any(spoken).as_py():
        return
    events = batch.events.filter(pc.and_(spoken, pc.greater(batch.events["profile_key"], 0)))
    if not events.num_rows:
        return
    told = scratch(_READ, {"e": events, "p": _properties(batch.decoded.properties)})
    tx.put("consent_people", pa.table({"profile_key": pc.unique(told["profile_key"])}), key="profile_key")
    kept = tx.query(
        f"SELECT c.{_COLUMNS.replace(', ', ', c.')} FROM consent_people p "
        "JOIN consent_states c ON c.profile_key = p.profile_key"
    )
    words = scratch(_SPREAD, {"told": told, "kept": table_of(_ROW, kept)})
    history = words.filter(pc.not_equal(words["purpose"], "*"))
    batch.emit("consent_rows", history.drop_columns(["profile_key"]))
    tx.executemany(_KEEP_LATEST, python_rows(scratch(_LATEST, {"words": words})))


def merge_consents(tx: Tx) -> None:
    """Of two people that are one the stricter word stays (temporary table ``profile_merges``).

    It counts from the instant of the milder, later word it overrides, so that history and state agree.
    """
    concerned = "profile_merges m JOIN consent_states c ON c.profile_key = m.loser_key"
    if not tx.query(f"SELECT 1 FROM {concerned} LIMIT 1"):
        return
    columns = f"c.{_COLUMNS.replace(', ', ', c.')}".replace("c.profile_key", "m.winner_key")
    rows = tx.query(
        f"SELECT {columns} FROM {concerned} UNION ALL SELECT {columns} FROM "
        "(SELECT DISTINCT winner_key FROM profile_merges) m JOIN consent_states c ON c.profile_key = m.winner_key"
    )
    joined = scratch(_STRICTEST, {"words": table_of(_ROW, rows)})
    marks = ", ".join("?" * len(_ROW))
    tx.execute("DELETE FROM consent_states WHERE profile_key IN (SELECT loser_key FROM profile_merges)")
    tx.executemany(
        f"INSERT INTO consent_states ({_COLUMNS}) VALUES ({marks}) {_REPLACE}", python_rows(joined.select(list(_ROW)))
    )
    carried = joined.filter(pc.and_(joined["carried"], pc.not_equal(joined["purpose"], "*")))
    tx.executemany(
        f"INSERT INTO consent_carried ({_COLUMNS}) VALUES ({marks})", python_rows(carried.select(list(_ROW)))
    )


def _emit_carried(tx: Tx, batch: Batch) -> None:
    rows = tx.query(f"SELECT {_COLUMNS} FROM consent_carried")
    if not rows:
        return
    tx.execute("DELETE FROM consent_carried")
    words = table_of(_ROW, rows).rename_columns(["node_key", *list(_ROW)[1:]])
    words = words.set_column(4, "ts", words["ts"].cast(pa.timestamp("us")))
    known = pa.scalar(batch.now.replace(tzinfo=None), pa.timestamp("us"))
    batch.emit("consent_rows", words.append_column("known_at", pa.repeat(known, words.num_rows)))


def _properties(table: pa.Table) -> pa.Table:
    """``row`` and the texts of the properties that say something of consent; null where there is none."""
    columns = {"row": table["row"]}
    for name in _TOLD:
        has = f"s:{name}" in table.column_names
        columns[name] = table[f"s:{name}"] if has else pa.nulls(table.num_rows, pa.string())
    return pa.table(columns)


_READ = f"""
WITH said AS (
  SELECT e.seq, e.node_key, e.profile_key, e.ts, e.known_at, e.message_id, e.event = '{UNSUBSCRIBED}' AS leaves,
    lower(trim(coalesce(p.channel, CASE WHEN e.event = '{UNSUBSCRIBED}' THEN 'email' ELSE '' END))) AS channel,
    lower(trim(coalesce(p.purpose, ''))) AS purpose, lower(trim(coalesce(p.state, ''))) AS state,
    coalesce(nullif(p.source, ''), e.source, '') AS source, coalesce(p.basis, '') AS basis
  FROM e LEFT JOIN p ON p.row = e.row
), worded AS (
  SELECT *, CASE WHEN channel = '' THEN 'unknown' WHEN leaves OR state = 'denied' THEN 'denied'
    WHEN state = 'granted' AND purpose NOT IN ('', '*') THEN 'granted' ELSE 'unknown' END AS word FROM said
)
SELECT seq, node_key, profile_key, ts, known_at, channel, word AS state, source, basis, message_id,
  CASE WHEN word = 'denied' AND purpose = '' THEN '*' WHEN word = 'unknown' AND purpose = '*' THEN ''
    ELSE purpose END AS purpose
FROM worded"""

_SPREAD = """
WITH purposes AS (
  SELECT profile_key, channel, purpose FROM told WHERE state <> 'unknown' AND purpose NOT IN ('*', 'service')
  UNION SELECT profile_key, channel, purpose FROM kept WHERE purpose NOT IN ('*', 'service')
  UNION SELECT profile_key, channel, 'marketing' FROM told WHERE purpose = '*'
), late AS (
  SELECT t.profile_key, t.channel, t.purpose, min(t.known_at) AS known_at FROM told t
  WHERE t.state <> 'unknown' AND t.purpose NOT IN ('*', 'service') AND NOT EXISTS (SELECT 1 FROM kept k
    WHERE k.profile_key = t.profile_key AND k.channel = t.channel AND k.purpose = t.purpose)
  GROUP BY t.profile_key, t.channel, t.purpose
)
SELECT profile_key, channel, purpose, state, ts, seq, source, basis, message_id, node_key, known_at FROM told
UNION ALL
SELECT t.profile_key, t.channel, p.purpose, t.state, t.ts, t.seq, t.source, t.basis, t.message_id, t.node_key,
  t.known_at FROM told t JOIN purposes p ON p.profile_key = t.profile_key AND p.channel = t.channel
WHERE t.purpose = '*'
UNION ALL
SELECT k.profile_key, k.channel, l.purpose, k.state, make_timestamp(k.ts), k.seq, k.source, k.basis, k.message_id,
  k.profile_key, l.known_at FROM kept k JOIN late l ON l.profile_key = k.profile_key AND l.channel = k.channel
WHERE k.purpose = '*'"""

_STRICT = "CASE WHEN state = 'denied' THEN 0 ELSE 1 END"
_LATEST = f"""
SELECT profile_key, channel, purpose, state, epoch_us(ts) AS ts, seq, source, basis, message_id FROM (
  SELECT *, row_number() OVER (PARTITION BY profile_key, channel, purpose ORDER BY ts DESC, {_STRICT}, seq DESC)
    AS place FROM words WHERE state <> 'unknown')
WHERE place = 1 ORDER BY profile_key, channel, purpose"""

_STRICTEST = f"""
SELECT profile_key, channel, purpose, state, last_ts AS ts, last_seq AS seq, source,
  CASE WHEN ts < last_ts THEN 'merge' ELSE basis END AS basis, message_id, ts < last_ts AS carried
FROM (
  SELECT *, max(ts) OVER same AS last_ts, max(seq) OVER same AS last_seq,
    row_number() OVER (PARTITION BY profile_key, channel, purpose ORDER BY {_STRICT}, ts DESC, seq DESC) AS place
  FROM words WINDOW same AS (PARTITION BY profile_key, channel, purpose))
WHERE place = 1 ORDER BY profile_key, channel, purpose"""

_REPLACE = (
    "ON CONFLICT (profile_key, channel, purpose) DO UPDATE SET state = excluded.state, ts = excluded.ts, "
    "seq = excluded.seq, source = excluded.source, basis = excluded.basis, message_id = excluded.message_id"
)
_KEEP_LATEST = (
    f"INSERT INTO consent_states ({_COLUMNS}) VALUES ({', '.join('?' * len(_ROW))}) {_REPLACE} WHERE "
    "(excluded.ts, CASE WHEN excluded.state = 'denied' THEN 1 ELSE 0 END, excluded.seq) > "
    "(consent_states.ts, CASE WHEN consent_states.state = 'denied' THEN 1 ELSE 0 END, consent_states.seq)"
)
