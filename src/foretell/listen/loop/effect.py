"""What went with closing cases in time: who of the people left, against comparable ones whose cases were not closed.

Closing takes time, and whoever leaves at once cannot be reached; so the two are compared from the same instant on,
some days after the case was opened (a landmark: Anderson, Cain and Gelber, Journal of Clinical Oncology 1, 1983), and
only by what was known when it was opened.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Engine, scratch, table_of
from foretell.listen.loop.cases import flags, numbers
from foretell.listen.loop.model import NOT_YET, ClosingEffect
from foretell.listen.surveys.taking_in import SCALES
from foretell.stats import LEAST_EFFECTIVE, TOO_FEW, Compared, Floats, overlap_difference

WITHIN_DAYS, HORIZON_DAYS, BEFORE_DAYS = 14, 90, 365
LEAST_CASES = 40
"""So many cases each group needs at least."""
SPOKEN = ("reached", "solved")
"""Outcomes by which a case counts as closed with the person."""
_FEW = 10
"""A month, or a survey, with fewer cases is not told apart."""
_ASKED = """
SELECT case_id, profile_id, coalesce(survey, '') AS survey, response_id, score, closed_at, outcome, opened_at,
  opened_at + INTERVAL ({within}) DAY AS landmark,
  opened_at + INTERVAL ({whole}) DAY AS until, opened_at - INTERVAL ({before}) DAY AS year_before, month
FROM c WHERE profile_id <> '' AND score IS NOT NULL AND opened_at + INTERVAL ({whole}) DAY <= $now
QUALIFY row_number() OVER (PARTITION BY profile_id ORDER BY opened_at, case_id) = 1"""
_ORDERS = (
    "SELECT a.case_id, sum(CASE WHEN o.timestamp <= a.opened_at THEN 1 ELSE 0 END) AS orders, "
    "sum(CASE WHEN o.timestamp <= a.opened_at AND o.currency = $currency THEN o.amount_minor ELSE 0 END) "
    "AS amount_minor, "
    "sum(CASE WHEN o.timestamp <= a.opened_at AND o.currency <> $currency THEN 1 ELSE 0 END) AS orders_abroad, "
    "max(CASE WHEN o.timestamp <= a.opened_at THEN o.timestamp END) AS last_order, "
    "sum(CASE WHEN o.timestamp > a.landmark THEN 1 ELSE 0 END) AS orders_after "
    "FROM asked a JOIN orders o ON o.profile_id = a.profile_id AND o.timestamp > a.year_before "
    "AND o.timestamp <= a.until WHERE o.kind = 'completed' GROUP BY a.case_id"
)
_MEASURES = (
    "SELECT a.case_id, min(r.measure) AS measure FROM asked a JOIN survey_responses r ON r.survey = a.survey "
    "AND r.response_id = a.response_id GROUP BY a.case_id"
)
_ROWS = """
WITH scaled AS (
  SELECT a.*, coalesce(s.lowest, min(a.score) OVER theirs) AS lowest,
    coalesce(s.highest, max(a.score) OVER theirs) AS highest
  FROM a LEFT JOIN m ON m.case_id = a.case_id LEFT JOIN s ON s.measure = m.measure
  WINDOW theirs AS (PARTITION BY a.survey)
)
SELECT a.case_id, a.month, a.survey,
  CASE WHEN a.highest > a.lowest THEN (a.score - a.lowest) / (a.highest - a.lowest) ELSE 0.5 END AS score,
  o.orders_after = 0 AS has_left,
  coalesce(a.closed_at <= a.landmark, FALSE) AS in_time, coalesce(a.outcome IN ('reached', 'solved'), FALSE) AS spoken,
  ln(1 + greatest(o.amount_minor, 0)) AS worth, ln(1 + o.orders_abroad) AS abroad, ln(1 + o.orders) AS often,
  ln(1 + date_diff('microsecond', o.last_order, a.opened_at) / 8.64e10) AS recency
FROM scaled a JOIN o ON o.case_id = a.case_id WHERE o.orders > 0 ORDER BY a.case_id"""
"""Scores as places on their scale, from 0 to 1; of an unknown scale between the lowest and the highest of its survey.
Amounts are those in the workspace's currency, as wherever money is counted; orders in others are a covariate."""


def closing_effect(engine: Engine, cases: pa.Table, now: datetime, *, currency: str) -> ClosingEffect:
    """Compare people whose case was closed in time with people whose case was not; each person with their first case.

    Args:
        cases: see :func:`~foretell.listen.loop.cases.cases`.
        currency: ISO 4217 code of the workspace.
    """
    rows = comparable(engine, cases, now, currency=currency)
    if rows is None:
        return _not_yet(_too_early(cases, now), 0, 0, 0, None)
    in_time, spoken = flags(rows, "in_time"), flags(rows, "spoken")
    kept = ~in_time | spoken
    return compare(rows.filter(pa.array(kept)), int((~kept).sum()))


def comparable(engine: Engine, cases: pa.Table, now: datetime, *, currency: str) -> pa.Table | None:
    """Those of whom enough is known by ``now`` and who had bought before, one row a person: ``case_id month survey
    score has_left in_time spoken worth abroad often recency``; None where no case is old enough."""
    days = {"within": WITHIN_DAYS, "whole": WITHIN_DAYS + HORIZON_DAYS, "before": BEFORE_DAYS}
    asked = scratch(_ASKED.format(**days), {"c": cases}, {"now": naive_utc(now)})
    if not asked.num_rows:
        return None
    handed = asked.select(["case_id", "profile_id", "opened_at", "landmark", "until", "year_before"])
    orders = engine.analytics.query(_ORDERS, {"currency": currency}, tables={"asked": handed})
    told = asked.select(["case_id", "survey", "response_id"])
    measures = engine.analytics.query(_MEASURES, tables={"asked": told})
    return scratch(_ROWS, {"a": asked, "o": orders, "m": measures, "s": _scales()})


def _scales() -> pa.Table:
    told = [(name, float(lowest), float(highest)) for name, (lowest, highest) in SCALES.items()]
    return table_of({"measure": pa.string(), "lowest": pa.float64(), "highest": pa.float64()}, told)


def compare(rows: pa.Table, left_out: int = 0) -> ClosingEffect:
    """The comparison of rows with ``in_time``, ``has_left``, ``score worth often recency`` and ``month``, and where
    they are known ``abroad`` (of orders in other currencies) and ``survey`` (of several, like is compared with like:
    the shares of each survey are made equal)."""
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
            "The two groups hardly overlap: people alike in score, survey, value, recency and month are worth "
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
    """What the groups are made alike in; months of their own where they have cases enough, else as a trend. What is the
    same for everybody is none of them: its difference in units of its spread is nothing but rounding."""
    names = ["score", "worth", "often", "recency"]
    columns = [numbers(rows, name) for name in names]
    if "abroad" in rows.column_names and numbers(rows, "abroad").any():
        names.append("abroad")
        columns.append(numbers(rows, "abroad"))
    if "survey" in rows.column_names:
        surveys, place, counts = _kinds(rows, "survey")
        # Of one survey fewer than there are: what is none of the others is the most frequent.
        several = np.flatnonzero(counts >= _FEW)
        several = several[several != int(np.argmax(counts))]
        columns += [(place == number).astype(np.float64) for number in several]
        names += [f"survey {surveys[number]}" for number in several]
    distinct, place, counts = _kinds(rows, "month")
    many = [number for number in range(1, len(distinct)) if counts[number] >= _FEW]
    if rows.num_rows >= _FEW * (len(columns) + len(many)):
        columns += [(place == number).astype(np.float64) for number in many]
        names += [f"month {distinct[number]}" for number in many]
    names, columns = [*names, "month"], [*columns, place.astype(np.float64)]
    varied = [number for number, column in enumerate(columns) if np.ptp(column) > 0] or [0]
    return [names[number] for number in varied], np.column_stack([columns[number] for number in varied])


def _kinds(rows: pa.Table, name: str) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The distinct texts of a column, which one each row has, and how often each is there."""
    texts = rows[name].to_numpy(zero_copy_only=False).astype(str)
    distinct, place, counts = np.unique(texts, return_inverse=True, return_counts=True)
    return distinct, place, counts


def _balance(names: list[str], found: Compared) -> dict[str, tuple[float, float]]:
    return {
        name: (round(float(before), 3), round(float(after), 3))
        for name, before, after in zip(names, found.before, found.after, strict=True)
    }
