"""People in a fixed order, so that what is known of each can stand in arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """People, each once.

    Args:
        keys: profile keys, int64, ascending (n,).
    """

    keys: npt.NDArray[np.int64]

    @property
    def table(self) -> pa.Table:
        """Column ``profile_key``."""
        return pa.table({"profile_key": pa.array(self.keys, pa.int64())})

    def mask(self, people: pa.Table) -> Mask:
        """Which rows (n,) are among ``people`` (column ``profile_key``)."""
        held = np.zeros(self.keys.size, dtype=bool)
        held[self._places(np.asarray(people["profile_key"].to_numpy(), dtype=np.int64))[0]] = True
        return held

    def spread(self, people: pa.Table, column: str) -> npt.NDArray[np.float64]:
        """The numbers of ``column`` by row (n,): 0 for who is not among ``people``."""
        places, found = self._places(np.asarray(people["profile_key"].to_numpy(), dtype=np.int64))
        numbers = people[column].cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        values = np.zeros(self.keys.size)
        values[places] = np.nan_to_num(np.asarray(numbers, dtype=np.float64)[found])
        return values

    def among(self, held: Mask) -> Rows:
        """The rows of ``held`` alone."""
        return Rows(self.keys[held])

    def _places(self, keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[Any]]:
        """Rows of those of ``keys`` that have one, and which of ``keys`` they are."""
        if not self.keys.size or not keys.size:
            return np.zeros(0, np.intp), np.zeros(keys.size, bool)
        places = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        found = self.keys[places] == keys
        return places[found], found


def rows_of(people: pa.Table) -> Rows:
    """The people of the column ``profile_key`` in order of their keys."""
    keys = pc.unique(people["profile_key"].combine_chunks())
    return Rows(np.sort(np.asarray(keys.to_numpy(zero_copy_only=False), dtype=np.int64)))
