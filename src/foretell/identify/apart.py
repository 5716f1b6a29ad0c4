"""Who may not become one with people who begin in the same batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.engine import Tx, scratch, table_of
from foretell.identify.resolve import Awaited

Ints = npt.NDArray[np.int64]

_SIDES = {side: f"coalesce(m{side}.profile_key, w.node_{side}, c{side}.node_key)" for side in ("a", "b")}
_PAIRS = (
    f"SELECT {', '.join(_SIDES.values())} FROM awaited_apart w "
    + " ".join(
        f"LEFT JOIN merged m{side} ON m{side}.node_key = w.node_{side} "
        f"LEFT JOIN coming_nodes c{side} ON c{side}.profile_id = w.profile_{side}"
        for side in _SIDES
    )
    + f" WHERE {' AND '.join(f'{key} IS NOT NULL' for key in _SIDES.values())}"
)


def profile_ids(begun: pa.Table, keys: Ints) -> pa.Table:
    """``node_key``, ``profile_id`` of nodes by the identifiers (``kind``, ``value``) that they begin with."""
    return scratch(
        "SELECT node_key, 'p_' || substr(md5(kind || chr(31) || value), 1, 20) AS profile_id FROM b",
        {"b": begun.select(["kind", "value"]).append_column("node_key", pa.array(keys))},
    )


def awaited_pairs(tx: Tx, ids: pa.Table) -> Awaited | None:
    """While the log is derived again, pairs are awaited whose people are not born yet: they may be born, and named
    together, in one batch. None where nobody is awaited.

    Args:
        ids: the identifiers of the batch.
    """
    if not tx.query("SELECT 1 FROM awaited_apart LIMIT 1"):
        return None

    def look_up(fresh: Ints, begun: Ints) -> pa.Table:
        tx.put("coming_nodes", profile_ids(ids.take(pa.array(begun)), fresh))
        return table_of({"profile_a": pa.int64(), "profile_b": pa.int64()}, tx.query(_PAIRS))

    return look_up
