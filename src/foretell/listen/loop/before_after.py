"""What became of root causes and scores since something was done about them: two spans of one length, side by side."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Engine, scratch
from foretell.listen.loop.model import NOT_YET, BeforeAfter, Followed, Improvement
from foretell.stats import EMPTY, LEVEL, NAN, Interval, difference_of_means, mean_interval, wilson_bounds

MOST_DAYS, LEAST_DAYS = 90, 14
PER = 1_000
_CASES = (
    "SELECT sum(CASE WHEN c.opened_at <= $at THEN 1 ELSE 0 END) AS before, "
    "sum(CASE WHEN c.opened_at > $at THEN 1 ELSE 0 END) AS after "
    "FROM cases c JOIN causes k ON k.root_cause = c.root_cause WHERE c.opened_at > $begin AND c.opened_at <= $end"
)
_ORDERS = (
    "SELECT count(DISTINCT CASE WHEN o.timestamp <= $at THEN o.order_id END) AS before, "
    "count(DISTINCT CASE WHEN o.timestamp > $at THEN o.order_id END) AS after "
    "FROM orders o WHERE o.kind = 'completed' AND o.timestamp > $begin AND o.timestamp <= $end"
)
_PEOPLE = (
    "SELECT count(DISTINCT CASE WHEN e.timestamp <= $at THEN e.profile_id END) AS before, "
    "count(DISTINCT CASE WHEN e.timestamp > $at THEN e.profile_id END) AS after "
    "FROM events e WHERE e.profile_id <> '' AND e.timestamp > $begin AND e.timestamp <= $end"
)
_ANSWERS = (
    "SELECT r.measure, r.score, CASE WHEN r.answered_at > $at THEN 1 ELSE 0 END AS later, count(*) AS n "
    "FROM survey_responses r WHERE r.score IS NOT NULL AND r.measure IS NOT NULL "
    "AND r.answered_at > $begin AND r.answered_at <= $end{place} "
    "GROUP BY r.measure, r.score, CASE WHEN r.answered_at > $at THEN 1 ELSE 0 END"
)
_NOTHING = Interval(NAN, NAN, NAN, 0, LEVEL, EMPTY)


def follow(engine: Engine, one: Improvement, now: datetime) -> Followed:
    """An improvement with its numbers, as of ``now``; spans of at most 90 days."""
    if one.started_at is None:
        return Followed(one, _not_yet("It is planned: there is no after.", 0.0))
    length = min(now - one.started_at, timedelta(days=MOST_DAYS))
    days = length.total_seconds() / 86_400
    if days < LEAST_DAYS:
        return Followed(one, _not_yet(f"It has held for {days:.0f} days; {LEAST_DAYS} are needed.", days))
    told = {
        "begin": naive_utc(one.started_at - length), "at": naive_utc(one.started_at),
        "end": naive_utc(one.started_at + length),
    }  # fmt: skip
    causes = pa.table({"root_cause": pa.array(one.root_causes, pa.string())})
    cases = _pair(engine.analytics.query(_CASES, told, tables={"causes": causes}))
    per, of = "orders", _pair(engine.analytics.query(_ORDERS, told))
    if not min(of):
        per, of = "people", _pair(engine.analytics.query(_PEOPLE, told))
    measure, before, after, change = _scores(engine, told, one.touchpoint)
    verdict, why = ("", "") if min(of) else (NOT_YET, "Before or after it nobody was there at all.")
    return Followed(
        one,
        BeforeAfter(
            verdict, why, round(days, 1), per, *cases, _rate(cases[0], of[0]), _rate(cases[1], of[1]),
            rate_ratio(*cases, *of), measure, before, after, change,
        ),
    )  # fmt: skip


def rate_ratio(before: int, after: int, of_before: float, of_after: float, level: float = LEVEL) -> Interval:
    """Rate after ÷ rate before of things that happen one by one.

    Given their sum, the number after is binomial with a share that the ratio fixes (Przyborowski and Wilenski,
    Biometrika 31, 1940); the share's interval is Wilson's. ``EMPTY`` where nothing happened, or nobody was there.
    """
    both = before + after
    if not both or of_before <= 0 or of_after <= 0:
        return Interval(NAN, NAN, NAN, both, level, EMPTY)
    low, high = wilson_bounds([after], [both], level)
    odds = of_before / of_after
    value = after / before * odds if before else NAN
    upper = float(high[0])
    return Interval(
        value, _odds(float(low[0])) * odds, _odds(upper) * odds if upper < 1 else NAN, both, level,
        "" if before else EMPTY,
    )  # fmt: skip


def _odds(share: float) -> float:
    return share / (1 - share)


def _rate(cases: int, of: int) -> Interval:
    """So many per 1,000; the interval is that of a share of so many, which a rate below one in ten hardly differs
    from."""
    if not of:
        return _NOTHING
    low, high = wilson_bounds([min(cases, of)], [of])
    return Interval(cases / of * PER, float(low[0]) * PER, float(high[0]) * PER, of, LEVEL)


def _pair(found: pa.Table) -> tuple[int, int]:
    (row,) = found.to_pylist()
    return int(row["before"] or 0), int(row["after"] or 0)


def _scores(engine: Engine, told: dict[str, Any], touchpoint: str | None) -> tuple[str, Interval, Interval, Interval]:
    """Of the measure that was asked most: the means and their difference."""
    place, params = ("", told) if not touchpoint else (" AND r.touchpoint = $place", told | {"place": touchpoint})
    found = engine.analytics.query(_ANSWERS.format(place=place), params)
    if not found.num_rows:
        return "", _NOTHING, _NOTHING, _NOTHING
    counted = scratch("SELECT measure FROM f GROUP BY measure ORDER BY sum(n) DESC, measure LIMIT 1", {"f": found})
    measure = str(counted["measure"][0].as_py())
    mine = scratch("SELECT * FROM f WHERE measure = $m ORDER BY later, score", {"f": found}, {"m": measure})
    times = mine["n"].to_numpy()
    score = np.repeat(mine["score"].cast(pa.float64()).to_numpy(), times)
    later = np.repeat(mine["later"].to_numpy() == 1, times)
    points = np.select([score >= 9, score <= 6], [100.0, -100.0], 0.0) if measure == "nps" else score
    return (
        measure, mean_interval(points[~later]), mean_interval(points[later]),
        difference_of_means(points[later], points[~later]),
    )  # fmt: skip


def _not_yet(why: str, days: float) -> BeforeAfter:
    blank = (_NOTHING,) * 3
    return BeforeAfter(NOT_YET, why, round(days, 1), "", 0, 0, *blank, "", *blank)
