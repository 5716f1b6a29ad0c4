"""Changing and closing a case: whose it is, how it stands, what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pyarrow as pa

from foretell.care.model import OUTCOMES, PRIORITIES, STATES, Case
from foretell.care.opening import RESOLVED
from foretell.care.parts import CASE_ROWS
from foretell.care.reading import show
from foretell.clock import micros, naive_utc
from foretell.engine import TIMESTAMP, Batch, Engine, Tx
from foretell.errors import ForetellError, UsageError

_Step = tuple[str, str | None, str | None]
NOBODY = "nobody"
"""Written as the owner, it leaves the case without one."""


def change(
    engine: Engine,
    case_id: str,
    *,
    by: str,
    now: datetime,
    state: str | None = None,
    owner: str | None = None,
    priority: str | None = None,
    due_at: datetime | None = None,
    note: str | None = None,
    version: int | None = None,
) -> Case:
    """Change a case; what is None stays. A closed one that gets another state is open again.

    Args:
        owner: ``nobody`` takes the owner away.
        version: the version the change was made on; None overrides whatever is there.

    Raises:
        UsageError: ``UNKNOWN_CASE``, ``BAD_CASE_STATE``, ``BAD_PRIORITY``.
        ForetellError: ``CASE_CHANGED`` where somebody else was faster.
    """
    _check("BAD_CASE_STATE", "state", state, [name for name in STATES if name != "closed"])
    _check("BAD_PRIORITY", "priority", priority, list(PRIORITIES))
    old = show(engine, case_id)
    new = replace(
        old,
        state=state or old.state,
        owner=old.owner if owner is None else None if owner == NOBODY else owner,
        priority=priority or old.priority,
        due_at=due_at or old.due_at,
    )
    if old.state == "closed" and state is not None:
        new = replace(new, closed_at=None, outcome=None)
    return _store(engine, old, new, _steps(old, new, note), by, now, version)


def close(
    engine: Engine,
    case_id: str,
    *,
    outcome: str,
    by: str,
    now: datetime,
    note: str | None = None,
    version: int | None = None,
) -> Case:
    """Close a case with what came of it; tells ``Case Resolved``.

    Raises:
        UsageError: ``UNKNOWN_CASE``, ``BAD_OUTCOME``; ``CASE_CLOSED`` where it is closed with another outcome.
        ForetellError: ``CASE_CHANGED``.
    """
    _check("BAD_OUTCOME", "outcome", outcome, list(OUTCOMES))
    old = show(engine, case_id)
    if old.state == "closed":
        if old.outcome == outcome:
            return old
        raise UsageError(
            "CASE_CLOSED",
            f"the case was closed as {old.outcome} already",
            thing=f"case {case_id}",
            next_step="Open it again first: foretell case change ID --state open.",
        )
    new = replace(old, state="closed", closed_at=now, outcome=outcome)
    steps: list[_Step] = [("closed", old.state, outcome)]
    return _store(engine, old, new, [*steps, *_noted(note)], by, now, version)


def _steps(old: Case, new: Case, note: str | None) -> list[_Step]:
    found: list[_Step] = [
        (name, _text(getattr(old, name)), _text(getattr(new, name)))
        for name in ("state", "owner", "priority", "due_at")
        if getattr(old, name) != getattr(new, name)
    ]
    return [*found, *_noted(note)]


def _noted(note: str | None) -> list[_Step]:
    return [("note", None, note.strip())] if note and note.strip() else []


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _store(
    engine: Engine, old: Case, new: Case, steps: list[_Step], by: str, now: datetime, version: int | None
) -> Case:
    if version is not None and version != old.version:
        raise _overtaken(old)
    if not steps:
        return old

    def work(tx: Tx, batch: Batch) -> None:
        instants = [None if at is None else micros(at) for at in (new.due_at, new.closed_at)]
        changed = tx.execute(
            "UPDATE cases SET state = ?, owner = ?, priority = ?, due_at = ?, closed_at = ?, outcome = ?, "
            "version = version + 1 WHERE case_id = ? AND version = ?",
            (new.state, new.owner, new.priority, *instants, new.outcome, old.case_id, old.version),
        )
        if not changed:
            raise _overtaken(old)
        (taken,) = tx.query("SELECT max(number) FROM case_history WHERE case_id = ?", (old.case_id,))[0]
        rows = [(old.case_id, taken + place, micros(now), by, *step) for place, step in enumerate(steps, start=1)]
        tx.executemany("INSERT INTO case_history VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        batch.emit("case_rows", _row(new))
        if new.state == "closed" and old.state != "closed":
            batch.tell(_resolved(new, now))

    engine.act("care", work, now=now)
    return show(engine, old.case_id)


def _overtaken(case: Case) -> ForetellError:
    return ForetellError(
        "CASE_CHANGED",
        "somebody else has changed this case meanwhile",
        thing=f"case {case.case_id}",
        next_step="Look at it again, then repeat the change.",
        transient=True,
    )


def _row(case: Case) -> pa.Table:
    values: dict[str, object] = {name: getattr(case, name) for name in CASE_ROWS}
    columns = {}
    for name, kind in CASE_ROWS.items():
        value = values[name]
        if kind == "TIMESTAMP":
            columns[name] = pa.array([naive_utc(value) if isinstance(value, datetime) else None], TIMESTAMP)
        else:
            columns[name] = pa.array([value], pa.int64() if kind == "BIGINT" else pa.string())
    return pa.table(columns)


def _resolved(case: Case, now: datetime) -> pa.Table:
    told = ("case_id", "title", "outcome", "journey", "run", "step")
    columns = {name: pa.array([getattr(case, name)], pa.string()) for name in told}
    head = {
        "message_id": pa.array([f"resolved-{case.case_id}-{case.version}"]),
        "event": pa.array([RESOLVED]),
        "ts": pa.array([naive_utc(now)], TIMESTAMP),
        "node_key": pa.array([case.node_key], pa.int64()),
    }
    return pa.table({**head, **columns})


def _check(code: str, what: str, value: str | None, allowed: list[str]) -> None:
    if value is not None and value not in allowed:
        raise UsageError(code, f"{value!r} is no {what} of a case", next_step=f"One of: {', '.join(allowed)}.")
