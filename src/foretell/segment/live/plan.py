"""Which segments there are, what they are made of, and how each part is kept fresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from foretell.clock import Duration
from foretell.condition import (
    Aggregate,
    All,
    AnyOf,
    CatalogReferences,
    Check,
    Condition,
    Did,
    Not,
    Of,
    Pick,
    References,
    Segment,
    Selection,
    Test,
    parse,
)
from foretell.definitions import Catalog, Document
from foretell.errors import UsageError
from foretell.segment.document import condition_of, spec_of
from foretell.segment.live.formula import ANYBODY, KNOWN, Both, Either, Formula, Is, Opposite
from foretell.segment.live.parts import Ago, Counted, Keep, Part, Summed
from foretell.segment.live.reasons import Freshness, binds, freshness_of, meaning, reads
from foretell.segment.live.windows import NEVER, Window

OWN_EVENTS = ("Segment Entered", "Segment Exited")
"""What is told by this room."""


@dataclass(frozen=True)
class Atom:
    """Events of one kind, as parts need them.

    Args:
        value: the property whose numbers are kept (events without one are left out); None for none.
        signed: refunds count negative, as sums read them.
        keep: the newest so many in the window, the oldest, or all.
    """

    event: Test
    where: tuple[object, ...]
    value: str | None
    signed: bool
    keep: Keep

    @property
    def selection(self) -> Selection:
        """The events, whenever they were."""
        return Selection(self.event, self.where)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Asked:
    """A part that the store is asked about."""

    tree: Condition
    of: Of
    fresh: Freshness


@dataclass(frozen=True)
class Kept:
    """A segment that is kept fresh.

    Args:
        print: the same as long as it means the same.
        fresh: how, the slowest of its parts.
        watched: it is a condition of another document: kept, but nobody is told of who comes and goes.
    """

    key: str
    title: str
    formula: Formula
    print: str
    fresh: Freshness
    watched: bool = False


@dataclass
class Plan:
    """Atoms, the parts over them, parts that are asked for, and segments over all parts.

    Places of parts: first :data:`ANYBODY` and :data:`KNOWN`, then in the order found.
    """

    zone: ZoneInfo
    atoms: list[Atom] = field(default_factory=list)
    parts: list[tuple[int, Part] | Asked | None] = field(default_factory=lambda: [None, None])
    prints: list[str] = field(default_factory=lambda: ["seen", "known"])
    segments: list[Kept] = field(default_factory=list)
    windows: dict[Duration | None, Window] = field(default_factory=dict)

    def window(self, length: Duration | None) -> Window:
        """The window of that length; one for all parts that have it."""
        return self.windows.setdefault(length, Window(length, self.zone))

    def over(self, atom: int) -> list[tuple[int, Part]]:
        """The parts over an atom, with their places."""
        return self._over[atom]

    def finish(self) -> None:
        """To be called when all parts are there."""
        self._over: list[list[tuple[int, Part]]] = [[] for _ in self.atoms]
        for place, part in enumerate(self.parts):
            if isinstance(part, tuple):
                self._over[part[0]].append((place, part[1]))
        self.most = np.array([max(part.keeps[1] for _, part in over) for over in self._over], np.int64)
        self.reach_us = np.array([max(part.window.reach_us for _, part in over) for over in self._over], np.int64)
        self.kept = np.flatnonzero([isinstance(one, tuple) for one in self.parts])
        trees = [atom.selection for atom in self.atoms] + [part.tree for _, part in self.asked()]
        self.reads_own = any(reads(tree, OWN_EVENTS) for tree in trees)
        self.watched = np.flatnonzero([one.watched for one in self.segments])
        self.at_nothing = np.array([isinstance(one, tuple) and one[1].at_nothing for one in self.parts], bool)

    @property
    def meanings(self) -> list[tuple[str, str]]:
        """Key and print of each segment."""
        return [(kept.key, kept.print) for kept in self.segments]

    def asked(self) -> Iterator[tuple[int, Asked]]:
        """The parts that are asked for, with their places."""
        yield from ((place, part) for place, part in enumerate(self.parts) if isinstance(part, Asked))

    def keep_of(self, atom: int) -> tuple[Keep, int, int]:
        """Which hits of an atom are kept: manner, how many, how long (microseconds)."""
        return self.atoms[atom].keep, int(self.most[atom]), int(min(self.reach_us[atom], NEVER))


def plan_of(catalog: Catalog) -> Plan:
    """The plan of all segments of ``catalog`` whose documents, and those they lean on, are sound."""
    plan = Plan(catalog.settings.zone_info)
    known = CatalogReferences(catalog)
    for document in catalog.all("segment"):
        with suppress(UsageError):  # `plan` of the workspace tells what is wrong
            _take(plan, known, document)
    for kind in catalog.kinds.values():
        if kind.watches is None:
            continue
        for document in catalog.all(kind.name):
            for name, written in kind.watches(document).items():
                with suppress(UsageError):
                    _watch(plan, known, watched_key(document, name), written)
    plan.finish()
    return plan


def watched_key(document: Document, name: str) -> str:
    """By what a condition of a document is known among segments; no segment's key is like it."""
    return f"{document.kind}/{document.key}/{name}"


def plan_of_one(catalog: Catalog, key: str) -> Plan:
    """The plan of one segment; raises UsageError where it, or what it leans on, is not sound."""
    plan = Plan(catalog.settings.zone_info)
    _take(plan, CatalogReferences(catalog), catalog.get("segment", key))
    plan.finish()
    return plan


def _take(plan: Plan, known: References, document: Document) -> None:
    spec = spec_of(document)
    formula = Reading(plan, known, spec.of).segment(condition_of(document), spec.of, (document.key,))
    said = f"{formula.said(plan.prints)} {plan.zone.key}"
    fresh = Freshness.slowest([plan_fresh(plan, place) for place in formula.places()])
    plan.segments.append(Kept(document.key, spec.title or document.key, formula, said, fresh))


def _watch(plan: Plan, known: References, key: str, written: Mapping[str, Any]) -> None:
    formula = Reading(plan, known, "known").segment(parse(written), "known", ())
    fresh = Freshness.slowest([plan_fresh(plan, place) for place in formula.places()])
    plan.segments.append(Kept(key, key, formula, f"{formula.said(plan.prints)} {plan.zone.key}", fresh, watched=True))


def plan_fresh(plan: Plan, place: int) -> Freshness:
    """How a part is kept fresh."""
    part = plan.parts[place]
    return part.fresh if isinstance(part, Asked) else Freshness.at_once()


class Reading:
    """Takes one segment's condition apart."""

    def __init__(self, plan: Plan, known: References, of: Of) -> None:
        self._plan, self._known, self._of = plan, known, of

    def segment(self, tree: Condition, of: Of, inside: tuple[str, ...]) -> Formula:
        """A segment, as far as its universe."""
        self._inside = inside
        return Both((self._formula(tree), Is(KNOWN if of == "known" else ANYBODY)))

    def _formula(self, tree: Condition) -> Formula:
        if isinstance(tree, All) and not binds(tree):
            return Both(tuple(self._formula(part) for part in tree.parts))
        if isinstance(tree, AnyOf):
            return Either(tuple(self._formula(part) for part in tree.parts))
        if isinstance(tree, Not):
            return Opposite(self._formula(tree.part))
        if isinstance(tree, Segment):
            return self._other(tree)
        if isinstance(tree, Did):
            return self._did(tree) or self._ask(tree)
        if isinstance(tree, Pick):
            return self._pick(tree) or self._ask(tree)
        return self._ask(tree)

    def _other(self, part: Segment) -> Formula:
        if part.key in self._inside:
            raise UsageError("SEGMENT_LOOP", "segments refer to each other in a loop", thing=f"segment {part.key}")
        tree, of = self._known.segment(part.key)
        before, self._inside = self._inside, (*self._inside, part.key)
        found = self._formula(tree)
        self._inside = before
        return Both((found, Is(KNOWN))) if of == "known" else found

    def _did(self, part: Did) -> Formula | None:
        plain = Did(part.selection, part.times, part.aggregates, part.negated)
        if plain != part or not self._steady(part.selection):
            return None
        window = self._plan.window(part.selection.within)
        found: list[Formula] = []
        if part.times is not None:
            counted = Counted.by(part.times, window)
            if counted is None:
                return None
            found.append(self._kept(part.selection, None, counted, repr((part.times, part.selection.within))))
        for aggregate in part.aggregates:
            summed = self._summed(part.selection, aggregate, window)
            if summed is None:
                return None
            found.append(summed)
        whole: Formula = found[0] if len(found) == 1 else Both(tuple(found))
        return Opposite(whole) if part.negated else whole

    def _summed(self, selection: Selection, aggregate: Aggregate, window: Window) -> Formula | None:
        if aggregate.function == "distinct":
            return None
        part = Summed(window, aggregate.function, aggregate.test)
        said = repr((aggregate.function, aggregate.test, selection.within))
        return self._kept(selection, (aggregate.name, aggregate.function == "sum"), part, said)

    def _pick(self, part: Pick) -> Formula | None:
        if part.properties or not part.ago or not self._steady(part.selection):
            return None
        if part.which == "first" and part.selection.within is not None:
            return None
        ago = Ago.by(part.which, part.ago, self._plan.window)
        if ago is None:
            return None
        found = self._kept(part.selection, None, ago, repr((part.which, part.ago)))
        if part.selection.within is None:
            return found
        once = self._did(Did(part.selection, AT_LEAST_ONCE))
        return None if once is None else Both((found, once))

    def _steady(self, selection: Selection) -> bool:
        """Whether an event is meant or not, once for good and by what is told with it alone."""
        plain = Selection(selection.event, selection.where, selection.within)
        names = [check.name for test in selection.where for check in test.test]
        values = [one for test in selection.where for check in test.test for one in check.operands]
        passing = any(name.startswith(("ago_", "age_")) or name in ("in_list", "anniversary_in") for name in names)
        return plain == selection and not passing and not any(type(one).__name__ == "Variable" for one in values)

    def _kept(self, selection: Selection, value: tuple[str, bool] | None, part: Part, said: str) -> Formula:
        name, signed = value or (None, False)
        atom = Atom(selection.event, selection.where, name, signed, part.keeps[0])
        if atom not in self._plan.atoms:
            self._plan.atoms.append(atom)
        return self._place(f"{atom!r} {said}", (self._plan.atoms.index(atom), part))

    def _ask(self, tree: Condition) -> Formula:
        fresh = freshness_of(tree)
        of: Of = self._of if fresh.of_universe else "all"
        return self._place(f"{meaning(tree)} {of}", Asked(tree, of, fresh))

    def _place(self, said: str, part: tuple[int, Part] | Asked) -> Formula:
        if said not in self._plan.prints:
            self._plan.prints.append(said)
            self._plan.parts.append(part)
        return Is(self._plan.prints.index(said))


AT_LEAST_ONCE: Test = (Check("gte", (Decimal(1),)),)
