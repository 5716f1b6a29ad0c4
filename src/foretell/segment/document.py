"""The ``segment`` document: which people?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from foretell.condition import Condition, ConditionField, horizon_problems, parse, parse_problems, references
from foretell.definitions import Catalog, Document, DurationText, Kind, Problem
from foretell.errors import UsageError


class SegmentSpec(BaseModel):
    """People for whom a condition holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str | None = Field(None, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    condition: ConditionField = Field(description="The condition; it is read anew at every instant.")
    of: Literal["known", "all"] = Field(
        "known", description="known: people with a known identifier; all: anonymous ones too."
    )
    owner: str | None = Field(None, description="Who answers for it.")
    review: date | None = Field(None, description="When it should be looked at again.")
    review_every: DurationText = Field("3mo", description="How long after a review it is looked at again.")


def spec_of(document: Document) -> SegmentSpec:
    """The content of a segment document."""
    assert isinstance(document.spec, SegmentSpec)
    return document.spec


def condition_of(document: Document) -> Condition:
    """The syntax tree of a segment's condition; raises DefinitionErrors with file and line."""
    return parse(spec_of(document).condition, at=places(document), thing=document.name)


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    at = places(document)
    problems = parse_problems(spec_of(document).condition, at=at, thing=document.name)
    return problems or horizon_problems(condition_of(document), catalog, at=at, thing=document.name)


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    try:
        named = references(condition_of(document))
    except UsageError:
        return  # the check reports it
    yield from (("segment", key) for key in named.segments)
    yield from (("prediction", key) for key in named.predictions)
    yield from (("table", key) for key in named.tables)


def places(document: Document) -> Callable[[tuple[str | int, ...]], str]:
    """Gives a place within a segment's condition its file and line."""
    return lambda path: document.positions.at(("spec", "condition", *path))


KIND = Kind("segment", "segments", SegmentSpec, _check, _refers)
"""The kind ``segment``, in the workspace's folder ``segments``."""
