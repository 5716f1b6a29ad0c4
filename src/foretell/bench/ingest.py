"""``bench ingest``: how fast events are taken in durably, and how soon they count.

First as fast as it goes, three servers in turns under the same load: ours, which answers when the events are on
the disk (``foretell serve --role api``: all but the worker, which takes them in afterwards); one that decodes the
same bodies and keeps nothing; and an endpoint as it is usually written, with FastAPI and a pydantic model. Then
``foretell serve`` under a steady 5,000 events a second, until each acknowledged event is in a segment's count.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from foretell import definitions
from foretell.bench import batches_file
from foretell.bench.ingest_steady import steady
from foretell.bench.processes import measure
from foretell.bench.registry import Result
from foretell.bench.running import SERVE, Sent, Server, sending, server, what_came
from foretell.errors import ForetellError

LIMITS = {"durable_vs_decode": ">= 0.5", "vs_fastapi": ">= 5"}
_SIDES = "foretell.bench.ingest_sides"
_SHARE = {"durable": 1.0, "decode": 1.0, "fastapi": 0.2}
"""Requests of each side: the slow one gets fewer, for about the same time."""
_CONNECTIONS = 128
"""Senders are many, and one commit answers all that wait; with a few, what is measured is how long one commit takes."""
BODIES = 500
_ROUNDS_APART = 100
"""Numbers between the first rounds of two loads, so that no two have message ids in common: each time that all
bodies were sent the next number follows."""
_COUNT = "SELECT count(*) AS n, count(DISTINCT message_id) AS ids FROM events WHERE source = 'api'"


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """Ten minutes of the steady load on a server that took in 1.5 million events; ``--quick`` takes one minute on a
    new one, and fewer requests before."""
    rounds, requests, seconds, filling = (7, 1_000, 60, 0) if quick else (15, 1_500, 600, 1_500_000)
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        bodies = Path(folder, "bodies")
        batches_file.write(bodies, batches=BODIES, people=BODIES * 10)
        rates, figures = _throughput(Path(folder, "fast"), bodies, rounds, requests, report)
        found = steady(Path(folder, "steady"), bodies, seconds=seconds, filling=filling, report=report)
    ratios = {
        "durable_vs_decode": ratio_of(rates["durable"], rates["decode"]),
        "vs_fastapi": ratio_of(rates["durable"], rates["fastapi"]),
    }
    return Result("ingest", ratios, {**figures, **found}, LIMITS)


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds, since what else the machine does touches both sides of a round."""
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 3)


def _throughput(
    folder: Path, bodies: Path, rounds: int, requests: int, report: Callable[[str], None]
) -> tuple[Mapping[str, list[float]], dict[str, float]]:
    definitions.init(folder)
    sent: dict[str, list[Sent]] = {name: [] for name in _SHARE}
    with ExitStack() as running:
        servers = {
            "durable": running.enter_context(server("durable", *SERVE, "--role", "api", folder=folder)),
            "decode": running.enter_context(server("decode", "-m", _SIDES, "decode", folder=folder)),
            "fastapi": running.enter_context(server("fastapi", "-m", _SIDES, "fastapi", folder=folder)),
        }
        for each in servers.values():  # a first load that does not count: code and connections get warm
            load(each, bodies, warming(requests), 0)
            each.wait_for_rest()
        for number in range(1, rounds + 1):
            for name, each in servers.items():
                sent[name].append(load(each, bodies, round(requests * _SHARE[name]), number))
            told = ", ".join(f"{name} {rate(sent[name][-1]):,.0f}" for name in servers)
            report(f"round {number} of {rounds}, events a second: {told}")
        for name in ("decode", "fastapi"):
            check(name, servers[name].get("/events"), sent[name], requests)
    report("taking in what was acknowledged")
    check("durable", taken_in(folder), sent["durable"], requests)
    figures: dict[str, float] = {}
    for name, all_rounds in sent.items():
        seconds = np.concatenate([one.seconds for one in all_rounds])
        figures[f"{name}_events_per_s"] = round(statistics.median(map(rate, all_rounds)))
        figures[f"{name}_p50_ms"] = round(float(np.percentile(seconds, 50)) * 1000, 1)
        figures[f"{name}_p99_ms"] = round(float(np.percentile(seconds, 99)) * 1000, 1)
    return {name: list(map(rate, all_rounds)) for name, all_rounds in sent.items()}, figures


def load(to: Server, bodies: Path, requests: int, number: int) -> Sent:
    """The ``number``-th load on a server, and what came of it."""
    first = number * _ROUNDS_APART
    with sending(to, bodies, requests=requests, first_round=first, connections=_CONNECTIONS) as runs:
        return what_came(runs)


def warming(requests: int) -> int:
    """Requests of the first load."""
    return max(requests // 5, 1)


def rate(sent: Sent) -> float:
    """Events acknowledged a second."""
    return sent.acknowledged * batches_file.EVENTS / sent.wall_seconds


def taken_in(folder: Path) -> object:
    """Events found after the worker's work was done, each once."""
    measure([sys.executable, "-m", "foretell", "run", "--workspace", folder])
    told = measure([sys.executable, "-m", "foretell", "query", _COUNT, "--workspace", folder, "--json"])
    (found,) = json.loads(told.output)
    return found["n"] if found["n"] == found["ids"] else -1


def check(name: str, found: object, sent: Sequence[Sent], requests: int) -> None:
    """Refuse where as many events were not ``found`` as were acknowledged, in the first load and those counted."""
    expected = (warming(requests) + sum(one.acknowledged for one in sent)) * batches_file.EVENTS
    if found != expected:
        raise ForetellError(
            "CHECKSUM_DIFFERS", f"{name}: {expected:,} events acknowledged, {found} found", thing="bench ingest"
        )
