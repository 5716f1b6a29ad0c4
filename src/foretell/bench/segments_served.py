"""From an event's acknowledgement to its person's membership, with a hundred segments kept fresh by the real server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from foretell import definitions
from foretell.bench import batches_file
from foretell.bench.ingest_steady import Asking, lags_of
from foretell.bench.rivals import rivals
from foretell.bench.running import SERVE, sending, server, what_came
from foretell.bench.segment_documents import documents, written

EVENTS_PER_SECOND = 1_000
LOOKED_EVERY_SECONDS = 0.1
LAST_WAIT_SECONDS = 60
_COUNT = "SELECT count(*) AS n FROM segment_changes WHERE segment = 'newcomers'"


def fresh(*, seconds: int, report: Callable[[str], None]) -> dict[str, float]:
    """Send for ``seconds``; returns the figures ``fresh_p50_s`` and ``fresh_p99_s``."""
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        folder, bodies = Path(place, "workspace"), Path(place, "bodies")
        requests = seconds * EVENTS_PER_SECOND // batches_file.EVENTS
        batches_file.write(bodies, batches=100, people=1_000)
        definitions.init(folder)
        (folder / "segments").mkdir(exist_ok=True)
        (folder / "segments" / "all.yaml").write_text(written(_segments()), encoding="utf-8")
        rate = EVENTS_PER_SECOND / batches_file.EVENTS
        at: list[float] = []
        people: list[int] = []
        with server("fresh", *SERVE, folder=folder) as ours:
            asking = Asking(folder)
            asking.number("query", _COUNT)
            with sending(ours, bodies, requests=requests, first_round=0, per_second=rate) as load:
                while load.runs:
                    _look(asking, at, people)
                sent = what_came(load)
            end = time.monotonic() + LAST_WAIT_SECONDS
            while people[-1] < sent.acknowledged and time.monotonic() < end:
                _look(asking, at, people)
        report(f"  {people[-1]:,} of {sent.acknowledged:,} newcomers are members")
        lags = lags_of(sent.acknowledged_at[: people[-1]], at, people)
    return {
        "fresh_events": sent.acknowledged * batches_file.EVENTS,
        "fresh_p50_s": round(float(np.percentile(lags, 50)), 2),
        "fresh_p99_s": round(float(np.percentile(lags, 99)), 2),
    }


def _segments() -> list[dict[str, object]]:
    """One of newcomers, and 99 of the rivals' that the load's events belong to as well."""
    newcomers = {"did": batches_file.NEWCOMER, "within": "30d"}
    own: dict[str, object] = {"kind": "segment", "key": "newcomers", "spec": {"condition": newcomers}}
    return [own, *documents(rivals().SEGMENTS[:99])]


def _look(asking: Asking, at: list[float], people: list[int]) -> None:
    begin = time.monotonic()
    people.append(asking.number("query", _COUNT))
    at.append(time.monotonic())
    time.sleep(max(LOOKED_EVERY_SECONDS - (time.monotonic() - begin), 0.01))
