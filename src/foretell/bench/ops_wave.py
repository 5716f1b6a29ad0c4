"""The wave of ``bench scale`` on both operational stores: the same people, journey and instants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from foretell.app import open_workspace
from foretell.bench.beside import Beside, settings_on
from foretell.bench.scale import stage
from foretell.bench.scale_stages import SETTINGS, WORKSPACE
from foretell.errors import ForetellError

_SUMS = (
    "SELECT run, state, step, entered_at, ended_at, variables FROM journey_runs ORDER BY run",
    "SELECT message_id, run, step, state, at FROM messages ORDER BY message_id",
)


def wave(beside: Beside, *, people: int, report: Callable[[str], None]) -> tuple[float, dict[str, float]]:
    """People a CPU second on PostgreSQL ÷ on SQLite, and figures in µs a person (an event, for the import before).

    The analytics store is the same on both sides, and its part of the work is in both. Of PostgreSQL its server's
    CPU counts with ours.
    """
    found: dict[str, str] = {}
    figures: dict[str, float] = {}
    for name, settings in (("sqlite", ""), ("pg", settings_on("wave"))):
        report(f"wave on {name}: {people:,} people with ten events each")
        with TemporaryDirectory(prefix="foretell-bench-") as place:
            folder = Path(place)
            (folder / SETTINGS).write_text(settings, encoding="utf-8")
            stage("prepare", folder, people)
            figures |= _cost(beside, "import", name, folder, people)
            figures |= _cost(beside, "wave", name, folder, people)
            found[name] = _checksum(folder)
    if found["sqlite"] != found["pg"]:
        raise ForetellError("CHECKSUM_DIFFERS", "the wave ended differently on the two stores", thing="bench ops")
    return round(figures["wave_sqlite_cpu_us"] / figures["wave_pg_cpu_us"], 3), figures


def _cost(beside: Beside, name: str, store: str, folder: Path, people: int) -> dict[str, float]:
    before = beside.cpu_s()
    told, _ = stage(name, folder, people)
    server = beside.cpu_s() - before if store == "pg" else 0.0
    each = {"cpu": told["cpu_s"] + server, "wall": told["wall_s"]} | ({"server_cpu": server} if server else {})
    figures = {f"{name}_{store}_{what}_us": round(one / told["units"] * 1e6, 2) for what, one in each.items()}
    return figures | {f"{name}_units": told["units"]}


def _checksum(folder: Path) -> str:
    """One for all stores in which the same runs ended in the same way and the same messages wait."""
    found = hashlib.md5(usedforsecurity=False)
    with open_workspace(folder / WORKSPACE, "read") as workspace:
        for sql in _SUMS:
            rows = workspace.engine.ops.query(sql)
            assert rows
            found.update(repr([tuple(row) for row in rows]).encode())
    return found.hexdigest()
