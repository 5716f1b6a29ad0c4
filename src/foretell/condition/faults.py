"""Collects everything that is wrong with a written condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from foretell.condition.nodes import Path
from foretell.definitions import Problem, suggestion

At = Callable[[Path], str]
"""From a place in the condition to ``file:line``."""


def nowhere(path: Path) -> str:
    """The place of a condition that has no file: its path."""
    return ".".join(str(step) for step in path)


@dataclass
class Faults:
    """The problems found so far.

    Args:
        at: gives a place its file and line.
        thing: the document that holds the condition, e.g. ``segment loyal``.
        journey: a journey holds it, whose runs have messages and an event that began them.
        decision: it is asked at the moment of a decision, which has a context.
    """

    at: At = nowhere
    thing: str = ""
    problems: list[Problem] = field(default_factory=list)
    journey: bool = False
    decision: bool = False

    def add(self, path: Path, code: str, message: str, next_step: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(code, message, self.thing, self.at(path), next_step))

    def unknown_keys(self, raw: Mapping[str, object], path: Path, known: Iterable[str], head: str) -> None:
        """Note every key of ``raw`` that is not in ``known``, with the nearest one that is."""
        options = sorted(known)
        for key in raw:
            if key not in options:
                self.add(
                    (*path, key),
                    "UNKNOWN_KEY",
                    f"{key!r} has no meaning beside {head!r}",
                    suggestion(str(key), options, what="keys"),
                )
