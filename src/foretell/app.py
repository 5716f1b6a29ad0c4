"""The one place that wires rooms, stores and settings together.

Doors (``cli``, ``web``) open a :class:`Workspace` here and call the rooms with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from foretell import collect, definitions, identify, measure, predict, profile, segment
from foretell.clock import Clock, SystemClock
from foretell.condition import Reader
from foretell.definitions import Catalog, Document, Kind, Problem, WorkspaceSettings
from foretell.engine import Engine, EngineSettings, Mode, RoomParts, Stage, open_engine
from foretell.errors import UsageError

ROOMS: tuple[RoomParts, ...] = (
    definitions.PARTS,
    collect.PARTS,
    identify.PARTS,
    profile.PARTS,
    predict.PARTS,
    segment.PARTS,
    measure.PARTS,
)
"""What the rooms own in the stores, in the order of the house."""

KINDS: tuple[Kind, ...] = (collect.KIND, segment.KIND, predict.KIND, measure.KIND)
"""Every kind of document."""


def stages(settings: WorkspaceSettings) -> list[Stage]:
    """What runs on every batch: people first, since all that follows belongs to one."""
    return [identify.IdentifyStage(), collect.CollectStage(settings.currency), profile.ProfileStage()]


@dataclass
class Workspace:
    """An opened workspace.

    Args:
        catalog: the documents of the workspace's files that are valid.
        problems: what is wrong with the others.
    """

    root: Path
    clock: Clock
    catalog: Catalog
    engine: Engine
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
    engine = open_engine(
        engine_settings(root, catalog.settings),
        ROOMS,
        stages(catalog.settings),
        collect.DECODERS,
        clock,
        mode,
    )
    with engine:
        yield Workspace(root, clock, catalog, engine, problems)


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
