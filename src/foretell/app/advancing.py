"""Bringing a workspace to an instant: room by room what is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from foretell import (
    care,
    collect,
    deliver,
    identify,
    journey,
    listen,
    predict,
    profile,
    protect,
    segment,
)
from foretell.app.people import refresh_matching
from foretell.app.workspace import Workspace, protected
from foretell.engine import (
    ApplyReport,
)


@dataclass(frozen=True)
class Advance:
    """What became of the workspace at one instant.

    Args:
        applied: what waited and was taken in.
        sessions: the web sessions that were put together, and those that were over.
        health: the data alerts that were opened and closed.
        matched: records that were found to be one person's; None where no document asks for it, or it is not due.
        scored: the predictions that were due.
        personas: looks for personas that were due.
        fresh: what became of the segments that are kept fresh.
        journeys: what journeys did.
        sent: what became of the messages that were due.
        cases: which cases were opened by rules, woke, came past their due time, or changed with the money at risk.
        desk: what became of cases that are shared with a help desk.
        issues: what was found to go wrong for people, and what is over.
        texts: what people wrote that was judged.
        exported: what exports told and wrote.
        audiences: what was done for lists at advertising platforms beside joins and leaves.
        retained: what was past its time and was removed.
    """

    now: datetime
    applied: ApplyReport
    sessions: collect.SessionsReport
    health: collect.HealthReport
    matched: identify.MatchReport | None
    scored: list[predict.Scored]
    fresh: segment.live.Refreshed
    journeys: journey.TickReport
    sent: deliver.DispatchReport
    retained: profile.privacy.Retained = field(default_factory=profile.privacy.Retained)
    personas: Sequence[segment.personas.Build] = ()
    exported: deliver.exports.ExportReport = field(default_factory=deliver.exports.ExportReport)
    cases: care.CareReport = field(default_factory=care.CareReport)
    desk: care.SyncReport = field(default_factory=care.SyncReport)
    audiences: deliver.AudienceReport = field(default_factory=deliver.AudienceReport)
    issues: care.issues.IssuesReport = field(default_factory=care.issues.IssuesReport)
    texts: listen.text.TextReport = field(default_factory=listen.text.TextReport)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "now": self.now.isoformat(),
            "applied": asdict(self.applied),
            "sessions": asdict(self.sessions),
            "health": asdict(self.health),
            "matched": None if self.matched is None else self.matched.as_dict(),
            "scored": [one.as_dict() for one in self.scored],
            "personas": [one.as_dict() for one in self.personas],
            "segments": asdict(self.fresh),
            "journeys": asdict(self.journeys),
            "sent": self.sent.as_dict(),
            "audiences": self.audiences.as_dict(),
            "exported": self.exported.as_dict(),
            "cases": asdict(self.cases),
            "desk": asdict(self.desk),
            "issues": asdict(self.issues),
            "texts": asdict(self.texts),
            "retained": asdict(self.retained),
        }


def advance(workspace: Workspace, now: datetime, between: Callable[[], None] = lambda: None) -> Advance:
    """Bring the workspace to ``now``: take in what waits, then room by room do what is due.

    Doing it again at the same instant does nothing. ``between`` is called after each piece that may take long.
    """
    places = (workspace.engine, workspace.catalog, workspace.reader)
    protect.go_on(protected(workspace), now=now)
    applied = workspace.engine.apply_pending()
    listen.surveys.settle(workspace.engine, workspace.catalog, now=now)
    listen.surveys.tell_anonymous(workspace.engine, workspace.catalog, now=now)
    matched = refresh_matching(workspace, now)
    sessions = collect.refresh_sessions(workspace.engine, workspace.catalog, now=now, between=between)
    between()
    health = collect.watch_sources(workspace.engine, workspace.catalog, now=now)
    between()
    scored = predict.refresh(*places, now=now)
    between()
    personas = segment.personas.refresh(*places, now=now)
    fresh = segment.live.refresh(*places, now=now)
    between()
    issues = care.issues.refresh(*places, now=now)
    between()
    texts = listen.text.refresh(workspace.engine, workspace.catalog, now=now)
    between()
    opened = care.open_by_rules(*places, now=now)
    journeys = journey.tick(*places, now=now)
    cases = replace(care.refresh(workspace.engine, workspace.catalog, now=now), opened=opened)
    sent = deliver.dispatch(workspace.engine, workspace.catalog, now=now)
    between()
    desk = care.sync(workspace.engine, workspace.catalog, now=now)
    between()
    audiences = deliver.keep_audiences(workspace.engine, workspace.catalog, now=now)
    exported = deliver.exports.refresh(*places, keep=protect.keeping(workspace.engine, "export", now), now=now)
    retained = profile.privacy.retain(workspace.engine, workspace.settings, now=now)
    return Advance(
        now, applied, sessions, health, matched, scored, fresh, journeys, sent, retained, personas, exported, cases,
        desk, audiences, issues, texts,
    )  # fmt: skip


def freshen(workspace: Workspace, now: datetime) -> segment.live.Refreshed:
    """Let what was applied count in the segments, and tell who entered and left."""
    return segment.live.refresh(workspace.engine, workspace.catalog, workspace.reader, now=now)
