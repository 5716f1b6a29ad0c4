"""``bench journey``: the set-based runner against a durable workflow a customer, a hand-written wave, a naive tick.

Everything is compared by CPU, that of a server's processes among it, since the sides wait for different disks.
"""

from __future__ import annotations

from collections.abc import Callable

from foretell.bench.beside import postgres_beside
from foretell.bench.journey_backtest import year
from foretell.bench.journey_wave import waves
from foretell.bench.journey_workflow import durable
from foretell.bench.ops_tick import small_tick
from foretell.bench.registry import Result

LIMITS = {
    "vs_durable_workflow": ">= 100",
    "wave_vs_duckdb": ">= 0.1",
    "small_tick_vs_naive": "<= 0.15",
    "small_tick_growth": "<= 2",
    "backtest_vs_entries": "<= 2",
}
FEW, MANY = 10_000, 1_000_000


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """A wave of a million, and small ticks among 10,000 and a million who wait; ``--quick``: a wave of 50,000."""
    ticks = 10 if quick else 40
    with postgres_beside() as beside:
        workflow_s, workflows = durable(beside, people=400 if quick else 2_000, report=report)
        _, few = small_tick(beside, waiting=FEW, ticks=ticks, report=report, schema="few")
        of_tick, many = small_tick(beside, waiting=MANY, ticks=ticks, report=report, schema="many")
    of_wave, step_s, figures = waves(people=50_000 if quick else 1_000_000, report=report)
    of_year, backtested = year(people=10_000 if quick else 100_000, report=report)
    ratios = {
        "vs_durable_workflow": round(workflow_s / step_s, 1),
        "wave_vs_duckdb": of_wave,
        "small_tick_vs_naive": of_tick,
        "small_tick_growth": round(many["small_tick_cpu_ms"] / few["small_tick_cpu_ms"], 3),
        "backtest_vs_entries": of_year,
    }
    ticked = {f"few_{name}": value for name, value in few.items()} | {f"many_{name}": v for name, v in many.items()}
    return Result("journey", ratios, {**workflows, **figures, **ticked, **backtested}, LIMITS)
