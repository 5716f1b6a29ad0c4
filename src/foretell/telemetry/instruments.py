"""Numbers that a process keeps of its work, by labels; cheap enough for every request.

They are plain numbers and no library's, since every command loads them and only a server is ever asked for them.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from bisect import bisect_left
from dataclasses import dataclass, field

Labels = tuple[str, ...]


@dataclass(frozen=True)
class Sample:
    """What an instrument holds for one combination of labels.

    Args:
        value: the count; of a distribution the sum of what was seen.
        counts: of a distribution, how many fell into each bucket, the last one without an end; else empty.
    """

    labels: Labels
    value: float
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Instrument(ABC):
    """What is measured.

    Args:
        name: as Prometheus knows it, with its unit, without the ending ``_total``.
        what: one sentence for people.
        labels: names of the labels; their values come from the code or from documents, never from people's data.
    """

    name: str
    what: str
    labels: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @abstractmethod
    def samples(self) -> list[Sample]:
        """What is held now, in the order of labels."""


@dataclass(frozen=True)
class Counter(Instrument):
    """A number that only grows."""

    _values: dict[Labels, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def add(self, *labels: str, amount: float = 1.0) -> None:
        """Count ``amount`` more."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0.0) + amount

    def value(self, *labels: str) -> float:
        """What was counted so far."""
        return self._values.get(labels, 0.0)

    def samples(self) -> list[Sample]:
        """What was counted, in the order of labels."""
        with self._lock:
            return [Sample(labels, value) for labels, value in sorted(self._values.items())]


@dataclass(frozen=True)
class Distribution(Instrument):
    """How often a value fell into each of some buckets.

    Args:
        bounds: upper bounds of the buckets, ascending, each inclusive; one without an end follows.
    """

    bounds: tuple[float, ...] = ()
    _seen: dict[Labels, tuple[list[int], list[float]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def observe(self, value: float, *labels: str) -> None:
        """Take in one value."""
        place = bisect_left(self.bounds, value)
        with self._lock:
            found = self._seen.get(labels)
            if found is None:
                found = self._seen[labels] = ([0] * (len(self.bounds) + 1), [0.0])
            found[0][place] += 1
            found[1][0] += value

    def count(self, *labels: str) -> int:
        """How many values were taken in."""
        found = self._seen.get(labels)
        return 0 if found is None else sum(found[0])

    def samples(self) -> list[Sample]:
        """What was taken in, in the order of labels."""
        with self._lock:
            return [Sample(labels, total[0], tuple(counts)) for labels, (counts, total) in sorted(self._seen.items())]
