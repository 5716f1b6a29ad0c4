"""The event log: its tables, its property columns and the memory of message ids.

A property path gets two columns on its first appearance, ``p<N>s`` for text and ``p<N>n`` for
numbers in micro units; the list of them is operational, so that every store agrees on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import watching
from foretell.engine.batches import Batch, Decoded
from foretell.engine.ports import AnalyticsTable, OperationalStore, RoomParts, Tx, View
from foretell.engine.scratch import scratch
from foretell.engine.tabular import beside, integers, python_rows, table_of
from foretell.engine.unsent import ERASED_SOURCE

PROPERTY_LIMIT = 2_000
"""Property paths that get columns; further ones stay readable in the JSON alone."""

_LOG = {
    "seq": "BIGINT",
    "batch": "BIGINT",
    "ts": "TIMESTAMP",
    "known_at": "TIMESTAMP",
    "received_at": "TIMESTAMP",
    "event": "VARCHAR",
    "type": "VARCHAR",
    "source": "VARCHAR",
    "node_key": "BIGINT",
    "message_id": "VARCHAR",
    "properties": "VARCHAR",
    "context": "VARCHAR",
}
_JSON = ("properties", "context")
_PLACES = ["array", "row", "ordinal"]
_ELEMENTS = {"seq": "BIGINT", "array": "VARCHAR", "ordinal": "INTEGER"}
_EVENTS_VIEW = View(
    "events",
    "SELECT e.message_id, coalesce(n.profile_id, '') AS profile_id, e.event, e.type, "
    "e.ts AS timestamp, e.known_at, e.received_at, e.source, e.properties, e.context "
    "FROM log_events e LEFT JOIN nodes n ON n.node_key = e.profile_key",
    {
        "message_id": "Unique id of the event.",
        "profile_id": "The person, after all merges known today.",
        "event": "Name of the event, as sent.",
        "type": "Call: track, identify, page, screen, group or alias.",
        "timestamp": "When it happened, UTC.",
        "known_at": "From when on Foretell counts it as known, UTC.",
        "received_at": "When it arrived, UTC.",
        "source": "Key of the source document, or file name.",
        "properties": "Properties as JSON text.",
        "context": "Context as JSON text.",
    },
)

PARTS = RoomParts(
    room="engine",
    migrations=(
        """
        CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
        INSERT INTO counters VALUES ('seq', 0);
        CREATE TABLE batches (
            batch BIGINT PRIMARY KEY, segment BIGINT, first_byte BIGINT, end_byte BIGINT, applied_at BIGINT NOT NULL,
            rows BIGINT NOT NULL, duplicates BIGINT NOT NULL, problems BIGINT NOT NULL, room TEXT NOT NULL);
        CREATE TABLE seen_messages (h BIGINT, c BIGINT, batch BIGINT NOT NULL, PRIMARY KEY (h, c)) /*clustered*/;
        CREATE TABLE property_columns (number BIGINT PRIMARY KEY, array_path TEXT, path TEXT NOT NULL);
        """,
        watching.TABLE,
    ),
    tables=(
        AnalyticsTable(
            "event_log",
            _LOG,
            "node_key",
            order=("event", "ts"),
            open=True,
            packed=("properties", "context"),
            derived="log_events",
            erased={
                "seq": "seq",
                "batch": "=0",
                "ts": "day",
                "known_at": "day",
                "received_at": "day",
                "event": "same",
                "type": "same",
                "source": f"={ERASED_SOURCE}",
                "message_id": "random",
                "properties": "={}",
                "context": "={}",
            },
        ),
        AnalyticsTable(
            "event_elements",
            _ELEMENTS,
            order=("array", "seq", "ordinal"),
            open=True,
            erased={"seq": "seq", "array": "same", "ordinal": "same"},
        ),
    ),
    views=(_EVENTS_VIEW,),
    rebuilt=("batches", "seen_messages", "property_columns"),
)


@dataclass(frozen=True)
class Column:
    """Where a property's values stand.

    Args:
        array: path of the array the property lies in, or None; then the columns are those of
            ``event_elements``, otherwise of ``event_log``.
        text: column of the text values.
        number: column of the numbers, in micro units.
    """

    array: str | None
    text: str
    number: str


class PropertyColumns:
    """The property paths that have been seen, and their columns."""

    def __init__(self, rows: Iterable[tuple[int, str | None, str]]) -> None:
        self._numbers = {(array, path): number for number, array, path in rows}
        # Of an array within an array the inner one has the longer path, and comes first.
        self._arrays = sorted({array for array, _ in self._numbers if array is not None}, key=len, reverse=True)

    def of(self, path: str) -> Column | None:
        """The columns of ``path`` as written in a condition, or None where it was never seen."""
        found = self._numbers.get((None, path))
        if found is not None:
            return Column(None, f"p{found}s", f"p{found}n")
        for array in self._arrays:
            inner = "" if path == array else path[len(array) + 1 :] if path.startswith(f"{array}.") else None
            found = self._numbers.get((array, inner)) if inner is not None else None
            if found is not None:
                return Column(array, f"p{found}s", f"p{found}n")
        return None

    def paths(self) -> list[str]:
        """All paths, sorted."""
        return sorted(".".join(filter(None, key)) for key in self._numbers)

    def own(self) -> dict[str, Column]:
        """Path → its columns, of the properties that lie in no array."""
        return {
            path: Column(None, f"p{number}s", f"p{number}n")
            for (array, path), number in self._numbers.items()
            if array is None
        }

    def number(self, array: str | None, path: str) -> int | None:
        """The number of a path's columns."""
        return self._numbers.get((array, path))


class EventLog:
    """Reading door of the event log."""

    def __init__(self, ops: OperationalStore) -> None:
        self._ops = ops

    def last_seq(self) -> int:
        """The number of the newest event: later batches have higher ones."""
        return int(self._ops.query("SELECT value FROM counters WHERE name = 'seq'")[0][0])

    def properties(self) -> PropertyColumns:
        """The property paths seen so far."""
        return PropertyColumns(self._ops.query("SELECT number, array_path, path FROM property_columns"))


def new_messages(tx: Tx, ids: pa.ChunkedArray, batch: int) -> pa.Array:
    """Remember ``ids`` and say which of them are new (boolean, one an id).

    Of several equal ids in one batch the first is new. Ids are kept as 126 bits of their MD5.
    """
    keys = scratch(
        "WITH m AS (SELECT row_number() OVER () - 1 AS i, md5_number(id) AS m FROM ids) "
        "SELECT i, CAST(m & 9223372036854775807 AS BIGINT) AS h, "
        "CAST((m >> 64) & 9223372036854775807 AS BIGINT) AS c FROM m",
        {"ids": pa.table({"id": ids})},
    )
    distinct = scratch("SELECT h, c, min(i) AS i FROM keys GROUP BY h, c ORDER BY h, c", {"keys": keys})
    entered = tx.executemany(
        f"INSERT INTO seen_messages VALUES (?, ?, {int(batch)}) ON CONFLICT (h, c) DO NOTHING",
        python_rows(distinct.select(["h", "c"])),
    )
    fresh = distinct if entered == distinct.num_rows else _unseen(tx, distinct, batch)
    flags = np.zeros(len(ids), dtype=bool)
    flags[integers(fresh["i"])] = True
    return pa.array(flags)


def _unseen(tx: Tx, distinct: pa.Table, batch: int) -> pa.Table:
    """The rows of ``distinct`` that this batch entered."""
    tx.put("arriving_messages", distinct.select(["h", "c"]))
    seen = tx.query(
        "SELECT s.h, s.c FROM arriving_messages a JOIN seen_messages s ON s.h = a.h AND s.c = a.c WHERE s.batch <> ?",
        (batch,),
    )
    old = table_of({"h": pa.int64(), "c": pa.int64()}, seen)
    return scratch("SELECT d.i FROM d ANTI JOIN old USING (h, c)", {"d": distinct, "old": old})


def accepted(decoded: Decoded, fresh: pa.Array) -> Decoded:
    """``decoded`` without the rows that are duplicates."""
    if pc.all(fresh).as_py() is not False:
        return decoded
    events = decoded.events.filter(fresh)
    rows = events["row"].combine_chunks()

    def keep(table: pa.Table) -> pa.Table:
        return table.filter(pc.is_in(table["row"], rows))

    return Decoded(
        events,
        keep(decoded.identifiers),
        keep(decoded.properties),
        keep(decoded.elements),
        keep(decoded.traits),
        decoded.problems,
        decoded.remarks.filter(pc.or_(pc.is_null(decoded.remarks["row"]), pc.is_in(decoded.remarks["row"], rows))),
    )


def emit_events(tx: Tx, batch: Batch) -> None:
    """Hand the batch's events, elements and first sightings to the analytics store."""
    names, fresh = _column_names(tx, batch.decoded)
    seqs = batch.events.select(["row", "seq"])
    own = {path: name for (array, path), name in names.items() if array is None}
    values = _renamed(batch.decoded.properties, ["row"], own, fresh)
    events = batch.events.select(["row", *(name for name in _LOG if name != "batch")])
    events = events.append_column("batch", pa.repeat(pa.scalar(batch.number, pa.int64()), events.num_rows))
    if values["row"].equals(events["row"]):
        whole = _side_by_side(events, values)
    else:
        whole = scratch("SELECT e.*, p.* EXCLUDE (row) FROM e LEFT JOIN p ON p.row = e.row", {"e": events, "p": values})
    batch.emit("event_log", whole.drop_columns(["row"]))
    _emit_elements(batch, names, fresh, seqs)


def _emit_elements(batch: Batch, names: Mapping[tuple[str | None, str], str], fresh: set[str], seqs: pa.Table) -> None:
    elements = batch.decoded.elements
    if not elements.num_rows:
        return
    for array in pc.unique(elements["array"]).to_pylist():
        found = {path: name for (owner, path), name in names.items() if owner == array}
        values = _renamed(elements.filter(pc.equal(elements["array"], array)), _PLACES, found, fresh)
        batch.emit("event_elements", beside(values, seqs, ["seq"]).drop_columns(["row"]))


def _side_by_side(left: pa.Table, right: pa.Table) -> pa.Table:
    """Both tables' columns; their rows are the same."""
    for name in right.column_names:
        if name != "row":
            left = left.append_column(name, right[name])
    return left


def _renamed(table: pa.Table, kept: list[str], names: Mapping[str, str], fresh: set[str]) -> pa.Table:
    """The columns ``kept`` and those of the paths in ``names``, by their names in the store. SQL takes
    names that differ in case alone for the same; paths that do are two. A path that is ``fresh`` gets
    both its columns, so that whoever asks for one finds it."""
    columns = {name: table[name] for name in kept}
    for path, name in names.items():
        for side, kind in (("s", pa.string()), ("n", pa.int64())):
            if table.schema.get_field_index(f"{side}:{path}") >= 0:
                columns[f"{name}{side}"] = table[f"{side}:{path}"]
            elif name in fresh:
                columns[f"{name}{side}"] = pa.nulls(table.num_rows, kind)
    return pa.table(columns)


def _column_names(tx: Tx, decoded: Decoded) -> tuple[dict[tuple[str | None, str], str], set[str]]:
    """Column name for every path in the batch, and which of them are new; those are entered."""
    wanted: dict[tuple[str | None, str], None] = {}
    if decoded.properties.num_rows:
        wanted.update({(None, column[2:]): None for column in decoded.properties.column_names if column != "row"})
    if decoded.elements.num_rows:
        wanted.update(_element_paths(decoded.elements))
    known = PropertyColumns(tx.query("SELECT number, array_path, path FROM property_columns"))
    taken = tx.query("SELECT coalesce(max(number), 0) FROM property_columns")[0][0]
    names: dict[tuple[str | None, str], str] = {}
    fresh: set[str] = set()
    for array, path in wanted:
        number = known.number(array, path)
        if number is None:
            if taken >= PROPERTY_LIMIT:
                continue
            taken += 1
            number = taken
            tx.execute("INSERT INTO property_columns VALUES (?, ?, ?)", (number, array, path))
            fresh.add(f"p{number}")
        names[(array, path)] = f"p{number}"
    return names, fresh


def _element_paths(elements: pa.Table) -> dict[tuple[str | None, str], None]:
    paths: dict[tuple[str | None, str], None] = {}
    for array in pc.unique(elements["array"]).to_pylist():
        part = elements.filter(pc.equal(elements["array"], array))
        for column in part.column_names:
            if column[:2] in ("s:", "n:") and part[column].null_count < part.num_rows:
                paths[(array, column[2:])] = None
    return paths
