"""A PostgreSQL server beside a benchmark, and the processor time that it takes there."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from foretell.engine import PostgresPlace
from foretell.testing import postgres_server

VARIABLE = "FORETELL_DATABASE_URL"
_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "autovacuum_naptime": "1min"}
"""A quarter of a small machine's memory, as its documentation advises, and no checkpoint that size alone forces."""
_PROC = Path("/proc")


@dataclass(frozen=True)
class Beside:
    """A server, durable as one in use.

    Args:
        pid: of the process whose children serve the connections; the process is a child of ours.
    """

    url: str
    pid: int

    def place(self, schema: str) -> PostgresPlace:
        """A workspace's part of it."""
        return PostgresPlace(self.url, schema)

    def cpu_s(self) -> float:
        """CPU seconds of all its processes since it was started, those that have ended among them."""
        return cpu_of(self.pid)


@contextmanager
def postgres_beside() -> Iterator[Beside]:
    """A new server while the block runs; its address is in the environment as workspaces name it."""
    with postgres_server(durable=True, settings=_SETTINGS) as server:
        os.environ[VARIABLE] = server.url
        try:
            yield Beside(server.url, server.pid)
        finally:
            del os.environ[VARIABLE]


def settings_on(schema: str) -> str:
    """Lines of ``foretell.yaml`` by which a workspace lies on the server."""
    return f"stores: {{operational: postgresql, url: '${{{VARIABLE}}}', schema: {schema}}}\n"


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, of all that it started, and of those of them that have ended and were waited for."""
    return _by_kernel(pid) if _PROC.is_dir() else _by_ps(pid)


def _by_kernel(root: int) -> float:
    spent, children = {}, defaultdict(list)
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # Fields behind the name in brackets (proc(5)): ppid is the 2nd, utime stime cutime cstime the 12th to 15th.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        spent[int(folder.name)] = sum(map(int, fields[11:15]))
        children[int(fields[1])].append(int(folder.name))
    ticks, tree = 0, [root]
    while tree:
        pid = tree.pop()
        ticks += spent.get(pid, 0)
        tree += children[pid]
    return ticks / os.sysconf("SC_CLK_TCK")


def _by_ps(pid: int) -> float:
    """Where there is no such folder; of children that have ended nothing is known."""
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,time="], capture_output=True, text=True, check=True).stdout
    return sum(_seconds(line.split()[2]) for line in told.splitlines() if str(pid) in line.split()[:2])


def _seconds(clock: str) -> float:
    """From ``minutes:seconds``, with hours before them where there are some."""
    total = 0.0
    for part in clock.split(":"):
        total = total * 60 + float(part)
    return total
