"""From what was asked to what is to be read: range, periods, instant of membership."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from foretell.errors import UsageError
from foretell.measure.dimensions import Split, split_of
from foretell.measure.kpi_document import Measure, SegmentAt
from foretell.measure.kpi_set import Kpi, Kpis, measure_of, reads_past
from foretell.measure.periods import Period, instants, periods
from foretell.measure.span import Span


@dataclass(frozen=True)
class Question:
    """What somebody wants to know of a KPI; see :func:`foretell.measure.show`."""

    since: datetime | None = None
    until: datetime | None = None
    by: tuple[str, ...] = ()
    segment: str | None = None
    segment_at: SegmentAt | None = None
    known_only: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be read.

    Args:
        moment: instant of each period at which membership is taken.
        grouped: True where membership matters.
    """

    measure: Measure
    split: Split
    moment: SegmentAt
    grouped: bool
    steps: tuple[Period, ...]


def planned(question: Question, kpi: Kpi, known: Kpis, span: Span, zone: ZoneInfo) -> Plan:
    """The periods of an event measure, or the instants of a stock, with everything left open filled in."""
    measure, look_ahead, split = measure_of(kpi, known), reads_past(kpi, known), split_of(question.by)
    series = split.grain is not None
    moment = _moment(measure, question.segment_at, all_data=question.since is None and not series)
    since, until = span.range_for(measure, look_ahead, question.since, question.until, series=series)
    if measure == "event":
        steps = periods(since, until, split.grain, zone, span.present)
    else:
        steps = instants(since, until, split.grain, zone, span.known_until(look_ahead))
    return Plan(measure, split, moment, split.grouped or question.segment is not None, steps)


def _moment(measure: Measure, asked: SegmentAt | None, *, all_data: bool) -> SegmentAt:
    if asked == "event":
        raise UsageError(
            "SEGMENT_AT_EVENT",
            "membership at each event's own instant needs the history of memberships, which is not kept yet",
            next_step="Take it at the period's start or end, or now.",
        )
    if asked is not None:
        return asked
    return "end" if measure == "event" and all_data else "start"
