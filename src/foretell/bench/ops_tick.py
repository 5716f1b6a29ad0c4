"""A small tick on PostgreSQL where very many wait: ours, and the update as it is usually written."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from foretell import app, journey
from foretell.app import Workspace, open_workspace
from foretell.bench.beside import Beside, settings_on
from foretell.bench.scale_documents import AS_OF, JOURNEY, workspace
from foretell.clock import SteppedClock, micros
from foretell.errors import ForetellError

DUE = 500
_WARM = 2
"""Ticks of each side that do not count: statements get prepared, pages read."""
_A_MONTH = timedelta(days=30)
_FILL = """
INSERT INTO journey_runs (run, journey, revision, profile_key, node_key, profile_id, arm, entered_at, state, step,
  arrived_at, waiting, due_at, variables, entry_message_id, contaminated, unsettled)
SELECT 'r_' || md5(CAST(i AS TEXT)), ?, 1, i, i, 'p_' || md5(CAST(-i AS TEXT)), 'treated', ?, 'active', 'day', ?, 1, ?,
  '{}', '', 0, 0
FROM generate_series(1, ?) AS made (i)
"""
_MAKE_DUE = "UPDATE {table} SET due_at = ? WHERE profile_key > ? AND profile_key <= ?"
_DONE = "SELECT count(*) FROM {table} WHERE profile_key > ? AND profile_key <= ? AND state = 'done' AND ended_at = ?"
_NAIVE_TABLE = (
    "CREATE TABLE naive_runs AS SELECT * FROM journey_runs",
    "ALTER TABLE naive_runs ADD PRIMARY KEY (journey, profile_key)",
    "ANALYZE naive_runs",
)
_NAIVE_DUE = (
    "CREATE TEMP TABLE due ON COMMIT DROP AS SELECT s.profile_key, CASE s.step WHEN 'viewed' THEN 'mail' "
    "WHEN 'mail' THEN 'day' ELSE 'finish' END AS step, "
    "CASE s.step WHEN 'finish' THEN 'done' ELSE 'active' END AS state, "
    "CASE s.step WHEN 'finish' THEN s.due_at END AS ended_at, CASE s.step WHEN 'finish' THEN NULL ELSE s.due_at END "
    "AS due_at FROM (SELECT * FROM naive_runs WHERE journey = ? AND due_at <= ? LIMIT 10000) s"
)
_NAIVE_UPDATE = (
    "UPDATE naive_runs SET step = d.step, state = d.state, ended_at = d.ended_at, due_at = d.due_at "
    "FROM due d WHERE naive_runs.journey = ? AND naive_runs.profile_key = d.profile_key"
)
"""The passes of the wave in ``benchmarks/rivals.py``, on the same rows, with the key that its table has."""


def small_tick(
    beside: Beside, *, waiting: int, ticks: int, report: Callable[[str], None], schema: str = "tick"
) -> tuple[float, dict[str, float]]:
    """CPU of the server in a tick ÷ in the naive one, and figures in milliseconds a tick.

    What is compared is the database's part, in which those who wait could count. Ours is all that a whole tick asks:
    who has come to something, two steps of the 500, what happened told and recorded. The naive one takes the same two
    steps, and asks for nothing else.

    Args:
        schema: of this workspace alone.
    """
    clock = SteppedClock(AS_OF)
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        root = Path(place, "workspace")
        workspace(root, settings_on(schema))
        with open_workspace(root, "write", clock) as found:
            app.apply(found)
            journey.start(found.engine, found.catalog, JOURNEY, now=AS_OF)
            report(f"small tick: {waiting:,} wait")
            _fill(found, waiting)
            sides = {
                "small_tick": _Side(found, beside, clock, "journey_runs", _ours),
                "naive_tick": _Side(found, beside, clock, "naive_runs", _naive),
            }
            for _ in range(_WARM + ticks):
                for side in sides.values():
                    side.tick()
    figures: dict[str, float] = {"small_tick_waiting": waiting, "small_tick_due": DUE}
    for name, side in sides.items():
        # Means, since the kernel counts the processor time of others in hundredths.
        figures[f"{name}_server_cpu_ms"] = round(statistics.mean(side.server[_WARM:]) * 1e3, 1)
        figures[f"{name}_cpu_ms"] = round(statistics.mean(side.cpu[_WARM:]) * 1e3, 1)
        figures[f"{name}_wall_p50_ms"] = round(statistics.median(side.wall[_WARM:]) * 1e3, 1)
    return round(figures["small_tick_server_cpu_ms"] / figures["naive_tick_server_cpu_ms"], 3), figures


class _Side:
    """One way of doing a tick, and what it took."""

    def __init__(
        self,
        found: Workspace,
        beside: Beside,
        clock: SteppedClock,
        table: str,
        work: Callable[[Workspace, SteppedClock], None],
    ) -> None:
        self._found, self._beside, self._clock, self._table, self._work = found, beside, clock, table, work
        self._taken = 0
        self.server: list[float] = []
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def tick(self) -> None:
        """The next 500 are due; let them be moved."""
        ops = self._found.engine.ops
        self._clock.instant += timedelta(minutes=1)
        now, first = micros(self._clock.instant), self._taken
        self._taken += DUE
        with ops.write() as tx:
            tx.execute(_MAKE_DUE.format(table=self._table), (now, first, first + DUE))
        server, begin, at = self._beside.cpu_s(), process_time(), perf_counter()
        self._work(self._found, self._clock)
        self.wall.append(perf_counter() - at)
        self.server.append(self._beside.cpu_s() - server)
        self.cpu.append(process_time() - begin + self.server[-1])
        ((done,),) = ops.query(_DONE.format(table=self._table), (first, first + DUE, now))
        if done != DUE:
            raise ForetellError("CHECKSUM_DIFFERS", f"{done} of {DUE} runs came to their end", thing="bench ops")


def _ours(found: Workspace, clock: SteppedClock) -> None:
    journey.tick(found.engine, found.catalog, found.reader, now=clock.instant)


def _naive(found: Workspace, clock: SteppedClock) -> None:
    """Pass after pass, until nothing is due."""
    moved = DUE
    while moved:
        with found.engine.ops.write() as tx:
            tx.execute(_NAIVE_DUE, (JOURNEY, micros(clock.instant)))
            moved = tx.query("SELECT count(*) FROM due")[0][0]
            if moved:
                tx.execute(_NAIVE_UPDATE, (JOURNEY,))


def _fill(found: Workspace, waiting: int) -> None:
    """People who entered a month ago, wait, and are due in a month."""
    ago, later = micros(AS_OF - _A_MONTH), micros(AS_OF + _A_MONTH)
    with found.engine.ops.write() as tx:
        tx.execute(_FILL, (JOURNEY, ago, ago, later, waiting))
        tx.execute("ANALYZE journey_runs")
        for statement in _NAIVE_TABLE:
            tx.execute(statement)
