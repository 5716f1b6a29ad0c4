"""Which events can make a condition true, by their names."""

from __future__ import annotations

from foretell.condition.meaning import leaves
from foretell.condition.nodes import Anchor, Condition, Did, Event, Leaf, Measure, Message, Property, Test
from foretell.condition.running import message_event_names


def event_kinds(tree: Condition) -> frozenset[str] | None:
    """The names of the events by which alone a condition can come true, as long as people stay who they are.

    None where more counts than new events of names that the condition spells out: time, traits, scores, lists,
    whatever else. What a run began with (``event``) does not change.
    """
    found: set[str] = set()
    for leaf in leaves(tree):
        names = _names(leaf)
        if names is None:
            return None
        found |= names
    return frozenset(found)


def _names(leaf: Leaf | Measure) -> frozenset[str] | None:
    if isinstance(leaf, Event):
        return frozenset()
    if isinstance(leaf, Message):
        return None if leaf.negated else frozenset(message_event_names(leaf))
    return _spelled(leaf.selection.event) if isinstance(leaf, Did) and _is_plain(leaf) else None


def _is_plain(part: Did) -> bool:
    """Whether nothing but further selected events can make it true."""
    chosen = part.selection
    plain = part == Did(chosen, part.times, part.aggregates) and not isinstance(chosen.since, Anchor)
    return plain and not chosen.hours and not chosen.weekdays and all(_is_fixed(test) for test in chosen.where)


def _is_fixed(test: Property) -> bool:
    """Whether an event that fails the test fails it for good."""
    return not any(check.name.startswith(("ago_", "age_", "anniversary_in", "in_list")) for check in test.test)


def _spelled(test: Test) -> frozenset[str] | None:
    for check in test:
        if check.name in ("is", "in") and not check.negated:
            return frozenset(str(operand) for operand in check.operands)
    return None
