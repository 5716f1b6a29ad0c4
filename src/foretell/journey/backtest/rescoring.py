"""Scores made for a back-test: each week by what was complete and known at its beginning."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell import predict
from foretell.clock import from_micros, micros
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import ForetellError
from foretell.journey.backtest.scores import predictions_of
from foretell.journey.backtest.spans import Span
from foretell.journey.published import Published

WEEK = timedelta(weeks=1)


def rescored(
    engine: Engine, catalog: Catalog, reader: Reader, published: Published, span: Span
) -> dict[tuple[str, str], pa.Table]:
    """Prediction and horizon → ``profile_key t score`` for every prediction that conditions of the journey read.

    The grid begins with the span, and a score counts until the next one; a week whose past is too short to learn from
    has none. Nothing is stored.
    """
    asked: dict[str, list[str]] = {}
    for key, horizon in predictions_of(published, reader):
        asked.setdefault(key, []).append(horizon)
    found = {}
    for key, horizons in asked.items():
        parts = [_scored(engine, catalog, reader, key, at) for at in _grid(span)]
        for horizon in horizons:
            mine = [part.filter(pc.equal(part["horizon"], horizon)) for part in parts]
            columns = [part.select(["profile_key", "t", "score"]) for part in mine]
            found[key, horizon] = pa.concat_tables([_NONE, *columns])
    return found


def _grid(span: Span) -> list[int]:
    return list(range(micros(span.begin), micros(span.end) + 1, WEEK // timedelta(microseconds=1)))


def _scored(engine: Engine, catalog: Catalog, reader: Reader, key: str, at: int) -> pa.Table:
    try:
        rows = predict.scores_then(engine, catalog, reader, key, as_of=from_micros(at))
    except ForetellError:  # too little was known then
        return _NOBODY
    return rows.append_column("t", pa.repeat(pa.scalar(at, pa.int64()), rows.num_rows)).select(_NOBODY.column_names)


_NOBODY = pa.table(
    {
        "profile_key": pa.array([], pa.int64()),
        "horizon": pa.array([], pa.string()),
        "score": pa.array([], pa.float64()),
        "t": pa.array([], pa.int64()),
    }
)
_NONE = _NOBODY.select(["profile_key", "t", "score"])
