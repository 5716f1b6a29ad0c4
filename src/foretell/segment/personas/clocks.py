"""The clock that people live by: the zone their traits tell, else the workspace's."""

from __future__ import annotations

from zoneinfo import available_timezones

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.engine import Engine, scratch
from foretell.profile import golden, survivorship_of

_TRAITS = ("timezone", "zone")
"""Of several the first that names a known zone."""
_ZONES = """
SELECT p.profile_key, p.persona, coalesce(max(CASE WHEN t.trait = 'timezone' THEN t.s END),
  max(CASE WHEN t.trait = 'zone' THEN t.s END), $usual) AS zone
FROM people p LEFT JOIN traits t ON t.profile_key = p.profile_key GROUP BY p.profile_key, p.persona"""


def zones_of(engine: Engine, catalog: Catalog, people: pa.Table) -> pa.Table:
    """``people`` (profile_key, persona) with the IANA zone of each."""
    told = golden(engine.ops, None, survivorship_of(catalog), traits=_TRAITS)
    known = told.filter(pc.is_in(told["s"], pa.array(sorted(available_timezones()))))
    tables = {
        "people": people.select(["profile_key", "persona"]),
        "traits": known.select(["profile_key", "trait", "s"]),
    }
    return scratch(_ZONES, tables, {"usual": catalog.settings.zone})


def local_parts(rows: pa.Table) -> pa.Table:
    """Of each instant ``ts`` (UTC) the ``hour`` (0–23) and ``weekday`` (0 Monday) in its row's ``zone``."""
    parts = [pa.table({"persona": pa.array([], pa.string()), "hour": pa.array([], pa.int64()),
                       "weekday": pa.array([], pa.int64())})]  # fmt: skip
    for zone in pc.unique(rows["zone"]).to_pylist():
        own = rows.filter(pc.equal(rows["zone"], zone))
        local = pc.local_timestamp(pc.assume_timezone(own["ts"], "UTC").cast(pa.timestamp("us", zone)))
        hour, weekday = pc.hour(local).cast(pa.int64()), pc.day_of_week(local).cast(pa.int64())
        parts.append(pa.table({"persona": own["persona"].cast(pa.string()), "hour": hour, "weekday": weekday}))
    return pa.concat_tables(parts)
