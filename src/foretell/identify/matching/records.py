"""Records: one row a node, one column a field, written alike so that they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from foretell.engine import Engine, scratch, table_of
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.fields import Field, fields_of
from foretell.identify.matching.writing import laid_out
from foretell.identify.rules import OTHER, IdentityRules

KNOWN = "known_as"
"""Column of :func:`read_records`: the account of the record's person; two accounts are two people."""
_VALUES = {"node_key": pa.int64(), "field": pa.string(), "place": pa.int64(), "value": pa.string()}
_ACCOUNTS = {"node_key": pa.int64(), "value": pa.string()}
_SOURCES = {"name": pa.string(), "field": pa.string(), "place": pa.int64()}


class TraitReader(Protocol):
    """Tells what is known of nodes; the room that keeps traits comes after this one and is handed in."""

    def names(self) -> Sequence[str]:
        """Names of all traits that were ever told."""
        ...

    def latest(self, names: Sequence[str], nodes: pa.Table | None = None) -> pa.Table:
        """``node_key trait s n`` (micro units): the last value of each of these traits that was told with a node.

        Args:
            nodes: ``node_key`` of the nodes asked for; None: all.
        """
        ...

    def barred(self) -> pa.Table:
        """``node_key`` of nodes whose person may not be compared with others."""
        ...


def known_fields(engine: Engine, spec: MatchingSpec, traits: TraitReader) -> tuple[Field, ...]:
    """The fields that the workspace's data tell."""
    kinds = engine.analytics.query("SELECT DISTINCT kind FROM identifier_links ORDER BY kind")
    return fields_of(spec, list(traits.names()), kinds["kind"].to_pylist())


def read_records(
    engine: Engine, spec: MatchingSpec, fields: Sequence[Field], traits: TraitReader, rules: IdentityRules
) -> pa.Table:
    """What the nodes that take part tell.

    Args:
        rules: values that identify nobody say nothing here either; of which types a person has one value.

    Returns:
        ``node_key``, a text column for each field in ``fields`` but the full name, null where it is not told,
        ``fingerprint`` and ``known_as``; ordered by node. Nodes without any field are left out.
    """
    values = scratch(
        "SELECT v.* FROM v ANTI JOIN b USING (node_key)",
        {"v": values_of(engine, fields, traits), "b": traits.barred().select(["node_key"])},
    )
    if spec.sources:
        values = scratch(
            "SELECT v.* FROM v SEMI JOIN n USING (node_key)", {"v": values, "n": _nodes_of(engine, spec.sources)}
        )
    # "1" identifies nobody, and is a house number.
    bad = pa.table(
        {"value": pa.array(sorted(text for text in rules.blocked if not text.lstrip("-").isdecimal()), pa.string())}
    )
    found = scratch(laid_out(fields), {"values_told": values, "bad": bad})
    accounts = table_of(_ACCOUNTS) if spec.accounts else _accounts(engine, rules)
    return scratch(
        f"SELECT r.*, a.value AS {KNOWN} FROM r LEFT JOIN a ON a.node_key = r.node_key ORDER BY r.node_key",
        {"r": found, "a": accounts},
    )


def _accounts(engine: Engine, rules: IdentityRules) -> pa.Table:
    """``node_key value``: the account of a node's person, a value of the strongest type of which one has one."""
    kind = next((one.name for one in rules.types if one.limit == 1 and one.name != OTHER), None)
    return engine.analytics.query(
        "WITH own AS (SELECT profile_key, min(value) AS value FROM log_identifiers WHERE kind = $kind "
        "GROUP BY profile_key) "
        "SELECT n.node_key, o.value FROM nodes n LEFT JOIN merged m ON m.node_key = n.node_key "
        "JOIN own o ON o.profile_key = coalesce(m.profile_key, n.node_key)",
        {"kind": kind},
    )


def values_of(engine: Engine, fields: Sequence[Field], traits: TraitReader, nodes: pa.Table | None = None) -> pa.Table:
    """``node_key field place value``: what is told of each field, as it was told; the smaller place is preferred.

    Args:
        nodes: ``node_key`` of the nodes asked for; None: all.
    """
    return pa.concat_tables([_told(fields, traits, nodes), _identified(engine, fields, nodes)])


def _told(fields: Sequence[Field], traits: TraitReader, nodes: pa.Table | None) -> pa.Table:
    wanted = [(trait, field.name, place) for field in fields for place, trait in enumerate(field.traits)]
    if not wanted:
        return table_of(_VALUES)
    rows = traits.latest(sorted({trait for trait, *_ in wanted}), nodes)
    return scratch(
        "SELECT t.node_key, w.field, w.place, coalesce(t.s, CASE WHEN t.n % 1000000 = 0 "
        "THEN CAST(t.n // 1000000 AS VARCHAR) ELSE CAST(t.n / 1000000.0 AS VARCHAR) END) AS value "
        "FROM t JOIN w ON w.name = t.trait WHERE t.s IS NOT NULL OR t.n IS NOT NULL",
        {"t": rows, "w": table_of(_SOURCES, wanted)},
    ).cast(pa.schema(list(_VALUES.items())))


def _identified(engine: Engine, fields: Sequence[Field], nodes: pa.Table | None) -> pa.Table:
    wanted = [(kind, field.name, 1000 + place) for field in fields for place, kind in enumerate(field.identifiers)]
    if not wanted:
        return table_of(_VALUES)
    tables = {"w": table_of(_SOURCES, wanted)}
    if nodes is not None:
        tables["asked"] = nodes.select(["node_key"])
    found: pa.Table = engine.analytics.query(
        "SELECT node_key, field, place, value FROM (SELECT i.node_key, w.field, w.place, i.value, row_number() OVER "
        "(PARTITION BY i.node_key, i.kind, w.field ORDER BY i.first_seen DESC, i.value) AS position "
        "FROM identifier_links i JOIN w ON w.name = i.kind "
        f"{'' if nodes is None else 'JOIN asked a ON a.node_key = i.node_key'}) p WHERE position = 1",
        tables=tables,
    )
    return found.cast(pa.schema(list(_VALUES.items())))


def _nodes_of(engine: Engine, sources: Sequence[str]) -> pa.Table:
    named = pa.table({"source": pa.array(list(sources), pa.string())})
    return engine.analytics.query(
        "SELECT DISTINCT e.node_key FROM event_log e JOIN named n ON n.source = e.source WHERE e.node_key > 0",
        tables={"named": named},
    )
