"""Lists of cases, one case with its history."""

from __future__ import annotations

from typing import Any

from foretell.care.model import Case, CasePage, Happening
from foretell.clock import from_micros
from foretell.engine import Engine
from foretell.errors import UsageError

_COLUMNS = (
    "c.case_id, c.profile_key, c.node_key, n.profile_id, c.title, c.reason, c.state, c.priority, c.owner, "
    "c.opened_at, c.due_at, c.closed_at, c.outcome, c.journey, c.run, c.step, c.version"
)
_FIELDS = [name.split(".")[1] for name in _COLUMNS.split(", ")]
_FROM = "FROM cases c LEFT JOIN nodes n ON n.node_key = c.profile_key"
_PRESSING = "CASE c.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END"


def list_cases(
    engine: Engine,
    *,
    state: str | None = "open",
    owner: str | None = None,
    profile_key: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> CasePage:
    """Cases, the one due first at the top; of the same instant the more pressing one.

    Args:
        state: one of the states, ``unclosed`` for all but the closed ones, or None for all.
        owner: only this owner's.
    """
    tests, values = _tests(state, owner, profile_key)
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    (total,) = engine.ops.query(f"SELECT count(*) FROM cases c {where}", values)[0]
    rows = engine.ops.query(
        f"SELECT {_COLUMNS} {_FROM} {where} ORDER BY CASE WHEN c.due_at IS NULL THEN 1 ELSE 0 END, c.due_at, "
        f"{_PRESSING}, c.case_id LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )
    return CasePage(int(total), tuple(_case(row) for row in rows))


def cases_of(engine: Engine, profile_key: int, *, limit: int = 20) -> tuple[Case, ...]:
    """A person's cases, the latest opened first."""
    rows = engine.ops.query(
        f"SELECT {_COLUMNS} {_FROM} WHERE c.profile_key = ? ORDER BY c.opened_at DESC, c.case_id LIMIT ?",
        (profile_key, limit),
    )
    return tuple(_case(row) for row in rows)


def show(engine: Engine, case_id: str) -> Case:
    """One case with its history; raises ``UNKNOWN_CASE``."""
    rows = engine.ops.query(f"SELECT {_COLUMNS} {_FROM} WHERE c.case_id = ?", (case_id,))
    if not rows:
        raise unknown(case_id)
    history = engine.ops.query(
        "SELECT at, made_by, what, old, new FROM case_history WHERE case_id = ? ORDER BY number", (case_id,)
    )
    happenings = tuple(Happening(from_micros(at), by, what, old, new) for at, by, what, old, new in history)
    return _case(rows[0], happenings)


def unknown(case_id: str) -> UsageError:
    """What is said of an id that no case has."""
    return UsageError("UNKNOWN_CASE", f"there is no case {case_id!r}", next_step="See `foretell case list`.")


def _tests(state: str | None, owner: str | None, profile_key: int | None) -> tuple[list[str], list[Any]]:
    tests: list[str] = []
    values: list[Any] = []
    if state == "unclosed":
        tests.append("c.state <> 'closed'")
    elif state is not None:
        tests.append("c.state = ?")
        values.append(state)
    for column, value in (("owner", owner), ("profile_key", profile_key)):
        if value is not None:
            tests.append(f"c.{column} = ?")
            values.append(value)
    return tests, values


def _case(row: tuple[Any, ...], history: tuple[Happening, ...] = ()) -> Case:
    told = dict(zip(_FIELDS, row, strict=True))
    told["profile_id"] = told["profile_id"] or ""
    for name in ("opened_at", "due_at", "closed_at"):
        told[name] = None if told[name] is None else from_micros(told[name])
    return Case(**told, history=history)
