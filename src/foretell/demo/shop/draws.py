"""Random draws as hashes of (seed, purpose, person, index): nothing is drawn in sequence.

A message therefore changes only what it causes: every other draw, of this person and of all others, is
the same number with and without it (common random numbers), in whatever order and step it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from foretell.ids import seed_of, unit_intervals

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Drawn = Mapping[str, Floats]
"""Draws by their purpose."""


class Draws:
    """The draws of one world.

    Args:
        seed: of the world; any whole number.
    """

    def __init__(self, seed: int) -> None:
        self._seed = f"shop {seed}"

    def unit(self, purpose: str, person: Ints, index: Ints | int = 0) -> Floats:
        """One number in [0, 1) for each person.

        Args:
            purpose: what is drawn.
            person: numbers below 2³².
            index: which of the draws of this purpose (a day, a session), below 2³².
        """
        return unit_intervals(self._seed, _keys(person, index) + _shifts((purpose,)))

    def several(self, purposes: tuple[str, ...], person: Ints, index: Ints) -> Drawn:
        """:meth:`unit` for each of ``purposes``, in one go."""
        keys = _keys(person, index) + _shifts(purposes)[:, None]
        return dict(zip(purposes, unit_intervals(self._seed, keys), strict=True))

    def normal(self, purpose: str, person: Ints, index: Ints | int = 0) -> Floats:
        """A standard normal number for each person."""
        return normal_of(self.unit(purpose + " radius", person, index), self.unit(purpose + " angle", person, index))

    def pick(self, purpose: str, weights: Floats, person: Ints, index: Ints | int = 0) -> Ints:
        """A position in ``weights`` for each person, with those odds."""
        return place_in(weights, self.unit(purpose, person, index))


def normal_of(radius: Floats, angle: Floats) -> Floats:
    """Standard normal numbers from two in [0, 1) (Box and Muller)."""
    result: Floats = np.sqrt(-2.0 * np.log(1.0 - radius)) * np.cos(2.0 * np.pi * angle)
    return result


def place_in(weights: Floats, unit: Floats) -> Ints:
    """Positions in ``weights`` with those odds, from numbers in [0, 1)."""
    edges = np.cumsum(weights)
    found: Ints = np.searchsorted(edges, unit * edges[-1], side="right").astype(np.int64)
    return np.minimum(found, len(weights) - 1)


def _keys(person: Ints, index: Ints | int) -> npt.NDArray[np.uint64]:
    return (person.astype(np.uint64) << np.uint64(32)) | np.asarray(index).astype(np.uint64)


@cache
def _shifts(purposes: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    return np.array([seed_of(purpose) for purpose in purposes], np.uint64)
