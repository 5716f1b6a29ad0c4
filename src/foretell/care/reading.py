"""Lists of cases, one case with everything about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from foretell.care.model import Case, CasePage, DoneStep, Happening, Link, Ticket
from foretell.clock import from_micros, micros
from foretell.engine import Engine
from foretell.errors import UsageError

_COLUMNS = (
    "c.case_id, c.profile_key, c.node_key, n.profile_id, c.title, c.reason, c.state, c.priority, c.owner, "
    "c.opened_at, c.due_at, c.closed_at, c.outcome, c.journey, c.run, c.step, c.version, c.rule, c.team, "
    "c.priority_by, c.value_minor, c.root_cause, c.snoozed_until, c.first_contact_at, c.breached_at, c.reopened, "
    "c.message_id, c.survey, c.response_id, c.score, c.words"
)
_FIELDS = [name.split(".")[1] for name in _COLUMNS.split(", ")]
_INSTANTS = [name for name in _FIELDS if name.endswith(("_at", "_until"))]
_FROM = "FROM cases c LEFT JOIN nodes n ON n.node_key = c.profile_key"
_PRESSING = "CASE c.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END"
_DUE = f"CASE WHEN c.due_at IS NULL THEN 1 ELSE 0 END, c.due_at, {_PRESSING}, c.case_id"
Sort = Literal["due", "value", "opened"]
_ORDER: dict[Sort, str] = {
    "due": _DUE,
    "value": f"CASE WHEN c.value_minor IS NULL THEN 1 ELSE 0 END, c.value_minor DESC, {_DUE}",
    "opened": "c.opened_at DESC, c.case_id",
}


@dataclass(frozen=True)
class Wanted:
    """Which cases a list shows; None is no condition.

    Args:
        state: one of the states, ``unclosed`` for all but the closed ones, or None for all.
        owner: only this owner's, or this team's.
        nobody: only those that nobody has.
        teams: with ``owner``: also what nobody has of these teams.
        team: only this team's.
        priority: only this one.
        rule: only of this case rule.
        survey: only about answers to this survey.
        overdue_at: only those not closed whose due time is before it.
        value_minor: only those with at least so much at risk.
        profile_key: only this person's.
    """

    state: str | None = "open"
    owner: str | None = None
    nobody: bool = False
    teams: Sequence[str] = ()
    team: str | None = None
    priority: str | None = None
    rule: str | None = None
    survey: str | None = None
    overdue_at: datetime | None = None
    value_minor: int | None = None
    profile_key: int | None = None


def list_cases(
    engine: Engine, wanted: Wanted = Wanted(), *, sort: Sort = "due", limit: int = 50, offset: int = 0
) -> CasePage:
    """Cases, the one due first at the top; of the same instant the more pressing one."""
    where, values = _tests(wanted)
    (total,) = engine.ops.query(f"SELECT count(*) FROM cases c {where}", values)[0]
    rows = engine.ops.query(
        f"SELECT {_COLUMNS} {_FROM} {where} ORDER BY {_ORDER[sort]} LIMIT ? OFFSET ?", (*values, limit, offset)
    )
    return CasePage(int(total), tuple(_case(row) for row in rows))


def count_by_state(engine: Engine, wanted: Wanted) -> dict[str, int]:
    """How many cases there are in each state, whichever state is wanted."""
    where, values = _tests(replace(wanted, state=None))
    return {
        state: int(count)
        for state, count in engine.ops.query(f"SELECT c.state, count(*) FROM cases c {where} GROUP BY c.state", values)
    }


def owners(engine: Engine) -> list[str]:
    """Everybody who has a case that is not closed, by name."""
    rows = engine.ops.query(
        "SELECT DISTINCT owner FROM cases WHERE state <> 'closed' AND owner IS NOT NULL ORDER BY owner"
    )
    return [owner for (owner,) in rows]


def surveys(engine: Engine) -> list[str]:
    """Every survey that a case is about, by name."""
    rows = engine.ops.query("SELECT DISTINCT survey FROM cases WHERE survey IS NOT NULL ORDER BY survey")
    return [survey for (survey,) in rows]


def cases_of(engine: Engine, profile_key: int, *, limit: int = 20) -> tuple[Case, ...]:
    """A person's cases, the latest opened first."""
    rows = engine.ops.query(
        f"SELECT {_COLUMNS} {_FROM} WHERE c.profile_key = ? ORDER BY c.opened_at DESC, c.case_id LIMIT ?",
        (profile_key, limit),
    )
    return tuple(_case(row) for row in rows)


def cases_by_id(engine: Engine, case_ids: Sequence[str]) -> list[Case]:
    """Cases in the order of their ids, without history; with the steps that are done. Raises ``UNKNOWN_CASE``."""
    if not case_ids:
        return []
    marks = ", ".join("?" * len(case_ids))
    rows = engine.ops.query(f"SELECT {_COLUMNS} {_FROM} WHERE c.case_id IN ({marks})", tuple(case_ids))
    done: dict[str, list[DoneStep]] = {}
    for case_id, step, at, by in engine.ops.query(
        f"SELECT case_id, step, done_at, done_by FROM case_marks WHERE case_id IN ({marks}) ORDER BY done_at, step",
        tuple(case_ids),
    ):
        done.setdefault(case_id, []).append(DoneStep(step, from_micros(at), by))
    found = {case.case_id: replace(case, done=tuple(done.get(case.case_id, ()))) for case in map(_case, rows)}
    for case_id in case_ids:
        if case_id not in found:
            raise unknown(case_id)
    return [found[case_id] for case_id in case_ids]


def show(engine: Engine, case_id: str) -> Case:
    """One case with its history, what is done of its playbook, its links and its ticket; raises ``UNKNOWN_CASE``."""
    (case,) = cases_by_id(engine, [case_id])
    history = engine.ops.query(
        "SELECT at, made_by, what, old, new FROM case_history WHERE case_id = ? ORDER BY number", (case_id,)
    )
    happenings = tuple(Happening(from_micros(at), by, what, old, new) for at, by, what, old, new in history)
    return replace(case, history=happenings, links=_links(engine, case_id), ticket=ticket_of(engine, case_id))


def ticket_of(engine: Engine, case_id: str) -> Ticket | None:
    """A case's ticket; None where the help desk has nothing to do with it."""
    rows = engine.ops.query(
        "SELECT state, ticket_id, url, synced_at, next_at, attempts, error FROM case_syncs WHERE case_id = ?",
        (case_id,),
    )
    if not rows:
        return None
    state, ticket_id, url, synced_at, next_at, attempts, error = rows[0]
    return Ticket(state, ticket_id, url, _instant(synced_at), _instant(next_at), int(attempts), error)


def unknown(case_id: str) -> UsageError:
    """What is said of an id that no case has."""
    return UsageError("UNKNOWN_CASE", f"there is no case {case_id!r}", next_step="See `foretell case list`.")


def _links(engine: Engine, case_id: str) -> tuple[Link, ...]:
    rows = engine.ops.query(
        "SELECT l.other_id, l.kind, c.title, c.state FROM case_links l JOIN cases c ON c.case_id = l.other_id "
        "WHERE l.case_id = ? UNION ALL SELECT l.case_id, "
        "CASE l.kind WHEN 'duplicate' THEN 'duplicated' ELSE l.kind END, "
        "c.title, c.state FROM case_links l JOIN cases c ON c.case_id = l.case_id WHERE l.other_id = ? ORDER BY 1",
        (case_id, case_id),
    )
    return tuple(Link(*row) for row in rows)


def _tests(wanted: Wanted) -> tuple[str, list[Any]]:
    tests: list[str] = []
    values: list[Any] = []
    if wanted.state == "unclosed":
        tests.append("c.state <> 'closed'")
    elif wanted.state is not None:
        tests.append("c.state = ?")
        values.append(wanted.state)
    if wanted.owner is not None:
        mine = ["c.owner = ?", "(c.owner IS NULL AND c.team = ?)"]
        values += [wanted.owner, wanted.owner]
        if wanted.teams:
            mine.append(f"(c.owner IS NULL AND c.team IN ({', '.join('?' * len(wanted.teams))}))")
            values += wanted.teams
        tests.append(f"({' OR '.join(mine)})")
    if wanted.nobody:
        tests.append("c.owner IS NULL")
    for column in ("team", "priority", "rule", "survey", "profile_key"):
        if getattr(wanted, column) is not None:
            tests.append(f"c.{column} = ?")
            values.append(getattr(wanted, column))
    if wanted.overdue_at is not None:
        tests.append("c.state <> 'closed' AND c.due_at < ?")
        values.append(micros(wanted.overdue_at))
    if wanted.value_minor is not None:
        tests.append("c.value_minor >= ?")
        values.append(wanted.value_minor)
    return f"WHERE {' AND '.join(tests)}" if tests else "", values


def _instant(stored: int | None) -> datetime | None:
    return None if stored is None else from_micros(stored)


def _case(row: tuple[Any, ...]) -> Case:
    told = dict(zip(_FIELDS, row, strict=True))
    told["profile_id"] = told["profile_id"] or ""
    return Case(**(told | {name: _instant(told[name]) for name in _INSTANTS}))
