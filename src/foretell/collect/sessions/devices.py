"""From which device an event came, noted while it is taken in: the log itself keeps the person alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, beside, integers, scratch

_EMPTY = pa.schema([("seq", pa.int64()), ("node_key", pa.int64()), ("device", pa.int64())]).empty_table()
_HASHED = (
    "SELECT CAST(md5_number(value) & 9223372036854775807 AS BIGINT) AS device "
    "FROM (SELECT value, row_number() OVER () AS place FROM names) n ORDER BY place"
)


def device_rows(batch: Batch) -> pa.Table:
    """Rows of ``device_rows``: one for each event of the batch that names an anonymous id.

    Of several anonymous ids of an event the first counts. Events with neither context nor a page are passed over:
    they are no part of a session.
    """
    ids = batch.decoded.identifiers
    named = ids.filter(pc.equal(ids["kind"], "anonymous_id")).select(["row", "value"])
    events = batch.events.filter(
        pc.or_(
            pc.is_in(batch.events["type"], pa.array(["page", "screen"])),
            pc.greater(pc.binary_length(batch.events["context"].fill_null("")), 2),
        )
    )
    if not named.num_rows or not events.num_rows:
        return _EMPTY
    _, first = np.unique(integers(named["row"]), return_index=True)
    named = named.take(pa.array(first))
    found = beside(named, events, ["seq", "node_key"])
    names = found["value"].combine_chunks().dictionary_encode()
    hashed = scratch(_HASHED, {"names": pa.table({"value": names.dictionary})})["device"]
    return pa.table({"seq": found["seq"], "node_key": found["node_key"], "device": hashed.take(names.indices)})
