"""Which runs a process takes for itself: those that are due, of people of whom nobody else moves one meanwhile."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Turning, table_of
from foretell.journey import runs

OPEN_OF = (
    "SELECT r.run, r.profile_key FROM claimed_people c CROSS JOIN journey_runs r "
    "WHERE r.profile_key BETWEEN c.profile_key AND c.profile_key AND coalesce(r.due_at, -1) <> -1"
)
"""Written so that no index but the one by profile fits, and no join that would read all runs."""
JUST_COME = runs.DUE.replace(" ORDER BY", " AND waiting = 0{left} ORDER BY")
Place = tuple[int, str]
"""Revision and step."""


def due(turning: Turning, journey: str, until: int, most: int, *, shared: bool) -> pa.Table:
    """Runs whose instant has come, the earliest first: columns :data:`~foretell.journey.runs.STORED`.

    Args:
        shared: other processes claim as well. Then the open runs of each person are claimed together, in whatever
            journeys they are, so that what one sends is known to the gate when it decides about the next.
    """
    return _alone(turning, table_of(runs.STORED, turning.claim(runs.DUE, (journey, until, most))), shared)


def just_come(turning: Turning, journey: str, until: int, most: int, but: Collection[Place]) -> pa.Table:
    """Of them those that have only just come to a step, and so need not be asked whether they are over.

    Args:
        but: what is left to the process that leads.
    """
    left = " AND NOT (revision = ? AND step = ?)" * len(but)
    params = [journey, until, *(value for place in sorted(but) for value in place), most]
    found = turning.claim(JUST_COME.format(left=left), params)
    return _alone(turning, table_of(runs.STORED, found), True)


def _alone(turning: Turning, rows: pa.Table, shared: bool) -> pa.Table:
    """``rows`` without those of people of whom another process has a run."""
    if not shared or not rows.num_rows:
        return rows
    turning.tx.put("claimed_people", pa.table({"profile_key": pc.unique(rows["profile_key"])}), key="profile_key")
    claimed = {run for run, _ in turning.claim(OPEN_OF, of="r")}
    elsewhere = [key for run, key in turning.tx.query(OPEN_OF) if run not in claimed]
    return rows.filter(pc.invert(pc.is_in(rows["profile_key"], pa.array(elsewhere, pa.int64()))))
