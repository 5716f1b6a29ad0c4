"""Cases that somebody of the team opens: tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.care.change_model import one_of
from foretell.care.model import PRIORITIES, Case
from foretell.care.opening import open_cases
from foretell.care.reading import show
from foretell.care.rule_document import BY_VALUE
from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.identify import Match
from foretell.ids import stable_id


@dataclass(frozen=True)
class NewCase:
    """What is to be done for a person.

    Args:
        title: what; may be left out with a rule that has one.
        rule: key of a case rule, which says what else is left out.
    """

    title: str | None = None
    reason: str = ""
    rule: str | None = None
    priority: str | None = None
    owner: str | None = None
    due_at: datetime | None = None
    message_id: str | None = None
    survey: str | None = None


def open_one(engine: Engine, catalog: Catalog, who: Match, asked: NewCase, *, by: str, now: datetime) -> Case:
    """Open a case for a person; asked the same at the same instant, it opens one. Where a rule allows a person one
    case, that one is given.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION`` of a rule, ``BAD_PRIORITY``, ``CASE_UNTITLED``.
    """
    rule = None if asked.rule is None else catalog.get("case_rule", asked.rule)
    if not (asked.title or "").strip() and rule is None:
        raise UsageError("CASE_UNTITLED", "a case needs a title", next_step="Say what is to be done.")
    one_of("BAD_PRIORITY", "priority", asked.priority, [*PRIORITIES, BY_VALUE])
    title = (asked.title or "").strip() or None
    case_id = stable_id("case", who.profile_id, title or "", asked.rule or "", by, now.isoformat())
    texts = {
        "title": title, "reason": asked.reason, "priority": asked.priority, "owner": asked.owner, "journey": None,
        "run": None, "step": None, "rule": asked.rule, "message_id": asked.message_id, "survey": asked.survey,
    }  # fmt: skip
    due = None if asked.due_at is None else naive_utc(asked.due_at)
    rows = pa.table(
        {
            "case_id": [case_id],
            "profile_key": pa.array([who.profile_key], pa.int64()),
            "node_key": pa.array([who.profile_key], pa.int64()),
            "opened_at": pa.array([naive_utc(now)], TIMESTAMP),
            "due_at": pa.array([due], TIMESTAMP),
            **{name: pa.array([value], pa.string()) for name, value in texts.items()},
        }
    )

    def work(tx: Tx, batch: Batch) -> None:
        open_cases(tx, batch, rows, catalog, by=by)

    engine.act("care", work, now=now)
    kept = engine.ops.query("SELECT kept_id FROM case_repeats WHERE case_id = ?", (case_id,))
    return show(engine, kept[0][0] if kept else case_id)
