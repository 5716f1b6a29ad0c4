"""A durable workflow a customer, as a general library keeps it: DBOS on PostgreSQL, each step with its record.

It gets the same six steps, and none of them does anything: what is measured is being durable alone. Its waits are
over at once. Two modes are tried (threads, and coroutines in one loop), and the faster counts.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from foretell.bench.beside import Beside
from foretell.bench.processes import measure
from foretell.errors import ForetellError

STEPS = ("welcome", "day", "promising", "tips", "two_days", "valuable")
AT_ONCE = 64
"""Workflows under way at the same time: more make neither mode faster."""
_WARM = 60


def durable(beside: Beside, *, people: int, report: Callable[[str], None]) -> tuple[float, dict[str, float]]:
    """CPU seconds of a step in the faster mode, the server's among them, and figures.

    Raises:
        ForetellError: ``NOT_INSTALLED`` where the library is not there.
    """
    if importlib.util.find_spec("dbos") is None:
        raise ForetellError(
            "NOT_INSTALLED",
            "the library that journeys are compared with is not there",
            thing="dbos",
            next_step="Run `pip install dbos`; nothing else needs it.",
        )
    figures: dict[str, float] = {"workflow_people": people}
    costs = []
    for mode in ("threads", "coroutines"):
        report(f"durable workflows in {mode}: {people:,} people")
        with TemporaryDirectory(prefix="foretell-bench-") as place:
            out = Path(place, "told.json")
            before = beside.cpu_s()
            measure([sys.executable, "-m", __name__, mode, beside.url, str(people), out])
            told: dict[str, float] = json.loads(out.read_text("utf-8"))
            server = (beside.cpu_s() - before) * people / (people + _WARM)
        steps = people * len(STEPS)
        costs.append((told["cpu_s"] + server) / steps)
        figures |= {
            f"workflow_{mode}_cpu_us": round(costs[-1] * 1e6, 1),
            f"workflow_{mode}_wall_us": round(told["wall_s"] / steps * 1e6, 1),
        }
    return min(costs), figures


def _played(mode: str, url: str, people: int) -> dict[str, float]:
    library: Any = importlib.import_module("dbos").DBOS
    step = library.step()(_nothing)
    quiet = {"log_level": "ERROR", "console_log_level": "ERROR"}
    config = {"name": "bench", "system_database_url": url, "sys_db_pool_size": AT_ONCE, **quiet}
    library(config=config | {"max_executor_threads": AT_ONCE})
    flow = library.workflow()(_flow(step))
    later_step = library.step()(_nothing_later)
    later = library.workflow()(_flow_later(later_step))
    library.launch()
    try:
        for number in (_WARM, people):
            begun, cpu = perf_counter(), process_time()
            if mode == "threads":
                handles = [library.start_workflow(flow, one) for one in range(number)]
                done = [handle.get_result() for handle in handles]
            else:
                done = asyncio.run(_all(later, number))
            told = {"cpu_s": process_time() - cpu, "wall_s": perf_counter() - begun}
            if sum(done) != number * len(STEPS):
                raise ForetellError("CHECKSUM_DIFFERS", f"{sum(done)} steps of {number} people", thing="bench journey")
    finally:
        library.destroy()
    return told


def _nothing(_name: str, _person: int) -> int:
    return 1


async def _nothing_later(_name: str, _person: int) -> int:
    return 1


def _flow(step: Callable[[str, int], int]) -> Callable[[int], int]:
    def person_flow(person: int) -> int:
        return sum(step(name, person) for name in STEPS)

    return person_flow


def _flow_later(step: Any) -> Any:
    async def person_flow_later(person: int) -> int:
        return sum([await step(name, person) for name in STEPS])

    return person_flow_later


async def _all(flow: Any, people: int) -> list[int]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(person: int) -> int:
        async with turn:
            return int(await flow(person))

    return list(await asyncio.gather(*(one(person) for person in range(people))))


def main(arguments: list[str]) -> None:
    """Play one mode, and write what it cost."""
    mode, url, people, out = arguments
    Path(out).write_text(json.dumps(_played(mode, url, int(people))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
