"""``alias`` calls: an id under which somebody was known before.

https://segment.com/docs/connections/spec/alias/: ``previousId`` is a former user id or an anonymous id. It is read
as a user id where one of that name is known by then, also from the call itself, else as an anonymous id. The limits
hold for what an alias joins as for everything else.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, Tx, scratch, table_of

_USER = "user_id"
_READ = """
SELECT DISTINCT e.row, trim(coalesce(s, CAST(n // 1000000 AS VARCHAR))) AS value
FROM p JOIN e USING (row) WHERE trim(coalesce(s, CAST(n // 1000000 AS VARCHAR))) <> '' ORDER BY e.row"""
_KINDS = f"""
WITH told AS (SELECT value, min(row) AS row FROM i WHERE kind = '{_USER}' GROUP BY value)
SELECT f.row, CASE WHEN k.value IS NOT NULL OR coalesce(t.row <= f.row, FALSE) THEN '{_USER}' ELSE 'anonymous_id' END
    AS kind, f.value
FROM f LEFT JOIN told t USING (value) LEFT JOIN k USING (value) ORDER BY f.row"""
_OTHERS = """
SELECT i.* FROM i ANTI JOIN f ON f.row = i.row AND f.value = i.value AND i.kind = 'anonymous_id' ORDER BY i.row"""


def part_former(tx: Tx, batch: Batch) -> tuple[pa.Table, pa.Table | None]:
    """What the events of a batch name, and apart from it the former ids of alias calls.

    Returns:
        columns of ``IDENTIFIERS``; ``row``, ``kind``, ``value``, or None where there is no alias call.
    """
    identifiers = batch.decoded.identifiers
    calls = pc.equal(batch.events["type"], "alias")
    if not pc.any(calls).as_py():
        return identifiers, None
    told = batch.decoded.properties
    columns = {
        name: told[f"{name}:previous_id"].cast(kind)
        if f"{name}:previous_id" in told.column_names
        else pa.nulls(told.num_rows, kind)
        for name, kind in (("s", pa.string()), ("n", pa.int64()))
    }
    tables = {"p": pa.table({"row": told["row"], **columns}), "e": batch.events.filter(calls).select(["row"])}
    former = scratch(_READ, tables)
    tx.put("former_ids", former.select(["value"]))
    known = tx.query(
        f"SELECT DISTINCT f.value FROM former_ids f JOIN identifiers i ON i.kind = '{_USER}' AND i.value = f.value"
    )
    tables = {"f": former, "i": identifiers, "k": table_of({"value": pa.string()}, known)}
    return scratch(_OTHERS, tables).cast(identifiers.schema), scratch(_KINDS, tables)
