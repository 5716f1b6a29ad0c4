"""The process's connection to Spark, and sessions on it.

A process has one connection: a driver of its own (``local[N]``, ``spark://HOST:PORT``), or a Connect server's
(``sc://HOST:PORT``). Each analytics store gets a session on it, whose views are nobody else's. The connection stays
until the process ends, since starting a driver takes seconds; only another address replaces it, once no session uses
the first.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from foretell.engine.spark.java import java_home, spark_home
from foretell.engine.spark.telling import explained
from foretell.errors import ForetellError

LOOPBACK = "127.0.0.1"
LEAST_DRIVER_MB = 1_024
QUIET = Path(__file__).with_name("log4j2.properties")
"""Spark's own log says errors alone, on standard error."""
ANSWERS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.crossJoin.enabled": "true",
    "spark.sql.mapKeyDedupPolicy": "EXCEPTION",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
}
"""What the answers depend on; no setting of a workspace changes it."""
_RUNNING = {
    "spark.app.name": "foretell",
    "spark.driver.maxResultSize": "0",
    "spark.scheduler.mode": "FAIR",
    "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures": "3",
    "spark.ui.showConsoleProgress": "false",
}
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
_lock = threading.RLock()
_held: dict[int, str] = {}
"""Sessions in use → the address of their connection."""


def open_session(master: str, *, memory_mb: int, conf: Mapping[str, str] | None = None) -> SparkSession:
    """A session on the process's connection to ``master``, which is made where it is not there yet.

    Args:
        memory_mb: of a driver that begins with this call, 1,024 at least.
        conf: further settings of Spark; they hold for the connection, from its first session on.

    Raises:
        ForetellError: ``JAVA_MISSING``, ``SPARK_MISSING``, ``SPARK_BUSY`` where sessions on another address are in
            use, ``SPARK_FAILED``.
    """
    with _lock, explained("connect to Spark"):
        others = sorted({address for address in _held.values() if address != master})
        if others:
            raise ForetellError(
                "SPARK_BUSY", f"this process works on {others[0]} already, and a process has one Spark", thing=master
            )
        session = _remote(master, conf or {}) if is_remote_address(master) else _driven(master, memory_mb, conf or {})
        _held[id(session)] = master
        return session


def close_session(session: SparkSession) -> None:
    """Give a session of :func:`open_session` back; the connection stays for the next."""
    with _lock:
        address = _held.pop(id(session), None)
        if address is not None and is_remote_address(address):
            session.stop()


def stop_spark() -> None:
    """End the process's connection; sessions on it are void."""
    with _lock:
        _held.clear()
        active = SparkSession.getActiveSession()
        if active is not None:
            active.stop()


def is_remote_address(master: str) -> bool:
    """True for the address of a Connect server."""
    return master.startswith("sc://")


def _remote(master: str, conf: Mapping[str, str]) -> SparkSession:
    _end_driver_of(master)
    # Which kind of session Spark's functions speak to is a matter of the process's environment.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    from pyspark.sql.connect.session import SparkSession as RemoteSession

    session: Any = RemoteSession.builder.remote(master).create()
    _set(session, conf)
    return session  # type: ignore[no-any-return]


def _driven(master: str, memory_mb: int, conf: Mapping[str, str]) -> SparkSession:
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
    _end_driver_of(master)
    first: Any = SparkSession._instantiatedSession
    if first is None or first._sc._jsc is None:
        _prepare_environment(master)
        settings = _settings(master, memory_mb, conf)
        _launch(settings)
        first = SparkSession.builder.config(map=dict(settings)).getOrCreate()
    session: SparkSession = first.newSession()
    _set(session, conf)
    return session


def _launch(settings: Mapping[str, str]) -> None:
    """Start the driver's Java where the process has none. What it says is kept for the case that it does not start:
    none of it is the answer to a command."""
    known: Any = SparkContext
    launch: Any = launch_gateway
    if known._gateway is not None:
        return
    with tempfile.TemporaryFile() as said:
        try:
            conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
            known._ensure_initialized(gateway=launch(conf, {"stdout": said, "stderr": said}))
        except PySparkException as error:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise ForetellError(
                "SPARK_NOT_STARTED",
                f"Spark's driver did not start: {lines[-1] if lines else error}",
                thing=settings["spark.master"],
                next_step="Look at the Java (17 or later), engine.spark, and the memory of the machine.",
            ) from error


def _end_driver_of(master: str) -> None:
    """End a driver of another address than ``master``."""
    first: Any = SparkSession._instantiatedSession
    if first is not None and first._sc._jsc is not None and first._sc.master != master:
        first.stop()


def _prepare_environment(master: str) -> None:
    """A driver inherits these; they are for the machine it runs on."""
    spark_home()
    os.environ["JAVA_HOME"] = str(java_home())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if _is_here(master):
        os.environ.setdefault("SPARK_LOCAL_IP", LOOPBACK)


def _settings(master: str, memory_mb: int, conf: Mapping[str, str]) -> dict[str, str]:
    scratch = str(Path(tempfile.gettempdir()) / "foretell-spark")
    local = {"spark.driver.host": LOOPBACK, "spark.driver.bindAddress": LOOPBACK} if _is_here(master) else {}
    return {
        **_RUNNING,
        "spark.master": master,
        "spark.driver.memory": f"{max(memory_mb, LEAST_DRIVER_MB)}m",
        "spark.sql.warehouse.dir": f"{scratch}/warehouse",
        "spark.pyspark.python": os.environ["PYSPARK_PYTHON"],
        **local,
        **conf,
        **ANSWERS,
        _JAVA_OPTIONS: f"-Dlog4j2.configurationFile={QUIET.as_uri()} {conf.get(_JAVA_OPTIONS, '')}".strip(),
    }


def _is_here(master: str) -> bool:
    """True where driver and workers are on this machine, so that nothing need be reached from elsewhere."""
    return master.startswith(("local", f"spark://{LOOPBACK}", "spark://localhost"))


def _set(session: SparkSession, conf: Mapping[str, str]) -> None:
    """Set what a session may still change of a workspace's settings, and what the answers depend on."""
    mine = {name: value for name, value in conf.items() if session.conf.isModifiable(name)}
    for name, value in {**mine, **ANSWERS}.items():
        session.conf.set(name, value)
