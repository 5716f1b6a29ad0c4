"""What is wrong with a journey by its meaning, each with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from foretell.condition import Message, horizon_problems, leaves, parse, parse_problems, references
from foretell.definitions import Catalog, Document, Kind, Problem, suggestion
from foretell.errors import ForetellError
from foretell.journey import trigger_checks
from foretell.journey.document import JourneySpec, spec_of
from foretell.journey.draft_document import JourneyDraft
from foretell.journey.graph import earlier_steps, edges, reachable, restless_loops
from foretell.journey.steps import LENGTHS, StepPlace, kind_of, unfit_length

Path = tuple[str | int, ...]


def _check(document: Document, catalog: Catalog) -> Iterator[Problem]:
    spec = spec_of(document)
    yield from _lengths(document, spec)
    yield from trigger_checks.problems(document, catalog, spec)
    yield from _repeated(document, spec)
    unknown = list(_unknown_steps(document, spec))
    yield from unknown
    if not unknown and len({step.key for step in spec.steps}) == len(spec.steps):
        yield from _ways(document, spec)
    earlier = earlier_steps(edges(spec))
    senders = _senders(spec)
    for place, step in enumerate(spec.steps):
        at = document.positions.below("spec", "steps", place)
        yield from kind_of(step).check(StepPlace(document, catalog, step, at, earlier[step.key], senders))
    for path, raw in spec.conditions():
        yield from _condition_problems(document, catalog, path, raw)


def _lengths(document: Document, spec: JourneySpec) -> Iterator[Problem]:
    told: list[tuple[Path, str]] = [(("goal_within",), spec.goal_within)]
    told += [*trigger_checks.lengths(spec)]
    for path, text in told:
        if unfit_length(text):
            where = document.positions.at(("spec", *path))
            yield Problem("BAD_DURATION", unfit_length(text), document.name, where, LENGTHS)


def _repeated(document: Document, spec: JourneySpec) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for place, step in enumerate(spec.steps):
        if first.setdefault(step.key, place) != place:
            where = document.positions.at(("spec", "steps", place, "key"))
            message = f"the step {step.key!r} stands here a second time"
            yield Problem("DEFINED_TWICE", message, document.name, where, "Rename one of the two.")


def _unknown_steps(document: Document, spec: JourneySpec) -> Iterator[Problem]:
    known = [step.key for step in spec.steps]
    for place, step in enumerate(spec.steps):
        for way, target in spec.exits(step.key).items():
            if target is not None and target not in known:
                where = document.positions.at(("spec", "steps", place, way))
                message = f"there is no step called {target!r}"
                yield Problem("UNKNOWN_STEP", message, document.name, where, suggestion(target, known, what="steps"))


def _ways(document: Document, spec: JourneySpec) -> Iterator[Problem]:
    found = reachable(edges(spec), spec.steps[0].key)
    restless = restless_loops(spec)
    for place, step in enumerate(spec.steps):
        where = document.positions.at(("spec", "steps", place))
        if step.key not in found:
            message = f"nothing leads to the step {step.key!r}"
            yield Problem("UNREACHABLE_STEP", message, document.name, where, "Lead to it, or take it out.")
        if restless[:1] == [step.key]:
            message = f"the steps {', '.join(restless)} lead to each other and never wait"
            yield Problem("LOOP_WITHOUT_WAIT", message, document.name, where, "Put a wait into the loop.")


def _condition_problems(document: Document, catalog: Catalog, path: Path, raw: dict[str, Any]) -> Iterator[Problem]:
    at = document.positions.below("spec", *path)
    running = trigger_checks.knows_its_run(spec_of(document), path)
    problems = parse_problems(raw, at=at, thing=document.name, journey=running)
    yield from problems
    if problems:
        return
    tree = parse(raw, journey=running)
    yield from horizon_problems(tree, catalog, at=at, thing=document.name)
    senders = [] if path == ("enter",) else _senders(spec_of(document))
    for leaf in leaves(tree):
        if isinstance(leaf, Message) and leaf.step not in senders:
            message = f"{leaf.step!r} is no step of this journey that sends a message"
            where = at((*leaf.path, "message"))
            yield Problem(
                "UNKNOWN_STEP", message, document.name, where, suggestion(leaf.step, senders, what="such steps")
            )


def _senders(spec: JourneySpec) -> list[str]:
    return [step.key for step in spec.steps if kind_of(step).sends]


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    """Templates, channels, audiences and offers of the steps; segments and predictions of the conditions."""
    spec = spec_of(document)
    yield from trigger_checks.refers(spec)
    for step in spec.steps:
        yield from kind_of(step).refers(step)
    for path, raw in spec.conditions():
        try:
            named = references(parse(raw, journey=trigger_checks.knows_its_run(spec, path)))
        except ForetellError:
            continue  # the check reports it
        yield from (("segment", key) for key in named.segments)
        yield from (("prediction", key) for key in named.predictions)
        yield from (("table", key) for key in named.tables)


Check = Callable[[Document, Catalog], Iterable[Problem]]
KIND = Kind("journey", "journeys", JourneySpec, _check, _refers, draft=JourneyDraft)
"""The kind ``journey``, in the workspace's folder ``journeys``."""
