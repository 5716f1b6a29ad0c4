"""``/metrics``: numbers of this process and of its workspace in Prometheus's text format.

What work does is counted while it is done; what stands is looked up when it is asked for, each by a look into an
index or at a file's size, never by reading through a table.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from foretell import __version__, deliver, journey, telemetry
from foretell.errors import ForetellError
from foretell.web.site import Here, Site

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, site: Here) -> Response:
    """Everything, as the scraper asks for it."""
    encode, kind = choose_encoder(request.headers.get("accept", ""))
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    for collector in (_Counted(), _Standing(site)):
        registry.register(collector)
    return Response(encode(registry), media_type=kind, headers={"cache-control": "no-store"})


class _Counted(Collector):
    """What was counted while work was done."""

    def describe(self) -> list[Metric]:
        """Nothing is asked before it is collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Each instrument as a family."""
        for instrument in telemetry.INSTRUMENTS:
            if isinstance(instrument, telemetry.Distribution):
                yield _histogram(instrument)
            else:
                family = CounterMetricFamily(instrument.name, instrument.what, labels=instrument.labels)
                for sample in instrument.samples():
                    family.add_metric(sample.labels, sample.value)
                yield family


def _histogram(instrument: telemetry.Distribution) -> Metric:
    family = HistogramMetricFamily(instrument.name, instrument.what, labels=instrument.labels)
    bounds = [*map(str, instrument.bounds), "+Inf"]
    for sample in instrument.samples():
        below, buckets = 0, []
        for bound, count in zip(bounds, sample.counts, strict=True):
            below += count
            buckets.append((bound, float(below)))
        family.add_metric(sample.labels, buckets, sample.value)
    return family


class _Standing(Collector):
    """How the workspace stands now; what cannot be looked up is left out, and the error is counted."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._engine = site.workspace.engine

    def describe(self) -> list[Metric]:
        """Nothing is asked before it is collected."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Each part as far as it can be told."""
        now = self._site.now
        parts: tuple[Callable[[datetime], list[Metric]], ...] = (
            self._process,
            self._spool,
            self._views,
            self._journeys,
            self._outbox,
            self._worker,
        )
        for part in parts:
            try:
                yield from part(now)
            except ForetellError as error:
                telemetry.count_error(error, "metrics")

    def _process(self, now: datetime) -> list[Metric]:
        build = GaugeMetricFamily("foretell_build_info", "The release that runs.", labels=["version", "python"])
        build.add_metric([__version__, platform.python_version()], 1)
        role = GaugeMetricFamily("foretell_role", "What this process is there for.", labels=["role"])
        role.add_metric([self._site.role], 1)
        leads = _gauge("foretell_leader", "1 where this process leads.", float(self._engine.has_analytics))
        return [build, role, leads]

    def _spool(self, now: datetime) -> list[Metric]:
        waiting = self._engine.spool_waiting()
        return [
            _gauge("foretell_spool_waiting_bytes", "Durable events that are not in the stores yet.", waiting.bytes),
            _gauge("foretell_spool_oldest_seconds", "How long the first of them waits.", _age(waiting.oldest, now)),
        ]

    def _views(self, now: datetime) -> list[Metric]:
        if not self._engine.has_analytics:  # whoever leads tells it
            return []
        recorded = self._engine.ops.look_up("SELECT coalesce(max(batch), 0) FROM batches")[0][0]
        told = _gauge("foretell_recorded_batch", "Number of the last recorded batch.", float(recorded))
        if not self._engine.has_analytics:
            return [told]
        behind = max(0, int(recorded) - self._engine.analytics.last_batch())
        return [
            told,
            _gauge("foretell_views_behind_batches", "Recorded batches that the views do not show yet.", behind),
        ]

    def _journeys(self, now: datetime) -> list[Metric]:
        told = "How long the earliest step that is due waits."
        family = GaugeMetricFamily("foretell_journey_lag_seconds", told, labels=["journey"])
        for key, since in journey.overdue_since(self._engine, now).items():
            family.add_metric([key], _age(since, now))
        return [family]

    def _outbox(self, now: datetime) -> list[Metric]:
        standing = deliver.outbox_standing(self._engine, now)
        told = "Messages that wait for their channel; counted up to 100,000 a state."
        family = GaugeMetricFamily("foretell_outbox_messages", told, labels=["state"])
        for state in ("due", "later", "claimed"):
            family.add_metric([state], getattr(standing, state))
        oldest = _age(standing.oldest_due, now)
        return [
            family,
            _gauge("foretell_outbox_oldest_seconds", "How long the first message that is due waits.", oldest),
        ]

    def _worker(self, now: datetime) -> list[Metric]:
        alive = _gauge("foretell_worker_alive", "1 where the worker's thread runs.", float(self._site.worker.alive))
        failures = GaugeMetricFamily("foretell_work_failures", "Failures in a row of a piece of work.", labels=["work"])
        done = GaugeMetricFamily("foretell_work_done_seconds", "Time since it last went well.", labels=["work"])
        for work in self._site.worker.state():
            failures.add_metric([work.name], work.failures)
            if work.done_at is not None:
                done.add_metric([work.name], _age(work.done_at, now))
        return [alive, failures, done]


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _age(since: datetime | None, now: datetime) -> float:
    """Seconds since then; 0 where there is nothing."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
