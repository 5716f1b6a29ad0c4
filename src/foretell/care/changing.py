"""Changing and closing cases: whose they are, how they stand, what came of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from foretell.care.change_model import NOBODY, CaseChange, cause_of, checked, outcome_of
from foretell.care.model import Case
from foretell.care.reading import cases_by_id, show, unknown
from foretell.care.rule_document import BY_VALUE, CaseRuleSpec, rule_of
from foretell.care.storing import Changed, Step, overtaken, store
from foretell.care.valuing import priority_by_value
from foretell.clock import micros
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.money import minor_digits

MOST_AT_ONCE = 500
_FIELDS = ("owner", "team", "priority", "due_at", "root_cause")
_SNOOZED = "snoozed"


def change(engine: Engine, catalog: Catalog, case_id: str, asked: CaseChange, *, by: str, now: datetime) -> Case:
    """Change a case.

    Raises:
        UsageError: ``UNKNOWN_CASE``, and see :func:`~foretell.care.change_model.checked`.
        ForetellError: ``CASE_CHANGED`` where somebody else was faster.
    """
    return change_all(engine, catalog, [case_id], asked, by=by, now=now)[0]


def change_all(
    engine: Engine, catalog: Catalog, case_ids: Sequence[str], asked: CaseChange, *, by: str, now: datetime
) -> list[Case]:
    """Make the same change of several cases: of all of them, or of none. Arguments and errors as for :func:`change`.

    Raises:
        UsageError: also ``TOO_MANY_CASES``.
    """
    cases = _cases(engine, case_ids, asked.version)
    changes = [_changed(one, asked, catalog, now) for one in cases]
    if asked.link is not None and not engine.ops.query("SELECT 1 FROM cases WHERE case_id = ?", (asked.link,)):
        raise unknown(asked.link)

    def work(tx: Tx, batch: Batch) -> None:
        store(tx, batch, catalog, changes, by=by, now=now)
        for one in changes:
            _mark(tx, one.old, asked, by, now)

    return _acted(engine, changes, work, now)


def close(
    engine: Engine, catalog: Catalog, case_id: str, *, outcome: str, by: str, now: datetime, note: str | None = None,
    root_cause: str | None = None, version: int | None = None,
) -> Case:  # fmt: skip
    """Close a case with what came of it; tells ``Case Resolved``.

    Raises:
        UsageError: ``UNKNOWN_CASE``, ``BAD_OUTCOME``, ``BAD_ROOT_CAUSE``; ``CASE_CLOSED`` where it is closed with
            another outcome.
        ForetellError: ``CASE_CHANGED``.
    """
    told = {"outcome": outcome, "note": note, "root_cause": root_cause, "version": version}
    return close_all(engine, catalog, [case_id], by=by, now=now, **told)[0]  # type: ignore[arg-type]


def close_all(
    engine: Engine, catalog: Catalog, case_ids: Sequence[str], *, outcome: str, by: str, now: datetime,
    note: str | None = None, root_cause: str | None = None, version: int | None = None,
) -> list[Case]:  # fmt: skip
    """Close several cases alike: all of them, or none. Errors as for :func:`close` and :func:`change_all`."""
    outcome_of(outcome)
    cases = _cases(engine, case_ids, version)
    for one in cases:
        if one.state == "closed" and one.outcome != outcome:
            raise UsageError(
                "CASE_CLOSED",
                f"the case was closed as {one.outcome} already",
                thing=f"case {one.case_id}",
                next_step="Open it again first: foretell case reopen ID.",
            )
        cause_of(root_cause, rule_of(catalog, one.rule))
    changes = [closed(one, outcome, now, note, root_cause) for one in cases if one.state != "closed"]
    made = _acted(engine, changes, lambda tx, batch: store(tx, batch, catalog, changes, by=by, now=now), now)
    found = {one.case_id: one for one in made}
    return [found.get(one.case_id, one) for one in cases]


def take(engine: Engine, catalog: Catalog, case_id: str, *, by: str, now: datetime, version: int | None = None) -> Case:
    """Somebody takes a case and begins with it."""
    state = None if show(engine, case_id).state == "in_progress" else "in_progress"
    return change(engine, catalog, case_id, CaseChange(owner=by, state=state, version=version), by=by, now=now)


def reopen(engine: Engine, catalog: Catalog, case_id: str, *, by: str, now: datetime, note: str | None = None) -> Case:
    """Open a closed case again; one that is open stays as it is."""
    if show(engine, case_id).state != "closed":
        return change(engine, catalog, case_id, CaseChange(note=note), by=by, now=now)
    return change(engine, catalog, case_id, CaseChange(state="open", note=note), by=by, now=now)


def closed(old: Case, outcome: str, now: datetime, note: str | None = None, root_cause: str | None = None) -> Changed:
    """What closing makes of a case that is open."""
    new = replace(
        old, state="closed", closed_at=now, outcome=outcome, snoozed_until=None,
        root_cause=root_cause or old.root_cause,
        first_contact_at=old.first_contact_at or (now if outcome == "reached" else None),
    )  # fmt: skip
    causes = _told(old, new, ("root_cause",))
    return Changed(old, new, (("closed", old.state, outcome), *causes, *_noted(note)))


def moved(old: Case, state: str) -> Case:
    """A case in another state, one of those that are not closed."""
    if old.state == "closed":
        return replace(old, state=state, closed_at=None, outcome=None, reopened=old.reopened + 1, snoozed_until=None)
    return replace(old, state=state, snoozed_until=None)


def state_step(old: Case, new: Case) -> list[Step]:
    """What is remembered of another state."""
    if old.state == new.state:
        return []
    return [("reopened" if old.state == "closed" else "state", old.state, new.state)]


def _changed(old: Case, asked: CaseChange, catalog: Catalog, now: datetime) -> Changed:
    rule = rule_of(catalog, old.rule)
    checked(asked, old, rule, catalog, now)
    new = old if asked.state is None or asked.state == old.state else moved(old, asked.state)
    new = _owned(new, asked, catalog)
    if asked.priority is not None:
        new = _pressing(new, asked.priority, rule, catalog)
    new = replace(
        new,
        due_at=None if "due_at" in asked.clear else asked.due_at or new.due_at,
        root_cause=None if "root_cause" in asked.clear else asked.root_cause or new.root_cause,
        first_contact_at=new.first_contact_at or (now if asked.contact else None),
    )
    steps = state_step(old, new)
    if asked.snooze_until is not None and asked.snooze_until != old.snoozed_until:
        new = replace(moved(new, "waiting"), snoozed_until=asked.snooze_until)
        steps = [*([("reopened", "closed", "waiting")] if old.state == "closed" else []),
                 (_SNOOZED, None, _text(asked.snooze_until))]  # fmt: skip
    steps += _told(old, new, _FIELDS)
    if asked.contact:
        steps.append(("contact", None, None))
    return Changed(old, new, (*steps, *_playbook(old, asked), *_linked(asked), *_noted(asked.note)))


def _owned(case: Case, asked: CaseChange, catalog: Catalog) -> Case:
    """Whose it is: handed to a team it is nobody's; somebody who takes what is open has begun."""
    team = asked.team if asked.team is not None else case.team
    if asked.owner is None:
        return replace(case, team=team, owner=None if asked.team not in (None, case.team) else case.owner)
    if asked.owner in catalog.settings.care.teams:
        return replace(case, team=asked.owner, owner=None)
    return replace(case, team=team, owner=None if asked.owner == NOBODY else asked.owner)


def _pressing(case: Case, asked: str, rule: CaseRuleSpec | None, catalog: Catalog) -> Case:
    if asked != BY_VALUE:
        return replace(case, priority=asked, priority_by="person")
    digits = minor_digits(catalog.settings.currency)
    return replace(case, priority=priority_by_value(case.value_minor, rule, digits), priority_by="value")


def _playbook(old: Case, asked: CaseChange) -> list[Step]:
    done = {step.key for step in old.done}
    told: list[Step] = [("step_done", None, key) for key in asked.done if key not in done]
    return [*told, *(("step_undone", None, key) for key in asked.undone if key in done)]


def _linked(asked: CaseChange) -> list[Step]:
    made: list[Step] = [("linked", asked.link_as, asked.link)] if asked.link else []
    return [*made, ("unlinked", None, asked.unlink)] if asked.unlink else made


def _told(old: Case, new: Case, fields: Sequence[str]) -> list[Step]:
    return [
        (name, _text(getattr(old, name)), _text(getattr(new, name)))
        for name in fields
        if getattr(old, name) != getattr(new, name)
    ]


def _noted(note: str | None) -> list[Step]:
    return [("note", None, note.strip())] if note and note.strip() else []


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _mark(tx: Tx, case: Case, asked: CaseChange, by: str, now: datetime) -> None:
    tx.executemany(
        "INSERT INTO case_marks VALUES (?, ?, ?, ?) ON CONFLICT (case_id, step) DO NOTHING",
        [(case.case_id, key, micros(now), by) for key in asked.done],
    )
    tx.executemany(
        "DELETE FROM case_marks WHERE case_id = ? AND step = ?", [(case.case_id, key) for key in asked.undone]
    )
    if asked.unlink is not None:
        pair = (case.case_id, asked.unlink, asked.unlink, case.case_id)
        tx.execute(
            "DELETE FROM case_links WHERE (case_id = ? AND other_id = ?) OR (case_id = ? AND other_id = ?)", pair
        )
    if asked.link is not None:
        tx.execute(
            "INSERT INTO case_links VALUES (?, ?, ?) "
            "ON CONFLICT (case_id, other_id) DO UPDATE SET kind = excluded.kind",
            (case.case_id, asked.link, asked.link_as),
        )


def _cases(engine: Engine, case_ids: Sequence[str], version: int | None) -> list[Case]:
    ids = list(dict.fromkeys(case_ids))
    if len(ids) > MOST_AT_ONCE:
        raise UsageError(
            "TOO_MANY_CASES", f"{len(ids)} cases are too many at once", next_step=f"Choose at most {MOST_AT_ONCE}."
        )
    cases = [show(engine, ids[0])] if len(ids) == 1 else cases_by_id(engine, ids)
    if version is not None:
        for one in cases:
            if one.version != version:
                raise overtaken(one.case_id)
    return cases


def _acted(engine: Engine, changes: Sequence[Changed], work: Callable[[Tx, Batch], None], now: datetime) -> list[Case]:
    if any(one.steps for one in changes):
        engine.act("care", work, now=now)
    if len(changes) == 1:
        return [show(engine, changes[0].old.case_id)]
    return cases_by_id(engine, [one.old.case_id for one in changes])
