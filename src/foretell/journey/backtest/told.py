"""What happened to runs in a back-test, move by move, kept as arrays until it is counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import integers
from foretell.journey.backtest.spans import Draws, Instants, Places, per_draw


class Vocabulary:
    """Words as numbers, so that millions of them are compared and counted at once.

    Attributes:
        known: the words by number.
    """

    def __init__(self) -> None:
        self.known: list[str] = []
        self._code: dict[str, int] = {}

    def code(self, word: str) -> int:
        """The number of a word."""
        if word not in self._code:
            self._code[word] = len(self.known)
            self.known.append(word)
        return self._code[word]

    def codes(self, column: pa.ChunkedArray | pa.Array) -> Places:
        """The numbers of a column of words without nulls."""
        encoded = pc.dictionary_encode(column)
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
            if isinstance(encoded, pa.ChunkedArray):
                encoded = encoded.unify_dictionaries().chunk(0) if encoded.num_chunks else pc.dictionary_encode(
                    pa.array([], pa.string()))  # fmt: skip
        mine = np.array([self.code(word) for word in encoded.dictionary.to_pylist()], np.int64)
        found: Places = mine[integers(encoded.indices)] if len(mine) else np.zeros(0, np.int64)
        return found

    def words(self, codes: Places) -> pa.Array:
        """The words of numbers."""
        return pa.array(self.known, pa.string()).take(pa.array(codes))


@dataclass(frozen=True)
class Moved:
    """Runs that made one step.

    Args:
        step: the step's key.
        run: places among those who entered; ``at``: when.
        outcome, to: words by number; the step to which it leads, empty for the end.
        fresh: whether they had only just come to the step.
    """

    step: str
    run: Places
    draws: Draws
    at: Instants
    outcome: Places
    to: Places
    fresh: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Asked:
    """Candidates of one step at the gate.

    Args:
        medium, decision, reason: words by number.
    """

    step: str
    channel: str
    run: Places
    draws: Draws
    at: Instants
    medium: Places
    decision: Places
    reason: Places


@dataclass(frozen=True)
class Rested:
    """Runs that are over, or on their way at the end of the time.

    Args:
        state: done, goal, left or active, one word for all.
        at: when they were over; for those on their way the end.
    """

    state: str
    step: str
    run: Places
    draws: Draws
    at: Instants


@dataclass
class Record:
    """Everything that happened."""

    draws: int
    words: Vocabulary = field(default_factory=Vocabulary)
    moved: list[Moved] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    rested: list[Rested] = field(default_factory=list)

    def asked_of(self, decision: str) -> list[tuple[Asked, npt.NDArray[np.bool_]]]:
        """Candidates, and which of them were decided so; without those of media that reach nobody at an instant."""
        said, ads = self.words.code(decision), self.words.code("ads")
        return [(one, (one.decision == said) & (one.medium != ads)) for one in self.asked]

    def spread(self, rows: Draws) -> Instants:
        """How many of ``rows`` each draw has."""
        return per_draw(rows, self.draws)
