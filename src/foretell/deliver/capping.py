"""Frequency caps, and who wins where several messages compete for the same room: pure functions over tables.

Candidates go in the order of their importance. One that finds a cap full takes the place of queued messages that
are less important, the least important first; where what fills the cap is more important, it is ``outbid``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.deliver.calendar_spans import Unit, calendar_span
from foretell.engine import TIMESTAMP, scratch, table_of

FULL, OUTBID = "frequency_cap", "outbid"
_MICRO = timedelta(microseconds=1)
_FOREVER = 2**62
_LONGEST: Mapping[Unit, timedelta] = {
    "day": timedelta(hours=25), "week": timedelta(hours=169), "month": timedelta(hours=745),
}  # fmt: skip
STOPPED = {"i": pa.int64(), "reason": pa.string(), "cap": pa.string(), "rival": pa.string()}
TAKEN = {"i": pa.int64(), "message_id": pa.string()}


@dataclass(frozen=True)
class Cap:
    """At most ``messages`` to a person.

    Args:
        per: in any span of this length; of a calendar the shortest length of its unit.
        medium: only of this medium; None: of all.
        purpose: only for this purpose; None: for all.
        calendar: in each day, week or month of the person's calendar instead.
    """

    messages: int
    per: timedelta
    medium: str | None = None
    purpose: str | None = None
    calendar: Unit | None = None

    @property
    def longest(self) -> timedelta:
        """No span of this cap is longer."""
        return self.per if self.calendar is None else _LONGEST[self.calendar]

    def __str__(self) -> str:
        span = f"calendar {self.calendar}" if self.calendar else f"{self.per // timedelta(seconds=1)}s"
        medium = f" of {self.medium}" if self.medium else ""
        return f"{self.messages} per {span}{medium}{f' for {self.purpose}' if self.purpose else ''}"


@dataclass(frozen=True)
class Capped:
    """What caps say.

    Args:
        stopped: columns :data:`STOPPED`, a row a candidate that is stopped.
        taken: columns :data:`TAKEN`: the candidate and the queued message whose place it takes.
    """

    stopped: pa.Table
    taken: pa.Table


def capped(candidates: pa.Table, history: pa.Table, caps: Sequence[Cap]) -> Capped:
    """Hold candidates against caps.

    Turn by turn: of every person the first candidate, then the second, so that each sees what was decided about
    those before it.

    Args:
        candidates: i (unique), profile_key, message_id, medium, purpose, at, zone (IANA, not null), priority, turn
            (1 for the first of a person) and rehearsed (bool: takes nobody's place).
        history: columns of the gate's HISTORY.
    """
    stopped, taken = [table_of(STOPPED)], [table_of(TAKEN)]
    if not caps or not candidates.num_rows:
        return Capped(*stopped, *taken)
    windows = _windows(candidates, caps)
    sent = scratch(_COUNTED, {"h": history})
    turns = pc.max(candidates["turn"]).as_py()
    for turn in range(1, turns + 1):
        part = windows.filter(pc.equal(windows["turn"], turn))
        full = scratch(_FULL, {"w": part, "h": sent}) if sent.num_rows else _NOTHING
        over = scratch(_STOPPED, {"f": full, "h": sent}) if full.num_rows else table_of(STOPPED)
        stopped.append(over)
        going = candidates.filter(pc.equal(candidates["turn"], turn))
        if over.num_rows:
            going = going.filter(pc.invert(pc.is_in(going["i"], over["i"].combine_chunks())))
            full = full.filter(pc.invert(pc.is_in(full["i"], over["i"].combine_chunks())))
        taking = _take(full, sent)
        taken.append(taking)
        if taking.num_rows:
            sent = scratch(_LEFT, {"h": sent, "t": taking})
        if turn < turns:
            sent = pa.concat_tables([sent, scratch(_GOING, {"g": going}).cast(sent.schema)])
    return Capped(pa.concat_tables(stopped), pa.concat_tables(taken))


def _windows(candidates: pa.Table, caps: Sequence[Cap]) -> pa.Table:
    """A row a candidate and cap that counts it: from when (µs) to when, both included, messages count."""
    parts = []
    for place, cap in enumerate(caps):
        mine = candidates
        for name, wanted in (("medium", cap.medium), ("purpose", cap.purpose)):
            mine = mine if wanted is None else mine.filter(pc.equal(mine[name], wanted))
        begin, end = _span(mine, cap)
        count = mine.num_rows
        told = {
            "cap": pa.repeat(pa.scalar(place, pa.int64()), count),
            "text": pa.repeat(pa.scalar(str(cap)), count),
            "messages": pa.repeat(pa.scalar(cap.messages, pa.int64()), count),
            "cap_medium": pa.repeat(pa.scalar(cap.medium, pa.string()), count),
            "cap_purpose": pa.repeat(pa.scalar(cap.purpose, pa.string()), count),
            "length": pa.repeat(pa.scalar(cap.longest // _MICRO, pa.int64()), count),
            "first": begin,
            "last": end,
        }
        kept = {name: mine[name] for name in ("i", "profile_key", "message_id", "priority", "turn", "rehearsed")}
        parts.append(pa.table(kept | told))
    return pa.concat_tables(parts)


def _span(mine: pa.Table, cap: Cap) -> tuple[pa.Array | pa.ChunkedArray, pa.Array]:
    # What went out later than `at` counts as well: then no span around the message holds too many, in whatever order
    # journeys are played.
    if cap.calendar is None:
        at = mine["at"].cast(TIMESTAMP).cast(pa.int64())
        begin = pc.add(pc.subtract(at, cap.per // _MICRO), 1)
        return begin, pa.repeat(pa.scalar(_FOREVER, pa.int64()), mine.num_rows)
    first, following = calendar_span(mine["at"].cast(TIMESTAMP), mine["zone"], cap.calendar)
    return first.cast(pa.int64()), pc.subtract(following.cast(pa.int64()), 1)


def _take(full: pa.Table, sent: pa.Table) -> pa.Table:
    """Whose place is taken: cap by cap, the shortest span first, since that makes room in longer ones too."""
    found = table_of(TAKEN)
    if not full.num_rows:
        return found
    order = full.group_by(["cap", "length"], use_threads=False).aggregate([])
    for cap in order.sort_by([("length", "ascending"), ("cap", "ascending")])["cap"].to_pylist():
        part = full.filter(pc.equal(full["cap"], cap))
        found = pa.concat_tables([found, scratch(_TAKE, {"f": part, "h": sent, "t": found})])
    return found


# `queued` messages can still be taken back; those of this round cannot, since they are not less important.
_COUNTED = """
SELECT profile_key, medium, purpose, epoch_us(h.at) AS at_us, message_id, coalesce(priority, 0) AS priority,
  coalesce(queued, false) AS queued, coalesce(queued, false) AND message_id IS NOT NULL AS takeable FROM h"""
_GOING = """
SELECT profile_key, medium, purpose, epoch_us(g.at) AS at_us, message_id, priority, true AS queued, false AS takeable
FROM g"""
_LEFT = """
SELECT h.* FROM h WHERE h.message_id IS NULL OR h.message_id NOT IN (SELECT message_id FROM t)"""
_MEET = (
    "h.profile_key = {w}.profile_key AND ({w}.cap_medium IS NULL OR h.medium = {w}.cap_medium) "
    "AND ({w}.cap_purpose IS NULL OR h.purpose = {w}.cap_purpose) AND h.at_us BETWEEN {w}.first AND {w}.last "
    "AND h.message_id IS DISTINCT FROM {w}.message_id"
)
"""What a candidate is held against; asked for again, it does not stand in its own way."""
_FULL = f"""
SELECT w.*, n.total - w.messages + 1 AS excess, n.total - n.higher < w.messages AS beaten,
  CAST(CASE WHEN w.rehearsed THEN 0 ELSE n.lower END AS BIGINT) AS takeable
FROM w JOIN (
  SELECT w.i, w.cap, count(*) AS total,
    sum(CASE WHEN h.queued AND h.priority > w.priority THEN 1 ELSE 0 END) AS higher,
    sum(CASE WHEN h.takeable AND h.priority < w.priority THEN 1 ELSE 0 END) AS lower
  FROM w JOIN h ON {_MEET.format(w="w")} GROUP BY w.i, w.cap) n ON n.i = w.i AND n.cap = w.cap
WHERE n.total >= w.messages ORDER BY w.i, w.cap"""
_NOTHING = pa.table({"i": pa.array([], pa.int64())})
_STOPPED = f"""
WITH first AS (
  SELECT * FROM (SELECT f.*, row_number() OVER (PARTITION BY f.i ORDER BY f.cap) AS nth FROM f
    WHERE f.takeable < f.excess) WHERE nth = 1
), rivals AS (
  SELECT s.i, h.message_id, row_number() OVER (PARTITION BY s.i ORDER BY h.priority DESC, h.at_us, h.message_id) AS nth
  FROM first s JOIN h ON {_MEET.format(w="s")} WHERE s.beaten AND h.queued AND h.priority > s.priority)
SELECT s.i, CASE WHEN s.beaten THEN '{OUTBID}' ELSE '{FULL}' END AS reason, s.text AS cap, r.message_id AS rival
FROM first s LEFT JOIN rivals r ON r.i = s.i AND r.nth = 1 ORDER BY s.i"""
_TAKE = f"""
SELECT i, message_id FROM (
  SELECT f.i, h.message_id, f.excess - (SELECT count(*) FROM t JOIN h AS o ON o.message_id = t.message_id
      WHERE t.i = f.i AND o.profile_key = f.profile_key AND (f.cap_medium IS NULL OR o.medium = f.cap_medium)
      AND (f.cap_purpose IS NULL OR o.purpose = f.cap_purpose) AND o.at_us BETWEEN f.first AND f.last) AS missing,
    row_number() OVER (PARTITION BY f.i ORDER BY h.priority, h.at_us DESC, h.message_id) AS nth
  FROM f JOIN h ON {_MEET.format(w="f")}
  WHERE h.takeable AND h.priority < f.priority AND h.message_id NOT IN (SELECT message_id FROM t))
WHERE nth <= missing ORDER BY i, nth"""
