"""Which events, and which of their properties, each part of a condition names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from foretell.condition.nodes import Anchor, Did, Leaf, Measure, Path, Pick, Property, Ratio, Selection, Sequence, Test


@dataclass(frozen=True)
class EventPart:
    """Events that are named.

    Args:
        path: where they are named.
        event: test of the events' name.
        properties: their properties that are read, as in the event.
        values: properties whose values tell events apart; they may lie within the elements of an array.
    """

    path: Path
    event: Test
    properties: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All properties, each once."""
        return tuple(dict.fromkeys((*self.properties, *self.values)))


def event_parts(leaf: Leaf | Measure) -> list[EventPart]:
    """The events that a leaf names, in the order written; none of a leaf that speaks of something else."""
    return list(_parts(leaf))


def _parts(leaf: Leaf | Measure) -> Iterator[EventPart]:
    match leaf:
        case Did():
            yield from _did(leaf)
        case Pick():
            yield _part(leaf.selection, (*leaf.path, leaf.which), _names(leaf.properties))
            yield from _anchor(leaf.selection, leaf.path)
        case Measure():
            yield _part(leaf.selection, (*leaf.path, "did"), (leaf.name,) if leaf.function else ())
            yield from _anchor(leaf.selection, leaf.path)
        case Sequence():
            for place, step in enumerate(leaf.steps):
                path = (*leaf.path, "sequence", place)
                yield _part(step.selection, (*path, "did_not" if step.negated else "did"), (), leaf.same)
                yield from _anchor(step.selection, path)
        case Ratio():
            for place, one in enumerate((leaf.over, leaf.under)):
                path = (*leaf.path, "ratio", place)
                yield _part(one, (*path, "did"))
                yield from _anchor(one, path)


def _did(leaf: Did) -> Iterator[EventPart]:
    figures = [one.figure.name for one in (leaf.change, leaf.top) if one is not None and one.figure.function]
    values = (*((leaf.per,) if leaf.per is not None else ()), *leaf.same)
    path = (*leaf.path, "did_not" if leaf.negated else "did")
    yield _part(leaf.selection, path, (*(one.name for one in leaf.aggregates), *figures), values)
    yield from _anchor(leaf.selection, leaf.path)
    if leaf.without is not None:
        yield _part(leaf.without, (*leaf.path, "without"), (), leaf.same)


def _part(
    selection: Selection, path: Path, properties: tuple[str, ...] = (), values: tuple[str, ...] = ()
) -> EventPart:
    return EventPart(path, selection.event, (*_names(selection.where), *properties), values)


def _anchor(selection: Selection, path: Path) -> Iterator[EventPart]:
    if isinstance(selection.since, Anchor):
        yield EventPart((*path, "since", selection.since.which), selection.since.event, _names(selection.since.where))


def _names(tests: tuple[Property, ...]) -> tuple[str, ...]:
    return tuple(test.name for test in tests)
