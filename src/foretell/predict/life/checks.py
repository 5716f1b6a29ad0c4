"""The checks of models as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foretell.clock import naive_utc, utc
from foretell.engine import Analytics

_ROWS = """
SELECT c.model, c.what, c.subject, c.as_of, c.scored_at, c.people, c.value, c.limit_value, c.low, c.high, c.expected,
  c.observed, c.verdict, c.words
FROM model_checks c WHERE c.prediction = $prediction AND c.as_of <= $as_of {only}
ORDER BY c.as_of DESC, c.what, c.value DESC, c.subject
"""
_NEWEST = """
AND c.as_of = (SELECT max(l.as_of) FROM model_checks l WHERE l.prediction = $prediction AND l.what = c.what
  AND l.as_of <= $as_of)
"""


@dataclass(frozen=True)
class ModelCheck:
    """One thing that was held against what it was at training, or against what came true.

    Args:
        what: ``feature``, ``scores`` or ``calibration``.
        subject: name of the feature, or the horizon.
        as_of: instant of the check.
        scored_at: as of when the people had been scored that it speaks of.
        value: population stability index, or the calibration error with its 90 % interval ``low`` to ``high``.
        limit: from here on it is ``moved`` or ``off``.
        expected, observed: mean probability and the share for whom it came true; of features and scores the shares
            without a value, then and now.
        verdict: ``steady``, ``moving``, ``moved`` or ``off``.
    """

    model: str
    what: str
    subject: str
    as_of: datetime
    scored_at: datetime
    people: int
    value: float
    limit: float
    low: float | None
    high: float | None
    expected: float | None
    observed: float | None
    verdict: str
    words: str


def model_checks(analytics: Analytics, prediction: str, *, as_of: datetime, newest: bool = True) -> list[ModelCheck]:
    """What was checked up to ``as_of``, newest first and in it the furthest moved first.

    Args:
        newest: of each ``what`` the last check alone.
    """
    values = {"prediction": prediction, "as_of": naive_utc(as_of)}
    rows = analytics.query(_ROWS.format(only=_NEWEST if newest else ""), values).to_pylist()
    return [
        ModelCheck(**{**row, "as_of": utc(row["as_of"]), "scored_at": utc(row["scored_at"])})
        for row in (_renamed(row) for row in rows)
    ]


def _renamed(row: dict[str, Any]) -> dict[str, Any]:  # `limit` is a word of SQL
    return {("limit" if name == "limit_value" else name): value for name, value in row.items()}
