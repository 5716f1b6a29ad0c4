"""Short against long risk: who leaves now, who drifts away slowly, who is well, and whose short risk is noise."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import utc
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import ForetellError, UsageError
from foretell.ids import unit_intervals
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.reading import report, scores
from foretell.stats import Floats

CellName = Literal["act_now", "slow_drift", "healthy", "noisy"]
CELLS: tuple[CellName, ...] = ("act_now", "slow_drift", "noisy", "healthy")
_HIGH: dict[CellName, tuple[bool, bool]] = {
    "act_now": (True, True), "slow_drift": (False, True), "noisy": (True, False), "healthy": (False, False),
}  # fmt: skip
"""Whether the short and the long probability reach their thresholds."""
MOST_POINTS = 600
DIGITS = 3
"""Of a threshold that nobody wrote: a condition that says it reads well."""


@dataclass(frozen=True)
class Side:
    """One of both horizons.

    Args:
        gte: the threshold; at it and above a probability counts as high.
        by: where it comes from: the ``document``, the ``base rate`` of the horizon's latest complete window, or the
            ``mean`` of the scores where no window was judged.
        mean: of the scores.
    """

    horizon: str
    gte: float
    by: Literal["document", "base rate", "mean"]
    mean: float


@dataclass(frozen=True)
class Cell:
    """One of the four groups.

    Args:
        share: of all who are scored over both horizons.
        money: what its people are expected to spend, major units; None where no value is foreseen.
        short, long: mean probabilities; None where nobody is in it.
        condition: says the same people, for a segment.
    """

    name: CellName
    people: int
    share: float
    money: float | None
    short: float | None
    long: float | None
    condition: Mapping[str, Any]


@dataclass(frozen=True)
class Quadrant:
    """Everybody who is scored over both horizons.

    Args:
        value: the prediction that the money comes from.
        points: columns short, long, cell; some of the people, the same ones each time.
    """

    prediction: str
    as_of: datetime
    people: int
    short: Side
    long: Side
    value: str | None
    cells: tuple[Cell, ...]
    points: pa.Table


def quadrant(engine: Engine, catalog: Catalog, key: str, *, as_of: datetime) -> Quadrant:
    """How the people of a prediction with several horizons lie, by their last stored scores up to ``as_of``.

    A probability over a short time is judged by what is usual over that time: nearly everybody orders nothing in a
    week, and hardly anybody nothing in a year. So without thresholds in the document each horizon's own base rate is
    its threshold.

    Raises:
        ForetellError: ``NO_QUADRANT`` where there are no two horizons of a probability, ``NOT_SCORED``.
    """
    spec = spec_of(catalog, key)
    placed = _place(engine, catalog, spec, key, as_of)
    cells = tuple(_cell(placed, name, spec, key) for name in CELLS)
    told = ("short", "long", "cell")
    return Quadrant(
        key, placed.as_of, placed.people.num_rows, placed.short, placed.long, placed.value, cells,
        _drawn(placed.people).select(told),
    )  # fmt: skip


def quadrant_people(
    engine: Engine, catalog: Catalog, key: str, *, as_of: datetime, cell: str | None = None
) -> pa.Table:
    """Who is in the quadrant, or in one of its cells.

    Columns profile_key, profile_id, short, long (probabilities), cell, value (expected money, null where none is
    foreseen); the most money first, then the highest long risk. Raises like :func:`quadrant`, and ``UNKNOWN_CELL``.
    """
    if cell is not None and cell not in CELLS:
        known = ", ".join(CELLS)
        raise UsageError("UNKNOWN_CELL", f"there is no group called {cell!r}", next_step=f"Known: {known}.")
    people = _place(engine, catalog, spec_of(catalog, key), key, as_of).people
    return people if cell is None else people.filter(pc.equal(people["cell"], cell))


@dataclass(frozen=True)
class _Placed:
    people: pa.Table
    short: Side
    long: Side
    value: str | None
    as_of: datetime


def _place(engine: Engine, catalog: Catalog, spec: PredictionSpec, key: str, as_of: datetime) -> _Placed:
    near, far = _horizons(spec, key)
    told = scores(engine, key, as_of=as_of)
    first, second = (told.filter(pc.equal(told["horizon"], horizon)) for horizon in (near[0], far[0]))
    short, long = (_side(engine, key, side, part, as_of) for side, part in ((near, first), (far, second)))
    both = first.select(["profile_key", "profile_id", "score"]).rename_columns(["profile_key", "profile_id", "short"])
    other = second.select(["profile_key", "score"]).rename_columns(["profile_key", "long"])
    people = both.join(other, "profile_key", join_type="inner")
    value, worth = _worth(engine, catalog, as_of)
    people = people.join(worth, "profile_key").append_column("cell", _cells(people, short, long))
    order = [("value", "descending"), ("long", "descending"), ("profile_id", "ascending")]
    columns = ["profile_key", "profile_id", "short", "long", "cell", "value"]
    return _Placed(people.select(columns).sort_by(order), short, long, value, utc(pc.max(told["as_of"]).as_py()))


def _horizons(spec: PredictionSpec, key: str) -> tuple[tuple[str, float | None], tuple[str, float | None]]:
    """Both horizons, and what the document says of their thresholds."""
    if spec.quadrant is not None:
        short, long = spec.quadrant.short, spec.quadrant.long
        return (short.horizon, short.gte), (long.horizon, long.gte)
    if spec.outcome is None or len(spec.all_horizons) < 2:
        raise ForetellError(
            "NO_QUADRANT",
            "short and long risk need a probability over two horizons at least",
            thing=f"prediction {key}",
            next_step="Give the prediction several horizons, such as [30d, 90d, 180d], and train it again.",
        )
    return (spec.all_horizons[0], None), (spec.all_horizons[-1], None)


def _side(engine: Engine, key: str, asked: tuple[str, float | None], told: pa.Table, as_of: datetime) -> Side:
    horizon, gte = asked
    mean = float(pc.mean(told["score"]).as_py() or 0.0)
    if gte is not None:
        return Side(horizon, gte, "document", mean)
    base = _base_rate(engine, key, horizon, as_of)
    if base is not None:
        return Side(horizon, round(base, DIGITS), "base rate", mean)
    return Side(horizon, round(mean, DIGITS), "mean", mean)


def _base_rate(engine: Engine, key: str, horizon: str, as_of: datetime) -> float | None:
    """Of the latest complete window that the model was judged on."""
    try:
        told = report(engine, key, as_of=as_of).get("horizons") or {}
    except ForetellError as error:
        if error.code != "NOT_TRAINED":  # imported scores have no model
            raise
        return None
    rate = ((told.get(horizon) or {}).get("calibration") or {}).get("base_rate_test")
    return None if rate is None else float(rate)


def _worth(engine: Engine, catalog: Catalog, as_of: datetime) -> tuple[str | None, pa.Table]:
    """The first prediction of money that has scores, and columns profile_key and value."""
    for document in catalog.all("prediction"):
        spec = spec_of(catalog, document.key)
        if spec.foresees != "money":
            continue
        with suppress(ForetellError):
            found = scores(engine, document.key, as_of=as_of)
            return document.key, found.select(["profile_key", "score"]).rename_columns(["profile_key", "value"])
    nobody = pa.table({"profile_key": pa.array([], pa.int64()), "value": pa.array([], pa.float64())})
    return None, nobody


def _cells(people: pa.Table, short: Side, long: Side) -> pa.Array:
    near, far = _floats(people, "short") >= short.gte, _floats(people, "long") >= long.gte
    tests = [(near == first) & (far == second) for first, second in _HIGH.values()]
    return pa.array(np.select(tests, list(_HIGH), default=""), pa.string())


def _cell(placed: _Placed, name: CellName, spec: PredictionSpec, key: str) -> Cell:
    inside = placed.people.filter(pc.equal(placed.people["cell"], name))
    n, everybody = inside.num_rows, placed.people.num_rows
    return Cell(
        name,
        n,
        n / everybody if everybody else 0.0,
        None if placed.value is None else float(pc.sum(inside["value"]).as_py() or 0.0),
        pc.mean(inside["short"]).as_py(),
        pc.mean(inside["long"]).as_py(),
        _condition(placed, name, spec, key),
    )


def _condition(placed: _Placed, name: CellName, spec: PredictionSpec, key: str) -> dict[str, Any]:
    tests = [
        {"prediction": key, "horizon": side.horizon, "gte" if high else "lt": side.gte}
        for side, high in zip((placed.short, placed.long), _HIGH[name], strict=True)
    ]
    return _among_them(spec, tests)


def scored_condition(spec: PredictionSpec, key: str, *, horizon: str, gte: float | None = None) -> dict[str, Any]:
    """Whoever prediction ``key`` scores over ``horizon``, with ``gte`` or more, as a condition."""
    return _among_them(spec, [{"prediction": key, "horizon": horizon, "gte": 0 if gte is None else gte}])


def _among_them(spec: PredictionSpec, tests: list[dict[str, Any]]) -> dict[str, Any]:
    """The population comes with the tests, since scores of those who left it stay stored."""
    about = spec.about
    return {"all": [*(about["all"] if set(about) == {"all"} else [about]), *tests]}


def _drawn(people: pa.Table) -> pa.Table:
    """At most :data:`MOST_POINTS` of them, by the hash of their keys."""
    if people.num_rows <= MOST_POINTS:
        return people
    places = unit_intervals("quadrant", np.asarray(people["profile_key"].to_numpy(), dtype=np.int64).astype(np.uint64))
    return people.take(pa.array(np.sort(np.argsort(places)[:MOST_POINTS])))


def _floats(people: pa.Table, name: str) -> Floats:
    return np.asarray(people[name].to_numpy(), dtype=np.float64)
