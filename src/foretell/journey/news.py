"""What has happened to people since journeys were looked at: read once in a tick, for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.condition import Condition, event_kinds
from foretell.engine import Engine

ANEW = frozenset({"Journey Entered", "Profiles Merged", "Profiles Split"})
"""Of whoever has one of these a run, or all that is known, is new: everything may have come true."""
_LATEST = (
    "SELECT e.profile_key, e.event, max(e.batch) AS batch, max(CASE WHEN e.ts <= $now THEN e.ts END) AS ts "
    "FROM log_events e WHERE {which} GROUP BY e.profile_key, e.event"
)
_NEW = _LATEST.format(which="e.batch > $batch OR (e.ts > $since AND e.ts <= $now)")
_MORE = _LATEST.format(which="e.batch > $batch")
_NOBODY = pa.array([], pa.int64())


@dataclass(frozen=True)
class Touched:
    """The people of whom something is new.

    Args:
        arrived: ``profile_key event``: of whom events arrived or came to pass, and which; each pair once.
        moved: profile keys of people whose runs moved or changed: of them all is asked.
    """

    arrived: pa.Table
    moved: pa.Array = field(default_factory=lambda: _NOBODY)

    def by(self, tree: Condition) -> pa.Array:
        """Those for whom ``tree`` may have come true, where only events make it so."""
        kinds = event_kinds(tree)
        return self._people(self.arrived if kinds is None else _of(self.arrived, kinds | ANEW))

    def all(self) -> pa.Array:
        """All of them."""
        return self._people(self.arrived)

    def only(self, moved: pa.Array) -> Touched:
        """Nobody but people whose runs moved."""
        return replace(self, arrived=self.arrived.slice(0, 0), moved=moved)

    def also(self, moved: pa.Array) -> Touched:
        """These people with them."""
        return replace(self, moved=pc.unique(pa.concat_arrays([self.moved, moved])))

    def _people(self, rows: pa.Table) -> pa.Array:
        return pc.unique(pa.chunked_array([*rows["profile_key"].chunks, self.moved], pa.int64()))


class News:
    """The events of a tick; what comes in meanwhile, of its own doing too, is read when somebody asks again."""

    def __init__(self, engine: Engine, now: datetime) -> None:
        self._engine, self._now = engine, now
        self._rows: pa.Table | None = None
        self._batch, self._at, self._until = 0, now, 0

    def since(self, batch: int, at: datetime) -> pa.Table:
        """``profile_key event``, each pair once: of whom events arrived after ``batch``, or whose events have come to
        pass after ``at``."""
        analytics, until = self._engine.analytics, self._engine.analytics.last_batch()
        if self._rows is None or batch < self._batch or at < self._at:
            self._batch, self._at = (batch, at) if self._rows is None else (min(batch, self._batch), min(at, self._at))
            told = {"batch": self._batch, "since": naive_utc(self._at), "now": naive_utc(self._now)}
            self._rows = analytics.query(_NEW, told)
        elif until > self._until:
            more = analytics.query(_MORE, {"batch": self._until, "now": naive_utc(self._now)})
            both = pa.concat_tables([self._rows, more.cast(self._rows.schema)])
            latest = both.group_by(["profile_key", "event"]).aggregate([("batch", "max"), ("ts", "max")])
            self._rows = latest.rename_columns(["profile_key", "event", "batch", "ts"])
        self._until = until
        came = pc.fill_null(pc.greater(self._rows["ts"], pa.scalar(naive_utc(at), self._rows["ts"].type)), False)
        return self._rows.filter(pc.or_(pc.greater(self._rows["batch"], batch), came)).select(["profile_key", "event"])

    def any_of(self, kinds: frozenset[str] | None, batch: int, at: datetime) -> bool:
        """Whether there is an event with one of these names; None: with any."""
        rows = self.since(batch, at)
        return bool((rows if kinds is None else _of(rows, kinds)).num_rows)


def _of(rows: pa.Table, kinds: frozenset[str]) -> pa.Table:
    return rows.filter(pc.is_in(rows["event"], pa.array(sorted(kinds), pa.string())))
