"""The one door: may this be done to these people? Every way out of the house asks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import scratch, table_of
from foretell.profile.consents.purposes import USUAL, Purpose, Purposes
from foretell.profile.consents.words import Asks, strictest, words_about
from foretell.profile.privacy.restrictions import restricted

REASONS = (
    "granted", "not_needed", "no_consent", "withdrawn", "expired", "objected", "restricted", "suppressed", "minor",
)  # fmt: skip
"""Why somebody is allowed (the first two) or not."""
_FOUND = {"profile_key": pa.int64(), "reason": pa.string()}


@dataclass(frozen=True)
class Allowed:
    """What the door says of many people, for those who work with sets.

    Args:
        kept: keys of the people who are allowed, in the order asked.
        left_out: how many are not, by reason.
    """

    kept: pa.Array
    left_out: dict[str, int]


def allowed(
    store: Asks,
    people: pa.Array | pa.ChunkedArray,
    purpose: str,
    at: datetime,
    purposes: Purposes = USUAL,
) -> pa.Table:
    """Whether ``purpose`` is allowed for people at an instant.

    Args:
        store: an open transaction or the operational store.
        people: profile keys.
        purpose: ``email.marketing``, ``sms.transactional``, or plain: ``ads``, ``profiling``, ``training``,
            ``export``, ``assistant``.
        at: grants that lapsed by then do not count.
        purposes: what the workspace's document says of them, see :func:`purposes_of`.

    Returns:
        A row a person in the order given: profile_key, allowed (bool), reason (of :data:`REASONS`), basis.
    """
    wanted = purposes.of(purpose)
    keys = (people.combine_chunks() if isinstance(people, pa.ChunkedArray) else people).cast(pa.int64())
    parts = [_own(store, keys, wanted, at, purposes)]
    parts += [_refusals(store, keys, other, at, purposes) for other in purposes.required(wanted.name)]
    return _answer(keys, wanted, _first(parts))


def only_allowed(
    store: Asks, people: pa.Array | pa.ChunkedArray, purpose: str, at: datetime, purposes: Purposes = USUAL
) -> Allowed:
    """Those of ``people`` who are allowed, and how many are not, by reason; arguments as for :func:`allowed`."""
    found = allowed(store, people, purpose, at, purposes)
    if pc.all(found["allowed"], min_count=0).as_py():
        return Allowed(found["profile_key"].combine_chunks(), {})
    out = found.filter(pc.invert(found["allowed"])).group_by("reason").aggregate([([], "count_all")])
    counted = dict(zip(out["reason"].to_pylist(), out["count_all"].to_pylist(), strict=True))
    return Allowed(found.filter(found["allowed"])["profile_key"].combine_chunks(), dict(sorted(counted.items())))


def _own(store: Asks, keys: pa.Array, wanted: Purpose, at: datetime, purposes: Purposes) -> pa.Table:
    """``profile_key`` and ``reason`` of those for whom the usual answer does not hold, by this purpose alone."""
    return _first([_limits(store, keys, wanted, at, purposes.age_of_consent), _said(store, keys, wanted, at, purposes)])


def _refusals(store: Asks, keys: pa.Array, wanted: Purpose, at: datetime, purposes: Purposes) -> pa.Table:
    """Who may not, by another purpose that is required."""
    if not wanted.asks:
        said = _said(store, keys, wanted, at, purposes)
        return said.filter(pc.not_equal(said["reason"], "granted"))
    found = _answer(keys, wanted, _own(store, keys, wanted, at, purposes))
    return found.filter(pc.invert(found["allowed"])).select(list(_FOUND))


def _answer(keys: pa.Array, wanted: Purpose, reasons: pa.Table) -> pa.Table:
    """The usual answer, but for those who have one of ``reasons``."""
    usual, count = pa.scalar("no_consent" if wanted.asks else "not_needed"), len(keys)
    if reasons.num_rows == 0:
        reason, passes = pa.repeat(usual, count), pa.repeat(pa.scalar(not wanted.asks), count)
    else:
        place = pc.index_in(keys, reasons["profile_key"].combine_chunks())
        reason = pc.coalesce(reasons["reason"].combine_chunks().take(place), usual)
        passes = pc.is_in(reason, pa.array(REASONS[:2]))
    basis = pa.repeat(pa.scalar(wanted.basis), count)
    return pa.table({"profile_key": keys, "allowed": passes, "reason": reason, "basis": basis})


def _first(parts: list[pa.Table]) -> pa.Table:
    """Of each person the reason that counts: what forbids before what allows, then the earlier part."""
    told = [part.append_column("rank", pa.repeat(rank, part.num_rows)) for rank, part in enumerate(parts)]
    found = pa.concat_tables(told)
    return scratch(_FIRST, {"found": found}) if found.num_rows else table_of(_FOUND)


def _said(store: Asks, keys: pa.Array, wanted: Purpose, at: datetime, purposes: Purposes) -> pa.Table:
    """What people said themselves; by law nobody is asked."""
    if wanted.basis == "legal_obligation":
        return table_of(_FOUND)
    words = words_about(store, keys, wanted.channel, wanted.purpose)
    if words.num_rows == 0:
        return table_of(_FOUND)
    counting = strictest(words, at, purposes, unnamed=wanted.purpose)
    counting = counting.filter(pc.equal(counting["purpose"], wanted.purpose))
    if not wanted.asks:  # without the need of a grant, one that lapsed changes nothing
        counting = counting.filter(pc.not_equal(counting["state"], "expired"))
    refused = "withdrawn" if wanted.asks else "objected"
    reason = pc.if_else(pc.equal(counting["state"], "denied"), pa.scalar(refused), counting["state"])
    return pa.table({"profile_key": counting["profile_key"], "reason": reason})


def _limits(store: Asks, keys: pa.Array, wanted: Purpose, at: datetime, age_of_consent: int) -> pa.Table:
    """Who must be left alone whatever they said: suppressed, restricted, under age."""
    found = restricted(store, keys, at, age_of_consent=age_of_consent)
    if found.num_rows == 0:
        return table_of(_FOUND)
    passed = [] if wanted.basis != "legal_obligation" else ["restriction"]
    passed += ["minor"] if wanted.minors else []
    found = found.filter(pc.invert(pc.is_in(found["kind"], pa.array(passed, pa.string()))))
    return scratch(_STOPPED, {"found": found})


_FIRST = """
SELECT profile_key, reason FROM (
  SELECT *, row_number() OVER (PARTITION BY profile_key ORDER BY CASE WHEN reason = 'granted' THEN 1 ELSE 0 END, rank)
    AS place FROM found)
WHERE place = 1 ORDER BY profile_key"""
_STOPPED = """
SELECT profile_key, CASE kind WHEN 'suppression' THEN 'suppressed' WHEN 'minor' THEN 'minor' ELSE 'restricted' END
  AS reason FROM (
  SELECT *, row_number() OVER (PARTITION BY profile_key ORDER BY CASE kind WHEN 'suppression' THEN 0
    WHEN 'restriction' THEN 1 ELSE 2 END) AS place FROM found)
WHERE place = 1 ORDER BY profile_key"""
