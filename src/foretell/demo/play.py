"""Playing a data set through: import, train, score, segments, KPIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from foretell import app, collect, measure, predict, segment
from foretell.app import Workspace
from foretell.clock import utc
from foretell.demo.datasets import Dataset
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
        kpis: key → value over all data or at ``as_of``; ``months`` key → month → value (stocks at its
            begin, in the last month at ``as_of``).
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
    kpis: dict[str, float | None] = field(default_factory=dict)
    months: dict[str, dict[str, float | None]] = field(default_factory=dict)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def play(workspace: Workspace, dataset: Dataset, *, seed: int | None, steps: Steps) -> Summary:
    """Do the main job on ``dataset`` in an opened workspace that holds its definitions.

    The instant of everything is the midnight after the last event, in the workspace's zone.
    """
    app.apply(workspace)
    lines = _import(workspace, dataset, steps)
    as_of = _after_the_end(workspace)
    summary = Summary(dataset.key, str(workspace.root), workspace.settings.currency, as_of, lines)
    for key in dataset.predictions:
        steps.begin(f"Training {key}")
        report = predict.train(
            workspace.engine,
            workspace.catalog,
            workspace.reader,
            key,
            as_of=as_of,
            now=workspace.clock.now(),
            seed=seed,
        )
        told = report.as_dict()
        summary.predictions[key] = {**told["metrics"], **_more(told)}
        summary.verdicts[key] = report.verdict
        steps.begin(f"Scoring {key}")
        predict.score(
            workspace.engine, workspace.catalog, workspace.reader, key, as_of=as_of, now=workspace.clock.now()
        )
    _count(workspace, summary)
    _measure(workspace, summary, steps)
    return summary


def _import(workspace: Workspace, dataset: Dataset, steps: Steps) -> dict[str, int]:
    lines: dict[str, int] = {}
    for file, source in dataset.imports:
        path = dataset.root / "data" / file
        steps.begin(f"Importing {file}", 1)
        (report,) = collect.import_files(
            workspace.engine,
            workspace.catalog,
            [path],
            source,
            now=workspace.clock.now(),
            progress=lambda _, read, size: steps.done(read, size),
        )
        for part in (report.mappings, report.skipped, {"quarantined": report.quarantined}):
            for name, number in part.items():
                lines[name] = lines.get(name, 0) + number
        lines["total"] = lines.get("total", 0) + report.rows
    return lines


def _after_the_end(workspace: Workspace) -> datetime:
    last = workspace.engine.analytics.query("SELECT max(ts) AS last FROM event_log")["last"][0].as_py()
    local = utc(last).astimezone(workspace.settings.zone_info) + timedelta(days=1)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(utc(last).tzinfo)


def _more(report: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the metrics: rows, positives, parameters."""
    kept = {name: report[name] for name in ("n", "positives", "params", "log_likelihood") if report.get(name)}
    return {**kept, "calibration": report["calibration"]} if report.get("calibration") else kept


def _count(workspace: Workspace, summary: Summary) -> None:
    query = workspace.engine.analytics.query
    totals = query(
        "SELECT (SELECT count(*) FROM events) AS events, count(*) AS profiles, "
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


def _measure(workspace: Workspace, summary: Summary, steps: Steps) -> None:
    steps.begin("Counting segments")
    sizes = segment.list_segments(workspace.catalog, workspace.reader, as_of=summary.as_of)
    summary.segments = {size.key: size.members for size in sizes}
    steps.begin("Reading KPIs")
    for entry in measure.list_kpis(workspace.catalog):
        whole = _series(workspace, entry.key, summary.as_of)
        months = _series(workspace, entry.key, summary.as_of, "month")
        by_month = {point.period[:7]: point.estimate.value for point in months.points}
        summary.months[entry.key] = by_month
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
