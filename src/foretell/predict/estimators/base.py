"""What an estimator has to be able to do, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from foretell.predict.binary.rows import Floats, Rows

Single = npt.NDArray[np.float32]
Marks = Mapping[str, str]
"""What every model file says of itself: ``foretell_model`` and ``foretell_horizon``."""


@dataclass(frozen=True)
class Setting:
    """One way to set an estimator, by name in reports.

    Args:
        values: what is set, in the estimator's own words.
    """

    name: str
    values: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Plain values for records."""
        return {"name": self.name, **self.values}


@dataclass(frozen=True)
class Tried:
    """A setting learnt on some rows and asked about others.

    Args:
        rounds: after how many steps it was asked, rising by the same amount; (0,) for an estimator that has none.
        p: probabilities of the watched rows after each of them, shape (len(rounds), n).
    """

    rounds: tuple[int, ...]
    p: Floats


class Model(Protocol):
    """What scores: it has learnt, and says something about rows."""

    def logits(self, x: Single) -> Floats:
        """Log-odds (n,) of rows (n, k) before calibration."""
        ...

    def contributions(self, x: Single, *, exact: bool) -> Single:
        """What each feature adds to the logit, shape (n, k); ``exact=False`` may take a cheaper way."""
        ...

    def to_bytes(self, marks: Marks) -> bytes:
        """The model as a file in a format that runs nothing when it is read; equal models give equal bytes."""
        ...


class Estimator(Protocol):
    """Learns from rows. One file of this folder each (``ESTIMATOR``), or one that the workspace brings."""

    @property
    def name(self) -> str:
        """As in ``estimator:`` of a prediction."""
        ...

    @property
    def suffix(self) -> str:
        """Of its files, with the dot."""
        ...

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The settings that are tried, the one to start from first; never empty."""
        ...

    @property
    def source(self) -> str:
        """Says which code it is where that is not Foretell's; enters the model's id."""
        ...

    @property
    def grows_together(self) -> bool:
        """Whether a cluster can grow its trees on everybody."""
        ...

    def tried(self, setting: Setting, learn: Rows, watch: Rows, seed: int) -> Tried:
        """Learn from ``learn`` with early stopping on ``watch``, and say what becomes of ``watch``."""
        ...

    def learnt(self, setting: Setting, rows: Rows, rounds: int, seed: int) -> Model:
        """Learn from all ``rows`` in so many ``rounds``; equal rows and seeds give equal models."""
        ...

    def load(self, data: bytes) -> tuple[Model, Marks]:
        """What :meth:`Model.to_bytes` wrote, with its marks."""
        ...
