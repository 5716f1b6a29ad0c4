"""``bands``: several ways by a person's score, in the bands of the prediction or in ranges of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import ConfigDict, Field

from foretell import predict
from foretell.condition import Condition, parse
from foretell.definitions import Catalog, DurationText, KeyText, Problem, suggestion
from foretell.engine import Batch, Tx
from foretell.errors import ForetellError
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, StepPlace, moves

LOWEST, MISSING = "none", "missing"


class BandsStep(Step):
    """Each run goes the way of the highest band that the person's score reaches as of the instant."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    bands: KeyText = Field(description="Key of the prediction.")
    horizon: DurationText | None = Field(None, description="Horizon; may be left out where there is only one.")
    floors: dict[str, float] | None = Field(
        None, min_length=1, description="Name → least score: {high: 0.7, medium: 0.4}; default: the prediction's bands."
    )
    ways: dict[str, KeyText] = Field(
        min_length=1, description="Name of the band → step; none is below the lowest, missing is without a score."
    )
    else_: KeyText | None = Field(None, alias="else", description="Step for all others; default: the one that follows.")


def _advance(_tx: Tx, _batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, BandsStep)
    return _gone(step, context.catalog, context.following, runs, lambda tree: context.holds(tree, runs, False))


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, BandsStep)
    return _gone(step, context.catalog, context.following, runs, lambda tree: context.holds(tree, runs, False))


def _gone(
    step: BandsStep,
    catalog: Catalog,
    following: str | None,
    runs: pa.Table,
    holds: Callable[[Condition], npt.NDArray[np.bool_]],
) -> pa.Table:
    floors = sorted(_floors(step, catalog).items(), key=lambda one: one[1])
    band = np.full(runs.num_rows, LOWEST, dtype=object)
    for name, floor in floors:
        band[holds(_tree(step, {"gte": floor}))] = name
    band[~holds(_tree(step, {"exists": True}))] = MISSING
    ways = {**step.ways, "else": step.else_ or following}
    targets = [ways.get(str(name), ways["else"]) for name in band]
    return moves(runs, pa.array([str(name) for name in band], pa.string()), pa.array(targets, pa.string()))


def _floors(step: BandsStep, catalog: Catalog) -> Mapping[str, float]:
    if step.floors is not None:
        return step.floors
    return predict.spec_of(catalog, step.bands).bands or {}


def _tree(step: BandsStep, test: Mapping[str, Any]) -> Condition:
    horizon = {} if step.horizon is None else {"horizon": step.horizon}
    return parse({"prediction": step.bands, **horizon, **test}, journey=True)


def _exits(step: Step, following: str | None) -> Mapping[str, str | None]:
    assert isinstance(step, BandsStep)
    return {**step.ways, "else": step.else_ or following}


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, BandsStep)
    return (("prediction", step.bands),)


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, BandsStep)
    try:
        floors = _floors(step, place.catalog)
    except ForetellError:
        return  # there is no such prediction, which is told already
    if not floors:
        message = f"the prediction {step.bands!r} has no bands"
        yield place.problem("bands", "NO_BANDS", message, "Write floors: {high: 0.7}, or bands into the prediction.")
        return
    known = [*floors, LOWEST, MISSING]
    for name in step.ways:
        if name not in known:
            message = f"there is no band called {name!r}"
            yield place.problem("ways", "UNKNOWN_WAY", message, suggestion(name, known, what="bands"))


KIND = StepKind("bands", BandsStep, _advance, _check, refers=_refers, exits=_exits, foresee=_foresee)
