"""Stored scores as they leave the house: without those whose data may not be handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.predict.reading import scores
from foretell.profile import purposes_of, way_out

SCORES = way_out("predict.scores", "export", "stored scores, listed or written to a file")


@dataclass(frozen=True)
class ScoreExport:
    """Scores that may go out.

    Args:
        left_out: how many people are not among them, by reason (``objected``, ``restricted`` …).
    """

    rows: pa.Table
    left_out: Mapping[str, int]


def export_scores(engine: Engine, catalog: Catalog, key: str, *, as_of: datetime, now: datetime) -> ScoreExport:
    """The scores of :func:`~foretell.predict.scores` of those whose data may be handed over.

    Args:
        now: the present: who objects today is not handed over, whatever instant is asked for.
    """
    found = scores(engine, key, as_of=as_of)
    people = pc.unique(found["profile_key"])
    kept = SCORES.only(engine.ops, people, now, purposes_of(catalog))
    rows = found.filter(pc.is_in(found["profile_key"], kept.kept)) if kept.left_out else found
    return ScoreExport(rows.drop_columns(["profile_key"]), kept.left_out)
