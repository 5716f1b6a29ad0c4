"""A journey as a graph: for drawing, and for what can be said without running it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from foretell.journey.document import JourneySpec
from foretell.journey.resting import MOST_VISITS, RestingStep
from foretell.journey.steps import kind_of


@dataclass(frozen=True)
class StepNode:
    """A step as it is drawn.

    Args:
        kind: the key that marks it: send, wait, branch, …
        ways: name of the way (``next``, ``then``, ``else``, ``end``) → key of the step; None is the end.
        content: the step as written, defaults left out but how often a run may come to a step that waits on a loop.
    """

    key: str
    kind: str
    title: str
    ways: Mapping[str, str | None]
    content: Mapping[str, Any]


def graph(spec: JourneySpec) -> list[StepNode]:
    """The steps in the order of the document, with where each leads."""
    most = most_visits(spec)
    return [
        StepNode(
            step.key,
            kind_of(step).name,
            step.title or step.key.replace("_", " "),
            dict(spec.exits(step.key)),
            step.model_dump(by_alias=True, exclude_none=True) | ({"most": most[step.key]} if step.key in most else {}),
        )
        for step in spec.steps
    ]


def edges(spec: JourneySpec) -> dict[str, tuple[str, ...]]:
    """The steps that exist to which each step can lead."""
    known = {step.key for step in spec.steps}
    return {key: tuple(to for to in spec.exits(key).values() if to is not None and to in known) for key in known}


def reachable(edges_of: Mapping[str, Iterable[str]], start: str) -> frozenset[str]:
    """``start`` and everything to which it can lead."""
    found, left = {start}, [start]
    while left:
        for other in edges_of.get(left.pop(), ()):
            if other not in found:
                found.add(other)
                left.append(other)
    return frozenset(found)


def earlier_steps(edges_of: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """For each step the steps that can lead to it."""
    backwards: dict[str, list[str]] = {key: [] for key in edges_of}
    for key, others in edges_of.items():
        for other in others:
            backwards[other].append(key)
    return {key: frozenset().union(*(reachable(backwards, before) for before in backwards[key])) for key in backwards}


def restless_loops(spec: JourneySpec) -> list[str]:
    """The steps on a loop in which nothing ever waits, in the order of the document."""
    quick = {key: others for key, others in edges(spec).items() if not kind_of(spec.step(key)).rests}
    within = {key: [other for other in others if other in quick] for key, others in quick.items()}
    before = earlier_steps(within)
    return [step.key for step in spec.steps if step.key in within and step.key in before[step.key]]


def most_visits(spec: JourneySpec) -> dict[str, int]:
    """The steps that rest on a loop → how often a run may come there."""
    edges_of = edges(spec)
    looping = {key for key, before in earlier_steps(edges_of).items() if key in before}
    return {
        step.key: step.most or MOST_VISITS
        for step in spec.steps
        if isinstance(step, RestingStep) and step.key in looping
    }
