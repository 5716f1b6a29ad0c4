"""Hits of one kind, person by person in time, and what a part of a condition says of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from foretell.segment.live.windows import SLACK_US, Instants, Window

Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Runs:
    """The hits of one kind of several people.

    Args:
        t: instants (microseconds), ascending within a person; one person after the other.
        v: values in micro units, 0 where the kind has none.
        begin: where each person's hits begin.
        past: where those after the instant begin.
        end: where they end.
        at: the instant as of which each person is looked at.
    """

    t: Instants
    v: Instants
    begin: Instants
    past: Instants
    end: Instants
    at: Instants

    def inside(self, window: Window) -> Instants:
        """How many of each person's hits lie in the window."""
        if window.length is None:
            return self.past - self.begin
        return self.after(window.start(self.at))

    def after(self, start: Instants) -> Instants:
        """How many of each person's hits up to the instant come after ``start``."""
        later = np.concatenate([[0], np.cumsum(self.t > np.repeat(start, self.end - self.begin))])
        found: Instants = later[self.past] - later[self.begin]
        return found

    def newest(self, place: Instants) -> Instants:
        """The instant of the hit that is ``place`` (1: the newest) from the end of the past."""
        found: Instants = self.t[np.clip(self.past - place, 0, max(len(self.t) - 1, 0))]
        return found

    def may_return(self, window: Window) -> tuple[Truth, Instants] | None:
        """Of which people hits that have left may come back, and when; None where none ever do."""
        when = window.returns(self.at)
        if when is None:
            return None
        start = window.start(self.at)
        return self.after(start - SLACK_US) > self.after(start), when

    @cached_property
    def sums(self) -> Instants:
        """Running totals of the values, with 0 before the first."""
        found: Instants = np.concatenate([[0], np.cumsum(self.v)])
        return found


@dataclass(frozen=True)
class Look:
    """What a part says of each person at the instant.

    Args:
        changes: when it may say something else without a further event; never earlier than that is harmless.
        since: the event by which it came to say so, where one did.
    """

    truth: Truth
    changes: Instants
    since: Instants
