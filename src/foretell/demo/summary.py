"""What the demo found: counts, predictions, segments, KPIs, the journey and its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from foretell import journey, measure, segment
from foretell.app import Workspace
from foretell.engine import UNSENT
from foretell.money import minor_to_major


class Steps(Protocol):
    """Where the demo tells how far it is."""

    def begin(self, title: str, total: float | None = None) -> None:
        """The next piece of work begins."""
        ...

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""
        ...


@dataclass
class Summary:
    """What the demo made.

    Args:
        lines: lines of the files: what became of them.
        revenue: orders, refunds and adjustments together, major units.
        predictions: prediction → metrics out of time; ``verdicts`` in words.
        segments: key → people at ``as_of``.
        personas: title → people; empty where there are none, and ``personas_say`` why.
        journeys: key → entered, held out, goal (people), and the lift's verdict.
        listening: what people said and what is true; see :func:`~foretell.demo.listening.heard`. Empty where the world
            does not know.
        messages: channel → messages sent.
        person: user id of somebody whom the journey wrote to.
        kpis: key → value over all data or at ``as_of``; ``months`` key → month → value (stocks at its
            begin, in the last month at ``as_of``); ``units`` key → unit.
    """

    dataset: str
    directory: str
    currency: str
    as_of: datetime
    lines: dict[str, int] = field(default_factory=dict)
    events: int = 0
    profiles: int = 0
    known_customers: int = 0
    revenue: float = 0.0
    revenue_known: float = 0.0
    revenue_parts: dict[str, float] = field(default_factory=dict)
    predictions: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    segments: dict[str, int] = field(default_factory=dict)
    personas: dict[str, int] = field(default_factory=dict)
    personas_say: str = ""
    kpis: dict[str, float | None] = field(default_factory=dict)
    months: dict[str, dict[str, float | None]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    journeys: dict[str, dict[str, Any]] = field(default_factory=dict)
    listening: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    person: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def more(report: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the metrics: rows, positives, parameters."""
    kept = {name: report[name] for name in ("n", "positives", "params", "log_likelihood") if report.get(name)}
    return {**kept, "calibration": report["calibration"]} if report.get("calibration") else kept


def count(workspace: Workspace, summary: Summary) -> None:
    """Count events, people and money; what nobody sent is left out."""
    query = workspace.engine.analytics.query
    totals = query(
        f"SELECT (SELECT count(*) FROM events WHERE source NOT IN ({UNSENT})) AS events, count(*) AS profiles, "
        "sum(CASE WHEN known THEN 1 ELSE 0 END) AS known FROM profiles"
    ).to_pylist()[0]
    summary.events, summary.profiles, summary.known_customers = (
        int(totals["events"]),
        int(totals["profiles"]),
        int(totals["known"]),
    )
    money = query(
        "SELECT o.kind, p.known, sum(o.amount_minor) AS minor FROM orders o "
        "JOIN profiles p ON p.profile_id = o.profile_id GROUP BY o.kind, p.known"
    ).to_pylist()

    def major(minor: int) -> float:
        return float(minor_to_major(int(minor), summary.currency))

    summary.revenue = major(sum(row["minor"] for row in money))
    summary.revenue_known = major(sum(row["minor"] for row in money if row["known"]))
    for kind in sorted({row["kind"] for row in money}):
        summary.revenue_parts[kind] = major(sum(row["minor"] for row in money if row["kind"] == kind))


def told_journeys(workspace: Workspace, summary: Summary) -> None:
    """What the journeys did, and what went out."""
    engine = workspace.engine
    for line in journey.list_journeys(engine, workspace.catalog, now=summary.as_of):
        report = journey.report(engine, workspace.catalog, line.journey, now=summary.as_of)
        summary.journeys[line.journey] = {
            "entered": report.entered,
            "held_out": report.held_out,
            "goal": sum(report.goal.values()),
            "verdict": measure.journey_lift(engine, workspace.catalog, line.journey, now=summary.as_of).verdict,
        }
    sent = engine.ops.query(
        "SELECT medium, count(*) FROM messages WHERE sent_at IS NOT NULL GROUP BY medium ORDER BY medium"
    )
    summary.messages = {str(medium): int(number) for medium, number in sent}
    written = engine.analytics.query(
        "SELECT p.user_id FROM messages m JOIN profiles p ON p.profile_id = m.profile_id "
        "WHERE p.user_id IS NOT NULL AND m.sent_at IS NOT NULL GROUP BY p.user_id "
        "ORDER BY count(DISTINCT m.medium) DESC, count(m.opened_at) DESC, p.user_id LIMIT 1"
    )
    summary.person = written["user_id"][0].as_py() if written.num_rows else ""


def measured(workspace: Workspace, summary: Summary, steps: Steps) -> None:
    """Size the segments and read the KPIs, by month too."""
    steps.begin("Counting segments")
    sizes = segment.list_segments(workspace.catalog, workspace.reader, as_of=summary.as_of)
    summary.segments = {size.key: size.members for size in sizes}
    steps.begin("Reading KPIs")
    for entry in measure.list_kpis(workspace.catalog):
        whole = _series(workspace, entry.key, summary.as_of)
        months = _series(workspace, entry.key, summary.as_of, "month")
        by_month = {point.period[:7]: point.estimate.value for point in months.points}
        summary.months[entry.key], summary.units[entry.key] = by_month, whole.unit
        known = [value for value in by_month.values() if value is not None]
        summary.kpis[entry.key] = whole.points[0].estimate.value if whole.points else None
        if summary.kpis[entry.key] is None and known:
            summary.kpis[entry.key] = known[-1]


def _series(workspace: Workspace, key: str, until: datetime, *by: str) -> measure.KpiSeries:
    return measure.show(
        workspace.engine,
        workspace.reader,
        workspace.catalog,
        key,
        now=workspace.clock.now(),
        until=until,
        by=by,
    )
