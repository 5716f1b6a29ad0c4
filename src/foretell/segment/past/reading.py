"""A condition taken apart into what can be said of everybody at any instant, and how the rest is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from foretell.condition import (
    Aggregate,
    Condition,
    Consent,
    Event,
    Message,
    Of,
    Prediction,
    References,
    Scope,
    Selection,
    Trait,
    hit_value_sql,
    trait_hits_sql,
)
from foretell.segment.live.formula import Formula
from foretell.segment.live.parts import Part
from foretell.segment.live.plan import Atom, Plan, Reading
from foretell.segment.live.reasons import freshness_of, meaning
from foretell.segment.live.runs import Truth
from foretell.segment.live.windows import Instants, Window
from foretell.segment.past.crowd import Pairs


class Source(Protocol):
    """A part, ready to be asked."""

    def pairs(self, pairs: Pairs) -> Truth:
        """What it says of people at instants."""
        ...

    def grid(self, who: slice, instants: Instants) -> Truth:
        """What it says of the people ``who`` at each instant, one row a person."""
        ...


@dataclass(frozen=True)
class Leaf:
    """A part that is no running count.

    Args:
        of: the universe, where the answer depends on it.
        since: whether only what happened since an instant counts, where one is asked about so (not within segments).
    """

    tree: Condition
    of: Of
    since: bool


@dataclass(frozen=True)
class Kept:
    """A part over events of one kind; ``since`` as of :class:`Leaf`."""

    atom: Atom
    part: Part
    since: bool


@dataclass(frozen=True)
class Taken:
    """A condition taken apart: a formula over ``parts``, of which the first two say that there is such a person."""

    formula: Formula
    parts: tuple[Leaf | Kept | None, ...]


def taken_apart(tree: Condition, of: Of, scope: Scope, references: References) -> Taken:
    """Take ``tree`` apart; segments are read as what they mean."""
    plan = Plan(scope.frame.zone)
    reading = _Apart(plan, references, of, scope)
    formula = reading.segment(tree, of, ("",))
    return Taken(formula, tuple(reading.found))


class _Apart(Reading):
    """Takes more kinds of parts than segments that are kept fresh do: what is past can be read once."""

    def __init__(self, plan: Plan, known: References, of: Of, scope: Scope) -> None:
        super().__init__(plan, known, of)
        self._scope = scope
        self.found: list[Leaf | Kept | None] = [None, None]

    def _summed(self, selection: Selection, aggregate: Aggregate, window: Window) -> Formula | None:
        signed = aggregate.function == "sum"
        if hit_value_sql(selection, aggregate.name, self._scope, signed=signed) is None:
            return None
        return super()._summed(selection, aggregate, window)

    def _ask(self, tree: Condition) -> Formula:
        of: Of = self._of if freshness_of(tree).of_universe else "all"
        return self._place(f"{meaning(tree)} {of}", Leaf(tree, of, self._own))

    def _place(self, said: str, part: object) -> Formula:
        before = len(self._plan.parts)
        place = super()._place(f"{said} {'own' if self._own else 'within'}", part)  # type: ignore[arg-type]
        if len(self._plan.parts) > before:
            if isinstance(part, tuple):
                part = Kept(self._plan.atoms[part[0]], part[1], self._own)
            assert isinstance(part, Leaf | Kept)
            self.found.append(part)
        return place

    @property
    def _own(self) -> bool:
        return len(self._inside) == 1


def is_latest(tree: Condition, scope: Scope) -> bool:
    """Whether the last row of a person says what a part says."""
    if isinstance(tree, Trait):
        return trait_hits_sql(tree, scope) is not None
    return isinstance(tree, Prediction | Consent)


def is_told(tree: Condition) -> bool:
    """Whether a part speaks of a run, so that whoever asks has to say what it says."""
    return isinstance(tree, Message | Event)


Tell = Callable[[Message | Event, Pairs], Truth]
