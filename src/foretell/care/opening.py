"""Opening cases, many at once, inside somebody's recorded batch."""

from __future__ import annotations

import pyarrow as pa

from foretell.care.parts import CASE_ROWS
from foretell.engine import TIMESTAMP, Batch, Tx, python_rows, scratch, table_of

OPENED, RESOLVED = "Case Opened", "Case Resolved"
_NEW = """
SELECT r.case_id, r.profile_key, r.title, r.reason, 'open' AS state, r.priority, r.owner,
  epoch_us(r.opened_at) AS opened_at, epoch_us(r.due_at) AS due_at, NULL AS closed_at, NULL AS outcome,
  r.journey, r.run, r.step, 1 AS version, r.node_key
FROM r ANTI JOIN known USING (case_id) ORDER BY r.case_id"""


def open_cases(tx: Tx, batch: Batch, rows: pa.Table) -> int:
    """Open cases; a ``case_id`` that exists is passed over, so that doing it again changes nothing.

    Args:
        rows: ``case_id profile_key node_key title reason priority owner opened_at due_at journey run
            step`` (instants as timestamp[us], UTC; owner, due_at, journey, run and step may be null).

    Returns: how many are new. Tells ``Case Opened`` for each.
    """
    rows = _typed(rows)
    tx.put("opening_cases", rows.select(["case_id"]))
    known = table_of(
        {"case_id": pa.string()},
        tx.query("SELECT c.case_id FROM opening_cases o JOIN cases c ON c.case_id = o.case_id"),
    )
    new = scratch(_NEW, {"r": rows, "known": known})
    if not new.num_rows:
        return 0
    tx.executemany(f"INSERT INTO cases VALUES ({', '.join('?' * new.num_columns)})", python_rows(new))
    tx.executemany(
        "INSERT INTO case_history VALUES (?, 1, ?, 'foretell', 'opened', NULL, ?)",
        python_rows(new.select(["case_id", "opened_at", "priority"])),
    )
    fresh = scratch("SELECT r.* FROM r ANTI JOIN known USING (case_id) ORDER BY r.case_id", {"r": rows, "known": known})
    batch.emit("case_rows", _rows(fresh))
    batch.tell(
        scratch(
            "SELECT 'opened-' || case_id AS message_id, $event AS event, opened_at AS ts, node_key, case_id, title, "
            "priority, owner, journey, run, step FROM f",
            {"f": fresh},
            {"event": OPENED},
        )
    )
    return int(new.num_rows)


def _typed(rows: pa.Table) -> pa.Table:
    """The first of equal ids, instants as timestamps and texts as texts, also where all are null."""
    return scratch(
        "SELECT case_id, CAST(profile_key AS BIGINT) AS profile_key, CAST(node_key AS BIGINT) AS node_key, title, "
        "coalesce(reason, '') AS reason, priority, CAST(owner AS VARCHAR) AS owner, "
        "CAST(opened_at AS TIMESTAMP) AS opened_at, CAST(due_at AS TIMESTAMP) AS due_at, "
        "CAST(journey AS VARCHAR) AS journey, CAST(run AS VARCHAR) AS run, CAST(step AS VARCHAR) AS step "
        "FROM (SELECT *, row_number() OVER (PARTITION BY case_id) AS place FROM r) WHERE place = 1",
        {"r": rows},
    )


def _rows(fresh: pa.Table) -> pa.Table:
    count = fresh.num_rows
    columns = {name: fresh[name] for name in CASE_ROWS if name in fresh.column_names}
    columns |= {"state": pa.repeat("open", count), "closed_at": pa.nulls(count, TIMESTAMP)}
    columns |= {"outcome": pa.nulls(count, pa.string())}
    return pa.table({name: columns[name] for name in CASE_ROWS})
