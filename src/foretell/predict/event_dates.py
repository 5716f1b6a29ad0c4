"""When something is expected of a person: the last stored dates of predictions in the form of a hazard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foretell.clock import naive_utc, utc
from foretell.engine import Analytics

_DATES = """
WITH latest AS (
  SELECT d.prediction, max(d.as_of) AS as_of FROM event_date_rows d WHERE d.as_of <= $as_of GROUP BY d.prediction
), placed AS (
  SELECT d.prediction, d.as_of, d.expected_at, d.earliest_at, d.latest_at, d.chance,
    row_number() OVER (PARTITION BY d.prediction
      ORDER BY CASE WHEN d.node_key = d.profile_key THEN 0 ELSE 1 END, d.node_key) AS place
  FROM log_event_dates d JOIN latest l ON l.prediction = d.prediction AND l.as_of = d.as_of
  WHERE d.profile_key = $person
)
SELECT prediction, as_of, expected_at, earliest_at, latest_at, chance FROM placed WHERE place = 1 ORDER BY prediction"""


@dataclass(frozen=True)
class ExpectedDate:
    """When the outcome of a prediction is expected of a person.

    Args:
        expected_at: half of the probability lies before it; None where it lies beyond the longest horizon.
        earliest_at, latest_at: a tenth and nine tenths lie before them; None likewise.
        chance: probability within the longest horizon.
    """

    prediction: str
    as_of: datetime
    expected_at: datetime | None
    earliest_at: datetime | None
    latest_at: datetime | None
    chance: float


def expected_dates(analytics: Analytics, profile_key: int, *, as_of: datetime) -> list[ExpectedDate]:
    """A person's last stored dates up to ``as_of``, by prediction; empty where there are none."""
    rows = analytics.query(_DATES, {"as_of": naive_utc(as_of), "person": profile_key}).to_pylist()
    return [
        ExpectedDate(
            row["prediction"], utc(row["as_of"]), _utc(row["expected_at"]), _utc(row["earliest_at"]),
            _utc(row["latest_at"]), row["chance"],
        )
        for row in rows
    ]  # fmt: skip


def _utc(stored: datetime | None) -> datetime | None:
    return None if stored is None else utc(stored)
