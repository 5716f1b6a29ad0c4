"""The rows of the features' query as arrays."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.predict.features.plan import Feature, Floats

_DAY_US = 86_400_000_000
_MICRO = 1e6
Column = tuple[Feature, Floats]


class Raw:
    """The query's result by column name, as float64 arrays (n,)."""

    def __init__(self, rows: pa.Table, as_of: datetime) -> None:
        self._rows = rows
        self._as_of = micros(as_of)

    @property
    def size(self) -> int:
        """How many people there are."""
        return int(self._rows.num_rows)

    def has(self, name: str) -> bool:
        """Whether the query asked for it."""
        return name in self._rows.column_names

    def count(self, name: str) -> Floats:
        """A count or sum: nothing is 0."""
        return np.nan_to_num(self.number(name), nan=0.0)

    def number(self, name: str) -> Floats:
        """A number: nothing is NaN."""
        column = self._rows.column(name).cast(pa.float64())
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)

    def total(self, name: str) -> Floats:
        """A sum of a property, which is in micro units: nothing is 0."""
        return self.count(name) / _MICRO

    def value(self, name: str) -> Floats:
        """A property's value, which is in micro units: nothing is NaN."""
        return self.number(name) / _MICRO

    def days_since(self, name: str) -> Floats:
        """Days from a timestamp column to ``as_of``; NaN where there is none."""
        column = self._rows.column(name).cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.float64(), safe=False)
        return (self._as_of - np.asarray(column.to_numpy(zero_copy_only=False))) / _DAY_US

    def text(self, name: str) -> pa.ChunkedArray:
        """Texts: nothing is null."""
        return self._rows.column(name)

    def dates(self, name: str) -> Floats:
        """Days from a text that begins with a date (YYYY-MM-DD) to ``as_of``; NaN for every other text."""
        head = pc.utf8_slice_codeunits(self.text(name), 0, 10)
        found = pc.strptime(head, format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.timestamp("us"))
        whole = found.cast(pa.int64()).cast(pa.float64(), safe=False)
        return (self._as_of - np.asarray(whole.to_numpy(zero_copy_only=False), dtype=np.float64)) / _DAY_US


def ratio(top: Floats, bottom: Floats) -> Floats:
    """``top / bottom``, NaN where ``bottom`` is not positive."""
    quotient = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient
