"""From what happened in every draw to numbers with an interval over the draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.journey.backtest.spans import Draws, Instants, Places
from foretell.journey.backtest.told import Vocabulary

Days = npt.NDArray[np.datetime64]
SHARE = 0.05
"""So many draws lie below ``low``, and above ``high``."""


@dataclass(frozen=True)
class Guess:
    """A number over draws: its median, and where nine of ten draws lie; all three are one where nothing is assumed."""

    value: int
    low: int
    high: int

    @classmethod
    def of(cls, draws: Sequence[int] | Instants) -> Guess:
        """From the number in each draw."""
        ordered = sorted(int(one) for one in draws)
        last = len(ordered) - 1
        low, high = int(np.floor(SHARE * last)), int(np.ceil((1 - SHARE) * last))
        return cls(ordered[last // 2], ordered[low], ordered[high])

    @classmethod
    def none(cls) -> Guess:
        """Nothing."""
        return cls(0, 0, 0)


def tallied(groups: Places, count: int, draws: Draws, number: int) -> npt.NDArray[np.int64]:
    """How many rows each group has in each draw, (groups, draws)."""
    found = np.zeros((count, number), np.int64)
    for draw in range(number):
        there = (draws >> np.uint64(draw)) & np.uint64(1) == 1
        found[:, draw] = np.bincount(groups[there], minlength=count)
    return found


def by_words(codes: Places, draws: Draws, number: int, words: Vocabulary) -> dict[str, Guess]:
    """A number for each different word, in their order."""
    if not len(codes):
        return {}
    counted = tallied(codes, len(words.known), draws, number)
    there = sorted((words.known[code], code) for code in np.unique(codes).tolist())
    return {word: Guess.of(counted[code]) for word, code in there}


def days_of(at: Instants, zone: ZoneInfo) -> Days:
    """The day of each instant (microseconds) on the clocks of a zone."""
    local = pc.local_timestamp(pa.array(at).cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", tz=zone.key)))
    found: Days = local.cast(pa.date32()).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return found


def joined(parts: Iterator[npt.NDArray[np.generic]] | Sequence[npt.NDArray[np.generic]], kind: type) -> npt.NDArray:  # type: ignore[type-arg]
    """Arrays after each other; an empty one of ``kind`` where there are none."""
    every = list(parts)
    return np.concatenate(every) if every else np.zeros(0, kind)
