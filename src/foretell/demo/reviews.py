"""What the demo's team decided about some of its segments, weeks before its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from foretell import segment
from foretell.app import Workspace


@dataclass(frozen=True)
class _Look:
    key: str
    ago: timedelta
    by: str
    decision: segment.Decision
    note: str


_LOOKS = (
    _Look(
        "loyal", timedelta(days=120), "Mara Lindt", "keep",
        "Carries the anniversary offers. Five orders a year still parts them well from the rest.",
    ),
    _Look(
        "lapsed", timedelta(days=75), "Jonas Weber", "tighten",
        "Half of them come back by themselves in spring. Try 120 days of silence before the next win-back.",
    ),
    _Look(
        "loyal", timedelta(days=28), "Mara Lindt", "keep",
        "Same people, same churn. Ask support about the tickets that loyal people opened in June.",
    ),
)  # fmt: skip


def note(workspace: Workspace, now: datetime) -> int:
    """Note the reviews of those segments that the workspace has; returns how many."""
    known = {document.key for document in workspace.catalog.all("segment")}
    looks = [look for look in _LOOKS if look.key in known]
    for look in looks:
        segment.record_review(
            workspace.engine, workspace.catalog, workspace.reader, look.key, by=look.by, decision=look.decision,
            note=look.note, now=now - look.ago,
        )  # fmt: skip
    return len(looks)
