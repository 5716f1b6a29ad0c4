"""What an analytics store offers whose rows can be worked on where they lie: the seam of a cluster.

A store on one machine has no need of it; a room asks ``isinstance(analytics, Spreading)`` and does the same with the
answer of a query where it is not so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import pyarrow as pa

from foretell.engine.ports import Analytics

Batches = Iterator[pa.RecordBatch]
Work = Callable[[Batches], Batches]
"""Turns batches of rows into batches of results, in a process elsewhere: it must be picklable, and depend on nothing
but what it carries and installed packages. It is called once for each part of the rows, with any number of batches."""


@dataclass(frozen=True)
class Asked:
    """A query of the portable subset with all it needs, as :meth:`Analytics.query` takes it."""

    sql: str
    params: Mapping[str, object] = field(default_factory=dict)
    tables: Mapping[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class AtWork:
    """Work that a cluster does for this process now.

    Args:
        what: its name, as on the cluster's own pages.
        done, known: tasks; more become known as the work goes on.
    """

    what: str
    done: int
    known: int


@dataclass(frozen=True)
class Seat:
    """A worker's place in a gang.

    Args:
        rank: 0 … size - 1.
        host: name or address under which the others reach the worker of rank 0.
        share: tells all others a text, waits for theirs, and gives all of them in order of rank.
    """

    rank: int
    size: int
    host: str
    share: Callable[[str], list[str]]


GangWork = Callable[[Seat, Batches], Batches]
"""Like :data:`Work`, at the same time on all parts of the rows, whose column ``part`` says of which query they are."""


@runtime_checkable
class Spreading(Analytics, Protocol):
    """An analytics store whose rows many processes work on."""

    def mapped(self, what: str, asked: Asked, work: Work, schema: pa.Schema) -> pa.Table:
        """What ``work`` makes of the rows of a query, in no order; the rows themselves stay where they are.

        Args:
            what: what it is done for, as the store's own pages show it.
            schema: of the results.

        Raises:
            ForetellError: ``SPARK_FAILED``, ``WORKERS_DIFFER`` and the like.
        """
        ...

    def workers(self) -> int:
        """How many processes can work at the same time; 1 where it cannot be told."""
        ...

    def at_work(self) -> tuple[AtWork, ...]:
        """What is being done now."""
        ...

    def gang(
        self, what: str, asked: Sequence[Asked], by: str, work: GangWork, schema: pa.Schema, *, workers: int
    ) -> pa.Table:
        """What a gang of ``workers`` processes, all at work at the same time, makes of the rows of some queries.

        The queries have the same columns. Rows with the same value of ``by`` come to the same worker, in order of
        their query and of ``by``, so that the same rows and workers give the same work.

        Raises:
            ForetellError: ``WORKERS_TOO_FEW`` where so many cannot be had at once within a bounded time.
        """
        ...


def at_work(analytics: Analytics) -> tuple[AtWork, ...]:
    """What the store's cluster does for this process now; nothing where it has none."""
    return analytics.at_work() if isinstance(analytics, Spreading) else ()
