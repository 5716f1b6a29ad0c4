"""Expected values by group: people by the month of their first purchase, or by segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.reading import scores
from foretell.stats import LEVEL, Floats, mean_interval, normal_quantile

By = Literal["cohort", "segment"]
EVERYBODY, WITHOUT = "everybody", "none"


@dataclass(frozen=True)
class ValueGroup:
    """What people of a group are expected to spend, or to have, over the horizon.

    Args:
        group: month of the first purchase (``2026-03``, the workspace's days), key of a segment, ``everybody``, or
            ``none`` for who had no such event.
        mean: a person; ``mean_low`` and ``mean_high`` hold 90 % of the means of as many people like these.
        total: of all; between ``low`` and ``high`` it comes out in 90 % of cases, where people are independent and the
            model is right on average.
    """

    group: str
    people: int
    mean: float
    mean_low: float | None
    mean_high: float | None
    total: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ValueGroups:
    """The last scores of a value by group.

    Args:
        as_of: of the scores.
        total: of everybody who was scored.
    """

    prediction: str
    horizon: str
    by: By
    as_of: datetime
    total: ValueGroup
    groups: tuple[ValueGroup, ...]


def value_by(
    engine: Engine, catalog: Catalog, reader: Reader, key: str, *, as_of: datetime, by: By, segments: Sequence[str] = ()
) -> ValueGroups:
    """The last stored values up to ``as_of`` by cohort or by segment, as of the instant at which they were scored.

    Args:
        segments: keys; without any, all of the workspace. One person may be in several.

    Raises:
        ForetellError: ``NOT_SCORED``, ``NOT_A_VALUE``, ``UNKNOWN_DEFINITION``.
    """
    spec = spec_of(catalog, key)
    if spec.value is None:
        raise UsageError(
            "NOT_A_VALUE",
            f"prediction {key} says how probable something is, not how much",
            thing=f"prediction {key}",
            next_step="Name a prediction with a value.",
        )
    rows = scores(engine, key, as_of=as_of)
    at: datetime = rows["as_of"][0].as_py()
    people = np.asarray(rows["profile_key"].to_numpy(), dtype=np.int64)
    values = _Values(*(np.asarray(rows[name].to_numpy(), dtype=np.float64) for name in ("score", "low", "high")))
    if by == "cohort":
        groups = _by_cohort(reader, catalog, spec, people, values, at)
    else:
        groups = _by_segment(reader, catalog, segments, people, values, at)
    return ValueGroups(key, spec.all_horizons[0], by, at, values.group(EVERYBODY, np.ones(people.size, bool)), groups)


@dataclass(frozen=True)
class _Values:
    """Scores and ends of their 90 % intervals (n,)."""

    score: Floats
    low: Floats
    high: Floats

    def group(self, name: str, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> ValueGroup:
        """The group of those chosen."""
        score = self.score[chosen]
        mean = mean_interval(score)
        reach = normal_quantile(LEVEL)
        deviation = (self.high[chosen] - self.low[chosen]) / (2 * reach)
        total, spread = float(score.sum()), reach * float(np.sqrt(np.square(deviation).sum()))
        low = None if np.isnan(spread) else max(total - spread, min(0.0, total))
        return ValueGroup(
            name, int(score.size), float(score.mean()) if score.size else 0.0, _told(mean.low), _told(mean.high),
            total, low, None if np.isnan(spread) else total + spread,
        )  # fmt: skip


def _told(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def _by_cohort(
    reader: Reader,
    catalog: Catalog,
    spec: PredictionSpec,
    people: np.ndarray[tuple[int], np.dtype[np.int64]],
    values: _Values,
    at: datetime,
) -> tuple[ValueGroup, ...]:
    """By local month of the first event that the value counts, oldest first."""
    event = {name: part for name, part in (spec.value or {}).items() if name in ("did", "where")}
    asked = pa.table({"profile_key": people})
    found = reader.first_instants(parse(event), as_of=at, people=asked, known_at=at)
    assert found is not None  # ``did`` with ``where`` and nothing else is true for good
    local = pc.assume_timezone(found["first_at"].cast(pa.timestamp("us")), "UTC")
    months = pc.strftime(local.cast(pa.timestamp("us", catalog.settings.zone)), format="%Y-%m")
    order = np.argsort(people)
    place = order[np.searchsorted(people[order], found["profile_key"].to_numpy())]
    month = np.full(people.size, WITHOUT, dtype=object)
    month[place] = months.to_numpy()
    return tuple(values.group(str(name), month == name) for name in sorted(set(month)))


def _by_segment(
    reader: Reader,
    catalog: Catalog,
    segments: Sequence[str],
    people: np.ndarray[tuple[int], np.dtype[np.int64]],
    values: _Values,
    at: datetime,
) -> tuple[ValueGroup, ...]:
    """By segment, the highest total first."""
    keys = list(segments) or [document.key for document in catalog.all("segment")]
    found = []
    for key in keys:
        catalog.get("segment", key)
        members = reader.members(parse({"segment": key}), as_of=at, of="all")
        found.append(values.group(key, np.isin(people, members["profile_key"].to_numpy())))
    return tuple(sorted(found, key=lambda one: (-one.total, one.group)))
