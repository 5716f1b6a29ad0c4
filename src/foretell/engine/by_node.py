"""Tables whose rows stay with the node they were made for, beside the profile that has them today.

Such a table has the columns ``node_key`` and ``profile_key``. A merge changes the second alone, and so a split
can give back every row, whatever the merge made of them together.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from foretell.engine.ports import OperationalStore, Tx

_NODES_A_QUERY = 2_000


def rekey_rows(tx: Tx, table: str, merges: pa.Table) -> None:
    """Let the rows of ``table`` follow merges (``loser_key``, ``winner_key``)."""
    tx.put("rekeyed_people", merges, key="loser_key")
    tx.execute(
        f"UPDATE {table} SET profile_key = (SELECT r.winner_key FROM rekeyed_people r "
        f"WHERE r.loser_key = {table}.profile_key) WHERE profile_key IN (SELECT loser_key FROM rekeyed_people)"
    )


def unmerge_rows(tx: Tx, table: str, splits: pa.Table) -> None:
    """Let the rows of ``table`` follow splits (``node_key``, ``profile_key``)."""
    tx.put("parted_nodes", splits, key="node_key")
    tx.execute(
        f"UPDATE {table} SET profile_key = (SELECT p.profile_key FROM parted_nodes p "
        f"WHERE p.node_key = {table}.node_key) WHERE node_key IN (SELECT node_key FROM parted_nodes)"
    )


def count_of(store: OperationalStore, table: str, nodes: Sequence[int], where: str = "1 = 1") -> int:
    """How many rows of ``table`` are of ``nodes``.

    Args:
        where: SQL over the table: only those that count.
    """
    total = 0
    for start in range(0, len(nodes), _NODES_A_QUERY):
        part = tuple(nodes[start : start + _NODES_A_QUERY])
        marks = ", ".join("?" * len(part))
        ((count,),) = store.query(f"SELECT count(*) FROM {table} WHERE node_key IN ({marks}) AND {where}", part)
        total += int(count)
    return total
