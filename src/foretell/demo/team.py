"""The service team of the demo: calls the people whose cases it has, closes them with what came of it and with the
root cause that it heard of, and does something about the cause that it hears of most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from foretell import care, listen
from foretell.app import Workspace
from foretell.clock import micros
from foretell.demo.shop import topic_of
from foretell.engine import TIMESTAMP, table_of

AGENT = "demo team"
_TAKES = timedelta(hours=18)
"""How long a case lies before somebody calls."""
_CALL = {"message_id": pa.string(), "address": pa.string()}
_NOT_REACHED = "not reached"
_CAUSES = {
    "late": ("late delivery", "delivery", "not solved"),
    "damaged": ("damaged goods", "product", "not solved"),
    "service": ("service", "slow answer"),
    "price": ("price", "not solved"),
    "grumble": ("range of products", "expectation", "not solved"),
}
"""What people are unhappy about → what case rules call it; the first that the rule of a case names."""


@dataclass(frozen=True)
class _Better:
    causes: tuple[str, ...]
    title: str
    measure: str
    touchpoint: str


_BETTER = _Better(
    ("late delivery", "delivery"), "Nobody waits for a parcel without knowing why",
    "A second carrier from the warehouse in the south, and a message at once where a parcel is held up.", "delivery",
)  # fmt: skip
_HOLDS = timedelta(days=21)
"""So long before the demo's last day the team began with it."""


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
    texts = {"channel": "call", "kind": "call", "offer_code": None, "measure": None, "also": None}
    for name, value in texts.items():
        found = found.append_column(name, pa.array([value] * found.num_rows, pa.string()))
    found = found.append_column("sent_at", pa.array([now.replace(tzinfo=None)] * found.num_rows, TIMESTAMP))
    return found.append_column("offer_percent", pa.nulls(found.num_rows, pa.float64()))


def close_called(workspace: Workspace, engagements: pa.Table, now: datetime) -> None:
    """Close the cases whose people were called before: reached where they answered, with what they said.

    Args:
        engagements: ``message_id`` and ``text`` of what people did.
    """
    said = {row["message_id"]: row["text"] for row in engagements.select(["message_id", "text"]).to_pylist()}
    waiting = care.list_cases(workspace.engine, care.Wanted("in_progress", owner=AGENT), limit=10_000)
    with workspace.engine.bulk():
        for case in waiting.cases:
            text = said.get(case.case_id)
            reached = case.case_id in said
            care.close(
                workspace.engine, workspace.catalog, case.case_id, outcome="reached" if reached else "not_reached",
                by=AGENT, now=now, note=text if reached else "Tried twice, left a message.",
                root_cause=_cause(workspace, case, text if reached else None),
            )  # fmt: skip


def _cause(workspace: Workspace, case: care.Case, text: str | None) -> str | None:
    """The root cause of a case, in the words of its rule; None where nobody knows it."""
    rule = care.rule_of(workspace.catalog, case.rule)
    named = () if rule is None else rule.root_causes
    about = None if text is None else topic_of(text)
    wanted = (_NOT_REACHED,) if text is None else _CAUSES.get(about or "", ())
    return next((cause for cause in wanted if cause in named), None)


def improve(workspace: Workspace, now: datetime) -> int:
    """Write down what the team does about late parcels, where cases name them; returns how many improvements."""
    at = now - _HOLDS
    named = workspace.engine.analytics.query("SELECT DISTINCT c.root_cause FROM cases c WHERE c.root_cause IS NOT NULL")
    heard = set(named["root_cause"].to_pylist())
    causes = [cause for cause in _BETTER.causes if cause in heard]
    if not causes:
        return 0
    asked = listen.loop.ImprovementChange(
        title=_BETTER.title, owner="anna", measure=_BETTER.measure, touchpoint=_BETTER.touchpoint, root_causes=causes,
        started_at=at,
    )  # fmt: skip
    listen.loop.improve(workspace.engine, asked, by=AGENT, now=at)
    return 1
