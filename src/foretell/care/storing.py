"""Writing cases, their history, what the help desk is to be told, and the rows for analytics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.care.model import Case
from foretell.care.parts import CASE_ROWS
from foretell.clock import micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Tx, python_rows, scratch, table_of
from foretell.errors import ForetellError
from foretell.money import minor_digits

OPENED, RESOLVED = "Case Opened", "Case Resolved"
TOLD = "case_id, title, reason, rule AS case, priority, owner, team, journey, run, step, survey"
"""What both events of a case say; a message that it is about is their property ``message_id``."""
_TOLD_TOO = f'{TOLD}, message_id AS "property:message_id"'
Step = tuple[str, str | None, str | None]
"""What happened, before and after."""

_STORED = {
    "case_id": pa.string(), "node_key": pa.int64(), "title": pa.string(), "reason": pa.string(), "state": pa.string(),
    "priority": pa.string(), "owner": pa.string(), "opened_at": pa.int64(), "due_at": pa.int64(),
    "closed_at": pa.int64(), "outcome": pa.string(), "journey": pa.string(), "run": pa.string(), "step": pa.string(),
    "rule": pa.string(), "team": pa.string(), "value_minor": pa.int64(), "root_cause": pa.string(),
    "snoozed_until": pa.int64(), "first_contact_at": pa.int64(), "breached_at": pa.int64(), "reopened": pa.int64(),
    "message_id": pa.string(), "survey": pa.string(), "response_id": pa.string(), "score": pa.float64(),
    "version": pa.int64(),
}  # fmt: skip
_SHAPED = {
    "value_at_risk": "CAST(value_minor AS DOUBLE) / $minor",
    "contact_seconds": "CAST((first_contact_at - opened_at) // 1000000 AS BIGINT)",
    "close_seconds": "CAST((closed_at - opened_at) // 1000000 AS BIGINT)",
}
_ROWS = ", ".join(
    f"{_SHAPED.get(name) or (f'make_timestamp({name})' if kind == 'TIMESTAMP' else name)} AS {name}"
    for name, kind in CASE_ROWS.items()
)
_ASKED = "asked_cases"
_RESOLVED = f"""
SELECT 'resolved-' || case_id || '-' || version AS message_id, $event AS event, make_timestamp(closed_at) AS ts,
  make_timestamp($now) AS known_at, node_key, outcome, root_cause, {_TOLD_TOO}
FROM r WHERE state = 'closed' ORDER BY case_id"""
_UPDATED = (
    "state", "owner", "team", "priority", "priority_by", "due_at", "closed_at", "outcome", "root_cause",
    "snoozed_until", "first_contact_at", "breached_at", "reopened", "message_id", "survey",
)  # fmt: skip
_UPDATE = (
    f"UPDATE cases SET {', '.join(f'{name} = ?' for name in _UPDATED)}, version = version + 1 "
    "WHERE case_id = ? AND version = ?"
)
HISTORY = (
    "INSERT INTO case_history (case_id, number, at, made_by, what, old, new, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_WANTED = """
INSERT INTO case_syncs (case_id, state, wanted_version, synced_version, ticket, next_at, attempts)
SELECT c.case_id, 'waiting', c.version, 0, '{{}}', {now}, 0 FROM cases c
WHERE c.case_id IN (SELECT case_id FROM asked_cases){only}
ON CONFLICT (case_id) DO UPDATE SET state = 'waiting', wanted_version = excluded.wanted_version,
  next_at = excluded.next_at, attempts = 0, error = NULL WHERE case_syncs.state NOT IN ('deleted', 'merged')"""


@dataclass(frozen=True)
class Changed:
    """A case before and after a change, and what is remembered of it."""

    old: Case
    new: Case
    steps: tuple[Step, ...]


def store(
    tx: Tx, batch: Batch, catalog: Catalog, changes: Sequence[Changed], *, by: str, now: datetime,
    origin: str | None = None, at: datetime | None = None,
) -> None:  # fmt: skip
    """Write changes of cases, each of another one; tells ``Case Resolved`` of those that are closed now.

    Args:
        origin: the help desk that they come from; it is not told of them.
        at: when they happened, where that was not now.

    Raises:
        ForetellError: ``CASE_CHANGED`` where somebody else was faster with one of them.
    """
    changes = [change for change in changes if change.steps]
    if not changes:
        return
    for change in changes:
        if not tx.execute(_UPDATE, (*_values(change.new), change.old.case_id, change.old.version)):
            raise overtaken(change.old.case_id)
    ids = [change.old.case_id for change in changes]
    ask_about(tx, ids)
    told = [(change.old.case_id, step) for change in changes for step in change.steps]
    remember(tx, told, by=by, at=at or now, origin=origin)
    if origin is None:
        want(tx, catalog, now)
    stored = publish(tx, batch, catalog)
    closed = [one.old.case_id for one in changes if one.new.state == "closed" and one.old.state != "closed"]
    if closed:
        just = stored.filter(pc.is_in(stored["case_id"], pa.array(closed, pa.string())))
        batch.tell(scratch(_RESOLVED, {"r": just}, {"event": RESOLVED, "now": micros(now)}))


def remember(tx: Tx, told: Sequence[tuple[str, Step]], *, by: str, at: datetime, origin: str | None = None) -> None:
    """Append to the history of the cases asked about."""
    last = dict(tx.query(
        f"SELECT h.case_id, max(h.number) FROM {_ASKED} a JOIN case_history h ON h.case_id = a.case_id "
        "GROUP BY h.case_id"
    ))  # fmt: skip
    rows = []
    for case_id, step in told:
        last[case_id] = last.get(case_id, 0) + 1
        rows.append((case_id, last[case_id], micros(at), by, *step, origin))
    tx.executemany(HISTORY, rows)


def ask_about(tx: Tx, case_ids: Sequence[str] | pa.Array | pa.ChunkedArray) -> None:
    """Name the cases that :func:`remember`, :func:`want` and :func:`publish` speak of."""
    ids = case_ids if isinstance(case_ids, pa.Array | pa.ChunkedArray) else pa.array(case_ids, pa.string())
    tx.put(_ASKED, pa.table({"case_id": ids}))


def want(tx: Tx, catalog: Catalog | None, now: datetime) -> None:
    """Let the help desk be told of the cases asked about, in the next round, where there is one."""
    desk = None if catalog is None else catalog.settings.care.help_desk
    if desk is None:
        return
    only = "" if desk.cases is None else f" AND c.rule IN ({', '.join('?' * len(desk.cases)) or 'NULL'})"
    tx.execute(_WANTED.format(now=micros(now), only=only), desk.cases or ())


def publish(tx: Tx, batch: Batch, catalog: Catalog | None) -> pa.Table:
    """Show the cases asked about in the view; returns them as they are stored."""
    rows = tx.query(
        f"SELECT {', '.join(f'c.{name}' for name in _STORED)} FROM {_ASKED} a JOIN cases c ON c.case_id = a.case_id"
    )
    stored = table_of(_STORED, rows)
    digits = 2 if catalog is None else minor_digits(catalog.settings.currency)
    batch.emit("case_rows", scratch(f"SELECT {_ROWS} FROM s ORDER BY case_id", {"s": stored}, {"minor": 10.0**digits}))
    return stored


def tell_opened(batch: Batch, fresh: pa.Table) -> None:
    """Tell ``Case Opened`` of new cases."""
    batch.tell(
        scratch(
            f"SELECT 'opened-' || case_id AS message_id, $event AS event, make_timestamp(opened_at) AS ts, node_key, "
            f"{_TOLD_TOO} FROM f ORDER BY case_id",
            {"f": fresh},
            {"event": OPENED},
        )
    )


def insert(tx: Tx, rows: pa.Table) -> None:
    """Write new cases; the columns of ``rows`` are those of the table."""
    names = ", ".join(rows.column_names)
    marks = ", ".join("?" * rows.num_columns)
    tx.executemany(f"INSERT INTO cases ({names}) VALUES ({marks})", python_rows(rows))


def overtaken(case_id: str) -> ForetellError:
    """What is said to whoever was not fast enough."""
    return ForetellError(
        "CASE_CHANGED",
        "somebody else has changed this case meanwhile",
        thing=f"case {case_id}",
        next_step="Look at it again, then repeat the change.",
        transient=True,
    )


def _values(case: Case) -> tuple[object, ...]:
    told = (getattr(case, name) for name in _UPDATED)
    return tuple(micros(value) if isinstance(value, datetime) else value for value in told)
