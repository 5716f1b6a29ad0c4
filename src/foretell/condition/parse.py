"""Reads a written condition into the syntax tree, and finds everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from foretell.condition import checks, literals, parse_events, parse_sequences, people_parsing, qualifiers
from foretell.condition.faults import At, Faults, nowhere
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Condition,
    Consent,
    Did,
    Event,
    Function,
    Leaf,
    Measure,
    Message,
    MessageState,
    Not,
    Path,
    Pick,
    Prediction,
    Segment,
    Table,
    Trait,
)
from foretell.condition.outcome import outcome_problems
from foretell.condition.parse_variables import variable_problems
from foretell.definitions import Problem, described, raise_errors, suggestion

Raw = Mapping[str, Any]
_EVENT_KEYS = (*parse_events.DID_KEYS, "open", "base")


MOST_DEPTH = 60
"""Keys and places from the root to a part."""


def parse(
    raw: object,
    *,
    at: At | None = None,
    thing: str = "",
    future: bool = False,
    journey: bool = False,
    decision: bool = False,
) -> Condition:
    """The tree of a written condition.

    Args:
        at: gives a place in the condition its file and line, for messages.
        thing: the document that holds it, e.g. ``segment loyal``.
        future: read it as a prediction's outcome, where some heads have no meaning.
        journey: a journey holds it: the heads ``message`` and ``event`` may be used.
        decision: it is asked at the moment of a decision: the head ``context`` may be used.

    Raises:
        DefinitionErrors: with every problem found.
    """
    tree, problems = _read(raw, at, thing, future, journey, decision)
    raise_errors(problems)
    return cast(Condition, tree)


def parse_problems(
    raw: object,
    *,
    at: At | None = None,
    thing: str = "",
    future: bool = False,
    journey: bool = False,
    decision: bool = False,
) -> list[Problem]:
    """Everything that is wrong with a written condition; empty where :func:`parse` succeeds."""
    return _read(raw, at, thing, future, journey, decision)[1]


def parse_measure(raw: object, *, at: At | None = None, thing: str = "", future: bool = False) -> Measure:
    """The tree of a written number a person: ``{did: Order Completed, sum: revenue}``.

    Without ``sum avg min max distinct`` it is the number of events. Raises like :func:`parse`.
    """
    tree, problems = _read_measure(raw, at, thing, future)
    raise_errors(problems)
    return tree


def measure_problems(raw: object, *, at: At | None = None, thing: str = "", future: bool = False) -> list[Problem]:
    """Everything that is wrong with a written measure."""
    return _read_measure(raw, at, thing, future)[1]


def _read(
    raw: object, at: At | None, thing: str, future: bool, journey: bool, decision: bool
) -> tuple[Condition | None, list[Problem]]:
    faults = Faults(at or nowhere, thing, journey=journey, decision=decision)
    tree = condition(raw, (), faults)
    if tree is not None:
        variable_problems(tree, faults)
        if future:
            outcome_problems(tree, faults)
    return tree, faults.problems


def _read_measure(raw: object, at: At | None, thing: str, future: bool) -> tuple[Measure, list[Problem]]:
    faults = Faults(at or nowhere, thing)
    keys: Raw = raw if isinstance(raw, Mapping) else {}
    if "did" not in keys:
        faults.add(
            (),
            "BAD_MEASURE",
            f"{described(raw)} measures nothing",
            "Write {did: Order Completed, sum: revenue}.",
        )
        keys = {"did": "?"}
    faults.unknown_keys(keys, (), ("did", *qualifiers.SELECTION, *qualifiers.FUNCTIONS), "a measure")
    used = [key for key in keys if key in qualifiers.FUNCTIONS]
    for key in used[1:]:
        faults.add((key,), "BAD_MEASURE", f"a measure is one number; {key!r} is a second", "Keep one of the two.")
    name = literals.text(keys[used[0]], (used[0],), faults) if used else ""
    chosen = qualifiers.selection(keys, "did", (), faults)
    tree = Measure(chosen, cast(Function, used[0]) if used else None, name or "")
    if future:
        outcome_problems(tree, faults)
    return tree, faults.problems


def condition(raw: object, path: Path, faults: Faults) -> Condition | None:
    """The part at ``path``; None where its head cannot be read."""
    if not isinstance(raw, Mapping):
        faults.add(
            path,
            "BAD_CONDITION",
            f"{described(raw)} is no condition",
            "Write a mapping such as {did: Order Completed}.",
        )
        return None
    if len(path) > MOST_DEPTH:
        faults.add(path, "BAD_CONDITION", "the condition is nested too deeply", "Put a part into a segment of its own.")
        return None
    heads = [key for key in raw if key in _READERS]
    if len(heads) > 1:
        written = " and ".join(repr(head) for head in heads)
        faults.add(
            (*path, heads[1]),
            "SEVERAL_HEADS",
            f"a condition has one head, this one has {written}",
            "Join them with all: [...] or any: [...].",
        )
        return None
    if not heads:
        _no_head(raw, path, faults)
        return None
    head = heads[0]
    if head in _OF_JOURNEYS and not faults.journey:
        faults.add(
            (*path, head),
            "ONLY_IN_JOURNEYS",
            f"{head!r} speaks of a person's run through a journey, and here there is none",
            "Use it in a journey's steps, leave or goal; elsewhere say did with the event's name.",
        )
        return None
    if head == "context" and not faults.decision:
        faults.add(
            (*path, head),
            "ONLY_IN_DECISIONS",
            f"{head!r} speaks of the moment of a decision, and here there is none",
            "Elsewhere say did: Page Viewed with where and within.",
        )
        return None
    allowed, read = _READERS[head]
    faults.unknown_keys(raw, path, (head, *allowed), head)
    return read(raw, head, path, faults)


def _no_head(raw: Raw, path: Path, faults: Faults) -> None:
    unknown = [str(key) for key in raw if key not in _EVENT_KEYS and key not in checks.VALUE_TESTS]
    what = f"{unknown[0]!r} is no head of a condition" if unknown else "the condition has no head"
    step = (
        suggestion(unknown[0], list(_READERS), what="heads")
        if unknown
        else f"Begin with one of: {', '.join(_READERS)}."
    )
    faults.add((*path, unknown[0]) if unknown else path, "UNKNOWN_KEY" if unknown else "NO_HEAD", what, step)


def _parts(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    items = raw[head]
    if not isinstance(items, list | tuple) or not items:
        faults.add(
            (*path, head),
            "BAD_CONDITION",
            f"{head!r} needs a list of conditions",
            f"Write {head}: [...] with one part or more.",
        )
        return None
    found = [condition(item, (*path, head, place), faults) for place, item in enumerate(items)]
    parts = tuple(part for part in found if part is not None)
    return All(parts, path) if head == "all" else AnyOf(parts, path)


def _not(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    part = condition(raw[head], (*path, head), faults)
    return None if part is None else Not(part, path)


def _trait(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    name = literals.key(raw, head, path, faults)
    tests = {key: raw[key] for key in raw if key in checks.VALUE_TESTS}
    if not tests:
        faults.add(
            (*path, head),
            "MISSING_TEST",
            f"the trait {raw[head]!r} is held against nothing",
            "Add a test, e.g. exists: true.",
        )
        return None
    return Trait(name, checks.value_test(tests, path, faults), path)


def _prediction(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    horizon = raw.get("horizon")
    if "horizon" in raw and literals.duration(horizon, (*path, "horizon"), faults) is None:
        horizon = None
    tests = {key: raw[key] for key in raw if key in checks.SCORE_TESTS}
    if not tests:
        faults.add(
            (*path, head),
            "MISSING_TEST",
            f"the prediction {raw[head]!r} is held against nothing",
            "Add a test, e.g. gte: 0.7.",
        )
        return None
    return Prediction(literals.key(raw, head, path, faults), horizon, checks.score_test(tests, path, faults), path)


def _segment(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    return Segment(literals.key(raw, head, path, faults), path)


def _consent(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    channel, _, purpose = literals.key(raw, head, path, faults).lower().partition(".")
    if channel and purpose:
        return Consent(channel, purpose, path)
    if channel != "?":
        faults.add(
            (*path, head),
            "BAD_VALUE",
            f"{raw[head]!r} names no channel and purpose",
            "Write them with a dot between, e.g. email.marketing.",
        )
    return None


def _account(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    part = condition(raw[head], (*path, head), faults)
    if part is None:
        return None
    for leaf in _leaves(part):
        if not isinstance(leaf, Did | Pick | Trait | Table):
            name = type(leaf).__name__.lower()
            faults.add(
                (*leaf.path, name),
                "NOT_OF_ACCOUNTS",
                f"{name!r} speaks of one person, and here an account is meant",
                "Inside account use did, did_not, last, first, trait and table; put the rest beside it.",
            )
    return Account(part, path)


def _leaves(tree: Condition) -> list[Leaf]:
    if isinstance(tree, All | AnyOf):
        return [leaf for part in tree.parts for leaf in _leaves(part)]
    return _leaves(tree.part) if isinstance(tree, Not) else [tree]


def _table(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    where = qualifiers.properties(raw["where"], (*path, "where"), faults) if "where" in raw else ()
    times = checks.count_test(raw["times"], (*path, "times"), faults) if "times" in raw else qualifiers.AT_LEAST_ONCE
    return Table(literals.key(raw, head, path, faults), where, times, path)


def _message(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    step = literals.key(raw, head, path, faults)
    used = [key for key in ("is", "is_not") if key in raw]
    states = get_args(MessageState)
    if len(used) != 1:
        what = "both is and is_not" if used else "nothing"
        step_said = f"Add one test, is or is_not, with one of: {', '.join(states)}."
        faults.add((*path, head), "MISSING_TEST", f"the message {step!r} is held against {what}", step_said)
        return None
    state = raw[used[0]]
    if state not in states:
        known = suggestion(str(state), list(states), what="states")
        faults.add((*path, used[0]), "BAD_VALUE", f"{described(state)} is nothing that a message can be", known)
        return None
    return Message(step, cast(MessageState, state), used[0] == "is_not", path)


def _event(raw: Raw, head: str, path: Path, faults: Faults) -> Condition | None:
    tests = {key: raw[key] for key in raw if key in checks.VALUE_TESTS}
    if not tests:
        faults.add(
            (*path, head),
            "MISSING_TEST",
            f"the event's property {raw[head]!r} is held against nothing",
            "Add a test, e.g. gte: 100.",
        )
        return None
    return Event(literals.key(raw, head, path, faults), checks.value_test(tests, path, faults), path)


_Reader = Callable[[Raw, str, Path, Faults], Condition | None]
_READERS: dict[str, tuple[tuple[str, ...], _Reader]] = {
    "all": ((), _parts),
    "any": ((), _parts),
    "not": ((), _not),
    "trait": (checks.VALUE_TESTS, _trait),
    "did": (parse_events.DID_KEYS, parse_events.did),
    "did_not": (parse_events.DID_KEYS, parse_events.did),
    "last": (parse_events.PICK_KEYS, parse_events.pick),
    "first": (parse_events.PICK_KEYS, parse_events.pick),
    "sequence": (parse_sequences.SEQUENCE_KEYS, parse_sequences.sequence),
    "ratio": (parse_events.RATIO_KEYS, parse_events.ratio),
    "prediction": (("horizon", *checks.SCORE_TESTS), _prediction),
    "segment": ((), _segment),
    "consent": ((), _consent),
    "message": (("is", "is_not"), _message),
    "event": (checks.VALUE_TESTS, _event),
    "account": ((), _account),
    "table": (("where", "times"), _table),
    "persona": ((), people_parsing.persona),
    "near": ((), people_parsing.near),
    "bucket": (checks.ORDER_TESTS, people_parsing.bucket),
    "context": (checks.VALUE_TESTS, people_parsing.context),
}
HEADS: Mapping[str, tuple[str, ...]] = {head: allowed for head, (allowed, _) in _READERS.items()}
"""The heads of conditions, each with the keys that may stand beside it."""
_OF_JOURNEYS = ("message", "event")
