"""What conditions say of runs in a back-test: as of each run's instant, by what was known then and what is assumed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from foretell.clock import from_micros
from foretell.condition import Condition, Event, Message, Reader, leaves
from foretell.engine import integers
from foretell.journey.backtest.cast import Entered, Lines
from foretell.journey.backtest.replies import Replies, numbers_of
from foretell.journey.backtest.spans import NEVER, Draws, Instants, Places, Span, Truth, Words
from foretell.segment import Pairs, Past, Watched

_AT_ONCE = 4_000_000
_NAMES = (
    "SELECT n.node_key, n.profile_id FROM nodes n WHERE n.node_key IN (SELECT a.profile_key FROM asked a) "
    "ORDER BY n.node_key"
)


class Asking:
    """Answers conditions about runs.

    Args:
        scores: see :class:`~foretell.segment.past.Past`.
    """

    def __init__(
        self, reader: Reader, span: Span, replies: Replies, scores: Mapping[tuple[str, str], pa.Table]
    ) -> None:
        self.reader, self._span, self._replies = reader, span, replies
        self.past = Past(reader, until=span.end, scores=scores, tell=self._tell, when=self._when)
        self._watched: dict[Condition, Watched] = {}
        self._begun: dict[Event, dict[str, bool]] = {}
        self.entered = Entered.together([])
        self._numbers = np.zeros(0, np.uint64)
        self.ids = pa.table({name: pa.array([], pa.string()) for name in ("run", "profile_id", "message_id")})
        self.lines: Lines | None = None
        self._candidates: Words | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's zone."""
        return self.past.zone

    @contextmanager
    def candidates(self, by: Words) -> Iterator[None]:
        """While the block runs, ``event`` means the events ``by`` which people are let in, by the pairs' ``row``."""
        self._candidates = by
        try:
            yield
        finally:
            self._candidates = None

    def take_in(self, entered: Entered) -> Places:
        """Speak of more runs; returns their places."""
        before = len(self.entered)
        self.entered = Entered.together([self.entered, entered]) if before else entered
        self._numbers = np.concatenate([self._numbers, numbers_of(entered.run)])
        names = ("run", "profile_id", "message_id")
        self.ids = pa.table({name: pa.array(getattr(self.entered, name), pa.string()) for name in names})
        return np.arange(before, len(self.entered), dtype=np.int64)

    @property
    def numbers(self) -> Draws:
        """A number for each run, from which its replies are drawn."""
        return self._numbers

    def names(self, person: Places) -> Words:
        """The first profile ids of people."""
        keys = self.past.crowd.keys[person]
        found = self.reader.analytics.query(_NAMES, {}, {"asked": pa.table({"profile_key": np.unique(keys)})})
        known, names = integers(found["node_key"]), np.array(found["profile_id"].to_pylist(), dtype=object)
        named: Words = names[np.searchsorted(known, keys)]
        return named

    def goals(self, tree: Condition, runs: Places) -> Instants:
        """When runs reached the goal by history, in the time in which it counts; NEVER where they did not."""
        lines = Lines.beginning(runs, self.entered, len(self._replies.senders))
        until = np.minimum(self.entered.goal_until[runs], self.past.until)
        return self.first(tree, lines, until, True)

    def holds(self, tree: Condition, lines: Lines, since_entry: bool, at: Instants | None = None) -> Truth:
        """For each line whether ``tree`` holds as of its instant."""
        self.lines = lines
        return self._watch(tree).holds(self._pairs(lines, lines.at if at is None else at, since_entry))

    def first(
        self, tree: Condition, lines: Lines, until: Instants, since_entry: bool, since: Instants | None = None
    ) -> Instants:
        """Since when it holds, up to ``until``; where no event makes it true for good, the tick at which it is seen.

        Args:
            since: instead of each line's entry.
        """
        self.lines = lines
        watched = self._watch(tree)
        if watched.lasts:
            return watched.first(self._pairs(lines, lines.at, since_entry, since), until)
        return self._seen(watched, lines, until, self._pairs(lines, lines.at, since_entry, since))

    def _seen(self, watched: Watched, lines: Lines, until: Instants, asked: Pairs) -> Instants:
        """The first tick after each line's instant at which the condition holds, or ``until`` itself."""
        ticks = self._span.ticks
        begin = np.searchsorted(ticks, lines.at, side="right")
        counts = np.maximum(np.searchsorted(ticks, until, side="left") - begin, 0) + 1
        found = np.full(len(lines), NEVER, np.int64)
        for part in _parts(counts, _AT_ONCE):
            line = np.repeat(part, counts[part])
            turn = np.arange(len(line)) - np.repeat(np.cumsum(counts[part]) - counts[part], counts[part])
            tick = ticks[np.minimum(begin[line] + turn, len(ticks) - 1)]
            at = np.where(turn == counts[line] - 1, until[line], tick)
            pairs = asked.take(line).moved(at)
            held = watched.holds(pairs)
            np.minimum.at(found, line[held], at[held])
        return found

    def _pairs(self, lines: Lines, at: Instants, since_entry: bool, since: Instants | None = None) -> Pairs:
        entered = self.entered
        since = (entered.at[lines.run] if since is None else since) if since_entry else None
        return Pairs(entered.person[lines.run], at, since, np.arange(len(lines), dtype=np.int64))

    def _watch(self, tree: Condition) -> Watched:
        if tree not in self._watched:
            self._watched[tree] = self.past.watch(tree, "all")
        return self._watched[tree]

    def _tell(self, leaf: Message | Event, pairs: Pairs) -> Truth:
        assert pairs.row is not None
        if isinstance(leaf, Event):
            return self._begun_by(leaf, pairs)
        held: Truth = self._came(leaf, pairs) <= pairs.at
        return ~held if leaf.negated else held

    def _when(self, leaf: Message, pairs: Pairs, until: Instants) -> Instants:
        came = self._came(leaf, pairs)
        return np.where(came <= until, came, NEVER)

    def _came(self, leaf: Message, pairs: Pairs) -> Instants:
        assert self.lines is not None
        assert pairs.row is not None
        sender = self._replies.senders[leaf.step]
        sent = self.lines.sent[pairs.row, sender.place]
        numbers = self._numbers[self.lines.run[pairs.row]]
        return self._replies.came(leaf.step, leaf.state, numbers, self.lines.draw[pairs.row], sent)

    def _begun_by(self, leaf: Event, pairs: Pairs) -> Truth:
        """Whether each run was begun by such an event, or would be."""
        assert pairs.row is not None
        if self._candidates is not None:
            messages = self._candidates[pairs.row]
        else:
            assert self.lines is not None
            messages = self.entered.message_id[self.lines.run[pairs.row]]
        return self._of_events(leaf, self.past.crowd.keys[pairs.person], messages)

    def _of_events(self, leaf: Event, keys: Places, messages: Words) -> Truth:
        """Whether events of people (their keys) have such a property; each event is asked about once."""
        known = self._begun.setdefault(leaf, {})
        fresh = {(int(key), str(one)) for key, one in zip(keys, messages, strict=True) if str(one) not in known}
        for turn in _turns(sorted(fresh)):
            people = pa.table({"profile_key": [key for key, _ in turn], "entry_message_id": [one for _, one in turn]})
            found = self.reader.members(leaf, as_of=from_micros(self.past.until), of="all", people=people)
            inside = set(integers(found["profile_key"]).tolist())
            known.update({one: key in inside for key, one in turn})
        return np.fromiter((known[str(one)] for one in messages), bool, len(messages))


def needs(tree: Condition | None) -> frozenset[str]:
    """The steps whose messages a condition speaks of."""
    return frozenset() if tree is None else frozenset(one.step for one in leaves(tree) if isinstance(one, Message))


def _parts(counts: Places, most: int) -> list[Places]:
    """Lines in parts whose counts do not add up to more than ``most``."""
    if not len(counts):
        return []
    group = (np.cumsum(counts) - 1) // most
    return [np.flatnonzero(group == one) for one in np.unique(group)]


def _turns(pairs: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    """Events in turns, in each of which a person stands once."""
    turns: list[list[tuple[int, str]]] = []
    last, turn = -1, 0
    for key, message in pairs:
        turn = turn + 1 if key == last else 0
        last = key
        if turn == len(turns):
            turns.append([])
        turns[turn].append((key, message))
    return turns
