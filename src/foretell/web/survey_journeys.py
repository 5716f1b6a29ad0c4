"""Which journeys ask which survey: those of the workspace, and those to begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foretell import journey
from foretell.definitions import Catalog
from foretell.engine import Engine


@dataclass(frozen=True)
class Asking:
    """A step of a journey that asks a survey.

    Args:
        state: of the journey; ``live`` ones ask.
        channel: over which it asks.
    """

    journey: str
    title: str
    state: str
    step: str
    channel: str | None


def asking(engine: Engine, catalog: Catalog) -> Mapping[str, Sequence[Asking]]:
    """Survey → the steps that ask it."""
    found: dict[str, list[Asking]] = {}
    for document in catalog.all("journey"):
        spec = journey.spec_of(document)
        for node, survey in _asked(journey.graph(spec)):
            state = journey.state_of(engine, document.key).state
            title = spec.title or document.key.replace("_", " ").capitalize()
            told = Asking(document.key, title, state, node.key, node.content.get("channel"))
            found.setdefault(survey, []).append(told)
    return found


def ready_to_ask(survey: str) -> list[journey.Ready]:
    """Ready journeys that ask a survey of this key."""
    return [one for one in journey.ready_journeys() if any(key == survey for _, key in _asked(journey.graph(one.spec)))]


def _asked(nodes: Sequence[journey.StepNode]) -> Iterator[tuple[journey.StepNode, str]]:
    for node in nodes:
        told: Any = node.content.get("survey") if node.kind == "survey" else None
        yield from ((node, str(key)) for key in ([told] if isinstance(told, str) else told or ()))
