"""What changed at the help desk, taken into a case: field by field the newer one holds, and both are remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from foretell.care.changing import closed, moved, state_step
from foretell.care.desks.base import Fields, TicketChange
from foretell.care.model import Case
from foretell.care.storing import Changed, Step, store
from foretell.clock import micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Tx

_LOCAL: Mapping[str, tuple[str, ...]] = {
    "state": ("state", "closed", "reopened", "snoozed", "woken"),
    "priority": ("priority",),
    "owner": ("owner",),
    "team": ("team",),
}
"""What of a case's history is a change of a field."""


def ticket_fields(case: Case) -> dict[str, str | None]:
    """A case's fields as a ticket has them."""
    state = {"closed": "solved", "waiting": "waiting"}.get(case.state, "open")
    return {"state": state, "priority": case.priority, "owner": case.owner, "team": case.team}


def take_in(
    tx: Tx, batch: Batch, catalog: Catalog, case: Case, changes: Sequence[TicketChange], *, desk: str,
    outcome: str, now: datetime,
) -> Case:  # fmt: skip
    """Take changes of a ticket, oldest first, that are not our own into its case. Of a field that was changed on both
    sides the newer change holds; Zendesk and the like tell seconds, so that of the same second ours counts as newer.

    Args:
        outcome: of a case that is closed since its ticket is solved.

    Returns: the case as it stands then; its version grew by one for every change that was taken in.
    """
    latest = _latest_own(tx, case)
    ours = ticket_fields(case)
    for change in changes:
        at = max(min(change.at, now), case.opened_at)
        wins, steps = {}, list[Step]()
        for name, value in change.fields.items():
            if latest.get(name, -1) <= micros(change.at):
                wins[name] = value
            elif value != ours[name]:
                steps.append(("overruled", ours[name], f"{name} {value or 'nobody'}"))
        changed = _applied(case, change, wins, outcome, at)
        if not changed.steps and not steps:
            continue
        by = f"{desk}: {change.by}"
        store(
            tx, batch, catalog, [replace(changed, steps=(*changed.steps, *steps))], by=by, now=now, origin=desk, at=at
        )
        case = replace(changed.new, version=case.version + 1)
        ours |= {name: value for name, value in ticket_fields(case).items() if name in wins}
    return case


def _latest_own(tx: Tx, case: Case) -> dict[str, int]:
    rows = tx.query(
        "SELECT what, max(at) FROM case_history WHERE case_id = ? AND origin IS NULL GROUP BY what", (case.case_id,)
    )
    at = dict(rows)
    return {name: max((at[what] for what in kinds if what in at), default=-1) for name, kinds in _LOCAL.items()}


def _applied(case: Case, change: TicketChange, fields: Fields, outcome: str, at: datetime) -> Changed:
    old, steps = case, list[Step]()
    priority = fields.get("priority", case.priority) or case.priority
    if priority != case.priority:
        case = replace(case, priority=priority, priority_by="person")
        steps.append(("priority", old.priority, priority))
    for name in ("owner", "team"):
        if name in fields and fields[name] != getattr(case, name):
            steps.append((name, getattr(case, name), fields[name]))
            case = replace(case, owner=fields[name]) if name == "owner" else replace(case, team=fields[name])
    state = fields.get("state")
    if state == "solved" and case.state != "closed":
        made = closed(case, outcome, at)
        case, steps = made.new, [*steps, *made.steps]
    elif state == "waiting" and case.state != "waiting":
        case, steps = _stepped(case, "waiting", steps)
    elif state == "open" and case.state in ("waiting", "closed"):
        case, steps = _stepped(case, "open" if case.owner is None else "in_progress", steps)
    for note in change.notes:
        if note.text:
            steps.append(("reply" if note.by_person else "note", None, note.text))
        if note.to_person and not note.by_person and case.first_contact_at is None:
            case = replace(case, first_contact_at=at)
            steps.append(("contact", None, None))
    return Changed(old, case, tuple(steps))


def _stepped(case: Case, state: str, steps: Sequence[Step]) -> tuple[Case, list[Step]]:
    new = moved(case, state)
    return new, [*steps, *state_step(case, new)]
