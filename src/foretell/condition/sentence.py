"""A condition as a plain-English sentence."""

from __future__ import annotations

from foretell.condition import wording
from foretell.condition.nodes import (
    Account,
    Aggregate,
    All,
    AnyOf,
    Condition,
    Consent,
    Did,
    Event,
    Leaf,
    Measure,
    Message,
    Not,
    Pick,
    Prediction,
    Segment,
    Selection,
    Table,
    Trait,
)
from foretell.condition.qualifiers import AT_LEAST_ONCE

_AGGREGATES = {
    "sum": "sum of",
    "avg": "average of",
    "min": "smallest",
    "max": "largest",
    "distinct": "number of different values of",
}


def sentence(tree: Condition) -> str:
    """``People who did Order Completed at least once in the last 6 months.``"""
    return f"People {clause(tree)}."


def measure_sentence(part: Measure) -> str:
    """``The sum of revenue over Order Completed.``"""
    what = "number of events" if part.function is None else f"{_AGGREGATES[part.function]} {part.name}"
    return f"The {what} over {_events(part.selection)}."


def clause(tree: Condition) -> str:
    """The condition as what is said of people: ``who did …``, ``whose plan is …``."""
    match tree:
        case All():
            return ", and ".join(_grouped(part) for part in tree.parts)
        case AnyOf():
            return ", or ".join(_grouped(part) for part in tree.parts)
        case Not():
            return (
                f"who are none of those {clause(tree.part)}"
                if not _is_group(tree.part)
                else f"who are none of those ({clause(tree.part)})"
            )
        case _:
            return _leaf(tree)


def _leaf(tree: Leaf) -> str:
    match tree:
        case Trait():
            return f"whose {tree.name} {wording.verb(tree.test)}"
        case Did():
            return _did(tree)
        case Pick():
            return _pick(tree)
        case Prediction():
            over = "" if tree.horizon is None else f" over {tree.horizon}"
            return f"whose latest {tree.key} score{over} {wording.verb(tree.test)}"
        case Segment():
            return f"who are in segment {tree.key}"
        case Consent():
            return f"who consent to {tree.purpose} over {tree.channel}"
        case _:
            return _beside(tree)


def _beside(tree: Message | Event | Account | Table) -> str:
    match tree:
        case Message():
            return f"whose message {tree.step} was{' not' if tree.negated else ''} {tree.state}"
        case Event():
            return f"whose entry event says that {tree.name} {wording.verb(tree.test)}"
        case Account():
            return f"who belong to an account, its members taken as one, {clause(tree.part)}"
        case Table():
            return _table(tree)


def _table(part: Table) -> str:
    words = f" where {wording.properties(part.where)}" if part.where else ""
    if part.times == AT_LEAST_ONCE:
        return f"who have a row in {part.key}{words}"
    return f"who have {wording.amount(part.times)} rows in {part.key}{words}"


def _grouped(part: Condition) -> str:
    return f"({clause(part)})" if _is_group(part) else clause(part)


def _is_group(part: Condition) -> bool:
    return isinstance(part, All | AnyOf) and len(part.parts) > 1


def _did(part: Did) -> str:
    events = _events(part.selection)
    if part.negated and part.times == AT_LEAST_ONCE and not part.aggregates:
        return f"who did not do {events}"
    words = []
    if part.times is not None:
        words.append(f"who did {events} {wording.times(part.times)}" if not part.selection.where
                     else f"who did {wording.times(part.times)}: {events}")  # fmt: skip
    words += [
        _aggregate(aggregate, events if place == 0 and not words else "these")
        for place, aggregate in enumerate(part.aggregates)
    ]
    said = ", and ".join(words)
    return f"who are none of those {said}" if part.negated else said


def _aggregate(part: Aggregate, events: str) -> str:
    return f"whose {_AGGREGATES[part.function]} {part.name} over {events} is {wording.amount(part.test)}"


def _pick(part: Pick) -> str:
    words = []
    if part.ago:
        words.append(f"was {wording.since(part.ago)}")
    if part.properties:
        words.append(f"says that {wording.properties(part.properties)}")
    return f"whose {part.which} {_events(part.selection)} {' and '.join(words)}"


def _events(selection: Selection) -> str:
    words = wording.name(selection.event)
    if selection.within is not None:
        words += f" in the last {wording.length(selection.within)}"
    if selection.where:
        words += f" where {wording.properties(selection.where)}"
    return words
