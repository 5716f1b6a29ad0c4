"""What became of root causes and scores since something was done about them: two spans of one length, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Engine, scratch
from foretell.listen.loop.model import NOT_YET, BeforeAfter, Followed, Improvement
from foretell.stats import (
    EMPTY,
    LEVEL,
    NAN,
    Interval,
    difference_of_means,
    mean_interval,
    proportion_interval,
    wilson_bounds,
)

MOST_DAYS, LEAST_DAYS = 90, 14
PER = 1_000
LEAST_NAMED, MOST_APART = 0.5, 0.2
"""Share of cases whose root cause is known that either span needs, and how far the two may be apart."""
_CASES = """
WITH near AS (
  SELECT coalesce(c.rule, '') AS rule, c.opened_at, c.root_cause, k.root_cause IS NOT NULL AS ours
  FROM cases c LEFT JOIN causes k ON k.root_cause = c.root_cause WHERE c.opened_at > $begin AND c.opened_at <= $end
), kinds AS (
  SELECT DISTINCT rule FROM near WHERE ours
)
SELECT sum(CASE WHEN opened_at <= $at THEN 1 ELSE 0 END) AS all_before,
  sum(CASE WHEN opened_at > $at THEN 1 ELSE 0 END) AS all_after,
  sum(CASE WHEN opened_at <= $at AND root_cause IS NOT NULL THEN 1 ELSE 0 END) AS named_before,
  sum(CASE WHEN opened_at > $at AND root_cause IS NOT NULL THEN 1 ELSE 0 END) AS named_after,
  sum(CASE WHEN opened_at <= $at AND ours THEN 1 ELSE 0 END) AS before,
  sum(CASE WHEN opened_at > $at AND ours THEN 1 ELSE 0 END) AS after
FROM near JOIN kinds ON kinds.rule = near.rule"""
"""Of the kinds of cases among which the root causes are: how many there were, with a root cause, with one of these."""

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
    "SELECT r.survey, r.measure, r.score, CASE WHEN r.answered_at > $at THEN 1 ELSE 0 END AS later, count(*) AS n "
    "FROM survey_responses r WHERE r.score IS NOT NULL AND r.measure IS NOT NULL "
    "AND r.answered_at > $begin AND r.answered_at <= $end{place} "
    "GROUP BY r.survey, r.measure, r.score, CASE WHEN r.answered_at > $at THEN 1 ELSE 0 END"
)
_MOST = """
WITH counted AS (
  SELECT survey, measure, sum(n) AS whole, sum(n * later) AS after FROM f GROUP BY survey, measure
)
SELECT survey, measure FROM counted ORDER BY least(after, whole - after) DESC, whole DESC, survey, measure LIMIT 1"""
_Scores = tuple[str, Interval, Interval, Interval]
_NOTHING = Interval(NAN, NAN, NAN, 0, LEVEL, EMPTY)


def follow(engine: Engine, one: Improvement, now: datetime) -> Followed:
    """An improvement with its numbers, as of ``now``; spans of at most 90 days, and not beyond its being given up."""
    if one.started_at is None:
        return Followed(one, _not_yet("It is planned: there is no after.", 0.0))
    until = now if one.dropped_at is None else min(now, max(one.dropped_at, one.started_at))
    length = min(until - one.started_at, timedelta(days=MOST_DAYS))
    days = length.total_seconds() / 86_400
    if days < LEAST_DAYS:
        held = "It held" if one.dropped_at is not None else "It has held"
        return Followed(one, _not_yet(f"{held} for {days:.0f} days; {LEAST_DAYS} are needed.", days))
    told = {
        "begin": naive_utc(one.started_at - length), "at": naive_utc(one.started_at),
        "end": naive_utc(one.started_at + length),
    }  # fmt: skip
    causes = pa.table({"root_cause": pa.array(one.root_causes, pa.string())})
    (row,) = engine.analytics.query(_CASES, told, tables={"causes": causes}).to_pylist()
    cases = _Cases(**{name: int(value or 0) for name, value in row.items()})
    per, of = "orders", _pair(engine.analytics.query(_ORDERS, told))
    if not min(of):
        per, of = "people", _pair(engine.analytics.query(_PEOPLE, told))
    return Followed(one, _beside(cases, per, of, days, _scores(engine, told, one.touchpoint)))


@dataclass(frozen=True)
class _Cases:
    """Cases of the kinds that matter: all, with a root cause, with one of the improvement's."""

    all_before: int
    all_after: int
    named_before: int
    named_after: int
    before: int
    after: int

    @property
    def named(self) -> tuple[float, float]:
        """Share with a root cause in each span; 1 where there is no case to be named."""
        pairs = ((self.named_before, self.all_before), (self.named_after, self.all_after))
        return tuple(one / of if of else 1.0 for one, of in pairs)  # type: ignore[return-value]

    @property
    def doubt(self) -> str:
        """Why the two spans cannot be compared; empty where they can."""
        before, after = self.named
        if min(before, after) >= LEAST_NAMED and abs(before - after) <= MOST_APART:
            return ""
        return (
            f"A root cause is known of {before:.0%} of the cases before and of {after:.0%} after it: what is not named "
            f"yet would pass for better. Name them: each span needs {LEAST_NAMED:.0%}, and they may be "
            f"{MOST_APART * 100:.0f} points apart."
        )


def _beside(cases: _Cases, per: str, of: tuple[int, int], days: float, scores: _Scores) -> BeforeAfter:
    """Both spans on the same footing: the share of cases that is named counts as the share of cases that is seen."""
    why = cases.doubt if min(of) else "Before or after it nobody was there at all."
    seen = of[0] * cases.named[0], of[1] * cases.named[1]
    blank = (_NOTHING, _NOTHING, _NOTHING)
    rates = blank if why else (
        _rate(cases.before, seen[0]), _rate(cases.after, seen[1]), rate_ratio(cases.before, cases.after, *seen),
    )  # fmt: skip
    rate_before, rate_after, ratio = rates
    return BeforeAfter(
        NOT_YET if why else "", why, round(days, 1), per, cases.before, cases.after,
        proportion_interval(cases.named_before, cases.all_before),
        proportion_interval(cases.named_after, cases.all_after), rate_before, rate_after, ratio, *scores,
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


def _rate(cases: int, of: float) -> Interval:
    """So many per 1,000; the interval is that of a share of so many, which a rate below one in ten hardly differs
    from."""
    if of <= 0:
        return _NOTHING
    low, high = wilson_bounds([min(cases, of)], [of])
    return Interval(cases / of * PER, float(low[0]) * PER, float(high[0]) * PER, round(of), LEVEL)


def _pair(found: pa.Table) -> tuple[int, int]:
    (row,) = found.to_pylist()
    return int(row["before"] or 0), int(row["after"] or 0)


def _scores(engine: Engine, told: dict[str, Any], touchpoint: str | None) -> _Scores:
    """Of the survey that was answered most in both spans: the means and their difference."""
    place, params = ("", told) if not touchpoint else (" AND r.touchpoint = $place", told | {"place": touchpoint})
    found = engine.analytics.query(_ANSWERS.format(place=place), params)
    if not found.num_rows:
        return "", _NOTHING, _NOTHING, _NOTHING
    most = scratch(_MOST, {"f": found})
    which = {name: most[name][0].as_py() for name in ("survey", "measure")}
    mine = scratch("SELECT * FROM f WHERE survey = $survey AND measure = $measure ORDER BY later, score", {"f": found},
                   which)  # fmt: skip
    times = mine["n"].to_numpy()
    score = np.repeat(mine["score"].cast(pa.float64()).to_numpy(), times)
    later = np.repeat(mine["later"].to_numpy() == 1, times)
    points = np.select([score >= 9, score <= 6], [100.0, -100.0], 0.0) if which["measure"] == "nps" else score
    return (
        str(which["measure"]), mean_interval(points[~later]), mean_interval(points[later]),
        difference_of_means(points[later], points[~later]),
    )  # fmt: skip


def _not_yet(why: str, days: float) -> BeforeAfter:
    blank = (_NOTHING,) * 3
    return BeforeAfter(NOT_YET, why, round(days, 1), "", 0, 0, _NOTHING, _NOTHING, *blank, "", *blank)
