"""An opened workspace: stores, definitions, and what runs on every batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from foretell import (
    collect,
    definitions,
    identify,
    protect,
)
from foretell.app.rooms import KINDS, ROOMS, follow, stages
from foretell.clock import Clock, SystemClock
from foretell.condition import Reader
from foretell.definitions import Catalog, Problem, WorkspaceSettings
from foretell.engine import (
    ApplyReport,
    Engine,
    Mode,
    RebuildParts,
    Stage,
    open_engine,
    rebuild_beside,
)


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
    derived = {part.room for part in ROOMS if part.is_derived}
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
