"""From the syntax tree to one query that gives the people."""

from __future__ import annotations

from foretell.condition import (
    accounts,
    binding,
    changes,
    counting,
    doing,
    own_tables,
    people_heads,
    picking,
    running,
    sequences,
)
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
from foretell.condition.people import People, members, union
from foretell.condition.scope import Of, Scope
from foretell.errors import UsageError


def compile_members(tree: Condition, scope: Scope, of: Of) -> str:
    """SQL: column ``profile_key``, each member of the universe ``of`` for whom ``tree`` holds once."""
    return members(people(tree, scope, of), scope, of)


def compile_measure(part: Measure, scope: Scope) -> str:
    """SQL: columns ``profile_key`` and ``value``, see :func:`foretell.condition.counting.measure`."""
    return counting.measure(part, scope)


def people(tree: Condition, scope: Scope, of: Of) -> People:
    """The set of people for whom ``tree`` holds; ``of`` is the universe it will be cut with."""
    match tree:
        case All():
            return binding.everyone(tree, scope, of, people)
        case AnyOf():
            return union([people(part, scope, of) for part in tree.parts])
        case Not():
            return people(tree.part, scope, of).complement()
        case _:
            return _leaf(tree, scope, of)


def _leaf(tree: Leaf, scope: Scope, of: Of) -> People:
    match tree:
        case Did():
            return doing.did(tree, scope, of)
        case Sequence():
            return sequences.sequence(tree, scope)
        case Ratio():
            return changes.ratio(tree, scope)
        case Trait():
            return picking.trait(tree, _past(scope, "trait"))
        case Pick():
            return picking.pick(tree, _past(scope, tree.which))
        case Prediction():
            return picking.prediction(tree, _past(scope, "prediction"))
        case Segment():
            return _segment(tree, _past(scope, "segment"), of)
        case Consent():
            return picking.consent(tree, _past(scope, "consent"))
        case _:
            return _beside(tree, _past(scope, type(tree).__name__.lower()))


def _beside(tree: Message | Event | Account | Table | Persona | Near | Bucket | Context, scope: Scope) -> People:
    """By what is no event of the person's own: a run, an account, rows of a table, a persona, a place, a draw."""
    match tree:
        case Persona():
            return people_heads.persona(tree, scope)
        case Near():
            return people_heads.near(tree, scope)
        case Bucket():
            return people_heads.bucket(tree, scope)
        case Context():
            return people_heads.context(tree, scope)
        case Message():
            return running.message(tree, scope)
        case Event():
            return running.event(tree, scope)
        case Account():
            return accounts.belonging(_of_accounts(tree, scope), scope)
        case Table():
            return own_tables.table(tree, scope)


def _of_accounts(part: Account, scope: Scope) -> str:
    inner = scope.of_accounts()
    return members(people(part.part, inner, "all"), inner, "all")


def _segment(part: Segment, scope: Scope, of: Of) -> People:
    if part.key in scope.inside:
        loop = " → ".join((*scope.inside, part.key))
        raise UsageError("SEGMENT_LOOP", f"segments refer to each other in a loop: {loop}", thing=f"segment {part.key}")
    tree, own = scope.references.segment(part.key)
    narrow: Of = "known" if "known" in (own, of) else "all"
    found = people(tree, scope.within_segment(part.key, own), narrow)
    if narrow == of:
        return found
    return People(members(found, scope, narrow))


def _past(scope: Scope, head: str) -> Scope:
    if scope.future is not None:
        raise UsageError(
            "NOT_IN_OUTCOME",
            f"{head!r} looks back, but an outcome reads only what happens after the instant",
            next_step="Move it to the prediction's population.",
        )
    return scope
