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
    predict.PARTS,
    segment.PARTS,
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
    segment.KIND,
    predict.KIND,
    deliver.TEMPLATE,
    deliver.CHANNEL,
    deliver.AUDIENCE,
    decide.OFFER,
    journey.KIND,
    measure.KIND,
)
"""Every kind of document."""


def stages(settings: WorkspaceSettings) -> list[Stage]:
    """What runs on every batch: people first, since all that follows belongs to one."""
    return [
        identify.IdentifyStage(),
        collect.CollectStage(settings.currency),
        profile.ProfileStage(),
        deliver.DeliverStage(),
        care.CareStage(),
        decide.DecideStage(),
        journey.JourneyStage(),
    ]


@dataclass
class Workspace:
    """An opened workspace.

    Args:
        catalog: the documents of the workspace's files that are valid.
        problems: what is wrong with the others.
        frames: what the engine reads frames with; it holds events against the tracking plans in force.
    """

    root: Path
    clock: Clock
    catalog: Catalog
    engine: Engine
    frames: collect.FrameReader
    problems: list[Problem] = field(default_factory=list)

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
    engine = open_engine(
        engine_settings(root, catalog.settings),
        ROOMS,
        stages(catalog.settings),
        collect.decoders(frames),
        clock,
        mode,
    )
    with engine:
        yield Workspace(root, clock, catalog, engine, frames, problems)


def beside(workspace: Workspace, clock: Clock | None = None) -> Workspace:
    """An opened workspace once more, with the definitions as its files stand now: for one command beside others.

    Raises:
        DefinitionErrors: where ``foretell.yaml`` is wrong.
    """
    definitions.raise_errors(definitions.read_settings(workspace.root, os.environ).problems)
    catalog, problems = definitions.load(workspace.root, KINDS)
    return Workspace(workspace.root, clock or workspace.clock, catalog, workspace.engine, workspace.frames, problems)


def reload_definitions(workspace: Workspace) -> None:
    """Let an opened workspace go on with the definitions as its files stand now.

    Documents with errors count as broken: one of them does not keep the others from their work.
    """
    fresh = beside(workspace)
    workspace.catalog, workspace.problems = _sound(fresh.catalog, fresh.problems), fresh.problems
    workspace.frames.use(workspace.catalog)
    workspace.__dict__.pop("reader", None)


def _sound(catalog: Catalog, problems: Sequence[Problem]) -> Catalog:
    """``catalog`` in which documents with errors count as broken."""
    return catalog.without({problem.thing for problem in problems if problem.severity == "error"})


def engine_settings(root: Path, settings: WorkspaceSettings) -> EngineSettings:
    """Where a workspace's stores stand and what they may use."""
    return EngineSettings(root / settings.stores.data, settings.engine.memory_mb, settings.engine.threads)


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
    with workspace.engine.ops.write() as tx:
        return definitions.apply(planned, tx, workspace.clock.now())


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
        scored: the predictions that were due.
        journeys: what journeys did.
        sent: what became of the messages that were due.
    """

    now: datetime
    applied: ApplyReport
    sessions: collect.SessionsReport
    health: collect.HealthReport
    scored: list[predict.Scored]
    journeys: journey.TickReport
    sent: deliver.DispatchReport

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "now": self.now.isoformat(),
            "applied": asdict(self.applied),
            "sessions": asdict(self.sessions),
            "health": asdict(self.health),
            "scored": [one.as_dict() for one in self.scored],
            "journeys": asdict(self.journeys),
            "sent": self.sent.as_dict(),
        }


def advance(workspace: Workspace, now: datetime) -> Advance:
    """Bring the workspace to ``now``: take in what waits, then room by room do what is due.

    Doing it again at the same instant does nothing.
    """
    places = (workspace.engine, workspace.catalog, workspace.reader)
    applied = workspace.engine.apply_pending()
    sessions = collect.refresh_sessions(workspace.engine, workspace.catalog, now=now)
    health = collect.watch_sources(workspace.engine, workspace.catalog, now=now)
    scored = predict.refresh(*places, now=now)
    journeys = journey.tick(*places, now=now)
    sent = deliver.dispatch(workspace.engine, workspace.catalog, now=now)
    return Advance(now, applied, sessions, health, scored, journeys, sent)


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
    every = stages(workspace.settings)
    parts = RebuildParts(
        ROOMS,
        [stage for stage in every if stage.room in derived],
        [stage for stage in every if stage.room not in derived],
        collect.present_decoders(workspace.frames, workspace.catalog, scope),
        identify.adopt,
    )
    return rebuild_beside(workspace.engine, parts, progress)
