"""Parts about the last thing that was told or stored: a trait's value, a score, a word of consent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foretell.segment.live.arena import Places
from foretell.segment.live.runs import Truth
from foretell.segment.live.windows import Instants, Window
from foretell.segment.past.crowd import Pairs
from foretell.segment.past.rows import Rows, expand


@dataclass(frozen=True)
class Latest:
    """A test of the latest row of each person.

    Args:
        rows: their ``v`` says whether the row keeps the test (1, 0).
        at_nothing: what is said of people without a row.
        fresh: rows from before this window do not count; None: however old.
        barred: for whom no row counts; None: nobody.
    """

    rows: Rows
    at_nothing: bool
    fresh: Window | None = None
    barred: Latest | None = None

    def pairs(self, pairs: Pairs) -> Truth:
        """What it says of people at instants."""
        start = None if self.fresh is None else self.fresh.start(pairs.at)
        found = self._said(self.rows.newest(pairs), start)
        return found if self.barred is None else np.where(self.barred.pairs(pairs), self.at_nothing, found)

    def grid(self, who: slice, instants: Instants) -> Truth:
        """What it says of the people ``who`` at each instant, one row a person."""
        rows, person, enter = self.rows.entering(who, instants)
        place = expand(rows, person, enter, who.stop - who.start, len(instants))
        start = None if self.fresh is None else self.fresh.start(instants)[None, :]
        found = self._said(place, start)
        return found if self.barred is None else np.where(self.barred.grid(who, instants), self.at_nothing, found)

    def _said(self, place: Places, start: Instants | None) -> Truth:
        if not len(self.rows.t):
            return np.full(place.shape, self.at_nothing, bool)
        there, row = place >= 0, np.maximum(place, 0)
        if start is not None:
            there = there & (self.rows.t[row] >= start)
        return np.where(there, self.rows.v[row] == 1, self.at_nothing)


@dataclass(frozen=True)
class Since:
    """A part that holds from an instant on for good.

    Args:
        begins: of each person (microseconds).
    """

    begins: Instants

    def pairs(self, pairs: Pairs) -> Truth:
        """What it says of people at instants."""
        found: Truth = self.begins[pairs.person] <= pairs.at
        return found

    def grid(self, who: slice, instants: Instants) -> Truth:
        """What it says of the people ``who`` at each instant, one row a person."""
        found: Truth = self.begins[who][:, None] <= instants[None, :]
        return found


@dataclass(frozen=True)
class Asked:
    """A part that the store is asked about, once for each instant that occurs.

    Args:
        keys: profile keys by place.
        ask: of an instant, profile keys and the instants since which events count (None: all): who is in.
        since: whether a pair's ``since`` is obeyed.
    """

    keys: Places
    ask: Callable[[int, Places | None, Instants | None], Places]
    since: bool

    def pairs(self, pairs: Pairs) -> Truth:
        """What it says of people at instants."""
        found = np.zeros(len(pairs), bool)
        order = np.lexsort((pairs.person, pairs.at))
        at, person = pairs.at[order], pairs.person[order]
        # Of people who stand there twice at one instant each time is another question.
        same = (at[1:] == at[:-1]) & (person[1:] == person[:-1])
        turn = np.zeros(len(pairs), np.int64)
        if same.any() and self.since and pairs.since is not None:
            run = np.concatenate([[0], np.cumsum(~same)])
            begin = np.concatenate([[0], np.flatnonzero(~same) + 1])
            turn = np.arange(len(pairs)) - begin[run]
        for instant, nth in np.unique(np.column_stack([at, turn]), axis=0):
            these = order[(at == instant) & (turn == nth)]
            keys = self.keys[pairs.person[these]]
            since = pairs.since[these] if self.since and pairs.since is not None else None
            found[these] = np.isin(keys, self.ask(int(instant), keys, since))
        return found

    def grid(self, who: slice, instants: Instants) -> Truth:
        """What it says of the people ``who`` at each instant, one row a person."""
        keys = self.keys[who]
        columns = [np.isin(keys, self.ask(int(at), None, None), assume_unique=False) for at in instants]
        return np.stack(columns, axis=1) if columns else np.zeros((len(keys), 0), bool)
