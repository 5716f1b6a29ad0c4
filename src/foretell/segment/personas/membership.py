"""Who is of which persona at an instant: the facts as they are stored, without those who object."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.profile import purposes_of, way_out

PERSONAS = way_out("segment.personas", "profiling", "personas of people")

_LATEST = """
SELECT profile_key, persona, fit, as_of FROM (
  SELECT r.profile_key, r.persona, r.fit, r.as_of, row_number() OVER (PARTITION BY r.profile_key ORDER BY r.as_of DESC,
    CASE WHEN r.node_key = r.profile_key THEN 0 ELSE 1 END, r.node_key) AS place
  FROM log_personas r WHERE r.as_of <= $as_of) w
WHERE place = 1 AND persona IS NOT NULL ORDER BY profile_key"""


def stored(engine: Engine, *, as_of: datetime) -> pa.Table:
    """The facts at ``as_of``: profile_key, persona, fit and as_of (of the build), whoever may see them."""
    return engine.analytics.query(_LATEST, {"as_of": naive_utc(as_of)})


def members(engine: Engine, catalog: Catalog, *, as_of: datetime, now: datetime, key: str | None = None) -> pa.Table:
    """Who is of which persona: profile_key, persona, fit and as_of, by profile_key.

    Args:
        now: the present: who objects to profiling today has no persona, whatever instant is asked for.
        key: of this persona alone.
    """
    found = stored(engine, as_of=as_of)
    if key is not None:
        found = found.filter(pc.equal(found["persona"], key))
    if not found.num_rows:
        return found
    kept = PERSONAS.only(engine.ops, found["profile_key"], now, purposes_of(catalog))
    return found.filter(pc.is_in(found["profile_key"], kept.kept)) if kept.left_out else found
