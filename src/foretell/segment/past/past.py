"""The door: conditions about the past, at a grid of instants or at people's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import micros
from foretell.condition import Condition, Event, Message, Of, Reader
from foretell.engine import integers
from foretell.segment.live.arena import Places
from foretell.segment.live.formula import Either, Formula, Is
from foretell.segment.live.runs import Truth
from foretell.segment.live.windows import NEVER, Instants
from foretell.segment.past.crowd import Crowd, Pairs, crowd_of
from foretell.segment.past.happened import Happened
from foretell.segment.past.loading import Loading, Scores
from foretell.segment.past.reading import Leaf, Source, Taken, is_told, taken_apart

PEOPLE_AT_ONCE = 16_384
Tell = Callable[[Message | Event, Pairs], Truth]
When = Callable[[Message, Pairs, Instants], Instants]


@dataclass(frozen=True)
class Intervals:
    """When a condition held on a grid of instants.

    Args:
        person: places in the crowd, ascending; of one person the earlier first.
        begin: the first instant (its place in the grid) of each stretch at which it held.
        end: the first after it at which it did not; as many as there are instants where it held to the last.
    """

    person: Places
    begin: Places
    end: Places


class Past:
    """Answers conditions at many instants of the past, each by what had happened and was known then.

    What conditions read is loaded once and kept, so that one object is for one piece of work.

    Args:
        until: nothing that happened or arrived later is read.
        scores: other scores than those that are stored, by prediction and horizon.
        tell: what ``message`` and ``event`` say of people at instants (a pair's ``row`` names the run).
        when: since when ``message`` holds, up to instants; ``NEVER`` where it does not.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        until: datetime,
        scores: Mapping[tuple[str, str], Scores] | None = None,
        tell: Tell | None = None,
        when: When | None = None,
    ) -> None:
        self.until = micros(until)
        self._loading = Loading(reader, self.until, scores or {})
        self.tell, self.when = tell, when

    @cached_property
    def crowd(self) -> Crowd:
        """Everybody who had been seen."""
        found = crowd_of(self._loading.reader.analytics, self.until)
        self._loading.crowd = found
        return found

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's zone."""
        return self._loading.scope.frame.zone

    def scores(self, prediction: str, horizon: str | None) -> tuple[Places, Instants, npt.NDArray[np.float64]]:
        """All scores of a prediction by person and time: person, instant, score; of merged people the one that counts.

        Raises:
            UsageError: ``UNKNOWN_HORIZON``, ``HORIZON_MISSING``.
        """
        assert self.crowd is not None
        return self._loading.scores(prediction, horizon)

    def own_scores(self, prediction: str, horizon: str) -> Scores | None:
        """The scores that are read instead of those that are stored; None where the stored ones are."""
        return self._loading.own_scores.get((prediction, horizon))

    def consent(self, channel: str, purpose: str, state: str) -> Source:
        """The part that the word on a purpose over a channel which counts is ``granted``, ``denied`` or ``expired``."""
        assert self.crowd is not None
        return self._loading.consent(channel, purpose, state)

    def newest(self, keys: pa.ChunkedArray, since: pa.ChunkedArray, pairs: Pairs) -> Places:
        """Of rows of people (profile keys, known from an instant on, in the order in which they were told) the last
        that counts for each pair; -1 where none does."""
        place = self.crowd.places(integers(keys))
        order = np.argsort(place, kind="stable")
        found = np.full(len(pairs), -1, np.int64)
        begin = np.searchsorted(place[order], pairs.person, side="left")
        end = np.searchsorted(place[order], pairs.person, side="right")
        counts = end - begin
        owner = np.repeat(np.arange(len(pairs), dtype=np.int64), counts)
        rows = order[np.arange(len(owner)) + np.repeat(begin - (np.cumsum(counts) - counts), counts)]
        known = integers(since)[rows] <= pairs.at[owner]
        np.maximum.at(found, owner[known], rows[known])
        return found

    def watch(self, tree: Condition, of: Of = "known") -> Watched:
        """A condition, ready to be asked about the people of the universe ``of``."""
        crowd = self.crowd
        scope = self._loading.scope
        taken = taken_apart(tree, of, scope, self._loading.references)
        sources: dict[int, Source] = {}
        for place in dict.fromkeys(taken.formula.places()):
            sources[place] = self._loading.seen(place) if place < 2 else self._source(taken, place)
        return Watched(self, crowd, taken.formula, sources, _inner(taken))

    def _source(self, taken: Taken, place: int) -> Source:
        part = taken.parts[place]
        assert part is not None
        if isinstance(part, Leaf) and is_told(part.tree):
            assert isinstance(part.tree, Message | Event)
            return _OfRun(self, part.tree)
        return self._loading.source(part)


@dataclass(frozen=True)
class _OfRun:
    """A part that speaks of a run."""

    past: Past
    tree: Message | Event

    def pairs(self, pairs: Pairs) -> Truth:
        """What it says of runs at instants."""
        assert self.past.tell is not None, "the part speaks of a run, and nobody says of which"
        return self.past.tell(self.tree, pairs)

    def grid(self, who: slice, instants: Instants) -> Truth:
        """Nothing: there is no run."""
        raise AssertionError("the part speaks of a run, and here there is none")


@dataclass(frozen=True)
class Watched:
    """A condition about the past."""

    past: Past
    crowd: Crowd
    formula: Formula
    sources: Mapping[int, Source]
    inner: Formula

    def holds(self, pairs: Pairs) -> Truth:
        """For which of the people it held at their instants."""
        if not len(pairs):
            return np.zeros(0, bool)
        found: Truth = self.formula.holds(_Said(lambda place: self.sources[place].pairs(pairs)))  # type: ignore[arg-type]
        return found

    def intervals(self, instants: Instants) -> Intervals:
        """When it held for everybody, on a grid of ascending instants (microseconds)."""
        parts = []
        for begin in range(0, len(self.crowd), PEOPLE_AT_ONCE):
            who = slice(begin, min(begin + PEOPLE_AT_ONCE, len(self.crowd)))
            said = _Said(lambda place, who=who: self.sources[place].grid(who, instants))  # type: ignore[misc]
            parts.append(_stretches(self.formula.holds(said), begin))  # type: ignore[arg-type]
        if not parts:
            return Intervals(*(np.zeros(0, np.int64) for _ in range(3)))
        person, first, last = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return Intervals(person, first, last)

    @property
    def lasts(self) -> bool:
        """Whether one event makes it true for good, so that :meth:`first` can tell."""
        return all(self._once(place) for place in self.inner.places()) and _only_any(self.inner)

    def first(self, pairs: Pairs, until: Instants) -> Instants:
        """The instant of the event that made it true, up to ``until`` and as known then; ``NEVER`` without one."""
        assert self.lasts
        found = np.full(len(pairs), NEVER, np.int64)
        for place in dict.fromkeys(self.inner.places()):
            source = self.sources[place]
            if isinstance(source, _OfRun):
                assert self.past.when is not None
                assert isinstance(source.tree, Message)
                came = self.past.when(source.tree, pairs, until)
            else:
                assert isinstance(source, Happened)
                came = source.first(pairs, until)
            found = np.minimum(found, came)
        return found

    def _once(self, place: int) -> bool:
        source = self.sources[place]
        if isinstance(source, _OfRun):
            return isinstance(source.tree, Message) and not source.tree.negated
        return isinstance(source, Happened) and source.lasts


class _Said(dict[int, Truth]):
    """What parts say, each asked once and only where the formula comes to it."""

    def __init__(self, ask: Callable[[int], Truth]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, place: int) -> Truth:
        found = self[place] = self._ask(place)
        return found


def _inner(taken: Taken) -> Formula:
    """The formula without the universe."""
    inner: Formula = taken.formula.parts[0]  # type: ignore[union-attr]
    return inner


def _only_any(formula: Formula) -> bool:
    if isinstance(formula, Either):
        return all(_only_any(part) for part in formula.parts)
    return isinstance(formula, Is)


def _stretches(held: Truth, first: int) -> tuple[Places, Places, Places]:
    """Where rows of truth are true without a break: row, begin, end."""
    people, width = held.shape
    edged = np.zeros((people, width + 2), np.int8)
    edged[:, 1:-1] = held
    steps = np.diff(edged, axis=1)
    begins, ends = np.flatnonzero(steps.ravel() == 1), np.flatnonzero(steps.ravel() == -1)
    return begins // (width + 1) + first, begins % (width + 1), ends % (width + 1)
