"""Reads the head ``sequence``: steps that follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell.condition import literals, qualifiers
from foretell.condition.faults import Faults
from foretell.condition.nodes import Path, Sequence, Step
from foretell.condition.parse_events import same
from foretell.definitions import described

Raw = Mapping[str, Any]
SEQUENCE_KEYS = ("same", "within", "open")
MOST_LIMITED = 3
"""Steps ``did_not`` with a ``within`` between two events: each doubles the ways that are looked at."""

_HEADS = ("did", "did_not")
_EXAMPLE = "Write sequence: [{did: Product Viewed}, {did_not: Order Completed, within: 7d}]."


def sequence(raw: Raw, head: str, path: Path, faults: Faults) -> Sequence | None:
    """``{sequence: [{did: Product Viewed}, {did_not: Order Completed, within: 7d}], same: product_id}``."""
    told, place = raw[head], (*path, head)
    if not isinstance(told, list | tuple) or len(told) < 2:
        given = len(told) if isinstance(told, list | tuple) else described(told)
        faults.add(place, "BAD_CONDITION", f"{head!r} needs two steps or more, not {given}", _EXAMPLE)
        return None
    found = [_step(step, (*place, number), faults) for number, step in enumerate(told)]
    steps = tuple(step for step in found if step is not None)
    within = literals.duration(raw["within"], (*path, "within"), faults) if "within" in raw else None
    part = Sequence(steps, same(raw, path, faults), within, _open(raw, path, faults), path)
    if len(steps) == len(found):
        _order(part, place, faults)
    return part if steps else None


def _step(raw: object, path: Path, faults: Faults) -> Step | None:
    heads = [key for key in raw if key in _HEADS] if isinstance(raw, Mapping) else []
    if not isinstance(raw, Mapping) or len(heads) != 1:
        said = f"{described(raw)} is no step of a sequence" if not heads else "a step has one head, this one has both"
        faults.add(path, "BAD_CONDITION", said, _EXAMPLE)
        return None
    head = heads[0]
    faults.unknown_keys(raw, path, (head, *qualifiers.SELECTION), "a step of a sequence")
    return Step(qualifiers.selection(raw, head, path, faults), head == "did_not")


def _open(raw: Raw, path: Path, faults: Faults) -> bool:
    told = raw.get("open", False)
    if not isinstance(told, bool):
        faults.add((*path, "open"), "BAD_VALUE", f"{described(told)} is neither true nor false", "Write true or false.")
        return False
    return told


def _order(part: Sequence, place: Path, faults: Faults) -> None:
    steps = part.steps
    if steps[0].negated:
        said = "a sequence begins with an event, and did_not is none"
        faults.add((*place, 0, "did_not"), "BAD_SEQUENCE", said, "Begin with did, or say did_not beside it with all.")
    if part.within is not None and steps[0].selection.within is not None:
        said = "the window of the first step is written twice"
        faults.add((*place, 0, "within"), "BAD_SEQUENCE", said, "Write within once, beside sequence.")
    _closing(part, place, faults)
    limited = 0
    for number, step in enumerate(steps):
        limited = limited + (step.selection.within is not None) if step.negated else 0
        if limited > MOST_LIMITED and any(not later.negated for later in steps[number:]):
            said = f"more than {MOST_LIMITED} steps did_not with within follow each other"
            faults.add((*place, number), "BAD_SEQUENCE", said, "Join some with did_not: {in: [...]}.")


def _closing(part: Sequence, place: Path, faults: Faults) -> None:
    closing = len(part.steps)
    while closing and part.steps[closing - 1].negated:
        closing -= 1
    if part.open and closing == len(part.steps):
        said = "'open' speaks of a did_not at the end, and there is none"
        faults.add((*place[:-1], "open"), "BAD_SEQUENCE", said, "Leave it out.")
    for number in range(closing, len(part.steps)):
        if number and not part.open and part.steps[number].selection.within is None:
            said = "a did_not at the end holds once its window has passed, and it has none"
            step = "Add within: 7d, or open: true beside sequence for “not so far”."
            faults.add((*place, number, "did_not"), "BAD_SEQUENCE", said, step)
