"""What arrived, added up by quarter of an hour and by hour, so that a look need not read weeks of the log.

Every look adds what came since the last one. A slot holds what was known after its beginning and up to its end; its
number counts from 1970. Events that were not added up yet are read from the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros, naive_utc
from foretell.collect.health.rhythm import QUARTER_SECONDS
from foretell.engine import UNSENT, AnalyticsTable, Batch, Column, Engine, Tx, scratch

ARRIVAL_ROWS = AnalyticsTable(
    "arrival_rows",
    {"source": "VARCHAR", "slot": "BIGINT", "n": "BIGINT", "late": "BIGINT", "last_at": "TIMESTAMP"},
    order=("source", "slot"),
)
"""Events by quarter of an hour; rows of the same slot add up."""
PRESENCE_ROWS = AnalyticsTable(
    "presence_rows",
    {
        "source": "VARCHAR", "event": "VARCHAR", "path": "VARCHAR", "slot": "BIGINT", "told": "BIGINT",
        "number": "BIGINT",
    },
    order=("source", "event", "path", "slot"),
)  # fmt: skip
"""Events that held a property, by hour; of the empty ``path``: all of them. Traits of people are ``traits.NAME``."""
REPEAT_ROWS = AnalyticsTable(
    "repeat_rows", {"source": "VARCHAR", "slot": "BIGINT", "n": "BIGINT"}, order=("source", "slot")
)
"""Events that came again under a message id that was known, by quarter of an hour of their arrival."""
ROLLED_DDL = (
    "CREATE TABLE data_health_rolled (one BIGINT PRIMARY KEY, seq BIGINT NOT NULL, presence_from BIGINT NOT NULL)"
)
QUARTER_MICROS = QUARTER_SECONDS * 1_000_000
HOUR_MICROS = 3_600_000_000
MOST_PATHS = 300
"""Properties that are watched, those seen first; more would make the look at a day slow."""
PRESENCE_DAYS = 29
OTHERS = f"source NOT IN ({UNSENT}, '')"
_ROOM = "collect"
_TRAITS = "trait_values"
_TRAIT_COUNTING = f"""
SELECT source, event, 'traits.' || trait AS path, {{slot}} AS slot,
  count(CASE WHEN s IS NULL THEN n ELSE 0 END) AS told, count(n) AS number
FROM (SELECT e.source, e.event, e.known_at, t.trait, t.s, t.n FROM event_log e JOIN {_TRAITS} t ON t.seq = e.seq
      {{where}} AND e.type = 'identify') e
GROUP BY 1, 2, 3, 4"""


def slot_of(known_at: str, width: int) -> str:
    """SQL text: the number of the slot of ``width`` microseconds."""
    return f"(epoch_us({known_at}) + {width - 1}) // {width}"


ARRIVED = f"""
SELECT source, {slot_of("known_at", QUARTER_MICROS)} AS slot, count(*) AS n,
  count(*) FILTER (known_at - ts > INTERVAL '1 day') AS late, max(known_at) AS last_at
FROM event_log WHERE seq > $since AND seq <= $until AND known_at <= $now AND {OTHERS} GROUP BY 1, 2"""


@dataclass(frozen=True)
class Rolled:
    """What is added up.

    Args:
        seq: up to this event.
        presence_from: properties since this instant.
    """

    seq: int
    presence_from: datetime


def rolled(engine: Engine) -> Rolled:
    """How far it is."""
    found = engine.ops.query("SELECT seq, presence_from FROM data_health_rolled")
    return Rolled(found[0][0], from_micros(found[0][1])) if found else Rolled(0, from_micros(2**52))


def last_event(engine: Engine) -> int:
    """The sequence number of the last event of the log."""
    return int(engine.analytics.query("SELECT coalesce(max(seq), 0) AS seq FROM event_log")["seq"][0].as_py())


def roll(engine: Engine, *, now: datetime) -> None:
    """Add up what came since the last look, and remember it."""
    known = rolled(engine)
    last = last_event(engine)
    if last <= known.seq:
        return
    begin = known.presence_from if known.seq else now - timedelta(days=PRESENCE_DAYS)
    arrived = engine.analytics.query(ARRIVED, {"since": known.seq, "until": last, "now": datetime(9999, 1, 1)})
    new = f"e.seq > {known.seq} AND e.seq <= {last} AND e.known_at > $begin"
    held = presence_of(engine, new, {"begin": naive_utc(begin)}, slot_of("known_at", HOUR_MICROS))

    def work(tx: Tx, batch: Batch) -> None:
        changed = tx.execute(
            "INSERT INTO data_health_rolled VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET seq = excluded.seq "
            "WHERE data_health_rolled.seq = ?",
            (last, micros(begin), known.seq),
        )
        if changed:
            batch.emit("arrival_rows", arrived)
            batch.emit("presence_rows", held)

    engine.act(_ROOM, work, now=now)


def presence_of(engine: Engine, test: str, params: dict[str, object], slot: str) -> pa.Table:
    """Which events held which properties, read from the log.

    Args:
        test: condition on the log ``e``.
        slot: SQL text, by what of ``known_at`` they are told apart.

    Returns:
        ``source``, ``event``, ``path``, ``slot``, ``told``, ``number``.
    """
    own = list(engine.log.properties().own().items())[:MOST_PATHS]
    where = f"WHERE {test} AND e.{OTHERS}"
    wide = engine.analytics.query(_counting([column for _, column in own], where, slot), params)
    parts = [_part(wide, "", "whole", None)]
    if not wide.num_rows:
        return parts[0]
    parts += [_part(wide, path, f"t{place}", f"n{place}") for place, (path, _) in enumerate(own)]
    if engine.analytics.columns(_TRAITS):
        parts.append(engine.analytics.query(_TRAIT_COUNTING.format(where=where, slot=slot), params))
    return pa.concat_tables(parts, promote_options="permissive")


def _counting(columns: list[Column], where: str, slot: str) -> str:
    counts = "".join(
        f", count(CASE WHEN {column.text} IS NULL THEN {column.number} ELSE 0 END) AS t{place}, "
        f"count({column.number}) AS n{place}"
        for place, column in enumerate(columns)
    )
    return f"SELECT source, event, {slot} AS slot, count(*) AS whole{counts} FROM event_log e {where} GROUP BY 1, 2, 3"


def _part(wide: pa.Table, path: str, told: str, number: str | None) -> pa.Table:
    """The rows of ``wide`` in which the property is."""
    rows = wide.filter(pc.greater(wide[told], 0))
    return pa.table(
        {
            "source": rows["source"],
            "event": rows["event"],
            "path": pa.repeat(pa.scalar(path), rows.num_rows),
            "slot": rows["slot"],
            "told": rows[told],
            "number": rows[number] if number else pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows),
        }
    )


def repeat_rows(batch: Batch) -> pa.Table | None:
    """Rows of ``repeat_rows`` of a batch; None where nothing came twice."""
    if batch.repeated is None:
        return None
    tables = {"r": batch.repeated.select(["source", "received_at"])}
    return scratch(
        f"SELECT source, {slot_of('received_at', QUARTER_MICROS)} AS slot, count(*) AS n FROM r WHERE {OTHERS} "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        tables,
    )
