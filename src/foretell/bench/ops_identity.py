"""Whose each event is, on both operational stores, batch by batch in turns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from foretell.bench.beside import Beside
from foretell.bench.identity_sides import SetWise, checksum, opened
from foretell.bench.identity_stream import made
from foretell.errors import ForetellError

BATCH = 10_000
_EVENTS_A_PERSON = 10


def identity(beside: Beside, *, events: int, report: Callable[[str], None]) -> tuple[float, dict[str, float]]:
    """Events a CPU second on PostgreSQL ÷ on SQLite, and figures in µs an event.

    A batch is one durable transaction on both. Of PostgreSQL its server's CPU counts with ours.
    """
    report(f"identity: {events:,} events, {BATCH:,} a batch")
    stream = made(events, events // _EVENTS_A_PERSON, seed=1)
    cpu, wall = [0.0, 0.0], [0.0, 0.0]
    with (
        TemporaryDirectory(prefix="foretell-bench-") as folder,
        opened(Path(folder, "sqlite")) as sqlite,
        opened(Path(folder, "postgres"), beside.place("identity")) as postgres,
    ):
        sides = [SetWise(sqlite), SetWise(postgres)]
        server = beside.cpu_s()
        for part in stream.parts(BATCH):
            for place, side in enumerate(sides):
                begin, at = process_time(), perf_counter()
                side.take(part)
                cpu[place] += process_time() - begin
                wall[place] += perf_counter() - at
        server = beside.cpu_s() - server
        found = [checksum(side.owners()) for side in sides]
    if found[0] != found[1]:
        raise ForetellError("CHECKSUM_DIFFERS", f"SQLite {found[0]}, PostgreSQL {found[1]}", thing="bench ops")
    each = {
        "sqlite_cpu": cpu[0],
        "pg_cpu": cpu[1] + server,
        "pg_server_cpu": server,
        "sqlite_wall": wall[0],
        "pg_wall": wall[1],
    }
    figures = {f"identity_{name}_us": round(seconds / events * 1e6, 2) for name, seconds in each.items()}
    return round(each["sqlite_cpu"] / each["pg_cpu"], 3), {"identity_events": events, **figures}
