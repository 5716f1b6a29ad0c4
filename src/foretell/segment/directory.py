"""Everybody in one table, and pages of it: who, last seen, bought for how much, likely to leave."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Analytics, Engine, scratch
from foretell.errors import UsageError
from foretell.money import minor_digits
from foretell.predict import latest_scores
from foretell.profile import golden, seen_of, survivorship_of
from foretell.segment.document import condition_of, spec_of

CHURN, VALUE = "churn", "clv"
"""Predictions that are shown beside everybody, where the workspace has them."""
CHURN_HORIZON_DAYS = 90
"""Of several horizons of churn the one nearest to this is shown."""

Sort = Literal["churn", "clv", "last_seen", "revenue", "name"]
_COLUMN: dict[Sort, str] = {
    "churn": "churn", "clv": "clv", "last_seen": "last_seen", "revenue": "revenue", "name": "name_key",
}  # fmt: skip
_NAMES = ("name", "first_name", "last_name", "firstName", "lastName")

_WHO = """
WITH latest_kind AS (
  SELECT profile_key, kind, min(value) AS value FROM log_identifiers
  WHERE kind IN ('email', 'user_id', 'phone'){also} GROUP BY profile_key, kind
), named AS (
  SELECT profile_key, max(CASE WHEN kind = 'email' THEN value END) AS email,
    max(CASE WHEN kind = 'user_id' THEN value END) AS user_id, max(CASE WHEN kind = 'phone' THEN value END) AS phone
  FROM latest_kind GROUP BY profile_key
), sighted AS (
  SELECT profile_key, max(CASE WHEN known THEN 1 ELSE 0 END) = 1 AS known FROM log_sightings
  WHERE 1 = 1{also} GROUP BY profile_key
), bought AS (
  SELECT profile_key, sum(CASE WHEN kind = 'completed' THEN 1 ELSE 0 END) AS orders,
    sum(CASE WHEN currency = $currency THEN amount_minor ELSE 0 END) AS amount_minor,
    max(CASE WHEN kind = 'completed' THEN ts END) AS last_order
  FROM log_orders WHERE ts <= $as_of{also} GROUP BY profile_key
)
SELECT s.profile_key, n.profile_id, s.known, i.email, i.user_id, i.phone, coalesce(b.orders, 0) AS orders,
  coalesce(b.amount_minor, 0) AS amount_minor, b.last_order
FROM sighted s JOIN nodes n ON n.node_key = s.profile_key
LEFT JOIN named i ON i.profile_key = s.profile_key LEFT JOIN bought b ON b.profile_key = s.profile_key"""

_ASKED = " AND profile_key IN (SELECT asked_key FROM asked)"

_TOGETHER = """
SELECT w.profile_key, w.profile_id, t.name, lower(coalesce(t.name, w.email, w.user_id)) AS name_key,
  w.email, w.user_id, w.phone, w.known, make_timestamp(v.first_seen) AS first_seen,
  make_timestamp(v.last_seen) AS last_seen, coalesce(v.events, 0) AS events, CAST(w.orders AS BIGINT) AS orders,
  CAST(w.amount_minor AS DOUBLE) / $minor AS revenue, w.last_order,
  c.score AS churn, c.low AS churn_low, c.high AS churn_high, x.score AS clv, x.low AS clv_low, x.high AS clv_high
FROM who w LEFT JOIN seen v ON v.profile_key = w.profile_key LEFT JOIN titles t ON t.profile_key = w.profile_key
LEFT JOIN churn c ON c.profile_key = w.profile_key LEFT JOIN clv x ON x.profile_key = w.profile_key
ORDER BY w.profile_id"""

_TITLES = """
SELECT profile_key, coalesce(max(CASE WHEN trait = 'name' THEN s END), nullif(trim(concat_ws(' ',
  coalesce(max(CASE WHEN trait = 'first_name' THEN s END), max(CASE WHEN trait = 'firstName' THEN s END)),
  coalesce(max(CASE WHEN trait = 'last_name' THEN s END), max(CASE WHEN trait = 'lastName' THEN s END)))), '')) AS name
FROM traits GROUP BY profile_key"""


_HEADS = """
SELECT count(*) AS everybody, coalesce(sum(s.known), 0) AS known FROM (
  SELECT profile_key, max(CASE WHEN known THEN 1 ELSE 0 END) AS known FROM log_sightings GROUP BY profile_key) s
JOIN nodes n ON n.node_key = s.profile_key"""


@dataclass(frozen=True)
class Headcount:
    """How many people there are, and how many of them are known."""

    everybody: int
    known: int


@dataclass(frozen=True)
class Page:
    """A part of the people asked for.

    Args:
        total: how many were found in all.
        rows: columns of :func:`directory`.
        segments: profile_key → keys of the segments that person is in, sorted.
    """

    total: int
    rows: pa.Table
    segments: dict[int, list[str]]


def directory(engine: Engine, catalog: Catalog, *, as_of: datetime, people: Sequence[int] | None = None) -> pa.Table:
    """Everybody, one row a person, by profile id.

    Args:
        people: profile keys of a few people: their rows alone.

    Columns profile_key, profile_id, name (as its traits tell it, else null), email, user_id, phone (the first
    in order where there are several), known, first_seen, last_seen (UTC), events, orders (completed ones),
    revenue (orders less refunds, major units of the workspace's currency), last_order, and the last stored
    scores: churn, churn_low, churn_high (probability; the horizon nearest to 90 days), clv, clv_low, clv_high.
    """
    currency = catalog.settings.currency
    who = _who(engine.analytics, currency, as_of, people)
    seen = seen_of(engine.ops, people)
    traits = golden(engine.ops, who["profile_key"], survivorship_of(catalog), traits=_NAMES)
    scores = latest_scores(engine.analytics, as_of=as_of, people=people)
    tables = {
        "who": who,
        "seen": seen,
        "titles": scratch(_TITLES, {"traits": traits.select(["profile_key", "trait", "s"])}),
        "churn": _of(scores, CHURN),
        "clv": _of(scores, VALUE),
    }
    return scratch(_TOGETHER, tables, {"minor": float(10 ** minor_digits(currency))})


def _who(analytics: Analytics, currency: str, as_of: datetime, people: Sequence[int] | None) -> pa.Table:
    values = {"currency": currency, "as_of": naive_utc(as_of)}
    if people is None:
        return analytics.query(_WHO.format(also=""), values)
    asked = {"asked": pa.table({"asked_key": pa.array(people, pa.int64())})}
    return analytics.query(_WHO.format(also=_ASKED), values, asked)


def keys_of(analytics: Analytics, profile_ids: Sequence[str]) -> list[int]:
    """Profile keys of a few people."""
    asked = {"asked": pa.table({"asked_id": pa.array(profile_ids, pa.string())})}
    found = analytics.query(
        "SELECT node_key FROM nodes WHERE profile_id IN (SELECT asked_id FROM asked) ORDER BY node_key", {}, asked
    )
    keys: list[int] = found["node_key"].to_pylist()
    return keys


def headcount(analytics: Analytics) -> Headcount:
    """How many rows :func:`directory` has, without making it."""
    (row,) = analytics.query(_HEADS).to_pylist()
    return Headcount(int(row["everybody"]), int(row["known"]))


def memberships(catalog: Catalog, reader: Reader, *, as_of: datetime) -> pa.Table:
    """Who is in which segment at ``as_of``: columns segment and profile_key, one query a segment."""
    parts = [pa.table({"segment": pa.array([], pa.string()), "profile_key": pa.array([], pa.int64())})]
    for document in catalog.all("segment"):
        with suppress(UsageError):  # it leans on a document that is wrong, which `plan` tells
            inside = reader.members(condition_of(document), as_of=as_of, of=spec_of(document).of)["profile_key"]
            parts.append(pa.table({"segment": pa.repeat(document.key, len(inside)), "profile_key": inside}))
    return pa.concat_tables(parts)


def page(
    people: pa.Table,
    inside: pa.Table,
    *,
    segment: str | None = None,
    text: str = "",
    also: Sequence[int] = (),
    sort: Sort = "last_seen",
    descending: bool = True,
    offset: int = 0,
    limit: int = 50,
) -> Page:
    """A page of :func:`directory`.

    Args:
        inside: see :func:`memberships`.
        segment: only its members.
        text: only people with a word of the name, a profile id, e-mail, user id or phone that begins with it.
        also: people found by other identifiers.
        sort: who has no value there comes last, in either direction; ties by profile id.
    """
    found = people
    if segment is not None:
        members = inside.filter(pc.equal(inside["segment"], segment))["profile_key"]
        found = found.filter(pc.is_in(found["profile_key"], members.combine_chunks()))
    if text.strip():
        found = found.filter(_matches(found, text.strip().lower(), also))
    order = f"{_COLUMN[sort]} {'DESC' if descending else 'ASC'} NULLS LAST, profile_id"
    cut = {"limit": limit, "offset": offset}
    rows = scratch(f"SELECT * FROM found ORDER BY {order} LIMIT $limit OFFSET $offset", {"found": found}, cut)
    return Page(found.num_rows, rows, segments_of(inside, rows["profile_key"]))


def segments_of(inside: pa.Table, profile_keys: pa.ChunkedArray) -> dict[int, list[str]]:
    """The segments of each of a few people, sorted."""
    found: dict[int, list[str]] = {key: [] for key in profile_keys.to_pylist()}
    rows = inside.filter(pc.is_in(inside["profile_key"], profile_keys.combine_chunks()))
    for segment, key in zip(rows["segment"].to_pylist(), rows["profile_key"].to_pylist(), strict=True):
        found[key].append(segment)
    return {key: sorted(segments) for key, segments in found.items()}


def _matches(people: pa.Table, text: str, also: Sequence[int]) -> pa.ChunkedArray:
    name = pc.utf8_lower(people["name"])
    tests = [pc.starts_with(name, text), pc.match_substring(name, f" {text}")]
    for column in ("profile_id", "email", "user_id", "phone"):
        tests.append(pc.starts_with(pc.utf8_lower(people[column]), text))
    held = pc.is_in(people["profile_key"], pa.array(list(also), pa.int64()))
    for test in tests:
        held = pc.or_(held, pc.fill_null(test, False))
    return held


def _of(scores: pa.Table, prediction: str) -> pa.Table:
    """The scores of one prediction over the horizon nearest to the one that is shown."""
    own = scores.filter(pc.equal(scores["prediction"], prediction))
    horizons = pc.unique(own["horizon"]).to_pylist()
    if prediction == CHURN and len(horizons) > 1:
        nearest = min(horizons, key=lambda text: abs(Duration.parse(text).days - CHURN_HORIZON_DAYS))
        own = own.filter(pc.equal(own["horizon"], nearest))
    return own.select(["profile_key", "score", "low", "high"])
