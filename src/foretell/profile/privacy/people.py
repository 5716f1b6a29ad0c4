"""The people a request is about: their nodes, and the words that tell them wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from foretell.collect import LEAST_TELLING
from foretell.engine import Engine, scratch, table_of
from foretell.profile.privacy.hashing import keyed_hashes
from foretell.profile.privacy.restrictions import Asks

NODES = {"node_key": pa.int64(), "profile_key": pa.int64()}
WORDS = {"kind": pa.string(), "value": pa.string()}
_KEYS_A_QUERY = 5_000
_TRAITS = """
WITH said AS (
  SELECT DISTINCT t.s FROM trait_values t SEMI JOIN people p ON p.node_key = t.node_key
  WHERE length(t.s) >= $least OR contains(t.s, '@')
)
SELECT w.s AS value FROM said w WHERE NOT EXISTS (
  SELECT 1 FROM trait_values o WHERE o.s = w.s AND o.node_key NOT IN (SELECT node_key FROM people))
ORDER BY 1"""


def nodes_of(store: Asks, profile_keys: Sequence[int]) -> pa.Table:
    """Every node of people: node_key, profile_key."""
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(profile_keys), _KEYS_A_QUERY):
        part = tuple(profile_keys[start : start + _KEYS_A_QUERY])
        marks = ", ".join("?" * len(part))
        rows += store.query(
            f"SELECT node_key, node_key FROM nodes WHERE node_key IN ({marks}) UNION "
            f"SELECT node_key, profile_key FROM merged WHERE profile_key IN ({marks})",
            (*part, *part),
        )
    return table_of(NODES, rows)


def identifiers_of(store: Asks, people: pa.Table) -> pa.Table:
    """The identifiers of nodes (column node_key): kind, value."""
    keys = people["node_key"].to_pylist()
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(keys), _KEYS_A_QUERY):
        part = tuple(keys[start : start + _KEYS_A_QUERY])
        marks = ", ".join("?" * len(part))
        rows += store.query(f"SELECT kind, value FROM identifiers WHERE node_key IN ({marks})", part)
    return table_of(WORDS, rows)


def words_of(engine: Engine, people: pa.Table) -> pa.Table:
    """What tells people (column node_key): their identifiers and profile ids, and what only they said of themselves.

    Returns:
        ``kind`` (of an identifier, ``profile_id`` or ``trait``) and ``value``.
    """
    gone = people.select(["node_key"])
    names = engine.analytics.query(
        "SELECT 'profile_id' AS kind, n.profile_id AS value FROM nodes n SEMI JOIN people p ON p.node_key = n.node_key",
        tables={"people": gone},
    )
    said = engine.analytics.query(_TRAITS, {"least": LEAST_TELLING}, {"people": gone})
    traits = pa.table({"kind": pa.repeat("trait", said.num_rows), "value": said["value"]})
    schema = pa.schema(list(WORDS.items()))
    parts = [identifiers_of(engine.ops, people), names.cast(schema), traits.cast(schema)]
    return pa.concat_tables(parts)


def people_with(engine: Engine, hashes: pa.Table, key: bytes) -> list[int]:
    """The profiles that have an identifier whose keyed hash is among ``hashes`` (column hash)."""
    rows = engine.ops.query(
        "SELECT i.kind, i.value, coalesce(m.profile_key, i.node_key) FROM identifiers i "
        "LEFT JOIN merged m ON m.node_key = i.node_key"
    )
    known = table_of({**WORDS, "profile_key": pa.int64()}, rows)
    found = scratch(
        "SELECT DISTINCT k.profile_key FROM k JOIN h USING (kind, value) SEMI JOIN g ON g.hash = h.hash ORDER BY 1",
        {"k": known, "h": keyed_hashes(known, key), "g": hashes},
    )
    keys: list[int] = found["profile_key"].to_pylist()
    return keys
