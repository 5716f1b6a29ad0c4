"""How fast the tracking API acknowledges what lies durably in PostgreSQL, against a server that only decodes."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from foretell import definitions
from foretell.bench import batches_file, ingest
from foretell.bench.beside import settings_on
from foretell.bench.running import SERVE, Sent, Server, server

_SIDES = "foretell.bench.ingest_sides"
_NAMES = ("pg_durable", "decode")


def durable(*, rounds: int, requests: int, report: Callable[[str], None]) -> tuple[float, dict[str, float]]:
    """Events a second acknowledged from PostgreSQL's spool ÷ those only decoded, medians of rounds in turns.

    By wall time, on one machine: what its server takes of the processors, the load and our own process lack.
    """
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        folder, bodies = Path(place, "workspace"), Path(place, "bodies")
        batches_file.write(bodies, batches=ingest.BODIES, people=ingest.BODIES * 10)
        definitions.init(folder)
        with (folder / "foretell.yaml").open("a", encoding="utf-8") as file:
            file.write(settings_on("ingest"))
        ingest.taken_in(folder)  # an api process waits until somebody who leads has made the tables
        sent = _rounds(folder, bodies, rounds, requests, report)
        report("taking in what was acknowledged")
        ingest.check("pg_durable", ingest.taken_in(folder), sent["pg_durable"], requests)
    rates = {name: [ingest.rate(one) for one in loads] for name, loads in sent.items()}
    figures: dict[str, float] = {}
    for name, loads in sent.items():
        seconds = np.concatenate([one.seconds for one in loads])
        figures[f"{name}_events_per_s"] = round(statistics.median(rates[name]))
        figures[f"{name}_p50_ms"] = round(float(np.percentile(seconds, 50)) * 1000, 1)
        figures[f"{name}_p99_ms"] = round(float(np.percentile(seconds, 99)) * 1000, 1)
    return ingest.ratio_of(rates["pg_durable"], rates["decode"]), figures


def _rounds(
    folder: Path, bodies: Path, rounds: int, requests: int, report: Callable[[str], None]
) -> dict[str, list[Sent]]:
    sent: dict[str, list[Sent]] = {name: [] for name in _NAMES}
    with ExitStack() as running:
        servers: dict[str, Server] = {
            "pg_durable": running.enter_context(server("durable", *SERVE, "--role", "api", folder=folder)),
            "decode": running.enter_context(server("decode", "-m", _SIDES, "decode", folder=folder)),
        }
        for each in servers.values():  # a first load that does not count
            ingest.load(each, bodies, ingest.warming(requests), 0)
            each.wait_for_rest()
        for number in range(1, rounds + 1):
            for name, each in servers.items():
                sent[name].append(ingest.load(each, bodies, requests, number))
            told = ", ".join(f"{name} {ingest.rate(sent[name][-1]):,.0f}" for name in servers)
            report(f"round {number} of {rounds}, events a second: {told}")
        ingest.check("decode", servers["decode"].get("/events"), sent["decode"], requests)
    return sent
