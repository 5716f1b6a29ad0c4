"""Servers and the load on them as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from urllib.request import urlopen

from foretell.errors import ForetellError

CONNECTIONS = 32
RESTED_SECONDS = 2.0
"""A server is at rest when it used less than a second of processor time in so long."""
LONGEST_REST_SECONDS = 60.0
SERVE = ("-m", "foretell", "serve", "--port", "0", "--no-open")


@dataclass(frozen=True)
class Server:
    """A server process and where it answers."""

    name: str
    address: str
    process: subprocess.Popen[str]

    def get(self, path: str) -> object:
        """The JSON under ``path``."""
        with urlopen(f"{self.address}{path}", timeout=60) as answer:
            return json.load(answer)

    def memory_mb(self) -> float:
        """Resident memory."""
        return int(self._told("rss=")) / 1024

    def wait_for_rest(self) -> None:
        """Wait until it uses no processor time: what a server does once after its start is no part of a measurement."""
        end, before = time.monotonic() + LONGEST_REST_SECONDS, ""
        while (now := self._told("time=")) != before and time.monotonic() < end:
            before = now
            time.sleep(RESTED_SECONDS)

    def _told(self, what: str) -> str:
        command = ["ps", "-o", what, "-p", str(self.process.pid)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def server(name: str, *arguments: str, folder: Path) -> Iterator[Server]:
    """Run ``python ARGUMENTS`` until the block ends; it tells its address on the first line of stderr."""
    with TemporaryFile("w+") as later:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=later,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert process.stderr is not None
        try:
            told = process.stderr.readline()
            if " at http" not in told:
                raise ForetellError("BENCHMARK_FAILED", f"{name} did not start", next_step=told + process.stderr.read())
            yield Server(name, told.rsplit(" ", 1)[1].strip(), process)
        finally:
            process.terminate()
            process.communicate()


@dataclass(frozen=True)
class Sent:
    """What came of a load.

    Args:
        acknowledged: requests answered with 200; ``acknowledged_at`` when, by the system's monotonic clock.
        seconds: from each request to its answer.
    """

    acknowledged: int
    wall_seconds: float
    seconds: list[float]
    acknowledged_at: list[float]


@dataclass(frozen=True)
class Load:
    """A load that runs."""

    process: subprocess.Popen[bytes]
    told: Path

    @property
    def runs(self) -> bool:
        """False when the last answer has come."""
        return self.process.poll() is None


@contextmanager
def sending(
    to: Server, bodies: Path, *, requests: int, first_round: int, per_second: float = 0, connections: int = CONNECTIONS
) -> Iterator[Load]:
    """A load that runs while the block does; :func:`what_came` waits for its end."""
    told = bodies.with_name(f"{bodies.name}.told")
    words = [to.address, bodies, connections, first_round, requests, per_second, told]
    process = subprocess.Popen([sys.executable, "-m", "foretell.bench.load", *map(str, words)])
    try:
        yield Load(process, told)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def what_came(load: Load) -> Sent:
    """Wait for the end of a load; raises :class:`ForetellError` where a request was refused."""
    if load.process.wait():
        raise ForetellError("BENCHMARK_FAILED", "the load failed", next_step="Its error stands above.")
    told = json.loads(load.told.read_text("utf-8"))
    if told["refused"]:
        raise ForetellError("BENCHMARK_FAILED", f"{told['refused']:,} requests were refused")
    return Sent(told["acknowledged"], told["wall_seconds"], told["seconds"], told["acknowledged_at"])
