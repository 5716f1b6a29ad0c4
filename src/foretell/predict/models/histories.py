"""Purchase histories: what the repeat-buying models know of a customer.

A history is (repeats, last, age), in the literature (x, t_x, T): repeat purchases after the first,
time from the first to the last purchase, time from the first purchase to the end of observation,
both in model units. All customers with the same history are one row with a count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.errors import ForetellError
from foretell.stats import Floats, floats


@dataclass(frozen=True)
class Histories:
    """Histories as arrays (rows,); ``people`` counts the customers behind each row."""

    repeats: Floats
    last: Floats
    age: Floats
    people: Floats

    @classmethod
    def of(
        cls,
        repeats: npt.ArrayLike,
        last: npt.ArrayLike,
        age: npt.ArrayLike,
        people: npt.ArrayLike | None = None,
    ) -> Histories:
        """Checked histories; raises :class:`ForetellError` ``BAD_HISTORY`` naming the first bad row."""
        x, t, T = floats(repeats), floats(last), floats(age)
        made = cls(x, t, T, np.ones(x.size) if people is None else floats(people))
        made._check()
        return made

    @classmethod
    def from_table(cls, table: pa.Table) -> Histories:
        """From the columns ``repeats``, ``last``, ``age`` and, where there is one, ``people``."""
        people = table["people"] if "people" in table.column_names else None
        return cls.of(table["repeats"], table["last"], table["age"], people)

    def __len__(self) -> int:
        return int(self.repeats.size)

    @property
    def customers(self) -> int:
        """Number of customers behind all rows."""
        return int(self.people.sum())

    def grouped(self) -> Histories:
        """The sufficient statistics: one row for each distinct history, sorted, ``people`` added up."""
        table = pa.table({"x": self.repeats, "t": self.last, "T": self.age, "n": self.people})
        table = table.group_by(["x", "t", "T"]).aggregate([("n", "sum")])
        table = table.sort_by([("x", "ascending"), ("t", "ascending"), ("T", "ascending")])
        return Histories(*(table[name].to_numpy() for name in ("x", "t", "T", "n_sum")))

    def coarse(self, steps: int) -> Histories:
        """Times rounded to ``steps`` of the longest age and grouped: a small table to start fits on."""
        step = float(self.age.max()) / steps
        age = np.maximum(np.round(self.age / step), 1.0) * step
        last = np.minimum(np.round(self.last / step) * step, age)
        return Histories(self.repeats, last, age, self.people).grouped()

    def _check(self) -> None:
        x, t, T, n = self.repeats, self.last, self.age, self.people
        if not x.size == t.size == T.size == n.size:
            raise ValueError(f"lengths differ: {x.size}, {t.size}, {T.size}, {n.size}")
        with np.errstate(invalid="ignore"):
            fine = np.isfinite(x) & np.isfinite(t) & np.isfinite(T) & (n >= 0)
            fine &= (x >= 0) & (x == np.floor(x)) & (t >= 0) & (t <= T)
            fine &= np.where(x > 0, t > 0, t == 0)
        if not fine.all():
            row = int(np.argmin(fine))
            raise ForetellError(
                "BAD_HISTORY",
                f"repeats {x[row]:g}, last {t[row]:g}, age {T[row]:g} is no purchase history",
                where=f"row {row}",
                next_step="Repeats are whole numbers; 0 ≤ last ≤ age; last is 0 exactly without repeats.",
            )
