"""Taking in what events say of consent: words and requests into the store, all of it into the history."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import KEY_BYTES, OWN_SOURCE, Batch, Tx, python_rows, scratch, table_of
from foretell.profile.consents.purposes import ADS, EXEMPT, Purposes
from foretell.profile.consents.requests import confirm_requests, take_requests
from foretell.profile.consents.words import EVERYTHING, WORD

UPDATED, UNSUBSCRIBED = "Consent Updated", "Unsubscribed"
_NAMES = pa.array([UPDATED, UNSUBSCRIBED])
_TOLD = (
    "channel", "purpose", "state", "source", "basis", "wording", "expires_at", "confirmed", "request", "message_id",
    "ip", "user_agent", "url",
)  # fmt: skip
_COLUMNS = ", ".join(WORD)
_NODES = {"node_key": pa.int64(), "profile_key": pa.int64()}
_LAST = {"profile_key": pa.int64(), "channel": pa.string(), "purpose": pa.string(), "ts": pa.int64()}


def take_consents(tx: Tx, batch: Batch, purposes: Purposes) -> None:
    """Take in what a batch says of consent; at once done where it says nothing."""
    spoken = pc.is_in(batch.events["event"], _NAMES)
    if not pc.any(spoken).as_py():
        return
    events = batch.events.filter(pc.and_(spoken, pc.greater(batch.events["profile_key"], 0)))
    if not events.num_rows:
        return
    told = _read(events, batch.decoded.properties, purposes)
    echoes = _echoes(tx, told)
    history = pa.concat_tables([told, echoes]) if echoes.num_rows else told
    batch.emit("consent_rows", scratch(_HISTORY, {"h": history}))
    tx.executemany(_KEEP_LATEST, python_rows(scratch(_LATEST, {"words": history})))
    confirm_requests(tx, told.filter(pc.is_valid(told["request"])))
    take_requests(tx, told.filter(pc.equal(told["state"], "requested")), purposes)


def erase_consents(tx: Tx, nodes: str) -> None:
    """Forget what people said.

    Args:
        nodes: SQL for the column of their nodes.
    """
    tx.execute(f"DELETE FROM consent_words WHERE node_key IN ({nodes})")
    tx.execute(f"DELETE FROM consent_words WHERE spoken_by IN ({nodes})")
    tx.execute(f"DELETE FROM consent_requests WHERE node_key IN ({nodes})")


def _read(events: pa.Table, properties: pa.Table, purposes: Purposes) -> pa.Table:
    """A row a word: its columns and ``request``; ``state`` may be ``requested`` or ``unknown`` too."""
    columns = {"row": properties["row"]}
    for name in _TOLD:
        has = f"s:{name}" in properties.column_names
        columns[name] = properties[f"s:{name}"] if has else pa.nulls(properties.num_rows, pa.string())
    tables = {"e": events, "p": pa.table(columns), "d": purposes.confirmed}
    params: dict[str, Any] = {f"keep_{name}": name in purposes.proof for name in ("ip", "user_agent", "url")}
    plain = ", ".join(f"'{name}'" for name in purposes.plain)
    return scratch(_READ.replace("@plain", plain), tables, params)


def _echoes(tx: Tx, told: pa.Table) -> pa.Table:
    """Grants as words of the other nodes of their speakers, where nobody of them has said anything later."""
    grants = told.filter(pc.equal(told["state"], "granted"))
    if not grants.num_rows:
        return grants
    tx.put("consent_people", pa.table({"profile_key": pc.unique(grants["profile_key"])}), key="profile_key")
    # IN, not JOIN: that would read all of the big table and look each row up among the few.
    joined = tx.query(
        "SELECT node_key, profile_key FROM merged WHERE profile_key IN (SELECT profile_key FROM consent_people)"
    )
    if not joined:
        return grants.slice(0, 0)
    several = sorted({owner for _, owner in joined})
    nodes = table_of(_NODES, sorted({*joined, *((owner, owner) for owner in several)}))
    tx.put("consent_nodes", nodes, key="node_key")
    last = tx.query(
        "SELECT n.profile_key, w.channel, w.purpose, max(w.ts) FROM consent_words w "
        "JOIN consent_nodes n ON n.node_key = w.node_key WHERE w.node_key IN (SELECT node_key FROM consent_nodes) "
        "GROUP BY n.profile_key, w.channel, w.purpose"
    )
    return scratch(_ECHO, {"g": grants, "n": nodes, "last": table_of(_LAST, last)}).cast(told.schema)


_EXEMPT = ", ".join(f"'{name}'" for name in EXEMPT)
_CHANNEL, _, _PURPOSE = ADS.partition(".")
_READ = f"""
WITH said AS (
  SELECT e.seq, e.node_key, e.profile_key, e.ts, e.known_at, e.message_id, e.event = '{UNSUBSCRIBED}' AS leaves,
    lower(trim(coalesce(p.channel, CASE WHEN e.event = '{UNSUBSCRIBED}' THEN 'email' ELSE '' END))) AS told_channel,
    lower(trim(coalesce(p.purpose, ''))) AS told_purpose, lower(trim(coalesce(p.state, ''))) AS said,
    coalesce(nullif(p.source, ''), e.source, '') AS source, coalesce(p.basis, '') AS basis,
    coalesce(p.wording, '') AS wording, TRY_CAST(p.expires_at AS TIMESTAMPTZ) AS expires,
    p.request, p.message_id AS message, coalesce(e.source, '') = '{OWN_SOURCE}'
      OR lower(coalesce(p.confirmed, '')) = 'true'
      OR lower(replace(coalesce(p.basis, ''), '-', ' ')) = 'double opt in' AS confirmed,
    coalesce(p.ip, json_extract_string(e.context, '$.ip')) AS ip,
    coalesce(p.user_agent, json_extract_string(e.context, '$.userAgent')) AS user_agent,
    coalesce(p.url, json_extract_string(e.context, '$.page.url')) AS url
  FROM e LEFT JOIN p ON p.row = e.row
), placed AS (
  SELECT *, CASE WHEN told_purpose IN (@plain) THEN '' WHEN told_channel = '' AND told_purpose = 'ads' THEN '{_CHANNEL}'
      WHEN told_channel = '' AND contains(told_purpose, '.') THEN split_part(told_purpose, '.', 1)
      ELSE told_channel END AS channel,
    CASE WHEN told_channel = '' AND told_purpose = 'ads' THEN '{_PURPOSE}'
      WHEN told_channel = '' AND contains(told_purpose, '.') THEN split_part(told_purpose, '.', 2)
      ELSE told_purpose END AS named
  FROM said
), worded AS (
  SELECT p.*, CASE WHEN strlen(p.channel) + strlen(p.named) > {KEY_BYTES} THEN 'unknown'
    WHEN p.channel = '' AND p.named NOT IN (@plain) THEN 'unknown'
    WHEN leaves OR said = 'denied' THEN 'denied'
    WHEN said IN ('granted', 'requested') AND p.named NOT IN ('', '{EVERYTHING}')
      THEN CASE WHEN said = 'requested' OR (d.purpose IS NOT NULL AND NOT confirmed) THEN 'requested' ELSE said END
    ELSE 'unknown' END AS word
  FROM placed p LEFT JOIN d ON d.channel = p.channel AND d.purpose = p.named
)
SELECT seq, node_key, profile_key, ts, known_at, channel, CASE WHEN word = 'denied' AND named = '' THEN '{EVERYTHING}'
    WHEN word = 'unknown' AND named = '{EVERYTHING}' THEN '' ELSE named END AS purpose, word AS state, source, basis,
  message_id, node_key AS spoken_by, wording, CAST(epoch_us(expires) AS BIGINT) AS expires_at,
  CAST(json_merge_patch('{{}}', json_object('message', message, 'ip', CASE WHEN $keep_ip THEN ip END, 'user_agent',
    CASE WHEN $keep_user_agent THEN user_agent END, 'url', CASE WHEN $keep_url THEN url END)) AS VARCHAR) AS proof,
  request
FROM worded ORDER BY seq"""

_HISTORY = """
SELECT seq, node_key, ts, known_at, channel, purpose, state, source, basis, message_id, spoken_by, wording,
  make_timestamp(expires_at) AS expires_at, proof FROM h"""

_ECHO = f"""
SELECT g.* REPLACE (n.node_key AS node_key) FROM g JOIN n ON n.profile_key = g.profile_key AND n.node_key <> g.node_key
WHERE NOT EXISTS (SELECT 1 FROM last l WHERE l.profile_key = g.profile_key AND l.channel = g.channel
  AND (l.purpose = g.purpose OR (l.purpose = '{EVERYTHING}' AND g.purpose NOT IN ({_EXEMPT})))
  AND l.ts >= epoch_us(g.ts))"""

_STRICT = "CASE WHEN state = 'denied' THEN 0 ELSE 1 END"
_LATEST = f"""
SELECT {_COLUMNS.replace(" ts,", " epoch_us(ts) AS ts,")} FROM (
  SELECT *, row_number() OVER (PARTITION BY node_key, channel, purpose, spoken_by ORDER BY words.ts DESC, {_STRICT},
    seq DESC) AS place FROM words WHERE state IN ('granted', 'denied'))
WHERE place = 1 ORDER BY node_key, channel, purpose, spoken_by"""
_NEW = ", ".join(f"{name} = excluded.{name}" for name in list(WORD)[4:])
_KEEP_LATEST = (
    f"INSERT INTO consent_words ({_COLUMNS}) VALUES ({', '.join('?' * len(WORD))}) "
    f"ON CONFLICT (node_key, channel, purpose, spoken_by) DO UPDATE SET {_NEW} WHERE "
    "(excluded.ts, CASE WHEN excluded.state = 'denied' THEN 1 ELSE 0 END, excluded.seq) > "
    "(consent_words.ts, CASE WHEN consent_words.state = 'denied' THEN 1 ELSE 0 END, consent_words.seq)"
)
