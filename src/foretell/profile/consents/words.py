"""What people said of consent, word by word, and which of their words count.

A word belongs to the node whose identifier spoke it. Who is several nodes has a word of each, and the
strictest counts; a merge therefore moves nothing, and a split gives everything back. A grant that is spoken
later than all that a person of several nodes has said counts for each of them (``spoken_by`` names the
speaker) as long as they are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.engine import scratch, table_of
from foretell.profile.consents.purposes import EXEMPT, USUAL, Purposes

EVERYTHING = "*"
"""The purpose of a word that speaks of everything that goes over its channel."""
GRANTED, DENIED, EXPIRED = "granted", "denied", "expired"
WORD = {
    "node_key": pa.int64(), "channel": pa.string(), "purpose": pa.string(), "spoken_by": pa.int64(),
    "state": pa.string(), "ts": pa.int64(), "seq": pa.int64(), "source": pa.string(), "basis": pa.string(),
    "message_id": pa.string(), "wording": pa.string(), "expires_at": pa.int64(), "proof": pa.string(),
}  # fmt: skip
"""Columns of the table ``consent_words``; instants in microseconds."""
_SAID = tuple(WORD)[4:]
_HELD = {"profile_key": pa.int64(), "owner": pa.int64(), **WORD}
_KEYS_A_QUERY = 5_000
_MANY, _FEW = 20_000, 500
"""For more people than this all words of a purpose are read instead of theirs (over a channel, and over none)."""


class Asks(Protocol):
    """An open transaction or the operational store."""

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...


def consents(
    store: Asks,
    profile_keys: pa.Array | pa.ChunkedArray,
    *,
    at: datetime | None = None,
    purposes: Purposes = USUAL,
) -> pa.Table:
    """What people last said of each purpose, from an open transaction or from the operational store.

    Args:
        at: grants that have lapsed by then have the state ``expired``; None: as they were given.

    Returns:
        Columns profile_key, channel, purpose, state (``granted``, ``denied``), ts (timestamp, UTC), source, basis,
        message_id, wording, expires_at (timestamp) and proof (JSON text), in the order of the first three. Who has
        no row was never asked.
    """
    words = words_of(store, profile_keys)
    return strictest(words, at, purposes)


def words_of(store: Asks, profile_keys: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Every word that may count for people: ``profile_key``, ``owner`` of the speaker, columns of :data:`WORD`."""
    return table_of(_HELD, _of_people(store, profile_keys, "1 = 1", ()))


def words_about(store: Asks, profile_keys: pa.Array | pa.ChunkedArray, channel: str, purpose: str) -> pa.Table:
    """The words of :func:`words_of` that speak of one purpose, without what nobody decides by (source, proof …).

    For many people all words about it are read at once; where nobody ever spoke of it, nothing is.
    """
    if not channel:
        return _words_about_plain(store, profile_keys, purpose)
    spoken = (purpose,) if purpose in EXEMPT else (purpose, EVERYTHING)
    where, told = f"w.channel = ? AND w.purpose IN ({', '.join('?' * len(spoken))})", (channel, *spoken)
    if len(profile_keys) <= _MANY:
        rows = _of_people(store, profile_keys, where, told, slim=True)
    else:
        rows = store.query(f"SELECT coalesce(m.profile_key, w.node_key), {_SLIM_ALONE} WHERE {where}", told)
    return _whole(rows, channel)


def _words_about_plain(store: Asks, profile_keys: pa.Array | pa.ChunkedArray, purpose: str) -> pa.Table:
    """Of a purpose over no channel; an index holds these, so that an objection that nobody made costs nothing."""
    where = "w.channel = '' AND w.purpose = ?"
    if not store.query(f"SELECT 1 FROM consent_words w WHERE {where} LIMIT 1", (purpose,)):
        return table_of(_HELD)
    if len(profile_keys) <= _FEW:
        words = words_of(store, profile_keys)
        return words.filter(pc.and_(pc.equal(words["channel"], ""), pc.equal(words["purpose"], purpose)))
    return _whole(
        store.query(f"SELECT coalesce(m.profile_key, w.node_key), {_SLIM_ALONE} WHERE {where}", (purpose,)), ""
    )


def _whole(rows: list[tuple[Any, ...]], channel: str) -> pa.Table:
    """Slim rows with the other columns, empty."""
    found = table_of(_SLIM, rows)
    count = found.num_rows
    for name in _ASIDE:
        found = found.append_column(name, pa.repeat(pa.scalar("", pa.string()), count))
    return found.append_column("channel", pa.repeat(pa.scalar(channel, pa.string()), count))


def _of_people(
    store: Asks,
    profile_keys: pa.Array | pa.ChunkedArray,
    where: str,
    told: tuple[object, ...],
    *,
    slim: bool = False,
) -> list[tuple[Any, ...]]:
    keys = pc.unique(profile_keys).drop_null().to_pylist()
    alone, joined = (_SLIM_ALONE, _SLIM_JOINED) if slim else (_ALONE, _JOINED)
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(keys), _KEYS_A_QUERY):
        part = tuple(keys[start : start + _KEYS_A_QUERY])
        marks = ", ".join("?" * len(part))
        rows += store.query(
            f"SELECT w.node_key, {alone} WHERE w.node_key IN ({marks}) AND m.profile_key IS NULL AND {where} UNION ALL "
            f"SELECT m.profile_key, {joined} WHERE m.profile_key IN ({marks}) AND {where}",
            (*part, *told, *part, *told),
        )
    return rows


def strictest(words: pa.Table, at: datetime | None, purposes: Purposes, unnamed: str = "marketing") -> pa.Table:
    """A row a person and purpose of the words that count, see :func:`consents`.

    Args:
        words: see :func:`words_of`.
        unnamed: the purpose to name for who speaks of everything over a channel.
    """
    if words.num_rows == 0:
        return _NOTHING
    lapsing = purposes.terms(at) if at else _NO_TERMS
    now = {"now": micros(at) if at else None}
    found = scratch(_COUNTING + strict_words("held", unnamed=unnamed), {"h": words, "t": lapsing}, now)
    for name in ("ts", "expires_at"):
        place = found.schema.get_field_index(name)
        found = found.set_column(place, name, found[name].cast(pa.timestamp("us")))
    return found


def strict_words(held: str, *, unnamed: str = "marketing") -> str:
    """SQL, to follow common table expressions: a row a person and purpose of the words that count.

    Args:
        held: a relation with ``profile_key``, ``owner`` (of the speaker) and the columns of a word.
        unnamed: see :func:`strictest`.
    """
    told = ", ".join(_SAID)
    exempt = ", ".join(f"'{name}'" for name in EXEMPT)
    return f"""own AS (SELECT * FROM {held} WHERE owner = profile_key),
named AS (
  SELECT DISTINCT profile_key, channel, purpose FROM own WHERE purpose <> '{EVERYTHING}'
  UNION SELECT DISTINCT profile_key, channel, '{unnamed}' AS purpose FROM own WHERE purpose = '{EVERYTHING}'),
latest AS (
  SELECT n.profile_key, n.channel, n.purpose, w.{told.replace(", ", ", w.")}, row_number() OVER (
    PARTITION BY n.profile_key, n.channel, n.purpose, w.node_key ORDER BY w.ts DESC, {_MILDER.format("w")}, w.seq DESC
  ) AS place
  FROM named n JOIN own w ON w.profile_key = n.profile_key AND w.channel = n.channel
    AND (w.purpose = n.purpose OR (w.purpose = '{EVERYTHING}' AND n.purpose NOT IN ({exempt})))),
ranked AS (
  SELECT *, row_number() OVER (
    PARTITION BY profile_key, channel, purpose ORDER BY {_MILDER.format("l")}, l.ts DESC, l.seq DESC) AS nth
  FROM latest l WHERE l.place = 1)
SELECT profile_key, channel, purpose, state, ts, source, basis, message_id, wording, expires_at, proof
FROM ranked WHERE nth = 1 ORDER BY profile_key, channel, purpose"""


_MILDER = "CASE {0}.state WHEN 'denied' THEN 0 WHEN 'granted' THEN 1 ELSE 2 END"
_FROM_ALONE = "consent_words w LEFT JOIN merged m ON m.node_key = w.node_key"
_FROM_JOINED = "merged m JOIN consent_words w ON w.node_key = m.node_key"


def _owned(columns: Iterable[str], source: str) -> str:
    told = ", ".join(f"w.{name}" for name in columns)
    return f"coalesce(s.profile_key, w.spoken_by), {told} FROM {source} LEFT JOIN merged s ON s.node_key = w.spoken_by"


_ALONE, _JOINED = _owned(WORD, _FROM_ALONE), _owned(WORD, _FROM_JOINED)
_ASIDE = ("source", "basis", "message_id", "wording", "proof")
_SLIM = {name: kind for name, kind in _HELD.items() if name not in (*_ASIDE, "channel")}
_SLIM_ALONE, _SLIM_JOINED = (_owned(list(_SLIM)[2:], source) for source in (_FROM_ALONE, _FROM_JOINED))
_COUNTING = """
WITH held AS (
  SELECT h.* REPLACE (CASE WHEN h.state = 'granted' AND (h.expires_at <= $now OR h.ts <= t.given_by)
    THEN 'expired' ELSE h.state END AS state)
  FROM h LEFT JOIN t ON t.channel = h.channel AND t.purpose = h.purpose
), """
_NO_TERMS = table_of({"channel": pa.string(), "purpose": pa.string(), "given_by": pa.int64()})
_ANSWER = {
    "profile_key": pa.int64(), "channel": pa.string(), "purpose": pa.string(), "state": pa.string(),
    "ts": pa.timestamp("us"), "source": pa.string(), "basis": pa.string(), "message_id": pa.string(),
    "wording": pa.string(), "expires_at": pa.timestamp("us"), "proof": pa.string(),
}  # fmt: skip
_NOTHING = table_of(_ANSWER)
