"""``bench ops``: the operational store on PostgreSQL against the embedded one, and against what is usually written.

A server of its own, durable as one in use, stands on the same machine. The same code of ours works on both stores, in
one run and with one checksum: identity, a wave of a journey. A small tick among a million who wait is held against the
update that scans them, and what the tracking API acknowledges against a server that only decodes.
"""

from __future__ import annotations

from collections.abc import Callable

from foretell.bench.beside import postgres_beside
from foretell.bench.ops_identity import identity
from foretell.bench.ops_ingest import durable
from foretell.bench.ops_tick import small_tick
from foretell.bench.ops_wave import wave
from foretell.bench.registry import Result

LIMITS = {
    "pg_identity_vs_sqlite": ">= 0.5",
    "pg_wave_vs_sqlite": ">= 0.25",
    "pg_small_tick_vs_naive": "<= 0.2",
    "pg_ingest_vs_decode": ">= 0.4",
}
WAITING = 1_000_000


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """A million events and 100,000 people; ``--quick`` takes a fifth of them, and as many who wait."""
    small = 5 if quick else 1
    with postgres_beside() as beside:
        of_identity, identified = identity(beside, events=1_000_000 // small, report=report)
        of_wave, waved = wave(beside, people=100_000 // small, report=report)
        of_tick, ticked = small_tick(beside, waiting=WAITING, ticks=10 if quick else 40, report=report)
        of_ingest, taken = durable(rounds=7 if quick else 15, requests=1_000 if quick else 1_500, report=report)
    ratios = {
        "pg_identity_vs_sqlite": of_identity,
        "pg_wave_vs_sqlite": of_wave,
        "pg_small_tick_vs_naive": of_tick,
        "pg_ingest_vs_decode": of_ingest,
    }
    return Result("ops", ratios, {**identified, **waved, **ticked, **taken}, LIMITS)
