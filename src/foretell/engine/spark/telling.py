"""What Spark is told of a piece of work, and what it tells of a failure, in our own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from foretell import __version__
from foretell.engine.spark.progress import noted
from foretell.errors import ForetellError, UsageError

_GONE = ForetellError(
    "SPARK_GONE", "Spark's driver has ended", next_step="Look into its log, and start again.", transient=True
)
_VALUES = ("CAST_INVALID_INPUT", "ARITHMETIC_OVERFLOW", "DIVIDE_BY_ZERO", "INVALID_ARRAY_INDEX", "DATETIME_OVERFLOW",
           "NUMERIC_VALUE_OUT_OF_RANGE", "SCALAR_SUBQUERY_TOO_MANY_ROWS", "CANNOT_PARSE_TIMESTAMP")  # fmt: skip
"""Classes of errors that a query meets in the values it reads."""
_CALL_SITE = ("callSite.short", "callSite.long")
"""Where a job was asked for, on Spark's own pages. Told by us, Spark does not look for it in the stack of its driver,
which it would do for every step of a plan: a tenth of the driver's work on small tables."""
for _logger in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
    # Each would write the driver's whole stack to standard error beside the exception that is raised.
    PySparkLogger.getLogger(_logger).disabled = True


@contextmanager
def named(session: SparkSession, what: str) -> Iterator[None]:
    """Jobs begun in the block are called ``what`` on Spark's own pages, and in :func:`~.progress.at_work`."""
    with noted(what), _tagged(session, what) if is_remote(session) else _grouped(session, what):
        yield


@contextmanager
def _tagged(session: SparkSession, what: str) -> Iterator[None]:
    """What a Connect server takes."""
    tag = what.replace(",", ";")
    session.addTag(tag)
    try:
        yield
    finally:
        session.removeTag(tag)


@contextmanager
def _grouped(session: SparkSession, what: str) -> Iterator[None]:
    """What a driver of one's own takes."""
    context = session.sparkContext
    context.setJobGroup(what, what)
    for name in _CALL_SITE:
        context.setLocalProperty(name, what)
    try:
        yield
    finally:
        for name in ("spark.jobGroup.id", "spark.job.description", *_CALL_SITE):
            context.setLocalProperty(name, None)  # type: ignore[arg-type]


@contextmanager
def explained(what: str, *, written: bool = False) -> Iterator[None]:
    """Failures of Spark and of its workers in our own words.

    Args:
        what: what is done.
        written: somebody may have written the query, so that its faults are wrong usage.
    """
    try:
        yield
    except PySparkException as error:
        raise _explanation(error, str(error), what, written) from error
    except Py4JNetworkError as error:
        raise _GONE from error
    except (Py4JError, ConnectionError) as error:
        raise _explanation(error, str(error), what, written=False) from error


def is_remote(session: SparkSession) -> bool:
    """True for a session of a Connect server."""
    return ".connect." in type(session).__module__


def too_few(what: str, why: str) -> ForetellError:
    """The refusal of a gang."""
    step = "Give Spark more cores or ask for fewer workers; a gang needs a free slot for each."
    return ForetellError("WORKERS_TOO_FEW", why, thing=what, next_step=step)


def _explanation(error: Exception, text: str, what: str, written: bool) -> ForetellError:
    if "WORKERS_DIFFER" in text or "No module named 'foretell" in text:
        return ForetellError(
            "WORKERS_DIFFER",
            "Spark's workers have another Foretell or Python than this process, or none",
            thing=what,
            next_step=f"Install foretell {__version__} for the driver's Python on all workers, and set "
            "spark.pyspark.python to it.",
        )
    if "BarrierJobSlotsNumberCheckFailed" in text or ("BARRIER" in text and "slots" in text):
        return too_few(what, "Spark has fewer slots than workers that are to work at the same time")
    if "No space left on device" in text:
        return ForetellError("DISK_FULL", "the disk is full", thing=what, transient=True)
    if "OutOfMemoryError" in text:
        return ForetellError(
            "MEMORY_SHORT", "Spark has too little memory for this", thing=what,
            next_step="Raise engine.memory_mb in foretell.yaml, or the executors' memory under engine.spark.",
        )  # fmt: skip
    if written and (isinstance(error, AnalysisException | ParseException) or any(sign in text for sign in _VALUES)):
        return UsageError(
            "BAD_SQL", _first_line(text), thing="query", next_step="Check the names of views and columns."
        )
    return ForetellError("SPARK_FAILED", _last_line(text), thing=what)


def _first_line(text: str) -> str:
    """The sentence that Spark begins with, without its class of error and SQL state."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
    return re.sub(r"^\[[A-Z_.0-9]+\]\s*|\s*SQLSTATE: \w+.*$", "", line).strip(" .") or line


def _last_line(text: str) -> str:
    """The line of a failure that says what is wrong: the last of the worker's own, or else the first."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith(("at ", "File ", "...", "JVM", "Driver"))]
    return next((line for line in reversed(own) if "Error" in line.partition(":")[0]), (own or ["no reason given"])[0])
