"""What a step that asks by a survey does with its runs: the same in a journey that runs and in a back-test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.journey.steps.base import MOVES, moves
from foretell.journey.surveying import Counts, due_after, pauses
from foretell.listen import asking

Mask = npt.NDArray[np.bool_]
Decide = Callable[[pa.Table, str, int], pa.Table]
"""Runs, template and number of the reminder (0: the invitation) → ``decision reason until``, in their order."""
AskedAt = Callable[[pa.Table], pa.Array | pa.ChunkedArray]
"""Runs → when the latest message of each was asked for."""
Part = tuple[npt.NDArray[np.int64], pa.Table, Counts]
"""Places among the runs, their moves, and how many messages each has had then."""


@dataclass(frozen=True)
class Plan:
    """How runs are asked, and how long they wait.

    Args:
        step: key of the step; ``survey`` and ``share``: whose sample is taken, and how large it is.
        reminders: so long after the invitation each, with its template.
        patience: from the invitation on, so long an answer is waited for; None: the run goes on at once.
        answered, silent: the steps that follow.
        asked_at: when each run's latest message was asked for.
        closed: the survey is over: nobody is asked any more, and whoever was asked is not reminded.
    """

    step: str
    survey: str
    share: float
    template: str
    reminders: Sequence[tuple[timedelta, str]]
    patience: timedelta | None
    answered: str | None
    silent: str | None
    decide: Decide
    asked_at: AskedAt
    closed: bool = False

    def go(self, runs: pa.Table, counts: Counts, heard: Mask) -> tuple[pa.Table, Counts]:
        """Moves of ``runs`` in their order, and how many messages each has had then; 0 for those that go on.

        Args:
            counts: messages before; 0: the run is to be asked yet.
            heard: who has answered, of those asked before and of those who were put off: they answered by another way,
                and are not asked any more.
        """
        early = np.flatnonzero((counts == 0) & heard)
        parts = [
            self._ended(runs, early, "answered", self.answered),
            *self._invited(runs, np.flatnonzero((counts == 0) & ~heard)),
            *self._followed(runs, counts, heard),
        ]
        places = np.concatenate([place for place, _, _ in parts])
        order = np.argsort(places, kind="stable")
        moved = pa.concat_tables([part for _, part, _ in parts]).take(pa.array(order))
        return moved, np.concatenate([after for _, _, after in parts])[order]

    def _invited(self, runs: pa.Table, fresh: npt.NDArray[np.int64]) -> list[Part]:
        """Ask runs that have just come, or were put off."""
        rows = runs.take(pa.array(fresh))
        if self.closed:
            return [(fresh, moves(rows, "survey_closed", self.silent), np.zeros(rows.num_rows, np.int64))]
        inside = asking.in_sample(self.survey, self.share, rows["profile_id"].to_pylist())
        left = rows.filter(pa.array(~inside))
        out = (fresh[~inside], moves(left, "not_sampled", self.silent), np.zeros(left.num_rows, np.int64))
        chosen = rows.filter(pa.array(inside))
        return [self._asked(chosen, fresh[inside], np.zeros(chosen.num_rows, np.int64), self.template), out]

    def _followed(self, runs: pa.Table, counts: Counts, heard: Mask) -> list[Part]:
        """Go on with runs that were asked before: to the end, to a reminder, or waiting still."""
        places = np.flatnonzero(counts > 0)
        if not len(places):
            return []
        rows, had, answered = runs.take(pa.array(places)), counts[places], heard[places]
        if self.patience is None:  # the step of another revision, which waited
            return [self._ended(runs, places, "sent", self.silent)]
        due = due_after(self.asked_at(rows), had, self._pauses)
        over = pc.less_equal(due, rows["at"]).to_numpy() & ~answered
        reminders = () if self.closed else self.reminders
        ends, waits = over & (had > len(reminders)), ~over & ~answered
        parts = [self._ended(runs, places[answered], "answered", self.answered)]
        parts.append(self._ended(runs, places[ends], "unanswered", self.silent))
        resting = moves(_of(rows, waits), "waiting", self.step, due.filter(pa.array(waits)))
        parts.append((places[waits], resting, had[waits]))
        for number, (_, template) in enumerate(reminders, 1):
            now = over & (had == number)
            if now.any():
                parts.append(self._asked(_of(rows, now), places[now], had[now], template))
        return parts

    def _ended(self, runs: pa.Table, places: npt.NDArray[np.int64], word: str, to: str | None) -> Part:
        return places, moves(runs.take(pa.array(places)), word, to), np.zeros(len(places), np.int64)

    def _asked(self, rows: pa.Table, places: npt.NDArray[np.int64], counts: Counts, template: str) -> Part:
        """Ask runs once more; a reminder that may not go does not end the wait, an invitation does."""
        if not rows.num_rows:
            return places, MOVES.empty_table(), counts
        number = int(counts[0])
        answer = self.decide(rows, template, number)
        deferred, sent = (pc.equal(answer["decision"], word).to_numpy() for word in ("defer", "send"))
        rests = (sent | (number > 0 and ~deferred)) & (self.patience is not None)
        after = np.where(rests, counts + 1, counts)
        word = "reminded" if number else "sent"
        why = pc.binary_join_element_wise(pc.if_else(pa.array(deferred), "deferred", "refused"), answer["reason"], ": ")
        due = due_after(rows["at"], np.maximum(after, 1), self._pauses)
        later = pc.if_else(pa.array(deferred), answer["until"], pc.if_else(pa.array(rests), due, rows["at"]))
        to = pc.if_else(pa.array(deferred | rests), self.step, pa.scalar(self.silent, pa.string()))
        return places, moves(rows, pc.if_else(pa.array(sent), word, why), to, later), after

    @property
    def _pauses(self) -> list[timedelta]:
        return pauses([length for length, _ in self.reminders], self.patience or timedelta(0))


def _of(rows: pa.Table, which: Mask | npt.NDArray[Any]) -> pa.Table:
    return rows.filter(pa.array(which))
