"""Rows of the log person by person in time, each with the instant from which on it was known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.engine import integers
from foretell.segment.live.arena import Places
from foretell.segment.live.runs import Runs, Truth
from foretell.segment.live.windows import Instants
from foretell.segment.past.crowd import Crowd, Pairs


@dataclass(frozen=True)
class Rows:
    """Events, values or scores of everybody.

    Args:
        first: where each person's rows begin; one more for the end.
        t: instants (microseconds), ascending within a person.
        seen: when a row counts from, by time and by arrival.
        v: a number each, 0 where the kind has none.
    """

    first: Places
    t: Instants
    seen: Instants
    v: Instants

    @classmethod
    def of(cls, table: pa.Table, crowd: Crowd) -> Rows:
        """From ``profile_key t known_at v`` (microseconds); of one instant, by ``tie`` where there is such a column."""
        place = crowd.places(integers(table["profile_key"])).astype(np.int32)
        columns = [integers(table[name]) for name in ("t", "known_at", "v")]
        if "tie" in table.column_names:
            columns.append(integers(table["tie"]))
        there = place >= 0
        if not there.all():
            place, columns = place[there], [one[there] for one in columns]
        place, columns = _sorted(place, columns)
        t, known, v = columns[:3]
        first = np.zeros(len(crowd) + 1, np.int64)
        np.cumsum(np.bincount(place, minlength=len(crowd)), out=first[1:])
        return cls(first, t, np.maximum(t, known), v)

    @cached_property
    def person(self) -> Places:
        """Whose each row is."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int64), np.diff(self.first))

    @cached_property
    def in_time(self) -> bool:
        """True where nothing arrived later than it happened."""
        return bool((self.seen == self.t).all())

    def after(self, person: Places, instant: Instants) -> Places:
        """The first row of each person that lies after an instant."""
        low, high = self.first[person], self.first[person + 1]
        while (open_ := low < high).any():
            middle = (low + high) // 2
            earlier = open_ & (self.t[np.minimum(middle, len(self.t) - 1)] <= instant)
            low = np.where(earlier, middle + 1, low)
            high = np.where(open_ & ~earlier, middle, high)
        return low

    def between(self, pairs: Pairs, *, since: bool) -> tuple[Places, Places]:
        """For all pairs the rows up to their instants that were known then: pair, and row, in order.

        Args:
            since: leave out rows up to each pair's ``since``.
        """
        end = self.after(pairs.person, pairs.at)
        begin = self.first[pairs.person]
        if since and pairs.since is not None:
            begin = self.after(pairs.person, pairs.since)
        counts = np.maximum(end - begin, 0)
        owner = np.repeat(np.arange(len(pairs), dtype=np.int64), counts)
        rows = np.arange(len(owner), dtype=np.int64) + np.repeat(begin - (np.cumsum(counts) - counts), counts)
        if not self.in_time:
            known = self.seen[rows] <= pairs.at[owner]
            owner, rows = owner[known], rows[known]
        return owner, rows

    def runs(self, pairs: Pairs, *, since: bool) -> Runs:
        """The same, as parts of conditions look at them."""
        owner, rows = self.between(pairs, since=since)
        end = np.cumsum(np.bincount(owner, minlength=len(pairs))).astype(np.int64)
        begin = np.concatenate([[0], end[:-1]]).astype(np.int64) if len(end) else end
        return Runs(self.t[rows], self.v[rows], begin, end, end, pairs.at)

    def newest(self, pairs: Pairs) -> Places:
        """The last row of each pair; -1 where there is none."""
        if self.in_time:
            end = self.after(pairs.person, pairs.at)
            return np.where(end > self.first[pairs.person], end - 1, -1)
        owner, rows = self.between(pairs, since=False)
        found = np.full(len(pairs), -1, np.int64)
        np.maximum.at(found, owner, rows)
        return found

    def entering(self, who: slice, instants: Instants) -> tuple[Places, Places, Places]:
        """Of the people ``who``: row, place within ``who``, and the first of ``instants`` from which on it counts."""
        begin, end = int(self.first[who.start]), int(self.first[who.stop])
        rows = np.arange(begin, end, dtype=np.int64)
        person = self.person[begin:end] - who.start
        return rows, person, np.searchsorted(instants, self.seen[begin:end], side="left")


def _sorted(place: npt.NDArray[np.int32], columns: list[Instants]) -> tuple[npt.NDArray[np.int32], list[Instants]]:
    """By person, then by the first of ``columns``, then by the fourth.

    Rows come from the store in long stretches that are in order, and a stable sort merges stretches.
    """
    if (np.diff(columns[0]) < 0).any():
        order = np.argsort(columns[0], kind="stable")
        place, columns = place[order], [one[order] for one in columns]
    if (np.diff(place) < 0).any():
        order = np.argsort(place, kind="stable")
        place, columns = place[order], [one[order] for one in columns]
    if len(columns) > 3 and ((np.diff(place) == 0) & (np.diff(columns[0]) == 0)).any():
        order = np.lexsort((columns[3], columns[0], place))
        place, columns = place[order], [one[order] for one in columns]
    return place, columns


def expand(newest: Places, person: Places, column: Places, people: int, instants: int, nothing: int = -1) -> Places:
    """The last row that counts by person and instant, ``nothing`` where none does, from when each begins to count."""
    found = np.full((people, instants + 1), nothing, np.int64)
    np.maximum.at(found, (person, column), newest)
    return np.maximum.accumulate(found, axis=1)[:, :instants]


def grid_pairs(who: slice, at: int) -> Pairs:
    """The people ``who`` at one instant."""
    person = np.arange(who.start, who.stop, dtype=np.int64)
    return Pairs(person, np.full(len(person), at, np.int64))


def by_instant(ask: Callable[[Pairs], Truth], who: slice, instants: Instants) -> Truth:
    """What is said of the people ``who`` at each instant, asked one instant after the other."""
    columns = [ask(grid_pairs(who, int(at))) for at in instants]
    return np.stack(columns, axis=1) if columns else np.zeros((who.stop - who.start, 0), bool)
