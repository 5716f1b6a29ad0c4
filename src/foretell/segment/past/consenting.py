"""What people had said of a purpose by many instants of the past, as rows that each hold until the next."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from foretell.clock import Duration, from_micros, micros, naive_utc
from foretell.engine import Analytics, integers, scratch
from foretell.profile import EVERYTHING, EXEMPT
from foretell.segment.live.arena import Places
from foretell.segment.live.windows import DAY_US, Instants, Window
from foretell.segment.past.crowd import Crowd
from foretell.segment.past.latest import Latest
from foretell.segment.past.rows import Rows

STATES = ("denied", "granted", "expired")
_WORDS = """
SELECT c.profile_key, c.node_key, epoch_us(c.ts) AS ts, epoch_us(c.known_at) AS known_at, c.seq, c.state,
  epoch_us(c.expires_at) AS expires_at
FROM log_consents AS c LEFT JOIN merged AS s ON s.node_key = c.spoken_by
WHERE c.state IN ('granted', 'denied') AND c.channel = $channel AND c.purpose IN ($purpose, $everything)
  AND coalesce(s.profile_key, c.spoken_by, c.profile_key) = c.profile_key AND c.ts <= $until AND c.known_at <= $until
"""
# Of each identity the latest word, of one instant the stricter; of these the strictest.
_STATES = """
WITH told AS (
  SELECT p.i, w.node_key, w.ts, w.seq, CASE WHEN w.state = 'granted'
    AND (w.expires_at <= p.moment OR w.ts <= p.given_by) THEN 'expired' ELSE w.state END AS state
  FROM p JOIN w ON w.profile_key = p.profile_key AND w.ts <= p.moment AND w.known_at <= p.moment
), latest AS (
  SELECT *, row_number() OVER (PARTITION BY i, node_key ORDER BY ts DESC,
    CASE WHEN state = 'granted' THEN 1 ELSE 0 END, seq DESC) AS place FROM told
), counting AS (
  SELECT *, row_number() OVER (PARTITION BY i ORDER BY CASE state WHEN 'denied' THEN 0 WHEN 'granted' THEN 1 ELSE 2 END,
    ts DESC, seq DESC) AS nth FROM latest WHERE place = 1
)
SELECT i, CASE state WHEN 'denied' THEN 0 WHEN 'granted' THEN 1 ELSE 2 END AS state FROM counting WHERE nth = 1"""


def words(analytics: Analytics, channel: str, purpose: str, until: int) -> pa.Table:
    """Every word that may count for a purpose over a channel, said and known by ``until`` (microseconds)."""
    every = purpose if purpose in EXEMPT else EVERYTHING
    told = {"channel": channel, "purpose": purpose, "everything": every, "until": naive_utc(from_micros(until))}
    return analytics.query(_WORDS, told)


def changes(found: pa.Table, crowd: Crowd, holds: Window | None) -> tuple[Places, Instants, Places]:
    """Whenever what counts may have changed: person, instant, and the place in :data:`STATES` from then on.

    Args:
        holds: how long a grant holds; None: for good.
    """
    empty = np.zeros(0, np.int64)
    if not found.num_rows:
        return empty, empty, empty
    keys, ts = integers(found["profile_key"]), integers(found["ts"])
    seen = np.maximum(ts, integers(found["known_at"]))
    ends = integers(found["expires_at"].fill_null(-1))
    moments = [seen, np.where(ends > seen, ends, seen)]
    if holds is not None and holds.length is not None:
        moments += [_lapses(holds, ts) + day * DAY_US for day in _CLAMPED_DAYS]
    whose = np.tile(keys, len(moments))
    pairs = np.unique(np.column_stack([whose, np.concatenate(moments)]), axis=0)
    given = np.full(len(pairs), np.iinfo(np.int64).min) if holds is None else holds.start(pairs[:, 1])
    asked = pa.table({"i": np.arange(len(pairs)), "profile_key": pairs[:, 0], "moment": pairs[:, 1], "given_by": given})
    said = scratch(_STATES, {"p": asked, "w": found})
    state = np.full(len(pairs), len(STATES), np.int64)
    state[integers(said["i"])] = integers(said["state"])
    place = crowd.places(pairs[:, 0])
    there = place >= 0
    return place[there], pairs[there, 1], state[there]


def consented(found: tuple[Places, Instants, Places], crowd: Crowd, state: str) -> Latest:
    """The part that the word which counts is ``state``, by :func:`changes`; of who never spoke it is not."""
    place, at, said = found
    kept = (said == STATES.index(state)).astype(np.int64)
    return Latest(
        Rows.of(pa.table({"profile_key": crowd.keys[place], "t": at, "known_at": at, "v": kept}), crowd), False
    )


def _lapses(holds: Window, given: Instants) -> Instants:
    """When grants of ``given`` have lapsed: the first instant whose window no longer holds them."""
    length = holds.length
    assert isinstance(length, Duration)
    if holds.exact_us is not None:
        return given + holds.exact_us
    return np.array([micros(length.after(from_micros(int(one)), holds.zone)) for one in given], np.int64)


_CLAMPED_DAYS = range(4)
"""Where the end of a month was clamped, a calendar length can go back to an earlier day for so long."""
