"""What an export tells of people: the identifiers and traits that its document asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.deliver.exports.document import IDENTIFIERS, TRAIT
from foretell.engine import Engine, python_rows
from foretell.money import from_micro
from foretell.profile import golden, plain_value, survivorship_of

_SAID = pa.schema([("profile_key", pa.int64()), ("field", pa.string()), ("s", pa.string()), ("n", pa.int64())])
# Of several identifiers of a kind the first that was seen, as members of segments are listed.
_IDENTIFIERS = """
SELECT r.profile_key, r.kind AS field, r.value AS s, CAST(NULL AS BIGINT) AS n FROM (
  SELECT i.profile_key, i.kind, i.value, row_number() OVER (PARTITION BY i.profile_key, i.kind
    ORDER BY i.first_seen, i.value) AS place
  FROM log_identifiers i JOIN asked a ON a.profile_key = i.profile_key JOIN wanted w ON w.field = i.kind) r
WHERE r.place = 1"""
_IDS = (
    "SELECT a.profile_key, n.profile_id FROM asked a JOIN nodes n ON n.node_key = a.profile_key ORDER BY n.profile_id"
)
_MICRO = 1_000_000


def rows_of(engine: Engine, catalog: Catalog, people: pa.Array | pa.ChunkedArray, fields: Sequence[str]) -> pa.Table:
    """A row a person, by profile id: ``profile_id`` and a column a field.

    A trait is a number (float64) where all that is told of it is, otherwise text.
    """
    ids = _ids(engine, people)
    said = _said(engine, catalog, ids, fields)
    columns = {"profile_id": ids["profile_id"]}
    for field in fields:
        of_field = said.filter(pc.equal(said["field"], field))
        place = pc.index_in(ids["profile_key"], of_field["profile_key"].combine_chunks())
        columns[field] = pc.take(_values(of_field), place)
    return pa.table(columns)


def told_of(
    engine: Engine, catalog: Catalog, people: pa.Array | pa.ChunkedArray, fields: Sequence[str]
) -> dict[int, dict[str, Any]]:
    """Profile key → ``profile_id`` and ``fields`` (null for what is not known), as they go into a request."""
    ids = _ids(engine, people)
    told: dict[int, dict[str, Any]] = {
        key: {"profile_id": profile_id, "fields": dict.fromkeys(fields)} for key, profile_id in python_rows(ids)
    }
    for row in _said(engine, catalog, ids, fields).to_pylist():
        value = row["s"] if row["s"] is not None else plain_value(from_micro(row["n"]))
        told[row["profile_key"]]["fields"][row["field"]] = value
    return told


def _ids(engine: Engine, people: pa.Array | pa.ChunkedArray) -> pa.Table:
    return engine.analytics.query(_IDS, tables={"asked": pa.table({"profile_key": pc.unique(people)})})


def _said(engine: Engine, catalog: Catalog, ids: pa.Table, fields: Sequence[str]) -> pa.Table:
    parts = [_SAID.empty_table()]
    kinds = [field for field in fields if field in IDENTIFIERS]
    names = [field.removeprefix(TRAIT) for field in fields if field.startswith(TRAIT)]
    if kinds:
        asked = {"asked": ids.select(["profile_key"]), "wanted": pa.table({"field": pa.array(kinds, pa.string())})}
        parts.append(engine.analytics.query(_IDENTIFIERS, tables=asked).cast(_SAID))
    if names:
        told = golden(engine.ops, ids["profile_key"], survivorship_of(catalog), traits=names)
        named = pc.binary_join_element_wise(TRAIT, told["trait"], "")
        columns = {"profile_key": told["profile_key"], "field": named, "s": told["s"], "n": told["n"]}
        parts.append(pa.table(columns).cast(_SAID))
    return pa.concat_tables(parts)


def _values(said: pa.Table) -> pa.ChunkedArray:
    numbers = pc.divide(said["n"].cast(pa.float64()), float(_MICRO))
    if said.num_rows and said["s"].null_count == said.num_rows:
        return numbers
    return pc.coalesce(said["s"], numbers.cast(pa.string()))
