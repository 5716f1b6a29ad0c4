"""Traits that Foretell itself sets: an event of the log like any other, from which the trait follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import OWN_SOURCE, TRAITS, Batch, Tx
from foretell.ids import stable_id
from foretell.profile.by_node import take_traits

SET = "Traits Set"
_PREFIX, _UNSET = "traits.", "unset"


def tell_traits(batch: Batch, rows: pa.Table, values: Mapping[str, pa.Array]) -> None:
    """Tell traits of people; they hold when the batch is recorded.

    Args:
        rows: ``run journey step profile_key at`` (timestamp[us], UTC): who says so, of whom, since when.
        values: trait → its values, one a row: text, or numbers in plain units; null takes the trait away.
    """
    if not rows.num_rows:
        return
    asked = zip(rows["run"].to_pylist(), rows["step"].to_pylist(), rows["at"].to_pylist(), strict=True)
    ids = [stable_id("set", run, step, at.isoformat()) for run, step, at in asked]
    # Empty text instead of null: joining rows of nothing but nulls gives fewer rows (pyarrow 26).
    gone = [pc.if_else(pc.is_null(column), f"{name}\n", "") for name, column in values.items()]
    unset = pc.utf8_rtrim(pc.binary_join_element_wise(*gone, ""), "\n")
    batch.tell(
        pa.table(
            {
                "message_id": pa.array(ids, pa.string()),
                "event": pa.array([SET] * rows.num_rows, pa.string()),
                "ts": rows["at"],
                "node_key": rows["profile_key"],
                **{name: rows[name] for name in ("run", "journey", "step")},
                **{f"{_PREFIX}{name}": column for name, column in values.items()},
                _UNSET: pc.if_else(pc.equal(unset, ""), pa.scalar(None, pa.string()), unset),
            }
        )
    )


def take_own_traits(tx: Tx, batch: Batch) -> None:
    """Take in the traits that own events of a batch set; at once done where there are none."""
    events = batch.events
    own = pc.fill_null(pc.and_(pc.equal(events["event"], SET), pc.equal(events["source"], OWN_SOURCE)), False)
    if not pc.any(own).as_py():
        return
    told = batch.decoded.properties
    told = told.filter(pc.is_in(told["row"], events.filter(own)["row"].combine_chunks()))
    names = sorted({name[2 + len(_PREFIX) :] for name in told.column_names if name[2:].startswith(_PREFIX)})
    parts = [_values(told, name) for name in names] + [_gone(told)]
    take_traits(tx, replace(batch, decoded=replace(batch.decoded, traits=pa.concat_tables(parts))))


def _values(told: pa.Table, name: str) -> pa.Table:
    count = told.num_rows

    def side(letter: str, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
        column = f"{letter}:{_PREFIX}{name}"
        return told[column].cast(kind) if column in told.column_names else pa.nulls(count, kind)

    text, number = side("s", pa.string()), side("n", pa.int64())
    rows = pa.table([told["row"], pa.array([name] * count, pa.string()), text, number], schema=TRAITS)
    return rows.filter(pc.or_(pc.is_valid(text), pc.is_valid(number)))


def _gone(told: pa.Table) -> pa.Table:
    """A row without a value for each trait that is taken away."""
    column = f"s:{_UNSET}"
    if column not in told.column_names:
        return TRAITS.empty_table()
    some = told.filter(pc.is_valid(told[column]))
    names = pc.split_pattern(some[column], "\n").combine_chunks()
    rows = some["row"].combine_chunks().take(pc.list_parent_indices(names))
    traits = pc.list_flatten(names)
    count = len(traits)
    return pa.table([rows, traits, pa.nulls(count, pa.string()), pa.nulls(count, pa.int64())], schema=TRAITS)
