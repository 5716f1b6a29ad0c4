"""Letting people in, tick by tick: re-entry, the cap on entries, arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from foretell import decide
from foretell.clock import Duration, from_micros, micros
from foretell.journey import run_ids
from foretell.journey.backtest.asking import Asking
from foretell.journey.backtest.cast import Entered
from foretell.journey.backtest.doors import Door
from foretell.journey.backtest.playing import Ends, Playing
from foretell.journey.backtest.spans import NEVER, Draws, Instants, Places, Span, bits, per_draw
from foretell.journey.document import Reentry
from foretell.journey.entering import HELD_OUT
from foretell.journey.published import Published


@dataclass(frozen=True)
class Standing:
    """Subjects that may enter, in some draws, from a tick on."""

    subject: Places
    draws: Draws
    column: Places

    def take(self, which: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Standing:
        """Some of them."""
        return Standing(self.subject[which], self.draws[which], self.column[which])

    @classmethod
    def together(cls, parts: list[Standing]) -> Standing:
        """Several after each other."""
        return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("subject", "draws", "column")))


class Admitting:
    """Lets people in and plays them, wave by wave: first everybody's first run, then those who come again.

    Attributes:
        kept: how often the cap on entries let somebody wait for another tick, by draw.
    """

    def __init__(
        self, published: Published, span: Span, door: Door, asking: Asking, playing: Playing, draws: int
    ) -> None:
        self._published, self._span, self._door = published, span, door
        self._asking, self._playing, self._draws = asking, playing, draws
        self.kept = np.zeros(draws, np.int64)
        self._admitted: list[tuple[int, Instants]] = []

    def everybody(self) -> None:
        """Let in whoever may, to the end of the time."""
        people = len(self._door.person)
        every = np.full(people, bits(self._draws), np.uint64)
        standing = Standing(np.arange(people, dtype=np.int64), every, np.zeros(people, np.int64))
        ticks = len(self._span.ticks)
        while True:
            standing = self._next(standing)
            standing = standing.take(standing.column < ticks)
            if not len(standing.subject):
                return
            entering, waiting = self._wave(standing)
            if len(entering.subject):
                again = self._play(entering)
                waiting = Standing.together([waiting, again])
            standing = waiting

    def _next(self, standing: Standing) -> Standing:
        column = self._door.next(standing.subject, standing.column)
        return Standing(standing.subject, standing.draws, column)

    def _wave(self, standing: Standing) -> tuple[Standing, Standing]:
        """Who enters now, and who is to be asked again."""
        cap = self._published.spec.entries
        if cap is None:
            return standing, standing.take(np.zeros(len(standing.subject), bool))
        until = min(int(standing.column.min()) + self._block(), len(self._span.ticks))
        entering: list[Standing] = []
        while len(standing.subject) and int(standing.column.min()) < until:
            column = int(standing.column.min())
            here = standing.column == column
            now, rest = standing.take(here), standing.take(~here)
            order = np.argsort(now.subject, kind="stable")
            now = Standing(now.subject[order], now.draws[order], now.column[order])
            let_in = self._room(now, column, cap.most, Duration.parse(cap.per))
            entering.append(Standing(now.subject[let_in != 0], let_in[let_in != 0], now.column[let_in != 0]))
            left = now.draws & ~let_in
            late = Standing(now.subject[left != 0], left[left != 0], now.column[left != 0] + 1)
            self.kept += per_draw(late.draws, self._draws)
            standing = Standing.together([rest, self._waits(late)])
        return Standing.together(entering), standing

    def _waits(self, late: Standing) -> Standing:
        """Those who do not fit: who waits in a queue keeps their turn, others are asked at the next tick."""
        return late if self._published.spec.trigger is not None else self._next(late)

    def _room(self, now: Standing, column: int, most: int, per: Duration) -> Draws:
        """In which draws each of those at the door fits under the cap; the first first."""
        at = int(self._span.ticks[column])
        since = micros(per.before(from_micros(at), self._asking.zone))
        taken = np.zeros(self._draws, np.int64)
        for instant, counts in self._admitted:
            taken += counts if instant > since else 0
        found = np.zeros(len(now.subject), np.uint64)
        for draw in range(self._draws):
            there = (now.draws >> np.uint64(draw)) & np.uint64(1) == 1
            fits = there & (np.cumsum(there) <= most - taken[draw])
            found |= np.where(fits, np.uint64(1) << np.uint64(draw), np.uint64(0)).astype(np.uint64)
        self._admitted = [one for one in self._admitted if one[0] > since]
        self._admitted.append((at, per_draw(found, self._draws)))
        return found

    def _block(self) -> int:
        """So many ticks can be looked at before anybody who enters in them can come again."""
        again = self._published.spec.reentry
        if again == "never" or (isinstance(again, Reentry) and again.after is None):
            return len(self._span.ticks)
        if not isinstance(again, Reentry) or again.after is None:
            return 1
        return max(int(Duration.parse(again.after).days * 0.9 // (self._span.every.total_seconds() / 86_400)), 1)

    def _play(self, entering: Standing) -> Standing:
        entered = self._entered(entering)
        runs = self._asking.take_in(entered)
        going = runs[~entered.held_out]
        ends = self._playing.play(going) if len(going) else Ends(*(np.zeros(0, np.int64),) * 3)  # type: ignore[arg-type]
        if self._published.spec.reentry == "never":
            return entering.take(np.zeros(len(entering.subject), bool))
        return self._again(entering, entered, int(runs[0]) if len(runs) else 0, ends)

    def _again(self, entering: Standing, entered: Entered, first: int, ends: Ends) -> Standing:
        """From when those who entered may come again."""
        place = np.concatenate([ends.run - first, np.flatnonzero(entered.held_out)])
        draws = np.concatenate([ends.draws, entered.draws[entered.held_out]]).astype(np.uint64)
        over = np.concatenate([ends.at, self._held_until(entered, first)])
        begin = entered.at[place]
        again = self._published.spec.reentry
        if isinstance(again, Reentry):
            if again.after is None:
                return entering.take(np.zeros(len(entering.subject), bool))
            gap = Duration.parse(again.after)
            waits = {int(one): micros(gap.after(from_micros(int(one)), self._asking.zone)) for one in np.unique(begin)}
            over = np.maximum(over, np.array([waits[int(one)] for one in begin], np.int64))
        column = np.maximum(self._span.column(np.minimum(over, NEVER)), self._span.column(begin) + 1)
        return Standing(entering.subject[place], draws, column)

    def _held_until(self, entered: Entered, first: int) -> Instants:
        """Until when the held out count as inside: with ``always`` as long as their goal is open."""
        held = np.flatnonzero(entered.held_out)
        if self._published.spec.reentry != "always" or self._published.spec.goal is None:
            return entered.at[held]
        came = self._asking.goals(self._published.tree("goal"), first + held)
        return np.minimum(came, entered.goal_until[held])

    def _entered(self, entering: Standing) -> Entered:
        spec, key = self._published.spec, self._published.key
        person = self._door.person[entering.subject]
        at = self._span.ticks[entering.column]
        names = self._asking.names(person)
        arm = decide.arms(f"journey:{key}", pa.array(names, pa.string()), spec.shares)
        held = np.array([one == HELD_OUT for one in arm.to_pylist()], bool)
        several = isinstance(spec.reentry, Reentry) and spec.reentry.per is not None
        marks = list(map(str, entering.subject.tolist())) if several else ""
        ids = run_ids.new_runs(key, pa.array(person), names.tolist(), list(map(str, at.tolist())), marks)
        until = np.full(len(at), NEVER, np.int64)
        if spec.goal is not None:
            within = self._published.goal_within
            ends = {int(one): micros(within.after(from_micros(int(one)), self._asking.zone)) for one in np.unique(at)}
            until = np.array([ends[int(one)] for one in at], np.int64)
        by = self._door.message(entering.subject, entering.column)
        return Entered(person, at, entering.draws, held, ids.to_numpy(zero_copy_only=False), names, by, until)
