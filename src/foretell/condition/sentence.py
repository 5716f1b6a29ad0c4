"""A condition as a plain-English sentence."""

from __future__ import annotations

from foretell.condition import event_words, people_wording, wording
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Bucket,
    Condition,
    Consent,
    Context,
    Did,
    Event,
    Leaf,
    Measure,
    Message,
    Near,
    Not,
    Persona,
    Pick,
    Prediction,
    Ratio,
    Segment,
    Sequence,
    Table,
    Trait,
)
from foretell.condition.qualifiers import AT_LEAST_ONCE


def sentence(tree: Condition) -> str:
    """``People who did Order Completed at least once in the last 6 months.``"""
    return f"People {clause(tree)}."


def measure_sentence(part: Measure) -> str:
    """``The sum of revenue over Order Completed.``"""
    return f"The {event_words.measure(part)}."


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
            return event_words.did(tree)
        case Pick():
            return event_words.pick(tree)
        case Sequence():
            return event_words.sequence(tree)
        case Ratio():
            return event_words.ratio(tree)
        case Prediction():
            over = "" if tree.horizon is None else f" over {tree.horizon}"
            return f"whose latest {tree.key} score{over} {wording.verb(tree.test)}"
        case Segment():
            return f"who are in segment {tree.key}"
        case Consent():
            return f"who consent to {tree.purpose} over {tree.channel}"
        case _:
            return _beside(tree)


def _beside(tree: Message | Event | Account | Table | Persona | Near | Bucket | Context) -> str:
    match tree:
        case Message():
            return f"whose message {tree.step} was{' not' if tree.negated else ''} {tree.state}"
        case Event():
            return f"whose entry event says that {tree.name} {wording.verb(tree.test)}"
        case Account():
            return f"who belong to an account, its members taken as one, {clause(tree.part)}"
        case Table():
            return _table(tree)
        case Persona() | Near() | Bucket() | Context():
            return people_wording.clause(tree)


def _table(part: Table) -> str:
    words = f" where {wording.properties(part.where)}" if part.where else ""
    if part.times == AT_LEAST_ONCE:
        return f"who have a row in {part.key}{words}"
    return f"who have {wording.amount(part.times)} rows in {part.key}{words}"


def _grouped(part: Condition) -> str:
    return f"({clause(part)})" if _is_group(part) else clause(part)


def _is_group(part: Condition) -> bool:
    return isinstance(part, All | AnyOf) and len(part.parts) > 1
