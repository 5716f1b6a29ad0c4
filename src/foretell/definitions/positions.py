"""Where each node of a document was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NodePath = tuple[str | int, ...]
"""Keys and 0-based indexes from a document's root to a node."""

Plain = Any
"""What YAML and JSON hold: None, bool, int, float, text, lists and mappings with text keys."""


@dataclass(frozen=True)
class Positions:
    """Lines of a document's nodes.

    Args:
        file: the file, relative to the workspace; for documents without a file, what to say instead.
        lines: path from the document's root → 1-based line. An entry of a mapping lies where its key
            stands, an item of a list where it begins.
    """

    file: str
    lines: Mapping[NodePath, int] = field(default_factory=dict)

    def at(self, path: Sequence[str | int] = ()) -> str:
        """``file:line`` of the node at ``path``, or of its nearest ancestor that is known."""
        line = self.line(path)
        return self.file if line is None else f"{self.file}:{line}"

    def below(self, *path: str | int) -> Callable[[Sequence[str | int]], str]:
        """:meth:`at` for the part of the document at ``path``, for parsers that know only their part."""
        return lambda inner: self.at((*path, *inner))

    def line(self, path: Sequence[str | int] = ()) -> int | None:
        """1-based line of the node at ``path``, or of its nearest ancestor that is known."""
        steps = tuple(path)
        for length in range(len(steps), -1, -1):
            found = self.lines.get(steps[:length])
            if found is not None:
                return found
        return None


@dataclass(frozen=True)
class ValuePositions(Positions):
    """Of a document that came as a value: places are JSON pointers (``#/spec/condition/all/0``)."""

    def at(self, path: Sequence[str | int] = ()) -> str:
        """The pointer to the node at ``path``."""
        return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
