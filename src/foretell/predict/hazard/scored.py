"""Scores of people by a hazard over any horizons, and the date to expect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from foretell.clock import Duration, micros
from foretell.errors import ForetellError
from foretell.predict.binary.interval import Margins
from foretell.predict.binary.reasons import reasons
from foretell.predict.binary.rows import Floats
from foretell.predict.binary.scored import scores_of
from foretell.predict.features import Matrix
from foretell.predict.hazard.judge import EARLY, LATE, MIDDLE
from foretell.predict.hazard.stored import HazardModel

_DAY_US = 86_400_000_000


def hazard_scores(
    model: HazardModel, matrix: Matrix, horizons: Sequence[str], hazards: Floats, *, exact: bool, thing: str
) -> pa.Table:
    """Scores of the people of ``matrix`` over ``horizons``, from their ``hazards`` (n, k).

    Raises:
        ForetellError: ``HORIZON_TOO_LONG`` beyond what the model was trained for.
    """
    longest, x = model.trees.stretches.ends[-1], matrix.select(model.names)
    tables = []
    for horizon in horizons:
        days = Duration.parse(horizon).days
        if days > longest:
            raise ForetellError(
                "HORIZON_TOO_LONG",
                f"the model knows {longest:g} days, not {horizon}",
                thing=thing,
                next_step="Train the prediction again with this horizon.",
            )
        without = model.trees.stretches.without(hazards, days)
        score = without if model.untrue else 1 - without
        low, high = _margins(model, days).around(score)
        effects = model.trees.contributions(x, days, exact=exact) * np.float32(-1 if model.untrue else 1)
        texts = reasons(x, effects, matrix.described(model.names))
        tables.append(scores_of(matrix.people, horizon, score, low, high, texts))
    return pa.concat_tables(tables)


def event_dates(model: HazardModel, matrix: Matrix, hazards: Floats, as_of: datetime) -> pa.Table:
    """When the event is to be expected, one row a person.

    Columns node_key, expected_at (half of its probability lies before it), earliest_at and latest_at (80 % lie
    between), UTC, null where they lie beyond the longest horizon; chance: of the event within that.
    """
    stretches = model.trees.stretches
    days = {share: stretches.day(hazards, share) for share in (MIDDLE, EARLY, LATE)}
    chance = 1 - stretches.without(hazards, stretches.ends[-1])
    return pa.table(
        {
            "node_key": pa.array(matrix.people),
            "expected_at": _at(as_of, days[MIDDLE]),
            "earliest_at": _at(as_of, days[EARLY]),
            "latest_at": _at(as_of, days[LATE]),
            "chance": chance,
        }
    )


def _at(as_of: datetime, days: Floats) -> pa.Array:
    """Instants ``days`` (n,) after ``as_of``; null for NaN."""
    unknown = np.isnan(days)
    instants = micros(as_of) + np.where(unknown, 0.0, days * _DAY_US).astype(np.int64)
    return pa.array(instants, mask=unknown).cast(pa.timestamp("us"))


def _margins(model: HazardModel, days: float) -> Margins:
    """Those of the judged horizon that is nearest."""
    nearest = min(model.margins, key=lambda horizon: abs(Duration.parse(horizon).days - days))
    return model.margins[nearest]
