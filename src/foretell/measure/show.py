"""``kpi list`` and ``kpi show``: the doors through which KPIs are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Analytics, Engine, naming
from foretell.measure import statement
from foretell.measure.asking import Plan, Question, planned
from foretell.measure.dimensions import People, instant_of
from foretell.measure.kpi_document import SegmentAt
from foretell.measure.kpi_rows import Selection
from foretell.measure.kpi_set import Kpi, Kpis, kpi_of, kpis, leaves, measure_of
from foretell.measure.periods import Period
from foretell.measure.reading import Ground, read
from foretell.measure.series import KpiSeries, Point
from foretell.measure.span import span_of

_MOMENTS = {
    "start": "Membership is taken at each period's start: who joins during a period counts from the next.",
    "end": "Membership is taken at each period's end: those who left before are not in it (survivorship).",
    "now": "Membership is taken now, also for past periods: prone to survivorship.",
}


@dataclass(frozen=True)
class KpiEntry:
    """A KPI as the list shows it.

    Args:
        measure: ``event`` or ``stock``.
        origin: ``built-in``, ``workspace`` or ``workspace (replaces the built-in)``.
        file: of the document; a built-in one's is relative to this package.
    """

    key: str
    title: str
    description: str
    unit: str
    direction: str
    measure: str
    target: float | None
    origin: str
    file: str


def list_kpis(catalog: Catalog) -> tuple[KpiEntry, ...]:
    """The KPIs in force, by key: built-in ones, and those of the workspace in addition or in their place."""
    known = kpis(catalog)
    return tuple(_entry(kpi, known) for kpi in known.values())


def show(
    engine: Engine,
    reader: Reader,
    catalog: Catalog,
    key: str,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Sequence[str] = (),
    segment: str | None = None,
    segment_at: SegmentAt | None = None,
    known_only: bool = False,
) -> KpiSeries:
    """Read a KPI: one value, or a series.

    Args:
        now: the present.
        since, until: ``[since, until)`` for event measures; a stock without a step is read at ``until``.
            Default: all data, up to the end of the newest event's day or ``now``.
        by: at most one of ``month week day`` and one of ``segment`` and ``trait:NAME``.
        segment: count only members of this segment.
        segment_at: when membership is taken: the ``start`` or ``end`` of each period, or ``now``.
            Default ``start``; ``end`` for one value over all data of an event measure, as nobody is in a
            segment before the first event. ``event`` is refused.
        known_only: leave out anonymous profiles, as of each period's end.

    Raises:
        UsageError: UNKNOWN_KPI, UNKNOWN_DEFINITION, BAD_DIMENSION, BAD_RANGE, SEGMENT_AT_EVENT and the like.
    """
    question = Question(since, until, tuple(by), segment, segment_at, known_only)
    with naming(f"kpi {key}"):
        return _answer(People(engine.analytics, reader, catalog), key, question, now)


def _answer(people: People, key: str, question: Question, now: datetime) -> KpiSeries:
    analytics, settings = people.analytics, people.catalog.settings
    zone, currency = settings.zone_info, settings.currency
    known = kpis(people.catalog)
    kpi = kpi_of(known, key)
    span = span_of(analytics, zone, now)
    plan = planned(question, kpi, known, span, zone)
    whom = [_whom(people, plan, question, step, now) for step in plan.steps]
    ground = Ground(analytics, zone, currency, span.present, people.known)
    readings = read(kpi, known, plan.steps, whom, ground)
    points = [
        Point(group, step.label, step.start, step.end, step.complete, estimate)
        for step, reading in zip(plan.steps, readings, strict=True)
        for group, estimate in reading.items()
    ]
    notes = [_MOMENTS[plan.moment]] if plan.grouped else []
    notes += _left_out(analytics, leaves(kpi, known), plan, currency)
    return _series(kpi, plan, question, points, notes, currency)


def _series(
    kpi: Kpi, plan: Plan, question: Question, points: list[Point], notes: list[str], currency: str
) -> KpiSeries:
    spec = kpi.spec
    return KpiSeries(
        key=kpi.key,
        title=spec.title,
        unit=spec.unit,
        direction=spec.direction,
        measure=plan.measure,
        currency=currency if spec.unit == "money" else "",
        target=spec.target,
        by=question.by,
        segment=question.segment or "",
        segment_at=plan.moment if plan.grouped else "",
        points=tuple(sorted(points, key=lambda point: (point.group, point.start))),
        notes=tuple(notes),
    )


def _entry(kpi: Kpi, known: Kpis) -> KpiEntry:
    spec = kpi.spec
    return KpiEntry(
        key=kpi.key,
        title=spec.title,
        description=spec.description,
        unit=spec.unit,
        direction=spec.direction,
        measure=measure_of(kpi, known),
        target=spec.target,
        origin=kpi.origin,
        file=kpi.document.file,
    )


def _whom(people: People, plan: Plan, question: Question, step: Period, now: datetime) -> Selection:
    found = people.selection(plan.split, question.segment, instant_of(step, plan.moment, now))
    if not question.known_only:
        return found
    return Selection((*found.limits, people.known(step.last_instant)), found.groups)


def _left_out(analytics: Analytics, parts: Sequence[Kpi], plan: Plan, currency: str) -> Iterator[str]:
    """Says how many orders a money KPI leaves out because of their currency."""
    if not any("currency" in statement.parameters(part.spec.sql or "") for part in parts):
        return
    found = analytics.query(
        "SELECT count(*) AS n FROM orders WHERE timestamp >= $from AND timestamp < $to AND currency <> $currency",
        {"from": naive_utc(plan.steps[0].start), "to": naive_utc(plan.steps[-1].end), "currency": currency},
    )
    number = found["n"][0].as_py()
    if number:
        yield f"{number} orders, refunds or adjustments in another currency than {currency} are left out."
