"""How soon people are spoken with, how long cases take, and what is left afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import care
from foretell.clock import naive_utc
from foretell.engine import Engine
from foretell.listen.loop.cases import flags, low_test, numbers
from foretell.listen.loop.model import By, LoopQuery, Promptness, Times
from foretell.stats import mean_interval, median_time, proportion_interval

NOBODY = "nobody"
_PROMPT = (
    "WITH low AS (SELECT r.survey, r.response_id, r.profile_id, r.answered_at FROM survey_responses r WHERE {low} "
    "AND coalesce(r.anonymous, FALSE) = FALSE AND r.profile_id <> '' AND r.answered_at > $since "
    "AND r.answered_at <= $now{survey}), "
    "belongs AS (SELECT coalesce(c.survey, '') AS survey, c.response_id, c.state FROM cases c "
    "WHERE c.response_id IS NOT NULL UNION ALL "
    "SELECT r.survey, r.response_id, c.state FROM noted r JOIN cases c ON c.case_id = r.case_id), "
    "own AS (SELECT survey, response_id, max(CASE WHEN state <> 'closed' THEN 1 ELSE 0 END) AS going_on "
    "FROM belongs GROUP BY survey, response_id), "
    "words AS (SELECT c.profile_id, c.first_contact_at AS at FROM cases c WHERE c.first_contact_at > $since UNION ALL "
    "SELECT c.profile_id, c.closed_at FROM cases c WHERE c.outcome = 'reached' AND c.closed_at > $since UNION ALL "
    "SELECT c.profile_id, t.at FROM contacts t JOIN cases c ON c.case_id = t.case_id), "
    "spoken AS (SELECT l.survey, l.response_id, min(w.at) AS spoken_at FROM low l JOIN words w "
    "ON w.profile_id = l.profile_id WHERE w.at >= l.answered_at AND w.at <= $now GROUP BY l.survey, l.response_id), "
    "told AS (SELECT l.response_id, l.answered_at, s.spoken_at, o.going_on FROM low l "
    "LEFT JOIN spoken s ON s.survey = l.survey AND s.response_id = l.response_id "
    "LEFT JOIN own o ON o.survey = l.survey AND o.response_id = l.response_id) "
    "SELECT count(*) AS answers, "
    "sum(CASE WHEN spoken_at IS NULL AND coalesce(going_on, 1) = 1 THEN 1 ELSE 0 END) AS waiting, "
    "sum(CASE WHEN spoken_at IS NULL AND going_on IS NULL THEN 1 ELSE 0 END) AS caseless, "
    "{shares} FROM told"
)
_SHARE = (
    "sum(CASE WHEN answered_at <= $before{h} THEN 1 ELSE 0 END) AS known{h}, "
    "sum(CASE WHEN answered_at <= $before{h} AND spoken_at <= answered_at + INTERVAL {h} HOUR THEN 1 ELSE 0 END) "
    "AS soon{h}"
)
_HOURS = (24, 48)


def promptness(engine: Engine, asked: LoopQuery, now: datetime) -> Promptness:
    """Whether those who gave a low score are spoken with, and how soon. A word with the person about any of their cases
    counts, from the answer on; an answer that was noted in a case its person had already belongs to that one."""
    told: dict[str, Any] = {"since": naive_utc(asked.since), "now": naive_utc(now)}
    told |= {f"before{hours}": naive_utc(now - timedelta(hours=hours)) for hours in _HOURS}
    survey = "" if asked.survey is None else " AND r.survey = $survey"
    if asked.survey is not None:
        told["survey"] = asked.survey
    shares = ", ".join(_SHARE.format(h=hours) for hours in _HOURS)
    sql = _PROMPT.format(low=low_test(), survey=survey, shares=shares)
    beside = {"noted": care.noted_responses(engine), "contacts": care.contacts(engine, asked.since)}
    (row,) = engine.analytics.query(sql, told, tables=beside).to_pylist()
    found = {name: int(value or 0) for name, value in row.items()}
    soon = [proportion_interval(found[f"soon{hours}"], found[f"known{hours}"]) for hours in _HOURS]
    return Promptness(found["answers"], found["waiting"], found["caseless"], *soon)


def times(rows: pa.Table, group: str = "") -> Times:
    """The times of some cases, as :func:`~foretell.listen.loop.cases.cases` gives them."""
    again, change = numbers(rows, "recontacted"), numbers(rows, "change")
    known = np.isfinite(again)
    if len(set(rows["survey"].to_pylist())) > 1:  # points of different scales do not add up
        change = change[:0]
    closed = flags(rows, "closed")
    return Times(
        group,
        rows.num_rows,
        int((~closed).sum()),
        median_time(numbers(rows, "contact_hours"), flags(rows, "contacted")),
        median_time(numbers(rows, "close_hours"), closed),
        proportion_interval(float(again[known].sum()), float(known.sum())),
        mean_interval(change[np.isfinite(change)]),
    )


def times_by(rows: pa.Table, by: By) -> list[Times]:
    """The same for each owner, team, …, those with the most cases first; of months the latest."""
    names = pc.fill_null(rows[by], NOBODY).to_numpy(zero_copy_only=False)
    groups, place = np.unique(names.astype(str), return_inverse=True)
    found = [times(rows.filter(pa.array(place == number)), str(name)) for number, name in enumerate(groups)]
    if by == "month":
        return sorted(found, key=lambda one: one.group, reverse=True)
    return sorted(found, key=lambda one: (-one.cases, one.group))
