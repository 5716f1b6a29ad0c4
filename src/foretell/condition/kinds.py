"""Whether events alone can make a condition true, and which, by their names."""

from __future__ import annotations

from foretell.condition.meaning import leaves
from foretell.condition.nodes import Anchor, Condition, Did, Event, Leaf, Measure, Message, Property, Test
from foretell.condition.running import message_event_names


def event_kinds(tree: Condition) -> frozenset[str] | None:
    """The names of the events by which alone a condition can come true, as long as people stay who they are.

    None where more counts than new events of names that the condition spells out: time (see :func:`only_by_events`),
    traits, scores, lists, whatever else. What a run began with (``event``) does not change.
    """
    if not only_by_events(tree):
        return None
    found: set[str] = set()
    for leaf in leaves(tree):
        names = _names(leaf)
        if names is None:
            return None
        found |= names
    return frozenset(found)


def only_by_events(tree: Condition) -> bool:
    """True where only an event of the person can make the condition true, not the mere passing of time."""
    return all(
        (isinstance(leaf, Did) and not leaf.negated and _grows(leaf))
        or (isinstance(leaf, Message) and not leaf.negated)
        or isinstance(leaf, Event)
        for leaf in leaves(tree)
    ) and not _has_not(tree)


def _grows(leaf: Did) -> bool:
    """Whether time alone cannot make a count of events right: no upper bound that old events leave."""
    if leaf.change is not None or leaf.top is not None or leaf.in_any is not None:
        return False
    upper = {"lt", "lte", "is", "between", "in"}
    tests = [*(leaf.times or ()), *(check for aggregate in leaf.aggregates for check in aggregate.test)]
    return leaf.selection.within is None or not any(check.name in upper or check.negated for check in tests)


def _has_not(tree: Condition) -> bool:
    parts = getattr(tree, "parts", ())
    return type(tree).__name__ == "Not" or any(_has_not(part) for part in parts)


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
