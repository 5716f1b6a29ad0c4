"""What is known of nodes, for matching records: handed to ``identify``, which stands before this room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from foretell.engine import Engine, scratch
from foretell.profile.privacy import restricted

_SCHEMA = pa.schema([("node_key", pa.int64()), ("trait", pa.string()), ("s", pa.string()), ("n", pa.int64())])
_LATEST = """
SELECT node_key, trait, s, n FROM (
  SELECT t.node_key, t.trait, t.s, t.n,
    row_number() OVER (PARTITION BY t.node_key, t.trait ORDER BY t.ts DESC, t.seq DESC) AS place
  FROM trait_values t JOIN wanted w ON w.trait = t.trait {asked}) v
WHERE place = 1 AND (s IS NOT NULL OR n IS NOT NULL) ORDER BY node_key, trait"""


class NodeTraits:
    """Traits by node, as last told.

    Args:
        now: at which restrictions are looked up.
    """

    def __init__(self, engine: Engine, now: datetime) -> None:
        self._engine, self._now = engine, now

    def names(self) -> list[str]:
        """Names of all traits that were ever told."""
        found = self._engine.analytics.query("SELECT DISTINCT trait FROM trait_values ORDER BY trait")
        names: list[str] = found["trait"].to_pylist()
        return names

    def latest(self, names: Sequence[str], nodes: pa.Table | None = None) -> pa.Table:
        """``node_key trait s n`` (micro units): the last value of each of these traits that was told with a node.

        Args:
            nodes: ``node_key`` of the nodes asked for; None: all.
        """
        tables = {"wanted": pa.table({"trait": pa.array(list(names), pa.string())})}
        asked = ""
        if nodes is not None:
            tables["asked"] = nodes.select(["node_key"])
            asked = "JOIN asked a ON a.node_key = t.node_key"
        return self._engine.analytics.query(_LATEST.format(asked=asked), tables=tables).cast(_SCHEMA)

    def barred(self) -> pa.Table:
        """``node_key`` of nodes of people whose processing is restricted: they are not compared with anybody."""
        owners = self._engine.analytics.query(
            "SELECT n.node_key, coalesce(m.profile_key, n.node_key) AS profile_key FROM nodes n "
            "LEFT JOIN merged m ON m.node_key = n.node_key"
        )
        found = restricted(self._engine.ops, owners["profile_key"], self._now)
        return scratch(
            "SELECT DISTINCT o.node_key FROM o JOIN r ON r.profile_key = o.profile_key WHERE r.kind <> 'minor'",
            {"o": owners, "r": found},
        )
