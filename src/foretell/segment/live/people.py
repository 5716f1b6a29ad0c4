"""What is kept of each person beside hits: when seen, what holds, when to look again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.engine import integers
from foretell.segment.live.arena import Places, grown
from foretell.segment.live.runs import Truth
from foretell.segment.live.windows import NEVER, Instants

Packed = npt.NDArray[np.uint8]
MOST_KEY = 2**31
"""Keys of people are counted from 1; what is higher stands for somebody who was erased."""


class People:
    """Arrays with one row a person; a person keeps their place for good.

    Attributes:
        keys: profile keys.
        seen: first seen (microseconds), :data:`NEVER` for who is nobody any more.
        known: first seen with a known identifier.
        look_at: the timer: when something may change without an event.
        told_at: the latest instant that was told of the person.
        parts: what each part says, packed bits.
        inside: which segments the person is in, packed bits, as it was told.
    """

    def __init__(self, parts: int, segments: int) -> None:
        self.keys = np.zeros(0, np.int64)
        self.seen, self.known = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.look_at, self.told_at = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.parts: Packed = np.zeros((0, width(parts)), np.uint8)
        self.inside: Packed = np.zeros((0, width(segments)), np.uint8)
        self._place = np.full(0, -1, np.int32)

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, keys: Places) -> None:
        """Give new people a place; whoever has one is passed over."""
        keys = keys[(keys > 0) & (keys < MOST_KEY)]
        if (np.diff(keys) <= 0).any():
            keys = np.unique(keys)
        fresh = keys[self.places(keys) < 0]
        if not len(fresh):
            return
        before, after = len(self.keys), len(self.keys) + len(fresh)
        for name in ("keys", "seen", "known", "look_at", "told_at", "parts", "inside"):
            setattr(self, name, grown(getattr(self, name), after))
        self.keys[before:] = fresh
        self.seen[before:] = self.known[before:] = self.look_at[before:] = NEVER
        self.told_at[before:] = -NEVER
        if fresh[-1] >= len(self._place):
            wider = np.full(int(fresh[-1] * 1.25) + 1024, -1, np.int32)
            wider[: len(self._place)] = self._place
            self._place = wider
        self._place[fresh] = np.arange(before, after, dtype=np.int32)

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over all arrays, by their names."""
        for name, array in arrays.items():
            setattr(self, name, array)
        self._place = np.full(int(self.keys.max(initial=0)) + 1024, -1, np.int32)
        self._place[self.keys] = np.arange(len(self.keys), dtype=np.int32)

    def places(self, keys: Places) -> Places:
        """The places of people; -1 for who has none."""
        there = (keys > 0) & (keys < len(self._place))
        found = np.full(len(keys), -1, np.int64)
        found[there] = self._place[keys[there]]
        return found

    def note_sightings(self, rows: pa.Table) -> Places:
        """Take in ``profile_key seen known`` (microseconds, null for never); returns the places."""
        keys = integers(rows["profile_key"])
        self.add(keys)
        places = self.places(keys)
        rows, places = rows.filter(pa.array(places >= 0)), places[places >= 0]
        self.seen[places] = integers(rows["seen"].fill_null(int(NEVER)))
        self.known[places] = integers(rows["known"].fill_null(int(NEVER)))
        return places

    def due(self, now: int) -> Places:
        """The people at whom to look by ``now``."""
        return np.flatnonzero(self.look_at <= now)

    @property
    def megabytes(self) -> float:
        """Memory of all arrays."""
        arrays = (self.keys, self.seen, self.known, self.look_at, self.told_at, self.parts, self.inside, self._place)
        return sum(one.nbytes for one in arrays) / 2**20


def width(bits: int) -> int:
    """Bytes for so many bits."""
    return (bits + 7) // 8


def unpacked(packed: Packed, bits: int) -> Truth:
    """One row a bit, one column a person."""
    found: Truth = np.ascontiguousarray(np.unpackbits(packed, axis=1, count=bits, bitorder="little").T).view(bool)
    return found


def packed(truth: Truth) -> Packed:
    """The opposite of :func:`unpacked`."""
    return np.packbits(np.ascontiguousarray(truth.T), axis=1, bitorder="little")


def marked(instants: Instants, at: Instants) -> Truth:
    """What had happened by the instant."""
    found: Truth = instants <= at
    return found
