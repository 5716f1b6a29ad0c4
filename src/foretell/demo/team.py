"""The service team of the demo: calls the people whose cases it has, and closes them with what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

from foretell import care
from foretell.app import Workspace
from foretell.clock import micros
from foretell.engine import TIMESTAMP, table_of

AGENT = "demo team"
_TAKES = timedelta(hours=18)
"""How long a case lies before somebody calls."""
_CALL = {"message_id": pa.string(), "address": pa.string()}


def calls(workspace: Workspace, now: datetime) -> pa.Table:
    """Take the cases that have lain long enough, and call: the messages of these calls, for the world.

    Who left no address is not reached.
    """
    rows = workspace.engine.ops.query(
        "SELECT c.case_id, coalesce(min(i.value), '') FROM cases c LEFT JOIN identifiers i ON i.kind = 'email' "
        "AND (i.node_key = c.profile_key OR i.node_key IN "
        "(SELECT m.node_key FROM merged m WHERE m.profile_key = c.profile_key)) "
        "WHERE c.state = 'open' AND c.opened_at <= ? GROUP BY c.case_id ORDER BY c.case_id",
        (micros(now - _TAKES),),
    )
    with workspace.engine.bulk():
        for case_id, _ in rows:
            care.take(workspace.engine, workspace.catalog, case_id, by=AGENT, now=now)
    found = table_of(_CALL, rows)
    texts = {"channel": "call", "kind": "call", "offer_code": None, "measure": None}
    for name, value in texts.items():
        found = found.append_column(name, pa.array([value] * found.num_rows, pa.string()))
    found = found.append_column("sent_at", pa.array([now.replace(tzinfo=None)] * found.num_rows, TIMESTAMP))
    return found.append_column("offer_percent", pa.nulls(found.num_rows, pa.float64()))


def close_called(workspace: Workspace, engagements: pa.Table, now: datetime) -> None:
    """Close the cases whose people were called before: reached where they answered."""
    answered = {row["message_id"] for row in engagements.select(["message_id"]).to_pylist()}
    waiting = care.list_cases(workspace.engine, care.Wanted("in_progress", owner=AGENT), limit=10_000)
    with workspace.engine.bulk():
        for case in waiting.cases:
            reached = case.case_id in answered
            note = "Talked about the last order." if reached else "Tried twice, left a message."
            outcome = "reached" if reached else "not_reached"
            care.close(workspace.engine, workspace.catalog, case.case_id, outcome=outcome, by=AGENT, now=now, note=note)
