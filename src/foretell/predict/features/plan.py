"""What is computed about each person: the plan of a prediction's features, kept with its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Unit = Literal["count", "days", "money", "number", "share"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """One number about a person.

    Args:
        name: its column.
        words: how to say it; ``{}`` stands for the value.
        unit: how the value is written.
    """

    name: str
    words: str
    unit: Unit = "count"


@dataclass(frozen=True)
class FeaturePlan:
    """Everything that the features depend on beside the event log and the instant.

    Args:
        events: names of the events that are counted one by one.
        horizons_days: lengths in days over which orders are expected (one column each).
        currency: money in other currencies is left out.
        zone: IANA zone of the days in which orders are counted.
    """

    events: tuple[str, ...]
    horizons_days: tuple[float, ...]
    currency: str
    zone: str

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values for the model's card."""
        return {
            "events": list(self.events),
            "horizons_days": list(self.horizons_days),
            "currency": self.currency,
            "zone": self.zone,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FeaturePlan:
        """The plan that :meth:`as_dict` wrote."""
        return cls(tuple(values["events"]), tuple(values["horizons_days"]), values["currency"], values["zone"])


@dataclass(frozen=True)
class Matrix:
    """Features of people at one instant.

    Args:
        people: profile keys, int64, ascending, shape (n,).
        features: what the columns are.
        values: shape (n, len(features)), NaN where there is nothing to say.
    """

    people: npt.NDArray[np.int64]
    features: tuple[Feature, ...]
    values: npt.NDArray[np.float32]

    def select(self, names: tuple[str, ...]) -> npt.NDArray[np.float32]:
        """The columns called ``names`` in that order, shape (n, len(names))."""
        place = {feature.name: index for index, feature in enumerate(self.features)}
        return self.values[:, [place[name] for name in names]]

    def described(self, names: tuple[str, ...]) -> tuple[Feature, ...]:
        """The features called ``names`` in that order."""
        place = {feature.name: feature for feature in self.features}
        return tuple(place[name] for name in names)
