"""What Foretell itself does, as events of the same log.

The rows of :meth:`~foretell.engine.Batch.tell` become a decoded batch of their own: source ``foretell``,
known from the instant they happened unless they say otherwise, and owned by the person they name, whoever that
is after merges.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.engine.batches import ELEMENTS, EVENTS, TIMESTAMP, Batch, Decoded
from foretell.engine.ports import Tx
from foretell.engine.scratch import scratch
from foretell.engine.tabular import integers, with_column
from foretell.engine.unsent import OWN_SOURCE
from foretell.errors import ForetellError
from foretell.money import MICRO

PROPERTY = "property:"
"""Before the name of a property that is called like a column of the head."""
_JSON = "SELECT CAST(json_merge_patch('{}', to_json(p)) AS VARCHAR) AS properties FROM p"
"""Merging into an empty object leaves out what is null."""
_HEAD = {"message_id": pa.string(), "event": pa.string(), "ts": TIMESTAMP, "node_key": pa.int64()}
_KNOWN = "known_at"


def told_together(parts: Sequence[pa.Table]) -> pa.Table:
    """All told rows in one table, in the order told; a property that a part lacks is absent there.

    Raises:
        ForetellError: ``OWN_EVENT_INCOMPLETE`` where a column of the head is missing, of another type or null.
    """
    checked = [_with_head(part) for part in parts]
    names = list(dict.fromkeys(name for part in checked for name in part.column_names))
    filled = []
    for part in checked:
        for name in names:
            if name not in part.column_names:
                part = part.append_column(name, pa.nulls(part.num_rows))
        filled.append(part.select(names))
    return pa.concat_tables(filled, promote_options="permissive")


def decoded_events(told: pa.Table, batch: Batch) -> Decoded:
    """The decoded form of ``told``: events in the order of their time, and their properties."""
    told = told.take(pc.sort_indices(told, [("ts", "ascending"), ("message_id", "ascending")]))
    count = told.num_rows
    rows = pa.array(np.arange(count, dtype=np.int64))
    known = pc.coalesce(told[_KNOWN], told["ts"]) if _KNOWN in told.column_names else told["ts"]
    properties = told.drop_columns([name for name in (*_HEAD, _KNOWN) if name in told.column_names])
    properties = properties.rename_columns([name.removeprefix(PROPERTY) for name in properties.column_names])
    text = (
        scratch(_JSON, {"p": properties})
        if properties.num_columns
        else pa.table({"properties": pa.repeat("{}", count)})
    )
    head = {
        "row": rows,
        "line": pa.nulls(count, pa.int64()),
        "message_id": told["message_id"],
        "type": pa.repeat("track", count),
        "event": told["event"],
        "ts": told["ts"],
        "known_at": known,
        "received_at": pa.repeat(pa.scalar(naive_utc(batch.now), TIMESTAMP), count),
        "source": pa.repeat(OWN_SOURCE, count),
        "properties": text["properties"],
        "context": pa.repeat("{}", count),
    }
    events = pa.table({name: head[name] for name in EVENTS.names}).append_column("node_key", told["node_key"])
    return Decoded(events, properties=_columns(properties, rows), elements=_elements(properties, rows))


def with_owners(tx: Tx, events: pa.Table) -> pa.Table:
    """``events`` with ``profile_key``: today's owner of each ``node_key``."""
    nodes = integers(events["node_key"])
    tx.put("told_nodes", pa.table({"node_key": np.unique(nodes)}), key="node_key")
    found = tx.query("SELECT m.node_key, m.profile_key FROM told_nodes t JOIN merged m ON m.node_key = t.node_key")
    owners = nodes.copy()
    if found:
        moved = np.array(sorted(found), dtype=np.int64)
        place = np.clip(np.searchsorted(moved[:, 0], nodes), 0, len(moved) - 1)
        hit = moved[place, 0] == nodes
        owners[hit] = moved[place[hit], 1]
    return with_column(events, "profile_key", owners)


def _with_head(part: pa.Table) -> pa.Table:
    for name, kind in _HEAD.items():
        place = part.schema.get_field_index(name)
        if place < 0 or part[name].null_count:
            raise ForetellError("OWN_EVENT_INCOMPLETE", f"an own event lacks its {name}", thing=name)
        if part.schema.field(place).type != kind:
            part = part.set_column(place, name, part[name].cast(kind))
    place = part.schema.get_field_index(_KNOWN)
    return part if place < 0 else part.set_column(place, _KNOWN, part[_KNOWN].cast(TIMESTAMP))


def _columns(properties: pa.Table, rows: pa.Array) -> pa.Table:
    """Properties as the log keeps them: ``s:P`` text, ``n:P`` micro units; lists are elements."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"row": rows}
    for name in properties.column_names:
        values = properties[name]
        if pa.types.is_null(values.type) or pa.types.is_list(values.type):
            continue
        if pa.types.is_boolean(values.type):
            columns[f"s:{name}"] = pc.if_else(values, "true", "false")
        elif pa.types.is_integer(values.type):
            columns[f"n:{name}"] = pc.multiply(values.cast(pa.int64()), MICRO)
        elif pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
            micro = pc.round(pc.multiply(values.cast(pa.float64()), float(MICRO)), round_mode="half_to_even")
            columns[f"n:{name}"] = micro.cast(pa.int64())
        else:
            columns[f"s:{name}"] = values.cast(pa.string())
    return pa.table(columns)


def _elements(properties: pa.Table, rows: pa.Array) -> pa.Table:
    """The elements of lists of texts, as :attr:`~foretell.engine.Decoded.elements` has them."""
    parts = [ELEMENTS.empty_table()]
    for name in properties.column_names:
        if not pa.types.is_list(properties[name].type):
            continue
        values = properties[name].combine_chunks()
        owner = pc.list_parent_indices(values)
        places = integers(owner)
        ordinal = np.arange(len(places)) - np.searchsorted(places, places, side="left")
        part = {
            "array": pa.array([name] * len(places), pa.string()),
            "row": rows.take(owner),
            "ordinal": pa.array(ordinal, pa.int32()),
            "s:": pc.list_flatten(values).cast(pa.string()),
        }
        parts.append(pa.table(part))
    return pa.concat_tables(parts, promote_options="default")
