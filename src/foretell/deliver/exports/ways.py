"""Who may go out with an export: asked each time, of everybody."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.engine import Engine, python_rows
from foretell.profile import allowed, purposes_of, way_out

EXPORTS = way_out("deliver.exports", "export", "members of segments told to other servers, or kept in files for them")


def barred(
    engine: Engine, catalog: Catalog, people: pa.Array | pa.ChunkedArray, purpose: str | None, now: datetime
) -> dict[int, str]:
    """Who of ``people`` (profile keys) may not go out → the reason, one of :data:`foretell.profile.REASONS`.

    Args:
        purpose: has to be allowed as well; None: the export alone.
    """
    purposes, keys = purposes_of(catalog), pc.unique(people)
    answers = [EXPORTS.ask(engine.ops, keys, now, purposes)]
    if purpose is not None:
        answers.append(allowed(engine.ops, keys, purpose, now, purposes))
    found: dict[int, str] = {}
    for answer in reversed(answers):
        refused = answer.filter(pc.invert(answer["allowed"])).select(["profile_key", "reason"])
        found |= dict(python_rows(refused))
    return found
