"""Conditions about runs: each read as of the run's own instant, whatever the present is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import utc
from foretell.condition import Condition, Reader
from foretell.engine import TIMESTAMP, integers

Mask = npt.NDArray[np.bool_]
Micros = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Holding:
    """Asks conditions about runs: ``run profile_key at entered_at entry_message_id``.

    Everything stored is read, however late it arrived. Event heads read what happened since the entry
    where ``since_entry`` says so.
    """

    reader: Reader

    def __call__(self, tree: Condition, runs: pa.Table, since_entry: bool) -> Mask:
        """For each run whether ``tree`` holds as of its ``at``."""
        since = self.since_when(tree, runs, since_entry)
        if since is not None:
            return since <= _micros(runs["at"])
        result: Mask = np.zeros(runs.num_rows, dtype=bool)
        for places, part in _groups(runs, "at"):
            instant = utc(part["at"][0].as_py())
            found = self.reader.members(tree, as_of=instant, of="all", people=_asked(part, since_entry))
            result[places] = np.isin(integers(part["profile_key"]), integers(found["profile_key"]))
        return result

    def instants(self, tree: Condition, runs: pa.Table, since_entry: bool) -> Micros:
        """:meth:`since_when`; where that cannot be told, the run's ``at`` if ``tree`` holds then."""
        since = self.since_when(tree, runs, since_entry)
        if since is not None:
            return since
        held: Micros = np.where(self(tree, runs, since_entry), _micros(runs["at"]), NEVER)
        return held

    def since_when(self, tree: Condition, runs: pa.Table, since_entry: bool) -> Micros | None:
        """For each run since when ``tree`` holds (microseconds; :data:`NEVER` where it does not by its
        ``at``); None where the condition is not of a kind that stays true."""
        result = np.full(runs.num_rows, NEVER, dtype=np.int64)
        for places, part in _groups(runs):
            latest = utc(pc.max(part["at"]).as_py())
            found = self.reader.first_instants(tree, as_of=latest, people=_asked(part, since_entry))
            if found is None:
                return None
            index = pc.index_in(part["profile_key"], found["profile_key"].combine_chunks())
            first = pc.fill_null(found["first_at"].cast(TIMESTAMP).cast(pa.int64()).take(index), NEVER)
            result[places] = integers(first)
        result[result > _micros(runs["at"])] = NEVER
        return result


def _micros(column: pa.ChunkedArray) -> Micros:
    return integers(column.cast(TIMESTAMP).cast(pa.int64()))


def _asked(runs: pa.Table, since_entry: bool) -> pa.Table:
    asked = runs.select(["profile_key", "run", "entry_message_id"])
    return asked.append_column("since", runs["entered_at"].cast(TIMESTAMP)) if since_entry else asked


def _groups(runs: pa.Table, *by: str) -> list[tuple[npt.NDArray[np.int64], pa.Table]]:
    """The runs in groups of the same ``by``, in each one run a person, with their places in ``runs``."""
    if runs.num_rows == 0:
        return []
    people, columns = integers(runs["profile_key"]), [_micros(runs[name]) for name in by]
    turn = np.zeros(len(people), dtype=np.int64)
    order = np.lexsort((people, *columns[::-1]))  # stable: in the order of places
    starts = _starts(order, people, *columns)
    turn[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    order = np.lexsort((turn, *columns[::-1]))
    groups = np.split(order, _starts(order, turn, *columns)[1:])
    return [(group, runs if len(groups) == 1 else runs.take(pa.array(group))) for group in groups]


def _starts(order: Micros, *columns: Micros) -> Micros:
    """Where the values change, of columns in an order."""
    changes = [values[order][1:] != values[order][:-1] for values in columns]
    found: Micros = np.flatnonzero(np.r_[True, np.logical_or.reduce(changes)])
    return found
