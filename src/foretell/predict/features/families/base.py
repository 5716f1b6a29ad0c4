"""What a family of features is: events that it counts, and how the numbers become features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from foretell.predict.features.plan import Feature, FeaturePlan, Floats
from foretell.predict.features.raw import Column, Raw

Function = Literal["count", "values", "sum", "max", "first", "last", "latest", "days", "distinct"]
EVER = 0
"""A window without a beginning."""


@dataclass(frozen=True)
class Tally:
    """One number of some events, over windows that end at the instant.

    Args:
        name: its columns are ``<name>_<days>``.
        events: names of the events; empty for all.
        windows: lengths in days; :data:`EVER` for everything.
        function: ``count`` events, or local ``days`` with one; ``values``, ``sum``, ``max``, ``distinct`` or
            ``latest`` of a property; ``first`` and ``last``: the instant.
        of: path of the property as in a condition. A tally of one that was never seen is not made.
        without: property that is not true (``machine``); where it was never seen it leaves nothing out.
        where: property and the text that it must have.
    """

    name: str
    events: tuple[str, ...]
    windows: tuple[int, ...] = (EVER,)
    function: Function = "count"
    of: str | None = None
    without: str | None = None
    where: tuple[str, str] | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Properties that it reads."""
        where = None if self.where is None else self.where[0]
        return tuple(path for path in (self.of, self.without, where) if path is not None)


@dataclass(frozen=True)
class Family:
    """One file of this folder each (``FAMILY``).

    Args:
        name: as in ``features:`` and ``without:`` of a document.
        about: what its features say, for the documentation.
        tallies: what it counts.
        shaped: features from the numbers.
        needs: events without which it says nothing.
    """

    name: str
    about: str
    tallies: tuple[Tally, ...]
    shaped: Callable[[Raw, FeaturePlan], Iterator[Column]]
    needs: frozenset[str]

    @property
    def events(self) -> frozenset[str]:
        """All events that it counts."""
        return frozenset(name for tally in self.tallies for name in tally.events)


def against_before(name: str, said: str, now: Floats, both: Floats, days: int) -> Iterator[Column]:
    """A number of the last ``days``, of as many days before, and by how much it grew.

    Args:
        now: of the last ``days``, (n,).
        both: of the last twice as many, (n,).
    """
    before = f"{name}_before_{days}d"
    then = both - now
    yield Feature(f"{name}_{days}d", f"{said} in the last {days} days: {{}}", before=before), now
    yield Feature(before, f"{said} in the {days} days before the last {days}: {{}}"), then
    yield Feature(f"{name}_trend_{days}d", f"{said} in {days} days more than in the {days} before: {{}}"), now - then
