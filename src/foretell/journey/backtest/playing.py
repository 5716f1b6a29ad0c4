"""Runs on their way: each kind of step says what it would have done, and goals and leaving end runs in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from foretell.clock import micros
from foretell.condition import Condition
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine, integers
from foretell.journey.backtest.asking import Asking, needs
from foretell.journey.backtest.cast import Lines, hashed, split_by_draw
from foretell.journey.backtest.foresights import Sight
from foretell.journey.backtest.mailing import Mailing
from foretell.journey.backtest.replies import Replies
from foretell.journey.backtest.spans import NEVER, Draws, Instants, Places, Span, Truth
from foretell.journey.backtest.told import Moved, Record, Rested
from foretell.journey.published import Published
from foretell.journey.steps import RUNS, Step, kind_of


@dataclass(frozen=True)
class Ends:
    """How the runs of a wave stand at the end of the time.

    Args:
        run: places among those who entered; ``at``: when they were over, NEVER where they are not.
    """

    run: Places
    draws: Draws
    at: Instants


@dataclass(frozen=True)
class Gone:
    """Lines, and what their step said of them.

    Args:
        going: place of the step to which each goes, -1 for the end; ``due``: when.
        stopped: when each is over before, NEVER where it is not; ``goal``: by its goal.
    """

    lines: Lines
    going: Places
    due: Instants
    outcome: Places
    stopped: Instants
    goal: Truth

    def together(self) -> Gone:
        """Lines of one run that went the same way are one again."""
        lines = self.lines
        told = [lines.run, self.going, self.due, self.outcome, self.stopped, self.goal, lines.at, lines.arrived]
        told += [lines.text, *lines.decided.T, *lines.sent.T]
        _, first, place = np.unique(hashed(told), return_index=True, return_inverse=True)
        draws = np.zeros(len(first), np.uint64)
        np.bitwise_or.at(draws, place.ravel(), lines.draws)
        kept = lines.take(first).changed(draws=draws, draw=np.full(len(first), -1, np.int64))
        to, due, outcome = self.going[first], self.due[first], self.outcome[first]
        return Gone(kept, to, due, outcome, self.stopped[first], self.goal[first])


class Playing:
    """Plays runs of a journey through a span."""

    def __init__(
        self,
        engine: Engine,
        catalog: Catalog,
        published: Published,
        span: Span,
        asking: Asking,
        mailing: Mailing,
        replies: Replies,
        record: Record,
    ) -> None:
        self._engine, self._catalog, self._published, self._span = engine, catalog, published, span
        self._asking, self._mailing, self._replies, self._record = asking, mailing, replies, record
        self._steps = published.spec.steps
        self._place = {step.key: place for place, step in enumerate(self._steps)}
        self._texts: list[str] = ["{}"]
        self._numbers: dict[str, int] = {"{}": 0}
        self._end = micros(span.end)

    def play(self, runs: Places) -> Ends:
        """Play runs (places among those who entered) to their ends, or to the end of the time."""
        lines = Lines.beginning(runs, self._asking.entered, len(self._replies.senders))
        ends: list[Ends] = []
        while len(lines):
            place = int(lines.step.min())
            here = lines.step == place
            going, over = self._step(self._steps[place], lines.take(here))
            ends += over
            lines = Lines.together([lines.take(~here), going])
        return Ends(*(np.concatenate([getattr(one, name) for one in ends]) for name in ("run", "draws", "at")))

    def _step(self, step: Step, lines: Lines) -> tuple[Lines, list[Ends]]:
        lines = self._apart(step, lines)
        context = self._foresight(step, lines)
        moved = kind_of(step).foresee(context.foresight, self._table(lines))
        lines = context.lines
        codes = self._record.words.codes(moved["next"].fill_null(""))
        going = np.array([self._place.get(word, -1) for word in self._record.words.known], np.int64)[codes]
        due = integers(moved["due_at"].cast(TIMESTAMP).cast(pa.int64()))
        outcome = self._record.words.codes(moved["outcome"])
        lines = lines.changed(text=self._numbered(moved["variables"], lines.text))
        stopped, goal = self._stops(lines, due)
        gone = Gone(lines, going, due, outcome, stopped, goal)
        return self._settle(step, gone.together() if (lines.draw >= 0).any() else gone)

    def _apart(self, step: Step, lines: Lines) -> Lines:
        """Lines by draw, where what happens at the step hangs on replies."""
        kind = kind_of(step)
        named = [
            needs(self._published.tree(name, step.key))
            for name in kind.conditions
            if getattr(step, name, None) is not None
        ]
        if kind.rests or kind.sends:
            named += [needs(self._tree(name)) for name in ("goal", "leave")]
        asked: frozenset[str] = frozenset().union(*named)
        if not asked:
            return lines
        loud = np.zeros((len(lines), self._record.draws), bool)
        numbers = self._asking.numbers[lines.run]
        for key in asked:
            loud |= self._replies.loud(
                key, numbers, lines.sent[:, self._replies.senders[key].place], self._record.draws
            )
        return split_by_draw(lines, loud)[0]

    def _settle(self, step: Step, gone: Gone) -> tuple[Lines, list[Ends]]:
        lines, going, due = gone.lines, gone.going, gone.due
        place, over_at = self._place[step.key], gone.stopped
        ends = self._stop(step, gone)
        on = over_at == NEVER
        stays = going == place
        # What rests comes to its end at the instant at which it goes on; beyond the end of the time it is here still.
        late = on & (due > self._end)
        words = np.where(late & ~stays, self._record.words.code("waiting"), gone.outcome)
        at = np.where(stays | late, lines.at, due)
        self._tell(step, lines, on | stays, at, words, np.where(late, place, going))
        ends += self._rest("active", step, lines, late, np.full(len(lines), NEVER, np.int64))
        ends += self._rest("done", step, lines, on & ~late & (going < 0), due)
        moved = lines.changed(
            step=going,
            at=due,
            arrived=np.where(going == place, lines.arrived, due),
            waiting=going == place,
            draw=np.full(len(lines), -1, np.int64),
        )
        return moved.take(on & ~late & (going >= 0)), ends

    def _stops(self, lines: Lines, due: Instants) -> tuple[Instants, Truth]:
        """When runs that rest are over before they go on, and whether by their goal; NEVER where they are not."""
        stopped = np.full(len(lines), NEVER, np.int64)
        goal = np.zeros(len(lines), bool)
        rests = np.flatnonzero(due > lines.at)
        if not len(rests) or (self._tree("goal") is None and self._tree("leave") is None):
            return stopped, goal
        resting, until = lines.take(rests), np.minimum(due[rests], self._end)
        left = self._first("leave", resting, until)
        counts = self._asking.entered.goal_until[resting.run]
        won = self._first("goal", resting, np.minimum(until, counts))
        stopped[rests] = np.minimum(left, won)
        goal[rests] = (won <= left) & (won < NEVER)
        return stopped, goal

    def _first(self, name: str, lines: Lines, until: Instants) -> Instants:
        tree = self._tree(name)
        if tree is None:
            return np.full(len(lines), NEVER, np.int64)
        return self._asking.first(tree, lines, until, True)

    def _tree(self, name: str) -> Condition | None:
        return None if getattr(self._published.spec, name) is None else self._published.tree(name)

    def _stop(self, step: Step, gone: Gone) -> list[Ends]:
        ends, over = [], gone.stopped < NEVER
        for state, which in (("goal", gone.goal & over), ("left", ~gone.goal & over)):
            words = np.full(len(over), self._record.words.code(state), np.int64)
            # Whoever was put off and is stopped before is told twice, and came once.
            lines = gone.lines.changed(waiting=gone.lines.waiting | (gone.going == self._place[step.key]))
            self._tell(step, lines, which, gone.stopped, words, np.full(len(over), -1, np.int64))
            ends += self._rest(state, step, gone.lines, which, gone.stopped)
        return ends

    def _tell(
        self, step: Step, lines: Lines, which: Truth, at: Instants, words: Places,
        going: Places,
    ) -> None:  # fmt: skip
        if which.any():
            names = np.array([self._record.words.code(name) for name in (*(one.key for one in self._steps), "")])
            part, to = lines.take(which), names[going[which]]
            self._record.moved.append(Moved(step.key, part.run, part.draws, at[which], words[which], to, ~part.waiting))

    def _rest(self, state: str, step: Step, lines: Lines, which: Truth, at: Instants) -> list[Ends]:
        if not which.any():
            return []
        part = lines.take(which)
        self._record.rested.append(Rested(state, step.key, part.run, part.draws, at[which]))
        return [Ends(part.run, part.draws, at[which])]

    def _foresight(self, step: Step, lines: Lines) -> Sight:
        return Sight(
            self._engine, self._catalog, self._published, step, lines, self._asking, self._mailing, self._replies,
            self._record,
        )  # fmt: skip

    def _table(self, lines: Lines) -> pa.Table:
        entered, ids = self._asking.entered, self._asking.ids
        person = self._asking.past.crowd.keys[entered.person[lines.run]]
        texts, run = pa.array(self._texts, pa.string()), pa.array(lines.run)
        columns = {
            "run": ids["run"].take(run),
            "profile_key": pa.array(person),
            "node_key": pa.array(person),
            "profile_id": ids["profile_id"].take(run),
            "entered_at": pa.array(entered.at[lines.run]).cast(TIMESTAMP),
            "at": pa.array(lines.at).cast(TIMESTAMP),
            "arrived_at": pa.array(lines.arrived).cast(TIMESTAMP),
            "waiting": pa.array(lines.waiting),
            "variables": texts.take(pa.array(lines.text)),
            "entry_message_id": ids["message_id"].take(run),
        }
        return pa.table(columns).cast(RUNS).append_column("row", pa.array(np.arange(len(lines), dtype=np.int64)))

    def _numbered(self, told: pa.ChunkedArray, before: Places) -> Places:
        """The texts that steps left, by number."""
        if told.null_count == len(told):
            return before
        found = before.copy()
        for place, text in enumerate(told.to_pylist()):
            if text is not None:
                if text not in self._numbers:
                    self._numbers[text] = len(self._texts)
                    self._texts.append(text)
                found[place] = self._numbers[text]
        return found
