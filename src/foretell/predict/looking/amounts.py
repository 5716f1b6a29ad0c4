"""How much people did in past windows: the distribution of a numeric outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from foretell.clock import Duration
from foretell.condition import Measure, Reader
from foretell.money import MICRO
from foretell.stats import Floats, mean_interval

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)
BARS = 12


@dataclass(frozen=True)
class AmountPoint:
    """One window: the mean over everybody meant with its 90 % interval, and the share of them with nothing."""

    at: datetime
    people: int
    mean: float | None
    low: float | None
    high: float | None
    zeros: float | None


@dataclass(frozen=True)
class Bar:
    """People with an amount from ``low`` on and below ``high``; None: without end."""

    low: float
    high: float | None
    people: int


@dataclass(frozen=True)
class Amounts:
    """A numeric outcome over one horizon.

    Args:
        points: oldest window first.
        zeros: people of the latest window with nothing at all.
        bars: those of them with something, by amount.
        quantiles: of those with something in the latest window, by name (``p50``).
        top_tenth: share of everything that the tenth with the most has, zeros included.
    """

    points: tuple[AmountPoint, ...]
    people: int
    zeros: int
    bars: tuple[Bar, ...]
    quantiles: Mapping[str, float]
    top_tenth: float | None


def amounts_of(
    reader: Reader, measure: Measure, keys: npt.NDArray[np.int64], at: datetime, horizon: str, known_at: datetime
) -> Floats:
    """What each of ``keys`` (n,) did in ``(at, at + horizon]``, (n,): the number of events, or their sum."""
    sql = reader.measure_sql(measure, as_of=at, known_at=known_at, future=Duration.parse(horizon))
    found = reader.analytics.query(sql)
    who = np.asarray(found["profile_key"].to_numpy(), dtype=np.int64)
    told = np.asarray(found["value"].fill_null(0).to_numpy(), dtype=np.float64)
    values = np.zeros(keys.size)
    if keys.size:
        place = np.searchsorted(keys, who)
        inside = (place < keys.size) & (keys[np.minimum(place, keys.size - 1)] == who)
        values[place[inside]] = told[inside]
    return values if measure.function in (None, "distinct") else values / MICRO


def distribution(by_window: Mapping[datetime, Floats]) -> Amounts:
    """The distribution of amounts; the bars are those of the latest window with anybody in it."""
    instants = sorted(by_window)
    points = tuple(_point(at, by_window[at]) for at in instants)
    latest = next((by_window[at] for at in reversed(instants) if by_window[at].size), np.zeros(0))
    some = latest[latest != 0]
    quantiles = {f"p{round(100 * q)}": float(np.quantile(some, q)) for q in QUANTILES} if some.size else {}
    total = float(latest.sum())
    most = np.sort(latest)[::-1][: max(1, latest.size // 10)]
    return Amounts(
        points, int(latest.size), int(latest.size - some.size), _bars(some), quantiles,
        float(most.sum()) / total if total > 0 else None,
    )  # fmt: skip


def _point(at: datetime, values: Floats) -> AmountPoint:
    if not values.size:
        return AmountPoint(at, 0, None, None, None, None)
    found = mean_interval(values)
    low, high = (None if np.isnan(bound) else float(bound) for bound in (found.low, found.high))
    return AmountPoint(at, int(values.size), found.value, low, high, float((values == 0).mean()))


def _bars(some: Floats) -> tuple[Bar, ...]:
    """Bars of equal, round width; the last one holds whatever is larger than most."""
    if not some.size:
        return ()
    reach = float(np.quantile(some, 0.97))
    width = _round_width(max(reach, float(some.min())) / BARS)
    start = min(0.0, np.floor(float(some.min()) / width) * width)
    count = max(1, int(np.ceil((reach - start) / width)))
    edges = start + width * np.arange(count)
    held = np.clip(np.floor((some - start) / width).astype(np.int64), 0, count)
    people = np.bincount(held, minlength=count + 1)
    bars = [Bar(float(edge), float(edge + width), int(n)) for edge, n in zip(edges, people[:count], strict=True)]
    rest = int(people[count])
    return (*bars, Bar(float(start + width * count), None, rest)) if rest else tuple(bars)


def _round_width(width: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if width <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= width * (1 - 1e-9)))
