"""What a visit has been so far, carried from one refresh to the next.

An event that comes after all that is known of its device's visit adds to what the visit has been; that is one part
(:mod:`~foretell.collect.sessions.reading`), read off the visit's last session. Only where an event comes before it
are the visits concerned read again.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.sessions.grouping import IDLE_MINUTES
from foretell.collect.sessions.reading import CAMPAIGN
from foretell.collect.sessions.tables import FIRST, SESSION_COLUMNS
from foretell.engine import Analytics, scratch
from foretell.money import minor_digits

COLUMNS = ", ".join(SESSION_COLUMNS)
_IDLE = f"INTERVAL '{IDLE_MINUTES} minutes'"
# The bounds let the store pass over what is long over; the join alone would read every session.
_TOUCHED = f"""
WITH near AS (
  SELECT {COLUMNS} FROM session_rows WHERE events > 0 AND coalesce(last_of_visit, true)
    AND ended_at >= $begin - {_IDLE} AND visit_started_at <= $end + {_IDLE}
), met AS (
  SELECT n.session_id, n.device, min((f.ts, f.message_id)) AS earliest FROM near n JOIN fresh f ON f.device = n.device
    AND f.ts >= n.visit_started_at - {_IDLE} AND f.ts <= n.ended_at + {_IDLE} GROUP BY n.session_id, n.device
), placed AS (
  SELECT n.*, row_number() OVER (PARTITION BY n.device ORDER BY n.ended_at DESC, n.last_message DESC) AS nth,
    min(m.earliest) OVER (PARTITION BY n.device) AS earliest, bool_or(n.last_of_visit IS NULL)
    OVER (PARTITION BY n.device) AS unknown FROM near n JOIN met m ON m.session_id = n.session_id
)
SELECT *, bool_or(unknown OR (nth = 1 AND earliest <= (ended_at, last_message))) OVER (PARTITION BY device) AS late
FROM placed
"""
_CARRIED = f"""
SELECT device, CAST(NULL AS VARCHAR) AS who, session_id, started_at AS began_at, ended_at AS ts,
  visit_started_at AS visit_at, first_message, last_message AS message_id, first_seq, last_seq, known_at, node_key,
  events, pages, CASE WHEN pages <= 1 AND NOT bounced THEN 1 ELSE 0 END AS acts, order_ids,
  CAST(round(revenue * $minor) AS BIGINT) AS revenue_minor, landing_page, exit_page, referrer, referrer_domain,
  CAST(NULL AS VARCHAR) AS site, utm_source, utm_medium, utm_campaign, utm_term, utm_content, {CAMPAIGN} AS campaign,
  {", ".join(FIRST)}, search_terms AS terms, ended_event FROM going_on"""
_VISITS = """
WITH visits AS (
  SELECT device, visit_started_at, max(ended_at) AS visit_ended_at, min(first_seq) AS first_seq, sum(events) AS events
  FROM before GROUP BY device, visit_started_at
), devices AS (
  SELECT device, sum(events) AS events FROM visits GROUP BY device
), portions AS (
  SELECT device, CAST((sum(events) OVER (ORDER BY device) - events) // $most AS BIGINT) AS portion FROM devices
)
SELECT v.device, v.visit_started_at, v.visit_ended_at, v.first_seq, p.portion
FROM visits v JOIN portions p ON p.device = v.device"""
_BEFORE = f"""
SELECT {", ".join(f"s.{column}" for column in SESSION_COLUMNS)} FROM session_rows s WHERE s.events > 0
  AND EXISTS (SELECT 1 FROM late l WHERE l.device = s.device AND l.visit_started_at = s.visit_started_at)"""


@dataclass(frozen=True)
class Touched:
    """The visits within 30 minutes of new events.

    Args:
        going_on: the last sessions of those that new events all come after; columns of ``session_rows``.
        before: the sessions of those that must be read again, likewise.
    """

    going_on: pa.Table
    before: pa.Table

    def carried(self, currency: str) -> pa.Table:
        """What the visits that go on have been so far, as parts."""
        return scratch(_CARRIED, {"going_on": self.going_on}, {"minor": 10 ** minor_digits(currency)})

    def visits(self, most: int) -> list[pa.Table]:
        """Those to be read again, in portions of about ``most`` events; a device is in one of them.

        Returns:
            ``device``, ``visit_started_at``, ``visit_ended_at``, ``first_seq``.
        """
        visits = scratch(_VISITS, {"before": self.before}, {"most": most})
        return [visits.filter(pc.equal(visits["portion"], place)) for place in pc.unique(visits["portion"]).to_pylist()]


def touched(analytics: Analytics, parts: pa.Table) -> Touched:
    """The visits that new ``parts`` belong to, or lie next to."""
    fresh = parts.select(["device", "ts", "message_id"])
    bounds = {"begin": pc.min(fresh["ts"]).as_py(), "end": pc.max(fresh["ts"]).as_py()}
    met = analytics.query(_TOUCHED, bounds, {"fresh": fresh})
    late = met.filter(met["late"])
    going_on = met.filter(pc.and_(pc.invert(met["late"]), pc.equal(met["nth"], 1))).select(list(SESSION_COLUMNS))
    if not late.num_rows:
        return Touched(going_on, going_on.slice(0, 0))
    return Touched(going_on, analytics.query(_BEFORE, tables={"late": late.select(["device", "visit_started_at"])}))
