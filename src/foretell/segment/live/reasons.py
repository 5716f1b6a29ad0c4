"""How fresh a part can be kept, and why not fresher."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from foretell.clock import Duration
from foretell.condition import Anchor, Condition, Did, Selection, Test

EVERY = Duration(15, "m")
"""How often what cannot be kept from event to event is asked anew."""


@dataclass(frozen=True)
class Freshness:
    """How a part, or a segment, is kept fresh.

    Args:
        by_event: what happens to a person changes it at once.
        every: how often it is asked for everybody; None: never, as nothing else changes it.
        why: why so, in words; empty where it is kept from event to event.
        of_universe: the answer depends on who could be in it.
    """

    by_event: bool
    every: Duration | None
    why: str = ""
    of_universe: bool = False

    @classmethod
    def at_once(cls) -> Freshness:
        """Kept from event to event, and to the instant at which windows lapse."""
        return cls(True, None)

    @classmethod
    def slowest(cls, parts: Sequence[Freshness]) -> Freshness:
        """That of several together."""
        slow = [part for part in parts if part.every is not None]
        why = "; ".join(dict.fromkeys(part.why for part in parts if part.why))
        every = min((part.every for part in slow if part.every), key=lambda one: one.days, default=None)
        return cls(all(part.by_event for part in parts), every, why)

    @property
    def words(self) -> str:
        """In words, for people."""
        if self.every is None:
            return "at once" if not self.why else f"at once, by asking the store ({self.why})"
        often = f"every {self.every}"
        return f"at once by events, otherwise {often}: {self.why}" if self.by_event else f"{often}: {self.why}"


_OTHERS = {
    "Account": "what happens to others in the account counts too",
    "Table": "rows of a table change hands",
    "Prediction": "scores are stored by schedule",
    "Persona": "personas are assigned when they are built",
    "Ratio": "",
    "Near": "",
    "Bucket": "",
}
_PASSING = ("ago_", "age_")


def freshness_of(tree: Condition) -> Freshness:
    """How a part that is asked for is kept fresh."""
    nodes = list(_nodes(tree))
    names = {type(node).__name__ for node in nodes}
    checks = {node.name for node in nodes if type(node).__name__ == "Check"}
    whole = any(type(node).__name__ == "Top" for node in nodes)
    why = [words for name, words in _OTHERS.items() if name in names and words]
    if whole:
        why.append("it compares people with each other")
    if "in_list" in checks:
        why.append("it reads a reference list")
    if why:
        return Freshness(False, EVERY, "; ".join(why), of_universe=whole)
    if passes(tree):
        return Freshness(True, EVERY, f"{_named(tree)} also changes as time passes")
    return Freshness(True, None, f"{_named(tree)} is no running count")


def passes(tree: Condition) -> bool:
    """Whether what the part says can change as time passes."""
    for node in _nodes(tree):
        name = type(node).__name__
        if name in ("Consent", "Sequence", "Ratio", "Change"):
            return True
        if name == "Check" and (node.name.startswith(_PASSING) or node.name == "anniversary_in"):
            return True
        if name == "Selection" and node.within is not None:
            return True
    return False


def reads(tree: Any, names: Sequence[str]) -> bool:
    """Whether events with one of these names may be meant somewhere in a tree."""
    return any(_may_be(node.event, names) for node in _nodes(tree) if isinstance(node, Selection | Anchor))


def _may_be(test: Test, names: Sequence[str]) -> bool:
    plain = [check for check in test if check.name in ("is", "in") and not check.negated]
    return not any(not set(check.operands) & set(names) for check in plain)


def binds(tree: Condition) -> bool:
    """Whether parts speak of a value that another binds, so that they cannot be told apart."""
    return any(
        (isinstance(node, Did) and getattr(node, "bind", None) is not None) or type(node).__name__ == "Variable"
        for node in _nodes(tree)
    )


def meaning(value: Any) -> str:
    """What a tree says, wherever it is written."""
    if isinstance(value, tuple):
        return f"({', '.join(meaning(inner) for inner in value)})"
    if not is_dataclass(value) or isinstance(value, Duration):
        return repr(value)
    inner = ", ".join(meaning(getattr(value, one.name)) for one in fields(value) if one.name != "path")
    return f"{type(value).__name__}({inner})"


def _named(tree: Condition) -> str:
    return {"Did": "this count", "Pick": "the last or first event"}.get(
        type(tree).__name__, type(tree).__name__.lower()
    )


def _nodes(value: Any) -> Iterator[Any]:
    """Everything a tree is made of."""
    if is_dataclass(value) and not isinstance(value, Duration):
        yield value
        for one in fields(value):
            if one.name != "path":
                yield from _nodes(getattr(value, one.name))
    elif isinstance(value, tuple):
        for inner in value:
            yield from _nodes(inner)
