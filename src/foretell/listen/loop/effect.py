"""What went with closing cases in time: who of the people left, against comparable ones whose cases were not closed.

Closing takes time, and whoever leaves at once cannot be reached; so the two are compared from the same instant on,
some days after the case was opened (a landmark: Anderson, Cain and Gelber, Journal of Clinical Oncology 1, 1983), and
only by what was known when it was opened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Engine, scratch
from foretell.listen.loop.cases import flags, numbers
from foretell.listen.loop.model import NOT_YET, ClosingEffect
from foretell.stats import LEAST_EFFECTIVE, TOO_FEW, Compared, Floats, overlap_difference

WITHIN_DAYS, HORIZON_DAYS, BEFORE_DAYS = 14, 90, 365
LEAST_CASES = 40
"""So many cases each group needs at least."""
SPOKEN = ("reached", "solved")
"""Outcomes by which a case counts as closed with the person."""
_FEW_PER_MONTH = 10
_ASKED = """
SELECT case_id, profile_id, score, closed_at, outcome, opened_at, opened_at + INTERVAL ({within}) DAY AS landmark,
  opened_at + INTERVAL ({whole}) DAY AS until, opened_at - INTERVAL ({before}) DAY AS year_before, month
FROM c WHERE profile_id <> '' AND score IS NOT NULL AND opened_at + INTERVAL ({whole}) DAY <= $now
QUALIFY row_number() OVER (PARTITION BY profile_id ORDER BY opened_at, case_id) = 1"""
_ORDERS = (
    "SELECT a.case_id, sum(CASE WHEN o.timestamp <= a.opened_at THEN 1 ELSE 0 END) AS orders, "
    "sum(CASE WHEN o.timestamp <= a.opened_at THEN o.amount_minor ELSE 0 END) AS amount_minor, "
    "max(CASE WHEN o.timestamp <= a.opened_at THEN o.timestamp END) AS last_order, "
    "sum(CASE WHEN o.timestamp > a.landmark THEN 1 ELSE 0 END) AS orders_after "
    "FROM asked a JOIN orders o ON o.profile_id = a.profile_id AND o.timestamp > a.year_before "
    "AND o.timestamp <= a.until WHERE o.kind = 'completed' GROUP BY a.case_id"
)
_ROWS = """
SELECT a.case_id, a.month, a.score, o.orders_after = 0 AS has_left,
  coalesce(a.closed_at <= a.landmark, FALSE) AS in_time, coalesce(a.outcome IN ('reached', 'solved'), FALSE) AS spoken,
  ln(1 + greatest(o.amount_minor, 0)) AS worth, ln(1 + o.orders) AS often,
  ln(1 + date_diff('microsecond', o.last_order, a.opened_at) / 8.64e10) AS recency
FROM a JOIN o ON o.case_id = a.case_id WHERE o.orders > 0 ORDER BY a.case_id"""


def closing_effect(engine: Engine, cases: pa.Table, now: datetime) -> ClosingEffect:
    """Compare people whose case was closed in time with people whose case was not; each person with their first case.

    Args:
        cases: see :func:`~foretell.listen.loop.cases.cases`.
    """
    days = {"within": WITHIN_DAYS, "whole": WITHIN_DAYS + HORIZON_DAYS, "before": BEFORE_DAYS}
    asked = scratch(_ASKED.format(**days), {"c": cases}, {"now": naive_utc(now)})
    if not asked.num_rows:
        return _not_yet(_too_early(cases, now), 0, 0, 0, None)
    handed = asked.select(["case_id", "profile_id", "opened_at", "landmark", "until", "year_before"])
    orders = engine.analytics.query(_ORDERS, tables={"asked": handed})
    rows = scratch(_ROWS, {"a": asked, "o": orders})
    in_time, spoken = flags(rows, "in_time"), flags(rows, "spoken")
    kept = ~in_time | spoken
    return compare(rows.filter(pa.array(kept)), int((~kept).sum()))


def compare(rows: pa.Table, left_out: int = 0) -> ClosingEffect:
    """The comparison of rows with ``in_time``, ``has_left``, ``score worth often recency`` and ``month``."""
    treated, left = flags(rows, "in_time"), flags(rows, "has_left")
    closed, others = int(treated.sum()), int((~treated).sum())
    if min(closed, others) < LEAST_CASES:
        why = (
            f"{closed} people whose case was closed in time and {others} whose case was not are known for "
            f"{WITHIN_DAYS + HORIZON_DAYS} days and had bought before; each group needs {LEAST_CASES}."
        )
        return _not_yet(why, closed, others, left_out, None)
    names, covariates = _covariates(rows)
    found = overlap_difference(left.astype(np.float64), treated, covariates)
    if found.difference.reason == TOO_FEW:
        why = (
            "The two groups hardly overlap: people alike in score, value, recency and month are worth "
            f"{found.treated_effective:.0f} and {found.others_effective:.0f}; each needs {LEAST_EFFECTIVE:.0f}."
        )
        return _not_yet(why, closed, others, left_out, (names, found))
    if found.difference.reason:
        why = "Nobody left, or everybody did: nothing can be told apart."
        return _not_yet(why, closed, others, left_out, (names, found))
    return ClosingEffect(
        "", "", found.difference, found.treated, found.others, closed, others, found.treated_effective,
        found.others_effective, left_out, _balance(names, found), WITHIN_DAYS, HORIZON_DAYS,
    )  # fmt: skip


def _not_yet(
    why: str, closed: int, others: int, left_out: int, found: tuple[list[str], Compared] | None
) -> ClosingEffect:
    compared = found[1] if found else overlap_difference([], [], np.zeros((0, 0)))
    balance = _balance(*found) if found else {}
    return ClosingEffect(
        NOT_YET, why, compared.difference, compared.treated, compared.others, closed, others,
        compared.treated_effective, compared.others_effective, left_out, balance, WITHIN_DAYS, HORIZON_DAYS,
    )  # fmt: skip


def _too_early(cases: pa.Table, now: datetime) -> str:
    days = WITHIN_DAYS + HORIZON_DAYS
    if not cases.num_rows:
        return "There are no cases about an answer."
    return f"No case with a score was opened before {now - timedelta(days=days):%Y-%m-%d}, {days} days ago."


def _covariates(rows: pa.Table) -> tuple[list[str], Floats]:
    """What the groups are made alike in; months of their own where they have cases enough, else as a trend."""
    names = ["score", "worth", "often", "recency"]
    columns = [numbers(rows, name) for name in names]
    months = rows["month"].to_numpy(zero_copy_only=False).astype(str)
    distinct, place, counts = np.unique(months, return_inverse=True, return_counts=True)
    many = [number for number in range(1, len(distinct)) if counts[number] >= _FEW_PER_MONTH]
    if rows.num_rows >= _FEW_PER_MONTH * (len(columns) + len(many)):
        columns += [(place == number).astype(np.float64) for number in many]
        names += [f"month {distinct[number]}" for number in many]
    columns.append(place.astype(np.float64))
    return [*names, "month"], np.column_stack(columns)


def _balance(names: list[str], found: Compared) -> dict[str, tuple[float, float]]:
    return {
        name: (round(float(before), 3), round(float(after), 3))
        for name, before, after in zip(names, found.before, found.after, strict=True)
    }
