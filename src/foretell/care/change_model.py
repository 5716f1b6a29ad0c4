"""What somebody asks to be changed of a case, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from foretell.care.model import LINKS, OUTCOMES, PRIORITIES, STATES, Case
from foretell.care.rule_document import BY_VALUE, CaseRuleSpec
from foretell.definitions import Catalog, suggestion
from foretell.errors import UsageError

NOBODY = "nobody"
"""Written as the owner, it leaves the case without one."""
Clearable = Literal["due_at", "root_cause"]


@dataclass(frozen=True)
class CaseChange:
    """What changes of a case; what is None stays.

    Args:
        state: one of the states but ``closed``; a closed case that gets one is open again.
        owner: who has it from now on: a person, the key of a team (its case then, and nobody's), or ``nobody``.
        team: key of a team.
        priority: also ``by_value``: by the money at risk again.
        due_at: by when.
        snooze_until: it rests (``waiting``) until then.
        note: what is to be remembered.
        contact: somebody of the team spoke with the person.
        root_cause: what lay behind it.
        clear: what is taken away: ``due_at``, ``root_cause``.
        done, undone: keys of steps of its playbook.
        link: id of another case, with ``link_as``: ``related``, or ``duplicate`` of that one.
        unlink: id of another case.
        version: the version the change was made on; None overrides whatever is there.
    """

    state: str | None = None
    owner: str | None = None
    team: str | None = None
    priority: str | None = None
    due_at: datetime | None = None
    snooze_until: datetime | None = None
    note: str | None = None
    contact: bool = False
    root_cause: str | None = None
    clear: Sequence[Clearable] = ()
    done: Sequence[str] = ()
    undone: Sequence[str] = ()
    link: str | None = None
    link_as: str = "related"
    unlink: str | None = None
    version: int | None = None


def checked(change: CaseChange, case: Case, rule: CaseRuleSpec | None, catalog: Catalog, now: datetime) -> None:
    """Raise what is wrong with a change.

    Raises:
        UsageError: ``BAD_CASE_STATE``, ``BAD_PRIORITY``, ``UNKNOWN_TEAM``, ``BAD_SNOOZE``, ``BAD_ROOT_CAUSE``,
            ``UNKNOWN_STEP``, ``BAD_LINK``.
    """
    one_of("BAD_CASE_STATE", "state", change.state, [name for name in STATES if name != "closed"])
    one_of("BAD_PRIORITY", "priority", change.priority, [*PRIORITIES, BY_VALUE])
    one_of("BAD_LINK", "link", change.link_as if change.link else None, list(LINKS))
    if change.team is not None and change.team not in catalog.settings.care.teams:
        raise UsageError(
            "UNKNOWN_TEAM", f"there is no team called {change.team!r}",
            next_step=suggestion(change.team, sorted(catalog.settings.care.teams), what="teams"),
        )  # fmt: skip
    if change.snooze_until is not None and change.snooze_until <= now:
        raise UsageError("BAD_SNOOZE", "a case can only rest until an instant to come", thing=f"case {case.case_id}")
    if change.link == case.case_id:
        raise UsageError("BAD_LINK", "a case cannot be linked with itself", thing=f"case {case.case_id}")
    cause_of(change.root_cause, rule)
    steps = [] if rule is None else [step.key for step in rule.playbook]
    for key in (*change.done, *change.undone):
        if key not in steps:
            raise UsageError(
                "UNKNOWN_STEP", f"the playbook has no step {key!r}", thing=f"case {case.case_id}",
                next_step=suggestion(key, steps, what="steps"),
            )  # fmt: skip


def cause_of(root_cause: str | None, rule: CaseRuleSpec | None) -> None:
    """Raise ``BAD_ROOT_CAUSE`` where a rule lists root causes and this is none of them."""
    if root_cause is None or rule is None or not rule.root_causes:
        return
    one_of("BAD_ROOT_CAUSE", "root cause", root_cause, list(rule.root_causes))


def outcome_of(outcome: str) -> None:
    """Raise ``BAD_OUTCOME``."""
    one_of("BAD_OUTCOME", "outcome", outcome, list(OUTCOMES))


def one_of(code: str, what: str, value: str | None, allowed: Sequence[str]) -> None:
    """Raise ``code`` where a value is given and not allowed."""
    if value is not None and value not in allowed:
        raise UsageError(code, f"{value!r} is no {what} of a case", next_step=f"One of: {', '.join(allowed)}.")
