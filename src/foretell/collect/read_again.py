"""A frame of quarantined lines that are read once more: which of them can be taken in now, which cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Decoded, Tx, integers, python_rows, scratch, with_column

AGAIN = pa.schema(
    [("row", pa.int64()), ("again", pa.string()), ("code", pa.string()), ("reason", pa.string()),
     ("message_id", pa.string())]
)  # fmt: skip
"""Remarks on lines that are read again: ``again`` is the id in the quarantine, ``code`` null for good ones."""
_SETTLED = """
SELECT again, min(code) AS code, min(reason) AS reason, min(message_id) AS message_id FROM r
WHERE again IS NOT NULL GROUP BY again ORDER BY again
"""


def read_again(decoded: Decoded, lines: Sequence[tuple[str, int | None]]) -> Decoded:
    """What became of quarantined lines, as remarks instead of as new problems.

    Args:
        decoded: lines are counted 1, 2, 3 …
        lines: of each its id in the quarantine and its number in the file it came from.
    """
    ids = pa.array([name for name, _ in lines], pa.string())
    numbers = pa.array([number for _, number in lines], pa.int64())
    is_bad = pc.and_(pc.equal(decoded.problems["severity"], "error"), pc.is_valid(decoded.problems["line"]))
    bad = decoded.problems.filter(is_bad)
    at = integers(bad["line"]) - 1
    wrong = pa.table(
        [pa.nulls(bad.num_rows, pa.int64()), ids.take(pa.array(at)), bad["code"], bad["message"], bad["message_id"]],
        schema=AGAIN,
    )
    good = np.ones(len(ids), np.bool_)
    good[at] = False
    taken = ids.filter(pa.array(good))
    nothing = [pa.nulls(len(taken), kind) for kind in AGAIN.types[2:]]
    right = pa.table([pa.nulls(len(taken), pa.int64()), taken, *nothing], schema=AGAIN)
    remarks = pa.concat_tables([decoded.remarks, wrong, right], promote_options="default")
    return replace(
        decoded,
        events=_renumbered(decoded.events, numbers),
        problems=_renumbered(decoded.problems.filter(pc.invert(is_bad)), numbers),
        remarks=remarks,
    )


def _renumbered(rows: pa.Table, numbers: pa.Array) -> pa.Table:
    return with_column(rows, "line", numbers.take(pc.subtract(rows["line"].combine_chunks(), 1)))


def settle(tx: Tx, remarks: pa.Table, *, now_micros: int) -> None:
    """Note in the quarantine which lines have been taken in, and why the others have not.

    The text of those that were is in the log now, and is not kept a second time: who is forgotten there
    is forgotten.
    """
    if "again" not in remarks.column_names:
        return
    found = scratch(_SETTLED, {"r": remarks})
    good = found.filter(pc.is_null(found["code"])).select(["again"])
    bad = found.filter(pc.is_valid(found["code"])).select(["code", "reason", "message_id", "again"])
    tx.executemany(
        f"UPDATE quarantine SET state = 'replayed', replayed_at = {now_micros}, body = NULL "
        "WHERE id = ? AND state = 'waiting'",
        python_rows(good),
    )
    tx.executemany(
        "UPDATE quarantine SET code = ?, reason = ?, message_id = coalesce(?, message_id) WHERE id = ?",
        python_rows(bad),
    )
