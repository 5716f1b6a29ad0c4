"""Events that follow each other: every chain is tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product

from foretell.condition import Sequence
from tests.properties.naive_events import keys_of, selected, span_of
from tests.properties.naive_terms import At, Event, History, moved, place


@dataclass(frozen=True)
class _Chains:
    """The events that may stand at each step, and how they may follow each other."""

    part: Sequence
    events: list[list[Event]]
    at: At

    def hold(self) -> bool:
        """Whether some event of the first step begins a chain."""
        return any(self._go_on(1, first) for first in self.events[0])

    def _go_on(self, step: int, last: Event) -> bool:
        missing = []
        while step < len(self.part.steps) and self.part.steps[step].negated:
            missing.append(step)
            step += 1
        if step == len(self.part.steps):
            return all(self._never_came(one, last) for one in missing)
        end = self._end(step, last)
        return any(
            place(last) < place(event)
            and (end is None or event["ts"] <= end)
            and not any(self._between(one, last, event) for one in missing)
            and self._go_on(step + 1, event)
            for event in self.events[step]
        )

    def _end(self, step: int, last: Event) -> datetime | None:
        within = self.part.steps[step].selection.within
        return None if within is None else moved(last["ts"], within, 1, self.at.zone)

    def _between(self, step: int, last: Event, following: Event) -> bool:
        end = self._end(step, last)
        return any(
            place(last) < place(event) < place(following) and (end is None or event["ts"] <= end)
            for event in self.events[step]
        )

    def _never_came(self, step: int, last: Event) -> bool:
        end = self._end(step, last)
        if not self.part.open and (end is None or end > self.at.end):
            return False
        return not any(
            place(last) < place(event) and (end is None or event["ts"] <= end) for event in self.events[step]
        )


def sequence(part: Sequence, person: int, history: History, at: At) -> bool:
    """Whether some chain of events fulfils every step."""
    first = span_of(part.within or part.steps[0].selection.within, at)
    spans = [first, *[span_of(None, at)] * (len(part.steps) - 1)]
    rows = [selected(step.selection, person, history, at, span) for step, span in zip(part.steps, spans, strict=True)]
    choices = [{key for event in rows[0] for key in keys_of(event, name)} for name in part.same]
    return any(
        _Chains(
            part,
            [
                [event for event in row if all(
                    key in keys_of(event, name) for name, key in zip(part.same, values, strict=True))]
                for row in rows
            ],
            at,
        ).hold()
        for values in product(*choices)
    )  # fmt: skip
