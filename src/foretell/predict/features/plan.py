"""What is computed about each person: the plan of a prediction's features, kept with its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from foretell.engine import PropertyColumns

Unit = Literal["count", "days", "money", "number", "share"]
Floats = npt.NDArray[np.float64]
BASE = ("orders", "rhythm", "baskets", "activity", "events", "season", "repeat")
"""Families that every plan has unless the document leaves them out."""


@dataclass(frozen=True)
class Feature:
    """One number about a person.

    Args:
        name: its column.
        words: how to say it; ``{}`` stands for the value.
        unit: how the value is written.
        family: of what it speaks; features of one family are one reason.
        before: name of the feature that holds the same of the window before.
    """

    name: str
    words: str
    unit: Unit = "count"
    family: str = ""
    before: str | None = None


@dataclass(frozen=True)
class TraitPlan:
    """How one trait becomes features.

    Args:
        kind: ``number`` as it is; ``flag`` 0 or 1; ``date`` as days since; ``text`` one column a value.
        values: of a text: those that have a column of their own; all others share one.
    """

    trait: str
    kind: Literal["number", "flag", "date", "text"]
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeriesPlan:
    """How one series of one's own becomes features.

    Args:
        table: key of the table.
        date: its column of the day.
        by: (trait, column) pairs that say whose a row is; none: everybody's.
        columns: its columns of numbers.
        known_after_seconds: so long after its day a row counts as known, whenever it was loaded.
        ahead: whether days to come were known when the plan was made.
    """

    table: str
    date: str
    by: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    known_after_seconds: int | None = None
    ahead: bool = False

    def as_list(self) -> list[Any]:
        """Plain JSON values."""
        by = [list(pair) for pair in self.by]
        return [self.table, self.date, by, list(self.columns), self.known_after_seconds, self.ahead]

    @classmethod
    def from_list(cls, values: Sequence[Any]) -> SeriesPlan:
        """What :meth:`as_list` wrote."""
        table, date, by, columns, seconds, ahead = values
        return cls(table, date, tuple((trait, name) for trait, name in by), tuple(columns), seconds, ahead)


@dataclass(frozen=True)
class FeaturePlan:
    """Everything that the features depend on beside the event log and the instant.

    Args:
        events: names of the events that are counted one by one.
        horizons_days: lengths in days over which orders are expected (one column each).
        currency: money in other currencies is left out.
        zone: IANA zone of the days in which orders are counted.
        base: which of :data:`BASE` are computed.
        families: which of the scanned families are.
        traits: which traits, and how.
        series: which series of one's own, and how.
        paths: property → its columns (text, number) in the event log.
        tallies: numbers of one's own, each a feature as it is (see ``families.base.Tally``).
        country: whose public holidays count, ISO 3166 two letters; empty: none.
        only: names of features that are kept; None: all.
        without: names of features that are left out.
    """

    events: tuple[str, ...]
    horizons_days: tuple[float, ...]
    currency: str
    zone: str
    base: tuple[str, ...] = BASE
    families: tuple[str, ...] = ()
    traits: tuple[TraitPlan, ...] = ()
    paths: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tallies: tuple[Any, ...] = ()
    country: str = ""
    only: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    series: tuple[SeriesPlan, ...] = ()

    def keeps(self, name: str) -> bool:
        """Whether the feature is one of the plan's."""
        return (self.only is None or name in self.only) and name not in self.without

    def placed(self, columns: PropertyColumns) -> FeaturePlan:
        """The plan with the columns in which the properties stand now: a rebuilt log may have others."""
        found = {path: columns.of(path) for path in self.paths}
        lost = {path: names for path, names in self.paths.items() if found[path] is None}
        here = {path: (one.text, one.number) for path, one in found.items() if one is not None}
        return replace(self, paths={**lost, **here})

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values for the model's card."""
        return {
            "events": list(self.events),
            "horizons_days": list(self.horizons_days),
            "currency": self.currency,
            "zone": self.zone,
            "base": list(self.base),
            "families": list(self.families),
            "traits": [[one.trait, one.kind, list(one.values)] for one in self.traits],
            "paths": {path: list(names) for path, names in self.paths.items()},
            "country": self.country,
            "only": None if self.only is None else list(self.only),
            "without": list(self.without),
            "series": [one.as_list() for one in self.series],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FeaturePlan:
        """The plan that :meth:`as_dict` wrote, of this release or of one before."""
        return cls(
            tuple(values["events"]),
            tuple(values["horizons_days"]),
            values["currency"],
            values["zone"],
            tuple(values.get("base", BASE)),
            tuple(values.get("families", ())),
            tuple(TraitPlan(trait, kind, tuple(kept)) for trait, kind, kept in values.get("traits", ())),
            {path: (text, number) for path, (text, number) in values.get("paths", {}).items()},
            country=values.get("country", ""),
            only=None if values.get("only") is None else tuple(values["only"]),
            without=tuple(values.get("without", ())),
            series=tuple(map(SeriesPlan.from_list, values.get("series", ()))),
        )


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
        return np.take(self.values, [place[name] for name in names], axis=1)

    def described(self, names: tuple[str, ...]) -> tuple[Feature, ...]:
        """The features called ``names`` in that order."""
        place = {feature.name: feature for feature in self.features}
        return tuple(place[name] for name in names)
