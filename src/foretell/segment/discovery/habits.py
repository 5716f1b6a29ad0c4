"""What things were done with: the commonest values of events' properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.condition import Reader
from foretell.engine import Column, PropertyColumns
from foretell.segment.facets import Rows

WITHIN = "365d"
MOST_HABITS, MOST_VALUES, FEWEST_VALUES, MANY_VALUES = 80, 6, 2, 200
COUNTED_TOGETHER = 16
"""Properties whose values one query counts: the store keeps a table of the values of each, however few there are."""


@dataclass(frozen=True)
class Habit:
    """Did something with this value, in the last year.

    Args:
        people: who did, column ``profile_key``, each once.
    """

    event: str
    path: str
    value: str
    people: pa.Table

    @property
    def raw(self) -> Mapping[str, Any]:
        """The condition that says so."""
        return {"did": self.event, "where": {self.path: self.value}, "within": WITHIN}

    @property
    def about(self) -> str:
        """Event, property and value: a person can have done it with several, and a group may name several."""
        return f"where:{self.event}:{self.path}:{self.value}"


def habits(
    reader: Reader, columns: PropertyColumns, rows: Rows, events: Sequence[str], *, at: datetime, floor: int
) -> list[Habit]:
    """The commonest text values of the properties of ``events`` that ``rows`` had within a year, known at ``at``.

    Properties with a great many values (numbers of orders, addresses of pages) are left out. One query a property
    gives the values and who had them, which are those whom the condition gives.
    """
    names = pa.table({"event": pa.array(list(events), pa.string())})
    tables = {"rows_asked": rows.table, "events_asked": names}
    asked = {"as_of": naive_utc(at), "since": naive_utc(at - timedelta(days=365))}
    limits = {**asked, "floor": max(floor, 1), "most": MOST_VALUES}
    own = _few(reader, columns.own(), tables, asked)
    sources = [(path, _sql(f"e.{columns.own()[path].text}", "log_events AS e"), having) for path, having in own.items()]
    sources += [(path, sql, list(events)) for path, sql in _in_arrays(columns).items()]
    found = []
    for path, sql, having in sources:
        few = {**tables, "events_asked": pa.table({"event": pa.array(having, pa.string())})}
        done = reader.analytics.query(sql, limits, few)
        for (event, value), people in _by_value(done).items():
            found.append(Habit(event, path, value, people))
    kept = sorted(found, key=lambda one: (-one.people.num_rows, one.event, one.path, one.value))
    return kept[:MOST_HABITS]


def _by_value(done: pa.Table) -> dict[tuple[str, str], pa.Table]:
    """People by event and value; ``done`` is ordered by these."""
    counted = done.group_by(["event", "value"], use_threads=False).aggregate([([], "count_all")]).to_pylist()
    made, start = {}, 0
    for row in counted:
        made[row["event"], row["value"]] = done.slice(start, row["count_all"]).select(["profile_key"])
        start += row["count_all"]
    return made


def _in_arrays(columns: PropertyColumns) -> dict[str, str]:
    """Path → SQL of its values, of properties in the elements of an array."""
    made = {}
    for path in columns.paths():
        column = columns.of(path)
        if column is not None and column.array is not None:
            name = column.array.replace("'", "''")
            source = f"log_events AS e JOIN event_elements AS x ON x.seq = e.seq AND x.\"array\" = '{name}'"
            made[path] = _sql(f"x.{column.text}", source)
    return made


def _few(
    reader: Reader, own: Mapping[str, Column], tables: Mapping[str, pa.Table], asked: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Path → events that have few values of it, by a look at the log for so many properties at once."""
    found: dict[str, list[str]] = {}
    for paths in _parts(own, COUNTED_TOGETHER):
        counts = ", ".join(f"count(DISTINCT e.{own[path].text}) AS {own[path].text}" for path in paths)
        sql = (
            f"SELECT e.event, {counts} FROM log_events AS e WHERE e.event IN (SELECT a.event FROM events_asked AS a) "
            "AND e.ts <= $as_of AND e.ts > $since GROUP BY e.event ORDER BY e.event"
        )
        rows = reader.analytics.query(sql, asked, {"events_asked": tables["events_asked"]}).to_pylist()
        for path in paths:
            few = [row["event"] for row in rows if FEWEST_VALUES <= row[own[path].text] <= MANY_VALUES]
            if few:
                found[path] = few
    return found


def _parts(own: Mapping[str, Column], most: int) -> Iterator[Sequence[str]]:
    """The paths of ``own``, at most so many at a time."""
    paths = list(own)
    for start in range(0, len(paths), most):
        yield paths[start : start + most]


def _sql(value: str, source: str) -> str:
    """``event value profile_key``, each once, of the commonest values of events that have neither one value nor a
    great many; ordered."""
    return (
        f"WITH done AS (SELECT DISTINCT e.event, {value} AS value, e.profile_key FROM {source} "
        "JOIN rows_asked AS r ON r.profile_key = e.profile_key "
        "WHERE e.event IN (SELECT a.event FROM events_asked AS a) AND e.ts <= $as_of AND e.ts > $since "
        f"AND e.known_at <= $as_of AND {value} IS NOT NULL), "
        "counted AS (SELECT d.event, d.value, count(*) AS people, count(*) OVER (PARTITION BY d.event) AS found, "
        "row_number() OVER (PARTITION BY d.event ORDER BY count(*) DESC, d.value) AS place "
        "FROM done AS d GROUP BY d.event, d.value) "
        "SELECT d.event, d.value, d.profile_key FROM done AS d JOIN counted AS c "
        "ON c.event = d.event AND c.value = d.value WHERE c.place <= $most AND c.people >= $floor "
        f"AND c.found BETWEEN {FEWEST_VALUES} AND {MANY_VALUES} ORDER BY d.event, d.value, d.profile_key"
    )
