"""The two sides of a pair: whose records they are today, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from foretell.engine import Engine, scratch, table_of
from foretell.errors import UsageError
from foretell.identify.lookup import Match
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.records import TraitReader, known_fields, values_of

_NODES = {
    "node_key": pa.int64(), "profile_key": pa.int64(), "profile_id": pa.string(), "kind": pa.string(),
    "value": pa.string(),
}  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One side of a question.

    Args:
        profile_id: whose record it is today.
        identifiers: (kind, value) of the record, sorted.
        values: field → value as it was told.
    """

    profile_id: str
    identifiers: list[tuple[str, str]]
    values: dict[str, str]


def people_of(engine: Engine, nodes: list[int]) -> dict[int, Match]:
    """The person of each node, found by an identifier of the node itself."""
    found: dict[int, Match] = {}
    for row in _known(engine, nodes).to_pylist():
        found.setdefault(row["node_key"], Match(row["profile_key"], row["profile_id"], row["kind"], row["value"]))
    missing = [node for node in nodes if node not in found]
    if missing:
        raise UsageError("PAIR_UNKNOWN", "one of the two records is gone", next_step="Match again.")
    return found


def _known(engine: Engine, nodes: list[int]) -> pa.Table:
    marks = ", ".join("?" * len(nodes))
    rows = engine.ops.query(
        "SELECT i.node_key, coalesce(m.profile_key, i.node_key), n.profile_id, i.kind, i.value FROM identifiers i "
        "LEFT JOIN merged m ON m.node_key = i.node_key "
        "JOIN nodes n ON n.node_key = coalesce(m.profile_key, i.node_key) "
        f"WHERE i.node_key IN ({marks}) ORDER BY i.node_key, i.kind DESC, i.value",
        nodes,
    )
    return table_of(_NODES, rows)


def records_of(engine: Engine, spec: MatchingSpec, traits: TraitReader, nodes: list[int]) -> dict[int, Record]:
    """What the records of nodes say; those that are gone are left out."""
    if not nodes:
        return {}
    asked = pa.table({"node_key": pa.array(nodes, pa.int64())})
    told = scratch(
        "SELECT v.node_key, v.field, arg_min(v.value, v.place) AS value FROM v "
        "GROUP BY v.node_key, v.field ORDER BY v.node_key, v.field",
        {"v": values_of(engine, known_fields(engine, spec, traits), traits, asked)},
    )
    values: dict[int, dict[str, str]] = {}
    for row in told.to_pylist():
        values.setdefault(row["node_key"], {})[row["field"]] = row["value"]
    found: dict[int, Record] = {}
    for row in _known(engine, nodes).to_pylist():
        record = found.setdefault(row["node_key"], Record(row["profile_id"], [], values.get(row["node_key"], {})))
        record.identifiers.append((row["kind"], row["value"]))
    return found
