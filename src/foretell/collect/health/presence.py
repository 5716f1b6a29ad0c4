"""How often events held each property, and calls each trait: in the last 24 hours, and in the 27 days before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from foretell.clock import from_micros, micros, naive_utc
from foretell.collect.health.monitors import Share
from foretell.collect.health.reading import BEFORE, DAY
from foretell.collect.health.rolling import HOUR_MICROS, last_event, presence_of, rolled
from foretell.engine import Engine, scratch

_ROLLED = """
SELECT source, event, path, CASE WHEN slot > $day THEN 1 ELSE 0 END AS recent, CAST(sum(told) AS BIGINT) AS told,
  CAST(sum(number) AS BIGINT) AS number
FROM presence_rows WHERE slot > $before AND slot <= $now
GROUP BY 1, 2, 3, 4"""
_TOGETHER = """
SELECT source, event, path, CAST(sum(told) FILTER (recent = 0) AS BIGINT) AS before,
  CAST(sum(told) FILTER (recent = 1) AS BIGINT) AS now,
  CAST(sum(number) FILTER (recent = 0) AS BIGINT) AS number_before,
  CAST(sum(number) FILTER (recent = 1) AS BIGINT) AS number_now
FROM every GROUP BY source, event, path ORDER BY source, event, path"""
HOUR = timedelta(hours=1)
_COLUMNS = ["source", "event", "path", "recent", "told", "number"]


@dataclass(frozen=True)
class Presence:
    """How often events of a name held a property: before, and in the last day.

    Args:
        path: of traits of people, ``traits.NAME``.
        told: events with it; ``number``: of these, those in which it is a number.
    """

    source: str
    event: str
    path: str
    told: tuple[Share, Share]
    number: tuple[Share, Share]


def presence(engine: Engine, now: datetime) -> list[Presence]:
    """By source, event and path; of events that came both in the last day and before, up to the last full hour."""
    known = rolled(engine)
    if known.presence_from > now - BEFORE - HOUR:
        parts = [_read(engine, 0, now)]
    else:
        parts = [engine.analytics.query(_ROLLED, _slots(now)).select(_COLUMNS)]
        if last_event(engine) > known.seq:
            parts.append(_read(engine, known.seq, now))
    found = scratch(_TOGETHER, {"every": pa.concat_tables(parts, promote_options="permissive")}).to_pylist()
    wholes = {(row["source"], row["event"]): row for row in found if row["path"] == ""}
    held = []
    for row in found:
        whole = wholes.get((row["source"], row["event"]))
        if row["path"] and whole and whole["before"] and whole["now"]:
            told = Share(row["before"] or 0, whole["before"]), Share(row["now"] or 0, whole["now"])
            number = Share(row["number_before"] or 0, told[0].part), Share(row["number_now"] or 0, told[1].part)
            held.append(Presence(row["source"], row["event"], row["path"], told, number))
    return held


def _slots(now: datetime) -> dict[str, object]:
    """The hours at which the two spans begin and end."""
    last, day = micros(now) // HOUR_MICROS, DAY // HOUR
    return {"before": last - (BEFORE // HOUR), "day": last - day, "now": last}


def _read(engine: Engine, since: int, now: datetime) -> pa.Table:
    """From the log what came after an event, by whether it is of the last day."""
    last = from_micros(micros(now) // HOUR_MICROS * HOUR_MICROS)
    params: dict[str, object] = {
        "since": since,
        "now": naive_utc(last),
        "day": naive_utc(last - DAY),
        "before": naive_utc(last - BEFORE),
    }
    test = "e.seq > $since AND e.known_at > $before AND e.known_at <= $now"
    rows = presence_of(engine, test, params, "CASE WHEN known_at > $day THEN 1 ELSE 0 END")
    return rows.rename_columns({"slot": "recent"}).select(_COLUMNS)
