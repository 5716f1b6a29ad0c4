"""Kinds as later rooms would register them, and a workspace to write files into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from foretell.definitions import PARTS, Catalog, Document, DurationText, Kind, Problem, load
from foretell.engine import OperationalStore
from foretell.engine.migrations import migrate
from tests.support.pairs import store_of_run

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SegmentSpec(Strict):
    condition: dict[str, Any]
    of: Literal["known", "all"] = "known"


class Column(Strict):
    name: str
    length: int = 1


class SourceSpec(Strict):
    columns: list[Column | str] = []
    lag: DurationText = "1d"
    named: dict[str, Column] = {}
    history: bool = False


def named_segments(document: Document) -> Iterator[tuple[str, str]]:
    """Every ``{segment: KEY}`` inside the condition."""
    waiting: list[Any] = [document.spec.condition]  # type: ignore[attr-defined]
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, dict):
            yield from (("segment", item) for key, item in value.items() if key == "segment")
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def never_trait(document: Document, catalog: Catalog) -> Iterator[Problem]:
    """A check by meaning: the trait ``unheard_of`` is unknown."""
    for index, part in enumerate(document.raw["spec"]["condition"].get("all", [])):
        if part.get("trait") == "unheard_of":
            where = document.positions.at(("spec", "condition", "all", index, "trait"))
            yield Problem("UNKNOWN_TRAIT", "no trait 'unheard_of' was ever seen", document.name, where)


KINDS = (
    Kind("segment", "segments", SegmentSpec, check=never_trait, refers=named_segments),
    Kind("source", "sources", SourceSpec),
)


class Workspace:
    """A workspace in a temporary directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("foretell.yaml", "name: shop\n")

    def write(self, name: str, text: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def load(self) -> tuple[Catalog, list[Problem]]:
        return load(self.root, KINDS, environ={})


@pytest.fixture
def kinds() -> tuple[Kind, ...]:
    return KINDS


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def loaded(workspace: Workspace) -> Callable[[str], tuple[Catalog, list[Problem]]]:
    """The text of ``segments/x.yaml`` → what loading it gives."""

    def load_text(text: str) -> tuple[Catalog, list[Problem]]:
        workspace.write("segments/x.yaml", text)
        return workspace.load()

    return load_text


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OperationalStore]:
    opened = store_of_run(tmp_path)
    migrate(opened, [PARTS])
    yield opened
    opened.close()
