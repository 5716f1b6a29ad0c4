"""The ``map`` document: the stages people go through, each a condition, and what they meet there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from foretell.clock import Duration
from foretell.condition import Condition, ConditionField, horizon_problems, parse, parse_problems, references
from foretell.definitions import Catalog, Document, DurationText, KeyText, Kind, Problem, suggestion
from foretell.errors import ForetellError

Path = tuple[str | int, ...]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Lane(_Part):
    """A row of the map: a channel, or a part of the company."""

    key: KeyText = Field(description="Name by which touchpoints say where they belong.")
    title: str | None = Field(None, max_length=100, description="What people call it.")


class Touchpoint(_Part):
    """Where people and the company meet, told by events."""

    key: KeyText = Field(description="Name of the touchpoint; answers that name it as theirs belong to it.")
    title: str | None = Field(None, max_length=100, description="What people call it.")
    lane: KeyText = Field("customer", description="The row of the map: a channel, or a part of the company.")
    did: str | dict[str, Any] = Field(description="Name of the event, or a test of it, as in conditions.")
    where: dict[str, Any] | None = Field(None, description="Tests of the event's properties, as in conditions.")

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title or self.key.replace("_", " ").capitalize()

    @property
    def condition(self) -> dict[str, Any]:
        """Of the people who ever met it."""
        return {"did": self.did, **({} if self.where is None else {"where": self.where})}


class Stage(_Part):
    """A stage: whoever the condition holds for is at it."""

    key: KeyText = Field(description="Name of the stage, once in the map.")
    title: str | None = Field(None, max_length=100, description="What people call it.")
    description: str | None = Field(None, description="What people want at this stage.")
    condition: ConditionField = Field(description="Condition: who has come to it.")
    within: DurationText | None = Field(
        None, description="How long people may take to go on before they count as stopped; default: the map's."
    )
    touchpoints: tuple[Touchpoint, ...] = Field((), max_length=40, description="What people meet at this stage.")

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title or self.key.replace("_", " ").capitalize()


class MapSpec(_Part):
    """The way of customers, stage by stage."""

    title: str | None = Field(None, max_length=300, description="What people call it.")
    description: str | None = Field(None, description="What it is for.")
    owner: str | None = Field(None, description="Who answers for it.")
    of: Literal["known", "all"] = Field(
        "known", description="known: people with a known identifier; all: anonymous ones too."
    )
    window: DurationText = Field("90d", description="How far back it looks where nobody says.")
    within: DurationText = Field("90d", description="How long people may take from a stage to the next.")
    lanes: tuple[Lane, ...] = Field((), max_length=12, description="The rows, in order. Default: as touchpoints say.")
    stages: tuple[Stage, ...] = Field(min_length=2, max_length=12, description="The stages, in order.")

    def conditions(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Every condition with its path within ``spec``; that of a touchpoint stands in the touchpoint itself."""
        for place, stage in enumerate(self.stages):
            yield ("stages", place, "condition"), stage.condition
            for inner, one in enumerate(stage.touchpoints):
                yield ("stages", place, "touchpoints", inner), one.condition

    @property
    def rows(self) -> tuple[Lane, ...]:
        """The lanes, those that only touchpoints name at the end."""
        named = {lane.key: lane for lane in self.lanes}
        for stage in self.stages:
            for one in stage.touchpoints:
                named.setdefault(one.lane, Lane(key=one.lane, title=None))
        return tuple(named.values())

    def trees(self) -> tuple[Condition, ...]:
        """The syntax trees of the stages."""
        return tuple(parse(stage.condition) for stage in self.stages)


def spec_of(document: Document) -> MapSpec:
    """The content of a map document."""
    assert isinstance(document.spec, MapSpec)
    return document.spec


def title_of(document: Document) -> str:
    """What people call it."""
    return spec_of(document).title or document.key.replace("_", " ").capitalize()


def _at(document: Document, path: Path) -> Callable[[Path], str]:
    return lambda inner: document.positions.at(("spec", *path, *inner))


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = spec_of(document)
    for path, raw in spec.conditions():
        at = _at(document, path)
        found = list(parse_problems(raw, at=at, thing=document.name))
        yield from found
        if not found:
            yield from horizon_problems(parse(raw), catalog, at=at, thing=document.name)
    yield from _twice(document, spec)
    yield from _lengths(document, spec)
    yield from _lanes(document, spec)


def _twice(document: Document, spec: MapSpec) -> Iterator[Problem]:
    """Names that stand more than once."""
    touchpoints = [one.key for stage in spec.stages for one in stage.touchpoints]
    named = {
        "stage": [stage.key for stage in spec.stages],
        "touchpoint": touchpoints,
        "lane": [lane.key for lane in spec.lanes],
    }
    for what, keys in named.items():
        for key in (key for key, count in Counter(keys).items() if count > 1):
            where = document.positions.at(("spec", "lanes" if what == "lane" else "stages"))
            yield Problem("TWICE", f"the {what} {key!r} stands more than once", document.name, where, "Rename one.")


def _lengths(document: Document, spec: MapSpec) -> Iterator[Problem]:
    """Lengths of time that are none."""
    told: list[tuple[Path, str | None]] = [(("window",), spec.window), (("within",), spec.within)]
    told += [(("stages", place, "within"), stage.within) for place, stage in enumerate(spec.stages)]
    for path, text in told:
        if text is not None and Duration.parse(text).days <= 0:
            where = document.positions.at(("spec", *path))
            yield Problem("BAD_DURATION", f"{text!r} is no time at all", document.name, where, "Write more than 0.")


def _lanes(document: Document, spec: MapSpec) -> Iterator[Problem]:
    """Lanes that touchpoints name and the map, which lists its lanes, does not."""
    known = [lane.key for lane in spec.lanes]
    for place, stage in enumerate(spec.stages):
        for inner, one in enumerate(stage.touchpoints):
            if known and one.lane not in known:
                where = document.positions.at(("spec", "stages", place, "touchpoints", inner, "lane"))
                words = f"the touchpoint {one.key} is in the lane {one.lane!r}, which the map does not have"
                yield Problem("UNKNOWN_LANE", words, document.name, where, suggestion(one.lane, known, what="lanes"))


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    for _, raw in spec_of(document).conditions():
        try:
            named = references(parse(raw))
        except ForetellError:
            continue  # the check reports it
        yield from (("segment", key) for key in named.segments)
        yield from (("prediction", key) for key in named.predictions)
        yield from (("table", key) for key in named.tables)


KIND = Kind("map", "maps", MapSpec, _check, _refers)
"""The kind ``map``, in the workspace's folder ``maps``."""
