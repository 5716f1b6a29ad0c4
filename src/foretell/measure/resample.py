"""Bootstrap intervals of many quotients at once: one draw of people serves all periods and groups.

The same as :func:`foretell.stats.bootstrap` of each quotient by itself, to the last bit of the weights:
a person's weight in a replicate is a hash of the KPI, the replicate and the person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.ids import unit_intervals
from foretell.stats import LEVEL, Floats, poisson_weights

REPLICATES = 400
_TAILS = (0.5 - LEVEL / 2, 0.5 + LEVEL / 2)


@dataclass(frozen=True)
class Cells:
    """People's pairs, each in a cell (a period and group).

    Args:
        people: keys (n,); one person may lie in several cells.
        num, den: the pairs (n,).
        cells: number of the cell (n,), from 0.
    """

    people: npt.NDArray[np.uint64]
    num: Floats
    den: Floats
    cells: npt.NDArray[np.int64]

    @classmethod
    def of(cls, people: pa.Table, cells: npt.NDArray[np.int64]) -> Cells:
        """From the columns ``profile_key``, ``num`` and ``den``."""
        keys = people["profile_key"].to_numpy().astype(np.int64).view(np.uint64)
        return cls(keys, people["num"].to_numpy(), people["den"].to_numpy(), cells)


def quotient_bounds(name: str, data: Cells, count: int) -> list[tuple[float, float] | None]:
    """90 % bounds of Σ num ÷ Σ den in each of ``count`` cells; None where a cell has fewer than two
    people, or where in more than half of the replicates nobody with a ``den`` was drawn.

    Args:
        name: seed of the draws.
    """
    distinct, place = np.unique(data.people, return_inverse=True)
    drawn = np.full((REPLICATES, count), np.nan)
    for replicate in range(REPLICATES):
        weights = poisson_weights(unit_intervals(f"{name}:{replicate}", distinct))[place]
        above = np.bincount(data.cells, weights * data.num, count)
        below = np.bincount(data.cells, weights * data.den, count)
        np.divide(above, below, out=drawn[replicate], where=below != 0)
    people = np.bincount(data.cells, minlength=count)
    return [_bounds(column) if n > 1 else None for column, n in zip(drawn.T, people.tolist(), strict=True)]


def _bounds(drawn: Floats) -> tuple[float, float] | None:
    finite = drawn[np.isfinite(drawn)]
    if 2 * finite.size < REPLICATES:
        return None
    low, high = np.quantile(finite, _TAILS)
    return float(low), float(high)
