"""Survey fatigue: nobody is asked the same again too soon, nor by two surveys in a row. A pure function over tables."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import TIMESTAMP, scratch, table_of

SURVEYS = pa.schema([("i", pa.int64()), ("survey", pa.string()), ("again_us", pa.int64())])
"""The surveys of each candidate, by its number; ``again_us``: for so long nobody is asked by it a second time."""
SURVEYED = pa.schema([("profile_key", pa.int64()), ("at", TIMESTAMP), ("survey", pa.string()), ("thread", pa.string())])
"""Surveys that people were asked or are about to be. ``thread``: the invitation, which its reminders share."""
TIRED = {"i": pa.int64(), "found": pa.string()}
_MICRO = timedelta(microseconds=1)


def tired(candidates: pa.Table, surveys: pa.Table, surveyed: pa.Table, gap: timedelta) -> pa.Table:
    """The candidates that come too soon after another survey, and which it was: columns :data:`TIRED`.

    Turn by turn: of every person the first candidate, then the second, so that each sees those before it. What went out
    later than a candidate counts as well, as with caps. A reminder does not come too soon after its own invitation.

    Args:
        candidates: i (unique), profile_key, at, thread and turn (1 for the first of a person).
        surveys: columns :data:`SURVEYS`; a candidate without a row is none of a survey.
        surveyed: columns :data:`SURVEYED`.
        gap: for so long after any survey nobody is asked by another.
    """
    asked = scratch(_ASKED, {"c": candidates, "s": surveys})
    if not asked.num_rows:
        return table_of(TIRED)
    known = scratch(_KNOWN, {"h": surveyed})
    found = [table_of(TIRED)]
    for turn in range(1, pc.max(asked["turn"]).as_py() + 1):
        part = asked.filter(pc.equal(asked["turn"], turn))
        stopped = scratch(_TOO_SOON, {"a": part, "h": known}, {"gap": gap // _MICRO})
        found.append(stopped)
        going = part.filter(pc.invert(pc.is_in(part["i"], stopped["i"].combine_chunks())))
        known = pa.concat_tables([known, going.select(known.column_names)])
    return pa.concat_tables(found)


_ASKED = """
SELECT c.i, c.profile_key, epoch_us(c.at) AS at_us, c.thread, c.turn, s.survey, s.again_us FROM c JOIN s ON s.i = c.i
ORDER BY c.i, s.survey"""
_KNOWN = "SELECT profile_key, epoch_us(h.at) AS at_us, thread, survey FROM h"
_TOO_SOON = """
SELECT i, 'asked ' || survey || ' at ' || strftime(make_timestamp(at_us), '%Y-%m-%dT%H:%M:%SZ') || ', '
  || CAST(span // 1000000 AS VARCHAR) || 's apart' AS found
FROM (
  SELECT a.i, h.survey, h.at_us, CASE WHEN h.survey = a.survey THEN greatest(a.again_us, $gap) ELSE $gap END AS span,
    row_number() OVER (PARTITION BY a.i ORDER BY abs(h.at_us - a.at_us), h.survey) AS nth
  FROM a JOIN h ON h.profile_key = a.profile_key AND h.thread IS DISTINCT FROM a.thread
    AND abs(h.at_us - a.at_us) < CASE WHEN h.survey = a.survey THEN greatest(a.again_us, $gap) ELSE $gap END)
WHERE nth = 1 ORDER BY i"""
