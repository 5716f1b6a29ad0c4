"""What a KPI's reading looks like to whoever asked: a frozen series of points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.clock import naive_utc

NO_DATA = "no_data"
NOT_ELAPSED = "not_elapsed"
NO_VALUE = "no_value"

SCHEMA = pa.schema(
    [
        ("kpi", pa.string()),
        ("group", pa.string()),
        ("period", pa.string()),
        ("start", pa.timestamp("us")),
        ("end", pa.timestamp("us")),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
        ("n", pa.int64()),
        ("complete", pa.bool_()),
        ("reason", pa.string()),
    ]
)
"""Columns of :meth:`KpiSeries.table`; instants are naive UTC."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 90 % interval.

    Args:
        value: None where there is none; then ``reason`` says why.
        low, high: None where the KPI has no interval or too few people carry it.
        numerator, denominator: what the value was made of; money in major units.
        n: number of people in it; None for formulas.
        reason: ``no_data``, ``not_elapsed`` (the KPI looks past what has happened), ``no_value`` (a
            formula's term has none, or a division by zero); empty where there is a value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    n: int | None = None
    reason: str = ""

    @property
    def exact(self) -> bool:
        """True where the value was counted and not estimated: it needs no interval."""
        return self.value is not None and self.denominator is None and self.n is not None


@dataclass(frozen=True)
class Point:
    """One value of a series.

    Args:
        group: segment or trait value; empty where the series is not split.
        period: ``2011-03``, ``2011-W09``, ``2011-03-01`` or ``total``.
        start, end: the period ``[start, end)``; equal for stocks.
        complete: False where the period was cut or is not over.
    """

    group: str
    period: str
    start: datetime
    end: datetime
    complete: bool
    estimate: Estimate


@dataclass(frozen=True)
class KpiSeries:
    """A KPI's points, by group and then time, with what is needed to print and draw them.

    Args:
        currency: of values where ``unit`` is money (major units); else empty.
        by: the dimensions asked for.
        segment: the segment the people were limited to; empty for none.
        segment_at: instant of the period at which membership was taken; empty without segments.
        notes: sentences that belong beside the numbers.
    """

    key: str
    title: str
    unit: str
    direction: str
    measure: str
    currency: str
    target: float | None
    by: tuple[str, ...]
    segment: str
    segment_at: str
    points: tuple[Point, ...]
    notes: tuple[str, ...] = ()

    def table(self) -> pa.Table:
        """The points as Arrow, one row each, columns as :data:`SCHEMA`."""
        return pa.Table.from_pylist([_row(self.key, point) for point in self.points], schema=SCHEMA)

    def as_dict(self) -> dict[str, object]:
        """The series for programs (``--json``); instants as ISO 8601 in UTC."""
        points = [
            {**_row(self.key, point), "start": _iso(point.start), "end": _iso(point.end)} for point in self.points
        ]
        return {
            "key": self.key,
            "title": self.title,
            "unit": self.unit,
            "direction": self.direction,
            "measure": self.measure,
            "currency": self.currency,
            "target": self.target,
            "by": list(self.by),
            "segment": self.segment,
            "segment_at": self.segment_at,
            "points": points,
            "notes": list(self.notes),
        }


def _row(key: str, point: Point) -> dict[str, object]:
    estimate = point.estimate
    return {
        "kpi": key,
        "group": point.group,
        "period": point.period,
        "start": naive_utc(point.start),
        "end": naive_utc(point.end),
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "numerator": estimate.numerator,
        "denominator": estimate.denominator,
        "n": estimate.n,
        "complete": point.complete,
        "reason": estimate.reason,
    }


def _iso(instant: datetime) -> str:
    return naive_utc(instant).isoformat(timespec="seconds") + "Z"
