"""What every kind of prediction does with its rows: which features it reads, whom it keeps apart, a hash of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from foretell.errors import ForetellError
from foretell.ids import unit_intervals
from foretell.predict.binary.fit import in_season, usable
from foretell.predict.binary.rows import Rows
from foretell.predict.features import FeaturePlan, Matrix, of_horizon
from foretell.predict.features.traits import FAMILY as TRAITS

_TEST_SHARE = 1 / 3


def names_for(
    matrices: Sequence[Matrix], origins: Sequence[datetime], plan: FeaturePlan, days: float | None, thing: str
) -> tuple[str, ...]:
    """The features that vary over ``matrices`` and that the plan keeps.

    Args:
        matrices: features as of ``origins``, with what a kind adds to those of the plan.
        days: the horizon, whose own expectations are kept and not those of others; None: there is one.

    Raises:
        ForetellError: ``NOBODY``, ``NOTHING_VARIES``.
    """
    if not sum(matrix.people.size for matrix in matrices):
        raise ForetellError(
            "NOBODY",
            "the population had nobody at any of the past instants to learn from",
            thing=thing,
            next_step="Widen the population, or train as of a later time.",
        )
    varying = usable(matrices, plan.only)
    names = in_season(varying if days is None else of_horizon(varying, plan, days), origins)
    if not names:
        raise ForetellError(
            "NOTHING_VARIES",
            "every feature is the same for everybody",
            thing=thing,
            next_step="Import more kinds of events, or take the list of features out of the document.",
        )
    return names


def told_of_people(matrix: Matrix) -> frozenset[str]:
    """The features that are traits, which somebody tells of a person."""
    return frozenset(one.name for one in matrix.features if one.family == TRAITS)


def kept_for_test(rows: Rows, seed: str) -> npt.NDArray[np.bool_]:
    """The third of the people that is kept for the test where time cannot part it, shape (n,)."""
    return unit_intervals(f"{seed}:test", rows.people.astype(np.uint64)) < _TEST_SHARE


class Digest:
    """Hash of everything that was learnt from."""

    def __init__(self, head: str = "") -> None:
        self._found = hashlib.blake2b(head.encode(), digest_size=16)

    def add(self, rows: Rows, names: tuple[str, ...], *more: bytes) -> Digest:
        """With ``rows`` of the features ``names``, and whatever else was learnt from."""
        self._found.update(",".join(names).encode())
        for array in (rows.x, rows.y, rows.people, rows.origin):
            self._found.update(array.tobytes())
        for part in more:
            self._found.update(part)
        return self

    def text(self) -> str:
        """As hexadecimal."""
        return self._found.hexdigest()
