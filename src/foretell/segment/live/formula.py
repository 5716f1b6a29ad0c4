"""Segments as true and false over parts, for many people at once: who is in, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from foretell.segment.live.arena import Places
from foretell.segment.live.runs import Truth
from foretell.segment.live.windows import NEVER, Instants

ANYBODY, KNOWN = 0, 1
"""Places of the parts that say that a person was seen by the instant, and with a known identifier."""


@dataclass(frozen=True)
class Parts:
    """What the parts say of some people, and said before: one row a part, one column a person.

    Args:
        at: the instant of each person.
        since: by part, when it came to say so where it has changed; where it is not there, at the instant.
        own: the columns that are meant.
    """

    truth: Truth
    before: Truth
    at: Instants
    since: Mapping[int, Instants]
    own: Places

    def holds(self, place: int) -> Truth:
        """What a part says."""
        found: Truth = self.truth[place, self.own]
        return found

    def changed(self, place: int) -> Instants:
        """When a part came to say so; ``-NEVER`` where it has not changed."""
        since = self.since.get(place, self.at)[self.own]
        return np.where(self.holds(place) != self.before[place, self.own], since, -NEVER)


@dataclass(frozen=True)
class Is:
    """One part holds."""

    place: int

    def holds(self, parts: Truth) -> Truth:
        """For which people it holds."""
        found: Truth = parts[self.place]
        return found

    def since(self, parts: Parts) -> Instants:
        """Since when that is so."""
        return parts.changed(self.place)

    def places(self) -> Iterator[int]:
        """The parts it reads."""
        yield self.place

    def said(self, prints: Sequence[str]) -> str:
        """What it means, by what its parts mean."""
        return prints[self.place]


@dataclass(frozen=True)
class Both:
    """All of several."""

    parts: tuple[Formula, ...]

    def holds(self, parts: Truth) -> Truth:
        return reduce(np.logical_and, [part.holds(parts) for part in self.parts])

    def since(self, parts: Parts) -> Instants:
        # True since the last part is; false since the first part was.
        return _since(self.parts, parts, decided=False)

    def places(self) -> Iterator[int]:
        for part in self.parts:
            yield from part.places()

    def said(self, prints: Sequence[str]) -> str:
        return f"all({', '.join(part.said(prints) for part in self.parts)})"


@dataclass(frozen=True)
class Either:
    """At least one of several."""

    parts: tuple[Formula, ...]

    def holds(self, parts: Truth) -> Truth:
        return reduce(np.logical_or, [part.holds(parts) for part in self.parts])

    def since(self, parts: Parts) -> Instants:
        return _since(self.parts, parts, decided=True)

    def places(self) -> Iterator[int]:
        for part in self.parts:
            yield from part.places()

    def said(self, prints: Sequence[str]) -> str:
        return f"any({', '.join(part.said(prints) for part in self.parts)})"


@dataclass(frozen=True)
class Opposite:
    """The part does not hold."""

    part: Formula

    def holds(self, parts: Truth) -> Truth:
        return ~self.part.holds(parts)

    def since(self, parts: Parts) -> Instants:
        return self.part.since(parts)

    def places(self) -> Iterator[int]:
        yield from self.part.places()

    def said(self, prints: Sequence[str]) -> str:
        return f"not({self.part.said(prints)})"


Formula = Is | Both | Either | Opposite


def _since(inner: Sequence[Formula], parts: Parts, *, decided: bool) -> Instants:
    """Since when several together say what they say; one part that is ``decided`` is enough for that."""
    first = np.full(len(parts.own), NEVER, np.int64)
    last = np.full(len(parts.own), -NEVER, np.int64)
    truths = parts.truth[:, parts.own]
    for part in inner:
        truth, since = part.holds(truths), part.since(parts)
        first = np.where(truth == decided, np.minimum(first, since), first)
        last = np.maximum(last, since)
    return np.where(first == NEVER, last, first)
