"""Parts about events: how often, how much, how long ago; for everybody at many instants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from foretell.money import MICRO
from foretell.segment.live.parts import Ago, Counted, Part, Summed, compared
from foretell.segment.live.runs import Truth
from foretell.segment.live.windows import NEVER, Instants, Window
from foretell.segment.past.crowd import Pairs
from foretell.segment.past.rows import Rows, by_instant, expand

_COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


@dataclass(frozen=True)
class Happened:
    """A part over events of one kind.

    Args:
        since: whether a pair's ``since`` is obeyed (not within segments).
    """

    rows: Rows
    part: Part
    since: bool

    @cached_property
    def lasts(self) -> bool:
        """True where one event makes it true for good."""
        part = self.part
        once = isinstance(part, Counted) and part.window.length is None
        return once and len(part.table) == 2 and not part.table[0]  # type: ignore[attr-defined]

    def pairs(self, pairs: Pairs) -> Truth:
        """What it says of people at instants."""
        runs = self.rows.runs(pairs, since=self.since)
        some = runs.past > runs.begin
        found = np.full(len(pairs), self.part.at_nothing, bool)
        if some.any():
            found[some] = self.part.look(runs).truth[some]
        return found

    def first(self, pairs: Pairs, until: Instants) -> Instants:
        """The first event of each pair after its ``since`` (else ever) up to ``until``, as known then."""
        asked = pairs.moved(until)
        owner, rows = self.rows.between(asked, since=self.since)
        found = np.full(len(pairs), NEVER, np.int64)
        np.minimum.at(found, owner, self.rows.t[rows])
        return found

    def grid(self, who: slice, instants: Instants) -> Truth:
        """What it says of the people ``who`` at each instant, one row a person."""
        part = self.part
        if isinstance(part, Ago):
            return self._ago(part, who, instants)
        steady = (np.diff(part.window.start(instants)) >= 0).all()
        if not steady or (isinstance(part, Summed) and part.function in ("min", "max")):
            return by_instant(self.pairs, who, instants)
        assert isinstance(part, Counted | Summed)
        counts = self._inside(part.window, who, instants, None)
        if isinstance(part, Counted):
            return part.table[np.minimum(counts, len(part.table) - 1)]
        total = self._inside(part.window, who, instants, self.rows.v)
        some = counts > 0
        if part.function == "sum":
            return compared(part.test, MICRO)(total)
        found = np.full(total.shape, part.at_nothing, bool)
        found[some] = compared(part.test, MICRO, counts[some])(total[some])
        return found

    def _inside(self, window: Window, who: slice, instants: Instants, values: Instants | None) -> Instants:
        """How many rows (or what sum of ``values``) lie in the window of each person at each instant."""
        rows, person, enter = self.rows.entering(who, instants)
        people, width = who.stop - who.start, len(instants) + 1
        changes = np.zeros(people * width, np.int64)
        leave = np.searchsorted(window.start(instants), self.rows.t[rows], side="left")
        there = enter < leave
        ones = np.ones(int(there.sum()), np.int64) if values is None else values[rows[there]]
        np.add.at(changes, person[there] * width + enter[there], ones)
        np.subtract.at(changes, person[there] * width + leave[there], ones)
        found: Instants = np.cumsum(changes.reshape(people, width), axis=1)[:, :-1]
        return found

    def _ago(self, part: Ago, who: slice, instants: Instants) -> Truth:
        rows, person, enter = self.rows.entering(who, instants)
        people = who.stop - who.start
        if part.which == "last":
            place = expand(rows, person, enter, people, len(instants))
        else:  # the first of all that was known: the least place
            place = -expand(-rows, person, enter, people, len(instants), nothing=-len(self.rows.t) - 1)
            place[place > len(self.rows.t)] = -1
        some = place >= 0
        hit = self.rows.t[np.maximum(place, 0)] if len(self.rows.t) else np.zeros(place.shape, np.int64)
        found = some.copy()
        for operator, window in part.bounds:
            found &= _COMPARE[operator](hit, window.start(instants)[None, :])
        return found
