"""Scores that programs give: found by what else happens to their message within seconds and within a minute.

The rules of clicks (:mod:`.scanners`) let the first links that a program follows pass. For a score that is not enough:
it would be an answer. So a score is looked at once more when the minute behind it is over.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from foretell.deliver.scanners import AT_ONCE_SECONDS, MOST_LINKS, TRAPPED_SECONDS, clicks_on
from foretell.engine import Engine, scratch, table_of

TWICE_SECONDS = 3
"""Nobody goes back to a mail and chooses another score of the same question in so short a time."""
MOST_SCORES = 2
"""Nobody chooses more scores of one question within a minute."""
_MICROS = 1_000_000
_HITS = {"message_id": pa.string(), "at": pa.int64(), "url": pa.string()}
_LOOKS = {"message_id": pa.string(), "url": pa.string(), "at": pa.int64()}
_JUDGED = f"""
WITH hits AS (
  SELECT message_id, h.at, coalesce(url, '') AS url, true AS sent FROM known h
  UNION ALL SELECT message_id, l.at, url, false FROM looks l
  UNION ALL SELECT message_id, a.at, url, true FROM asked a),
near AS (
  SELECT a.i, h.url, h.sent, abs(h.at - a.at) AS apart,
    h.url <> '' AND split_part(h.url, '=', 1) = split_part(a.url, '=', 1) AS same
  FROM asked a JOIN hits h ON h.message_id = a.message_id AND abs(h.at - a.at) <= {TRAPPED_SECONDS * _MICROS}),
judged AS (
  SELECT i, count(CASE WHEN n.url = '' THEN 1 END) AS traps,
    count(DISTINCT CASE WHEN same AND sent AND apart <= {TWICE_SECONDS * _MICROS} THEN url END) AS twice,
    count(DISTINCT CASE WHEN same AND sent THEN url END) AS scores,
    count(DISTINCT CASE WHEN n.url <> '' AND apart <= {AT_ONCE_SECONDS * _MICROS} THEN url END) AS links
  FROM near n GROUP BY i)
SELECT traps > 0 OR twice > 1 OR scores > {MOST_SCORES} OR links > {MOST_LINKS} AS machine
FROM asked a JOIN judged j ON j.i = a.i ORDER BY a.i"""


def scored_by_machines(engine: Engine, scores: pa.Table, looks: Sequence[tuple[object, ...]] = ()) -> pa.Array:
    """Which of some scores a program gave, by what is known now of their messages.

    Args:
        scores: message_id, url (see :func:`foretell.deliver.survey_links.score_url`) and the instant (µs) of each.
        looks: message_id, url and instant (µs) of pages of scores that were opened.

    Returns: bool, one a score.
    """
    asked = scores.rename_columns(["message_id", "url", "at"])
    asked = asked.append_column("i", pa.array(range(asked.num_rows), pa.int64()))
    known = table_of(_HITS, clicks_on(engine, sorted(set(asked["message_id"].to_pylist()))))
    found = scratch(_JUDGED, {"asked": asked, "known": known, "looks": table_of(_LOOKS, list(looks))})
    return found["machine"].combine_chunks()
