"""One YAML document built from the parser's events: plain values, and the line of every node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from foretell.definitions.positions import NodePath, Plain
from foretell.definitions.problem import Problem
from foretell.definitions.scalars import bare_value

_STANDARD = "tag:yaml.org,2002:"
_ALLOWED_TAGS = frozenset(_STANDARD + name for name in ("str", "int", "float", "bool", "null", "map", "seq"))
_MOST_NODES = 1_000_000
_MOST_DEPTH = 100


class YamlMistake(Exception):
    """YAML that can be parsed and still means nothing here; ``line`` is 0-based within the text."""

    def __init__(self, code: str, message: str, line: int, next_step: str) -> None:
        super().__init__(message)
        self.code, self.message, self.line, self.next_step = code, message, line, next_step


@dataclass
class _Open:
    """A list or mapping whose end has not come yet."""

    value: Plain
    path: NodePath
    anchor: str | None
    key: str | None = None
    size: int = 1


@dataclass
class Tree:
    """Builds one document after the other.

    Args:
        file: how the file is called in problems.
        offset: 0-based line of the file at which the parsed text begins.
    """

    file: str
    offset: int
    value: Plain = None
    lines: dict[NodePath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    began: int = field(default=0, init=False)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)

    def take(self, event: Event) -> bool:
        """Take the next event; True when a document is complete. Raises :class:`YamlMistake`."""
        if isinstance(event, DocumentStartEvent):
            self._begin(event.start_mark.line)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._close()
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._enter(event)
        return isinstance(event, DocumentEndEvent)

    @property
    def opened_at(self) -> int | None:
        """0-based line of the file at which the innermost unfinished list or mapping begins."""
        line = self.lines.get(self._open[-1].path) if self._open else None
        return None if line is None else line - 1

    def _begin(self, line: int) -> None:
        self.began = self.offset + line
        self.value, self.lines, self.problems = None, {}, []
        self._open, self._anchors = [], {}

    def _enter(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        line = event.start_mark.line
        _check_tag(event.tag, line)
        if len(self._open) >= _MOST_DEPTH:
            raise YamlMistake("BROKEN_YAML", "the document is nested too deeply", line, "Flatten it.")
        path = self._path(line)
        value: Plain = {} if isinstance(event, MappingStartEvent) else []
        self._put(value, path)
        self._open.append(_Open(value, path, event.anchor))

    def _scalar(self, event: ScalarEvent) -> None:
        line = event.start_mark.line
        _check_tag(event.tag, line)
        if self._awaits_key():
            self._key(_whole(event.value), line)
            return
        text = event.tag in ("!", _STANDARD + "str") or (event.style is not None and event.tag is None)
        value = _whole(event.value) if text else bare_value(event.value)
        self._put(value, self._path(line))
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)

    def _alias(self, event: AliasEvent) -> None:
        line = event.start_mark.line
        if event.anchor not in self._anchors:
            raise YamlMistake(
                "BROKEN_YAML",
                f"*{event.anchor} repeats something that is not marked &{event.anchor} above",
                line,
                f"Mark it with &{event.anchor} first, or put the text in quotes.",
            )
        if self._awaits_key():
            raise YamlMistake("BROKEN_YAML", "a key must be plain text", line, "Write the key out.")
        value, size = self._anchors[event.anchor]
        self._put(value, self._path(line))
        if self._open:
            self._grow(self._open[-1], size, line)

    def _close(self) -> None:
        done = self._open.pop()
        if done.anchor:
            self._anchors[done.anchor] = (done.value, done.size)
        if self._open:
            self._grow(self._open[-1], done.size, 0)

    def _grow(self, parent: _Open, size: int, line: int) -> None:
        parent.size += size
        if parent.size > _MOST_NODES:
            raise YamlMistake("BROKEN_YAML", "the document repeats itself too often", line, "Use fewer * references.")

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _key(self, key: str, line: int) -> None:
        parent = self._open[-1]
        path = (*parent.path, key)
        if key in parent.value:
            self.problems.append(
                Problem(
                    "DUPLICATE_KEY",
                    f"the key {key!r} stands here a second time, first on line {self.lines[path]}",
                    where=f"{self.file}:{self.offset + line + 1}",
                    next_step="Keep one of the two.",
                )
            )
        else:
            self.lines[path] = self.offset + line + 1
        parent.key = key

    def _path(self, line: int) -> NodePath:
        """NodePath of the value that begins at ``line``; remembers the line."""
        if not self._open:
            self.lines[()] = self.offset + line + 1
            return ()
        parent = self._open[-1]
        if isinstance(parent.value, list):
            path = (*parent.path, len(parent.value))
            self.lines[path] = self.offset + line + 1
            return path
        if parent.key is None:
            raise YamlMistake("BROKEN_YAML", "a key must be plain text", line, "Write the key out.")
        return (*parent.path, parent.key)

    def _put(self, value: Plain, path: NodePath) -> None:
        if not self._open:
            self.value = value
            return
        parent = self._open[-1]
        if isinstance(parent.value, list):
            parent.value.append(value)
        else:
            parent.value.setdefault(path[-1], value)
            parent.key = None


def _check_tag(tag: str | None, line: int) -> None:
    if tag is not None and tag != "!" and tag not in _ALLOWED_TAGS:
        shown = tag.replace(_STANDARD, "!!")
        raise YamlMistake(
            "BROKEN_YAML",
            f"the tag {shown} has no meaning here",
            line,
            "Leave it out, or put the text in quotes.",
        )


def _whole(text: str) -> str:
    """A text as characters: what writes JSON may write an emoji as two halves (``\\ud83d\\ude00``), which YAML takes
    for two characters that there are not. A half alone becomes the character for what cannot be read."""
    if text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
