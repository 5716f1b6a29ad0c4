"""Days of birth by node, kept apart from the traits so that minors are found by an index."""

from __future__ import annotations

from foretell.engine import Batch, Tx, beside, python_rows, scratch

TRAIT = "birth_date"
_LATEST = f"""
SELECT node_key, strftime(TRY_CAST(s AS DATE), '%Y-%m-%d') AS born, epoch_us(ts) AS ts, seq FROM (
  SELECT *, row_number() OVER (PARTITION BY node_key ORDER BY ts DESC, seq DESC) AS place
  FROM told WHERE trait = '{TRAIT}' AND node_key > 0)
WHERE place = 1 ORDER BY node_key"""
_KEEP = (
    "INSERT INTO births VALUES (?, ?, ?, ?) ON CONFLICT (node_key) DO UPDATE SET born = excluded.born, "
    "ts = excluded.ts, seq = excluded.seq WHERE (excluded.ts, excluded.seq) > (births.ts, births.seq)"
)


def take_births(tx: Tx, batch: Batch) -> None:
    """Take in what a batch says of days of birth; what is no date counts as none."""
    traits = batch.decoded.traits
    if not traits.num_rows:
        return
    told = scratch("SELECT * FROM t WHERE trait = $trait", {"t": traits}, {"trait": TRAIT})
    if not told.num_rows:
        return
    found = scratch(_LATEST, {"told": beside(told, batch.events, ["node_key", "ts", "seq"])})
    known = scratch("SELECT * FROM f WHERE born IS NOT NULL", {"f": found})
    gone = scratch("SELECT ts, seq, node_key FROM f WHERE born IS NULL", {"f": found})
    tx.executemany(_KEEP, python_rows(known))
    tx.executemany("DELETE FROM births WHERE (ts, seq) < (?, ?) AND node_key = ?", python_rows(gone))


def forget_births(tx: Tx, nodes: str) -> None:
    """Forget the days of birth of the nodes that the query ``nodes`` gives."""
    tx.execute(f"DELETE FROM births WHERE node_key IN ({nodes})")
