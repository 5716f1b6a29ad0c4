"""What a prediction's ``outcome`` and ``value`` may say: only what happens after the instant."""

from __future__ import annotations

from dataclasses import replace

from foretell.condition.faults import Faults
from foretell.condition.nodes import (
    All,
    AnyOf,
    Condition,
    Did,
    Leaf,
    Measure,
    Not,
    Path,
    Pick,
    Ratio,
    Selection,
    Sequence,
)


def outcome_problems(tree: Condition | Measure, faults: Faults) -> None:
    """Note every part of ``tree`` that has no meaning over ``(as_of, as_of + horizon]``."""
    if isinstance(tree, All | AnyOf):
        for part in tree.parts:
            outcome_problems(part, faults)
    elif isinstance(tree, Not):
        outcome_problems(tree.part, faults)
    elif isinstance(tree, Did | Measure | Sequence | Ratio):
        _of_events(tree, faults)
    else:
        _refuse((*tree.path, _head(tree)), _head(tree), _LOOKS_BACK, faults)


_LOOKS_BACK = (
    "looks back, but an outcome reads only what happens after the instant",
    "Move it to the prediction's population.",
)
_NO_WINDOW = (
    "has no meaning in an outcome, which reads the time up to the horizon",
    "Leave it out, or shorten the horizon.",
)


def _of_events(tree: Did | Measure | Sequence | Ratio, faults: Faults) -> None:
    for key in ("within", "change", "top"):
        if getattr(tree, key, None) is not None:
            _refuse((*tree.path, key), key, _NO_WINDOW if key == "within" else _LOOKS_BACK, faults)
    match tree:
        case Did() | Measure():
            _selection(tree.selection, tree.path, faults)
        case Sequence():
            for place, step in enumerate(tree.steps):
                counted = step.selection if place == 0 else replace(step.selection, within=None)
                _selection(counted, (*tree.path, "sequence", place), faults)
        case Ratio():
            for place, one in enumerate((tree.over, tree.under)):
                _selection(one, (*tree.path, "ratio", place), faults)


def _selection(selection: Selection, path: Path, faults: Faults) -> None:
    if selection.within is not None:
        _refuse((*path, "within"), "within", _NO_WINDOW, faults)
    if selection.since is not None:
        _refuse((*path, "since"), "since", _LOOKS_BACK, faults)


def _refuse(path: Path, key: str, why: tuple[str, str], faults: Faults) -> None:
    said, step = why
    faults.add(path, "NOT_IN_OUTCOME", f"{key!r} {said}", step)


def _head(tree: Leaf) -> str:
    return tree.which if isinstance(tree, Pick) else type(tree).__name__.lower()
