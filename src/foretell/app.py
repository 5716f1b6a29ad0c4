"""The one place that wires rooms, stores and settings together.

Doors (``cli``, ``web``) open a :class:`Workspace` here and call the rooms with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from foretell import (
    care,
    collect,
    decide,
    definitions,
    deliver,
    identify,
    journey,
    measure,
    predict,
    profile,
    protect,
    segment,
)
from foretell.clock import Clock, SystemClock
from foretell.condition import Reader
from foretell.definitions import Catalog, Document, Kind, Problem, WorkspaceSettings
from foretell.engine import (
    ApplyReport,
    Engine,
    EngineSettings,
    Mode,
    RebuildParts,
    RoomParts,
    Stage,
    open_engine,
    rebuild_beside,
)
from foretell.errors import UsageError

ROOMS: tuple[RoomParts, ...] = (
    definitions.PARTS,
    collect.PARTS,
    identify.PARTS,
    profile.PARTS,
    profile.PRIVACY_PARTS,
    predict.PARTS,
    segment.PARTS,
    segment.TREND_PARTS,
    segment.live.LIVE_PARTS,
    segment.personas.PARTS,
    deliver.PARTS,
    care.PARTS,
    decide.PARTS,
    journey.PARTS,
    measure.PARTS,
)
"""What the rooms own in the stores, in the order of the house."""

KINDS: tuple[Kind, ...] = (
    collect.KIND,
    collect.TRACKING,
    collect.TABLE,
    identify.KIND,
    profile.KIND,
    segment.KIND,
    segment.personas.KIND,
    predict.KIND,
    deliver.TEMPLATE,
    deliver.CHANNEL,
    deliver.AUDIENCE,
    deliver.exports.KIND,
    decide.OFFER,
    journey.KIND,
    measure.KIND,
)
"""Every kind of document."""


def stages(
    settings: WorkspaceSettings, catalog: Catalog | None = None, where: EngineSettings | None = None
) -> list[Stage]:
    """What runs on every batch: first whoever is suppressed is left out, then people are found, since all that
    follows belongs to one.

    Args:
        catalog: the documents that stages go by; without them they do what is usual.
        where: the stores; the key of the suppression list lies with them.
    """
    where = where or EngineSettings(Path("data"))
    made: list[Stage] = [
        profile.SuppressionStage(lambda: profile.hashing_key(where, settings)),
        identify.IdentifyStage(),
        collect.CollectStage(settings.currency),
        profile.ProfileStage(),
        profile.PrivacyStage(),
        segment.personas.PersonaStage(),
        segment.live.LiveStage(where.data),
        deliver.DeliverStage(),
        care.CareStage(),
        decide.DecideStage(),
        journey.JourneyStage(),
    ]
    if catalog is not None:
        follow(made, catalog)
    return made


def follow(running: Sequence[Stage], catalog: Catalog) -> None:
    """Let stages go by the documents of ``catalog`` from the next batch on."""
    for stage in running:
        if isinstance(stage, identify.IdentifyStage):
            stage.rules = identify.rules_of(catalog)
        elif isinstance(stage, profile.ProfileStage):
            stage.purposes = profile.purposes_of(catalog)


@dataclass
class Workspace:
    """An opened workspace.

    Args:
        catalog: the documents of the workspace's files that are valid.
        problems: what is wrong with the others.
        frames: what the engine reads frames with; it holds events against the tracking plans in force.
        running: the stages that the engine runs.
    """

    root: Path
    clock: Clock
    catalog: Catalog
    engine: Engine
    frames: collect.FrameReader
    problems: list[Problem] = field(default_factory=list)
    running: Sequence[Stage] = ()

    @property
    def settings(self) -> WorkspaceSettings:
        """The workspace's settings."""
        return self.catalog.settings

    @cached_property
    def reader(self) -> Reader:
        """Answers conditions on this workspace's data."""
        return Reader(self.engine, self.catalog)


@contextmanager
def open_workspace(root: Path, mode: Mode = "write", clock: Clock | None = None) -> Iterator[Workspace]:
    """Open the workspace at ``root``.

    Raises:
        DefinitionErrors: where ``foretell.yaml`` is missing or wrong; other documents' problems are
            in :attr:`Workspace.problems`.
        ForetellError: see :func:`foretell.engine.open_engine`.
    """
    clock = clock or SystemClock()
    definitions.raise_errors(definitions.read_settings(root, os.environ).problems)
    catalog, problems = definitions.load(root, KINDS)
    frames = collect.FrameReader(_sound(catalog, problems))
    where = definitions.engine_settings(root, catalog.settings)
    running = stages(catalog.settings, _sound(catalog, problems), where)
    engine = open_engine(where, ROOMS, running, collect.decoders(frames), clock, mode)
    with engine:
        yield Workspace(root, clock, catalog, engine, frames, problems, running)


def beside(workspace: Workspace, clock: Clock | None = None) -> Workspace:
    """An opened workspace once more, with the definitions as its files stand now: for one command beside others.

    Raises:
        DefinitionErrors: where ``foretell.yaml`` is wrong.
    """
    definitions.raise_errors(definitions.read_settings(workspace.root, os.environ).problems)
    catalog, problems = definitions.load(workspace.root, KINDS)
    place = (workspace.root, clock or workspace.clock, catalog, workspace.engine, workspace.frames)
    return Workspace(*place, problems, workspace.running)


def reload_definitions(workspace: Workspace) -> None:
    """Let an opened workspace go on with the definitions as its files stand now.

    Documents with errors count as broken: one of them does not keep the others from their work.
    """
    fresh = beside(workspace)
    workspace.catalog, workspace.problems = _sound(fresh.catalog, fresh.problems), fresh.problems
    workspace.frames.use(workspace.catalog)
    follow(workspace.running, workspace.catalog)
    workspace.__dict__.pop("reader", None)


def _sound(catalog: Catalog, problems: Sequence[Problem]) -> Catalog:
    """``catalog`` in which documents with errors count as broken."""
    return catalog.without({problem.thing for problem in problems if problem.severity == "error"})


def kind_of(name: str) -> Kind | None:
    """The kind called ``name``."""
    return next((kind for kind in KINDS if kind.name == name), None)


def all_problems(workspace: Workspace) -> list[Problem]:
    """Everything that is wrong or doubtful with the definitions, by what they say and by the data."""
    found = list(workspace.problems)
    now = workspace.clock.now()
    for document in workspace.catalog.all("segment"):
        with suppress(UsageError):  # it leans on a document that is wrong, and that one is told
            found.extend(segment.warnings(document, workspace.reader, now))
    found.extend(measure.verify(workspace.engine.analytics, workspace.catalog))
    return definitions.in_order(found)


def impact(workspace: Workspace, document: Document) -> str:
    """The people whom an added or changed document touches, in words."""
    if document.kind == "identity":
        told = identity_preview(workspace)
        return "nobody" if told is None else f"{told.merges:,} merges, {told.splits:,} splits"
    if document.kind != "segment":
        return ""
    try:
        members = segment.count(workspace.catalog, workspace.reader, document.key, as_of=workspace.clock.now())
    except UsageError:  # a problem of the plan says why
        return ""
    return f"{members:,} people" if members != 1 else "1 person"


def plan(workspace: Workspace) -> definitions.Plan:
    """What applying the workspace's files would change."""
    return definitions.plan(
        workspace.catalog,
        workspace.engine.ops,
        problems=all_problems(workspace),
        impact=lambda document: impact(workspace, document),
    )


def apply(workspace: Workspace) -> Sequence[definitions.Change]:
    """Put the workspace's files in force; raises :class:`DefinitionErrors` where they are wrong."""
    planned = plan(workspace)
    definitions.raise_errors(planned.problems)
    now = workspace.clock.now()
    definitions.apply_lists(workspace.engine, workspace.root, workspace.catalog.lists, now=now)
    with workspace.engine.ops.write() as tx:
        made = definitions.apply(planned, tx, workspace.clock.now())
    rules = identify.rules_of(workspace.catalog)
    if not identify.follows(workspace.engine.ops, rules):
        identify.reform(workspace.engine, rules, now=workspace.clock.now())
    return made


def identity_preview(workspace: Workspace) -> identify.Preview | None:
    """What the identity document would make of the people that there are; None where they follow it already."""
    rules = identify.rules_of(workspace.catalog)
    if identify.follows(workspace.engine.ops, rules):
        return None
    return identify.preview(workspace.engine, rules)


def identity_moves(workspace: Workspace, told: identify.Preview) -> dict[str, int]:
    """What would go along with the people of a preview that change: in words → how many."""
    return kept_of(workspace, told.changed.tolist())


def kept_of(workspace: Workspace, nodes: Sequence[int]) -> dict[str, int]:
    """What the rooms keep of nodes: in words → how many."""
    found: dict[str, int] = {}
    for stage in workspace.running:
        found.update({what: count for what, count in stage.kept_of(workspace.engine.ops, nodes).items() if count})
    return found


def identity_rules(workspace: Workspace) -> identify.IdentityRules:
    """By which identifiers make a person in this workspace."""
    return next(stage.rules for stage in workspace.running if isinstance(stage, identify.IdentifyStage))


def merge_people(
    workspace: Workspace, one: str, other: str, *, note: str | None = None, force: bool = False
) -> identify.Joined:
    """Make the two people of these identifiers one, see :func:`identify.merge`."""
    engine, rules = workspace.engine, identity_rules(workspace)
    matches = [identify.find(engine, identifier) for identifier in (one, other)]
    return identify.merge(engine, *matches, rules=rules, now=workspace.clock.now(), note=note, force=force)


@dataclass(frozen=True)
class Split:
    """A split, done or planned.

    Args:
        moves: what goes along with the person who leaves: in words → how many.
    """

    plan: identify.SplitPlan
    moves: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        sides = {"stays": asdict(self.plan.stays), "leaves": asdict(self.plan.leaves)}
        return {"merge": self.plan.entry.as_dict(), **sides, "moves": self.moves}


def split_person(
    workspace: Workspace, identifier: str, *, merge_id: int | None = None, note: str | None = None, dry_run: bool
) -> Split:
    """Take a merge of the person of ``identifier`` back, or only say what it would do, see :func:`identify.split`."""
    engine = workspace.engine
    match = identify.find(engine, identifier)
    planned = identify.plan_split(engine, match, merge_id=merge_id)
    moves = kept_of(workspace, planned.splits["node_key"].to_pylist())
    if not dry_run:
        number = planned.entry.merge_id
        planned = identify.split(engine, match, merge_id=number, note=note, now=workspace.clock.now())
    return Split(planned, moves)


def matching_spec(workspace: Workspace) -> identify.MatchingSpec | None:
    """How records are matched in this workspace; None where no identity document asks for it."""
    return identify.identity_of(workspace.catalog).matching


def match_people(
    workspace: Workspace, *, now: datetime, train: bool = False, dry_run: bool = False
) -> identify.MatchReport:
    """Find records of one person that share no identifier, see :func:`identify.match_records`; without a document
    by the usual fields of people."""
    return identify.match_records(
        workspace.engine,
        matching_spec(workspace) or identify.MatchingSpec(),
        identity_rules(workspace),
        profile.NodeTraits(workspace.engine, now),
        now=now,
        train=train,
        dry_run=dry_run,
    )


def refresh_matching(workspace: Workspace, now: datetime) -> identify.MatchReport | None:
    """Match records where a document asks for it and it is due; None otherwise."""
    traits = profile.NodeTraits(workspace.engine, now)
    rules = identity_rules(workspace)
    return identify.refresh_matching(workspace.engine, matching_spec(workspace), rules, traits, now=now)


def match_questions(workspace: Workspace, *, offset: int = 0, limit: int = 50) -> identify.Questions:
    """Pairs of records that wait for people, the likeliest first."""
    traits = profile.NodeTraits(workspace.engine, workspace.clock.now())
    spec = matching_spec(workspace) or identify.MatchingSpec()
    return identify.questions(workspace.engine, spec, traits, offset=offset, limit=limit)


def accept_pair(workspace: Workspace, pair: str, *, note: str | None = None, force: bool = False) -> identify.Joined:
    """Two records are one person's, see :func:`identify.accept`."""
    rules, now = identity_rules(workspace), workspace.clock.now()
    return identify.accept(workspace.engine, pair, rules, now=now, note=note, force=force)


def reject_pair(workspace: Workspace, pair: str, *, note: str | None = None) -> identify.Pair:
    """Two records are two people's, see :func:`identify.reject`."""
    return identify.reject(workspace.engine, pair, now=workspace.clock.now(), note=note)


def draft_plan(
    workspace: Workspace,
    key: str,
    *,
    source: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> str:
    """The text of a tracking document that describes what sources really sent, see :func:`collect.infer_plan`."""
    within: dict[str, Any] = {"source": source, "start": start, "end": end}
    traits = profile.trait_calls(workspace.engine, **within)
    return collect.infer_plan(workspace.engine, key, traits=traits, **within)


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
        exported: what exports told and wrote.
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
            "exported": self.exported.as_dict(),
            "retained": asdict(self.retained),
        }


def advance(workspace: Workspace, now: datetime, between: Callable[[], None] = lambda: None) -> Advance:
    """Bring the workspace to ``now``: take in what waits, then room by room do what is due.

    Doing it again at the same instant does nothing. ``between`` is called after each piece that may take long.
    """
    places = (workspace.engine, workspace.catalog, workspace.reader)
    protect.go_on(protected(workspace), now=now)
    applied = workspace.engine.apply_pending()
    matched = refresh_matching(workspace, now)
    sessions = collect.refresh_sessions(workspace.engine, workspace.catalog, now=now)
    between()
    health = collect.watch_sources(workspace.engine, workspace.catalog, now=now)
    between()
    scored = predict.refresh(*places, now=now)
    between()
    personas = segment.personas.refresh(*places, now=now)
    fresh = segment.live.refresh(*places, now=now)
    between()
    journeys = journey.tick(*places, now=now)
    sent = deliver.dispatch(workspace.engine, workspace.catalog, now=now)
    exported = deliver.exports.refresh(*places, keep=protect.keeping(workspace.engine, "export", now), now=now)
    retained = profile.privacy.retain(workspace.engine, workspace.settings, now=now)
    return Advance(now, applied, sessions, health, matched, scored, fresh, journeys, sent, retained, personas, exported)


def freshen(workspace: Workspace, now: datetime) -> segment.live.Refreshed:
    """Let what was applied count in the segments, and tell who entered and left."""
    return segment.live.refresh(workspace.engine, workspace.catalog, workspace.reader, now=now)


def protected(workspace: Workspace) -> protect.Opened:
    """A workspace as the room sees it that does what people ask of us."""
    return protect.Opened(workspace.root, workspace.engine, workspace.catalog, ROOMS, opened_for_restore)


@contextmanager
def opened_for_restore(root: Path, clock: Clock) -> Iterator[protect.Opened]:
    """A workspace that was unpacked from a back-up."""
    with open_workspace(root, "write", clock) as found:
        yield protected(found)


def rebuild(
    workspace: Workspace, scope: collect.Scope, progress: Callable[[ApplyReport], None] | None = None
) -> Engine:
    """Derive log, people, traits and orders anew from the bodies as they came, beside the live stores.

    Args:
        scope: the bodies that are read by the documents of today.

    Returns:
        The new stores, opened; the caller closes them, and puts them in place by
        :func:`foretell.engine.promise_swap`.

    Raises:
        ForetellError: see :func:`foretell.engine.rebuild_beside`; nothing has changed then.
    """
    derived = {part.room for part in ROOMS if part.rebuilt}
    every = stages(workspace.settings, workspace.catalog, workspace.engine.settings)
    parts = RebuildParts(
        ROOMS,
        [stage for stage in every if stage.room in derived],
        [stage for stage in every if stage.room not in derived],
        collect.present_decoders(workspace.frames, workspace.catalog, scope),
        identify.adopt,
        identify.await_apart,
    )
    return rebuild_beside(workspace.engine, parts, progress)
