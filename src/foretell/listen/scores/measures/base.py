"""What a measure of opinion is: its scale, its figures, its bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from foretell.stats import Scale

Unit = Literal["points", "share", "mean"]
"""points: a share less another, times 100; share: 0 to 1; mean: in the scale of the answers."""


@dataclass(frozen=True)
class Figure:
    """A number that is made of answers: the mean of a value of each.

    Args:
        key: within the measure.
        title: what people call it.
        value: SQL in the portable subset: the value of an answer, from its ``score``.
        scale: between which ends the values lie, and at how many places.
    """

    key: str
    title: str
    unit: Unit
    value: str
    scale: Scale


@dataclass(frozen=True)
class Band:
    """Answers of a part of the scale, as the bar of the page shows them.

    Args:
        above: the scores from here on, up to the next band.
        tone: ``bad``, ``rest`` or ``good``.
    """

    title: str
    above: float
    tone: Literal["bad", "rest", "good"]


@dataclass(frozen=True)
class Measure:
    """A way to ask for an opinion.

    Args:
        key: as surveys and answers name it.
        lowest, highest: ends of the scale; answers outside count nowhere.
        figures: the one that is told first is the measure's own.
        bands: from the lowest up; the first begins at ``lowest``.
    """

    key: str
    title: str
    lowest: float
    highest: float
    figures: tuple[Figure, ...]
    bands: tuple[Band, ...]

    @property
    def main(self) -> Figure:
        """The figure that is told first."""
        return self.figures[0]
