"""Who is in which arm: a hash of the experiment and of the person's first profile id, kept for good."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, Tx, scratch, table_of
from foretell.errors import ForetellError
from foretell.ids import text_keys, unit_intervals

HELD_OUT = "held_out"
"""The arm to which nothing is done."""
_KEPT = {"profile_key": pa.int64(), "arm": pa.string()}
FIRST = (
    "SELECT profile_key, arm FROM (SELECT a.profile_key, a.arm, row_number() OVER "
    "(PARTITION BY a.profile_key ORDER BY a.at, a.node_key) AS place FROM assigned_people p CROSS JOIN assignments a "
    "WHERE a.experiment = ? AND a.profile_key = p.profile_key) every_one WHERE place = 1"
)
"""Of two people who are one now the first assignment counts. Written so that people are looked up one by one: else
everybody who was ever assigned would be read for every part of a wave."""


def arms(experiment: str, profile_ids: pa.Array | pa.ChunkedArray, shares: Mapping[str, float]) -> pa.Array:
    """The arm of each person; the same wherever and in whatever company it is asked.

    Args:
        profile_ids: first profile ids, (n,).
        shares: arm → share; together 1. Widening an arm that stands last moves nobody out of it.

    Raises:
        ForetellError: ``BAD_SHARES``.
    """
    widths = np.array(list(shares.values()), dtype=np.float64)
    if not widths.size or (widths < 0).any() or abs(widths.sum() - 1.0) > 1e-9:
        raise ForetellError("BAD_SHARES", "the shares of the arms must add up to 1", thing=f"experiment {experiment}")
    drawn = unit_intervals(f"arm:{experiment}", text_keys(profile_ids.to_pylist()))
    place = np.searchsorted(np.cumsum(widths)[:-1], drawn, side="right")
    return pa.array(list(shares), pa.string()).take(pa.array(place))


def assign(tx: Tx, batch: Batch, experiment: str, people: pa.Table, shares: Mapping[str, float]) -> pa.Table:
    """Put people into arms, or say in which they were put before.

    Args:
        people: ``profile_key node_key profile_id at`` (timestamp[us], UTC), each person once.

    Returns: ``profile_key arm``, in the order of ``people``. Tells ``Held Out`` for who is newly held out.
    """
    tx.put("assigned_people", people.select(["profile_key"]), key="profile_key")
    kept = table_of(_KEPT, tx.query(FIRST, (experiment,)))
    place = pc.index_in(people["profile_key"], kept["profile_key"].combine_chunks())
    drawn = arms(experiment, people["profile_id"], shares)
    arm = pc.coalesce(kept["arm"].combine_chunks().take(place.combine_chunks()), drawn)
    told = people.append_column("arm", arm)
    fresh = told.filter(pc.is_null(place))
    if fresh.num_rows:
        _enter(tx, batch, experiment, fresh)
    return told.select(["profile_key", "arm"])


def contaminated(tx: Tx, experiment: str, profile_keys: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Which of ``profile_keys`` were in two arms before a merge made them one person (int64)."""
    tx.put("asked_people", pa.table({"profile_key": pc.unique(profile_keys)}), key="profile_key")
    found = tx.query(
        "SELECT a.profile_key FROM asked_people p CROSS JOIN assignments a WHERE a.experiment = ? "
        "AND a.profile_key = p.profile_key GROUP BY a.profile_key "
        "HAVING count(DISTINCT a.arm) > 1 OR max(a.contaminated) = 1 ORDER BY 1",
        (experiment,),
    )
    return pa.array([key for (key,) in found], pa.int64())


def _enter(tx: Tx, batch: Batch, experiment: str, fresh: pa.Table) -> None:
    rows = scratch(
        "SELECT $experiment AS experiment, profile_key, node_key, f.at, arm FROM f ORDER BY profile_key",
        {"f": fresh},
        {"experiment": experiment},
    )
    stored = scratch("SELECT experiment, node_key, profile_key, arm, epoch_us(r.at), 0 FROM r", {"r": rows})
    tx.enter("INSERT INTO assignments VALUES (?, ?, ?, ?, ?, ?)", stored)
    batch.emit("assignment_rows", rows.select(["experiment", "node_key", "arm", "at"]))
    batch.tell(
        scratch(
            "SELECT 'held-' || experiment || '-' || node_key AS message_id, 'Held Out' AS event, r.at AS ts, node_key, "
            "experiment FROM r WHERE arm = $arm",
            {"r": rows},
            {"arm": HELD_OUT},
        )
    )
