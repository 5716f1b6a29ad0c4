"""Joins that a batch was denied, as the ledger counts them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, Tx, integers, scratch
from foretell.identify.arriving import Arriving
from foretell.identify.ledger import record_denials
from foretell.identify.resolve import Resolution
from foretell.identify.sharing import DROPPED

MOST = 10_000
"""Denied joins that are kept; of more, the latest."""


def note_denials(tx: Tx, batch: Batch, incoming: Arriving, resolution: Resolution, dropped: pa.Table) -> None:
    """Count the joins that were denied and whose two identifiers are two people still.

    Args:
        dropped: columns of :data:`~foretell.identify.sharing.DROPPED`.
    """
    if not resolution.denials.num_rows and not dropped.num_rows:
        return
    denied = [] if not resolution.denials.num_rows else [_walked(incoming, resolution)]
    if dropped.num_rows:
        rule = pc.binary_join_element_wise("shared", dropped["kind_b"], ":")
        denied.append(dropped.append_column("rule", rule))
    tables = {"d": pa.concat_tables(denied, promote_options="default"), "e": _when(batch)}
    if tables["d"].num_rows:
        record_denials(tx, scratch(_DENIED, tables))
        _bound(tx)


def _walked(incoming: Arriving, resolution: Resolution) -> pa.Table:
    """Every time that an event asked for a join that was denied, with the columns of what was left out."""
    edges = incoming.edges.take(resolution.denials["edge"])
    star, other = integers(edges["star"]), integers(edges["id"])
    still = np.flatnonzero(resolution.owners[star] != resolution.owners[other])
    height = incoming.ids.num_rows
    pairs = star[still] * height + other[still]
    order = np.argsort(pairs)
    told = integers(incoming.told["star"]) * height + integers(incoming.told["id"])
    asked = np.flatnonzero(np.isin(told, pairs))
    place = still[order[np.searchsorted(pairs[order], told[asked])]]
    sides = [incoming.ids.take(incoming.told[name].take(asked)) for name in ("star", "id")]
    rows = incoming.told["row"].take(asked)
    values = [column for side in sides for column in (side["kind"], side["value"])]
    rule = resolution.denials["rule"].take(place)
    return pa.table([rows, *values, rule], schema=pa.schema([*DROPPED, ("rule", pa.string())]))


def _when(batch: Batch) -> pa.Table:
    return batch.events.select(["row", "ts", "message_id"])


def _bound(tx: Tx) -> None:
    ((number,),) = tx.query("SELECT count(*) FROM denied")
    if number > MOST:
        tx.execute(
            "DELETE FROM denied WHERE (rule, kind_a, value_a, kind_b, value_b) IN ("
            "SELECT rule, kind_a, value_a, kind_b, value_b FROM denied ORDER BY last_at, rule, value_a, value_b "
            f"LIMIT {number - MOST})"
        )


_DENIED = f"""
WITH counted AS (
  SELECT rule, kind_a, value_a, kind_b, value_b, max(row) AS row, count(DISTINCT row) AS times FROM d GROUP BY ALL)
SELECT c.* EXCLUDE (row), e.ts AS "at", e.message_id FROM counted c JOIN e USING (row)
ORDER BY e.ts DESC, row DESC LIMIT {MOST}"""
