"""What a prediction's ``outcome`` and ``value`` may say: only what happens after the instant."""

from __future__ import annotations

from foretell.condition.faults import Faults
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Condition,
    Consent,
    Did,
    Event,
    Measure,
    Message,
    Not,
    Pick,
    Prediction,
    Segment,
    Table,
    Trait,
)


def outcome_problems(tree: Condition | Measure, faults: Faults) -> None:
    """Note every part of ``tree`` that has no meaning over ``(as_of, as_of + horizon]``."""
    if isinstance(tree, All | AnyOf):
        for part in tree.parts:
            outcome_problems(part, faults)
    elif isinstance(tree, Not):
        outcome_problems(tree.part, faults)
    elif isinstance(tree, Did | Measure):
        if tree.selection.within is not None:
            faults.add(
                (*tree.path, "within"),
                "NOT_IN_OUTCOME",
                "'within' has no meaning in an outcome, which reads the time up to the horizon",
                "Leave it out, or shorten the horizon.",
            )
    else:
        head = _head(tree)
        faults.add(
            (*tree.path, head),
            "NOT_IN_OUTCOME",
            f"{head!r} looks back, but an outcome reads only what happens after the instant",
            "Move it to the prediction's population.",
        )


def _head(tree: Trait | Pick | Prediction | Segment | Consent | Message | Event | Account | Table) -> str:
    return tree.which if isinstance(tree, Pick) else type(tree).__name__.lower()
