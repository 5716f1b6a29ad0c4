"""Scores of people by a binary model: here, or where their rows lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from threadpoolctl import threadpool_limits

from foretell.engine import Analytics, Batches, Spreading
from foretell.predict.binary.curve import without_crossing
from foretell.predict.binary.reasons import reasons
from foretell.predict.binary.rows import Floats
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.features import Crowd, Matrix, compute, crowd_at, matrix_of, question

SCORES = pa.schema(
    [
        ("node_key", pa.int64()),
        ("horizon", pa.string()),
        ("score", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("reasons", pa.string()),
    ]
)
"""One row for each person and horizon."""
AT_ONCE = 250_000
"""People whose features are held in memory at the same time, about half a kilobyte each with what they are made of."""
SPREAD_FROM = 50_000
"""People from whom on scores are made where the rows lie; below, starting processes costs more than it saves."""


def binary_scores(
    analytics: Analytics, model: BinaryModel, people: pa.Table, as_of: datetime, *, exact: bool, spread_from: int
) -> pa.Table:
    """:data:`SCORES` of ``people`` (column profile_key), by horizon, then by person.

    Args:
        exact: reasons from exact TreeSHAP.
        spread_from: people from whom on a store that is :class:`Spreading` makes the scores.
    """
    keys = people.select(["profile_key"])
    spreads = people.num_rows >= spread_from and model.travels
    cluster = analytics if isinstance(analytics, Spreading) and spreads else None
    if cluster is None and people.num_rows <= AT_ONCE:
        return scored(model, compute(analytics, model.plan, keys, as_of), exact=exact)
    work = Scoring(model, as_of, crowd_at(analytics, model.plan, keys, as_of), exact)
    if cluster is not None:
        rows = cluster.mapped("scores", question(model.plan, keys, as_of), work, SCORES)
    else:
        rows = pa.concat_tables([work.of(analytics, keys.slice(at, AT_ONCE)) for at in range(0, len(keys), AT_ONCE)])
    return _in_order(rows, [part.horizon for part in model.horizons])


def scored(model: BinaryModel, matrix: Matrix, *, exact: bool) -> pa.Table:
    """:data:`SCORES` of the people of ``matrix``, by horizon, then in its order."""
    inputs = [matrix.select(part.names) for part in model.horizons]
    found = [part.explained(x, exact=exact) for part, x in zip(model.horizons, inputs, strict=True)]
    scores = without_crossing(np.column_stack([curve for curve, _ in found]), model.direction)
    tables = []
    for place, (part, x) in enumerate(zip(model.horizons, inputs, strict=True)):
        low, high = part.margins.around(scores[:, place])
        texts = reasons(x, found[place][1], matrix.described(part.names))
        tables.append(scores_of(matrix.people, part.horizon, scores[:, place], low, high, texts))
    return pa.concat_tables(tables)


def scores_of(
    people: npt.NDArray[np.int64], horizon: str, score: Floats, low: Floats, high: Floats, texts: pa.Array
) -> pa.Table:
    """:data:`SCORES` over one horizon from arrays (n,)."""
    horizons = pa.array([horizon]).take(pa.array(np.zeros(people.size, np.int32)))
    return pa.Table.from_arrays([pa.array(people), horizons, *map(pa.array, (score, low, high)), texts], schema=SCORES)


@dataclass(frozen=True)
class Scoring:
    """Turns rows of the features' question into :data:`SCORES`, wherever it is called; it carries the model's trees."""

    model: BinaryModel
    as_of: datetime
    crowd: Crowd
    exact: bool

    def of(self, analytics: Analytics, people: pa.Table) -> pa.Table:
        """:data:`SCORES` of some of the people, from a store of one machine."""
        asked = question(self.model.plan, people, self.as_of)
        rows = analytics.query(asked.sql, asked.params, asked.tables)
        return scored(self.model, matrix_of(rows, self.model.plan, self.as_of, self.crowd), exact=self.exact)

    def __call__(self, batches: Batches) -> Batches:
        with threadpool_limits(limits=1, user_api="blas"):
            for batch in batches:
                if batch.num_rows:
                    yield from self._scored(pa.Table.from_batches([batch]))

    def _scored(self, rows: pa.Table) -> Iterable[pa.RecordBatch]:
        matrix = matrix_of(rows, self.model.plan, self.as_of, self.crowd)
        found: list[pa.RecordBatch] = scored(self.model, matrix, exact=self.exact).combine_chunks().to_batches()
        return found


def _in_order(rows: pa.Table, horizons: list[str]) -> pa.Table:
    place = pc.index_in(rows["horizon"], pa.array(horizons))
    order = rows.append_column("place", place).sort_by([("place", "ascending"), ("node_key", "ascending")])
    return order.select(SCORES.names)
