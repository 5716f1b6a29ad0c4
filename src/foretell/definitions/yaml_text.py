"""YAML 1.2 text → plain values with the line of every node.

Several documents a file, duplicate keys and broken YAML are reported, never guessed at; after a
broken document reading goes on at the next ``---``, so that one mistake does not hide the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import Event

from foretell.definitions.nodes import Tree, YamlMistake
from foretell.definitions.positions import Plain, Positions
from foretell.definitions.problem import Problem, raise_errors
from foretell.definitions.yaml_errors import explain_yaml_error
from foretell.errors import UsageError

_SEPARATOR = re.compile(r"---(?:\s|\Z)")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_DIRECTIVE = re.compile(r"(?<![^\r\n\x85\u2028\u2029\ufeff])%(?!YAML 1\.2\s)[^\r\n]*")
_KEY = re.compile(r"key:\s*[\"']?([A-Za-z0-9_-]+)")
_KEPT_TEXTS, _KEPT_LENGTH = 256, 16_000
"""So many texts of at most so many characters are not parsed again: a workspace that is served reads its documents
anew with every command, and most are as they were."""


@dataclass
class ReadText:
    """What was found in one file.

    Args:
        documents: value and positions of each document that could be read; documents that hold
            nothing are left out.
        broken_keys: keys of documents that could not be read, as far as they can be guessed.
    """

    documents: list[tuple[Plain, Positions]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    broken_keys: set[str] = field(default_factory=set)


def read_yaml(data: bytes, file: str) -> ReadText:
    """All documents of a file's bytes; nothing is raised, everything wrong is among the problems.

    Args:
        file: how the file is called in problems and positions.
    """
    read = ReadText()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        read.problems.append(
            Problem(
                "NOT_UTF8",
                f"the byte 0x{data[error.start]:02x} is not UTF-8 text",
                where=f"{file}:{line}",
                next_step="Save the file as UTF-8.",
            )
        )
        return read
    lines = _LINES.findall(text)
    start = 0
    while start < len(lines):
        start = _read_from(lines, start, file, read)
    if not read.documents and not read.problems:
        read.problems.append(
            Problem(
                "EMPTY_FILE",
                "the file holds no document",
                where=f"{file}:1",
                next_step="Write a document with kind, key and spec, or delete the file.",
                severity="warning",
            )
        )
    return read


def documents_in(text: str) -> list[Plain] | None:
    """The values of all documents of a text; None where something is wrong with it."""
    read = read_yaml(text.encode(), "text")
    return None if read.problems else [value for value, _ in read.documents]


def parse_inline(text: str, name: str) -> dict[str, Any]:
    """A mapping written on a command line or in a request; ``name`` is how messages call its place.

    Raises:
        DefinitionErrors: where it is no YAML or no mapping.
    """
    read = read_yaml(text.encode(), name)
    raise_errors(read.problems)
    value = read.documents[0][0] if read.documents else None
    if not isinstance(value, dict):
        raise UsageError(
            "NOT_A_MAPPING",
            f"{name} wants a mapping",
            where=name,
            next_step="Write it in braces, e.g. {trait: country, is: France}.",
        )
    return value


def _read_from(lines: list[str], start: int, file: str, read: ReadText) -> int:
    """Read documents from line ``start`` (0-based) on; returns the line at which to go on."""
    text = "".join(lines[start:])
    tree = Tree(file, start)
    try:
        for _ in _trees(text, tree):
            read.problems.extend(tree.problems)
            if tree.value is not None:
                read.documents.append((tree.value, Positions(file, tree.lines)))
    except (YAMLError, YamlMistake) as error:
        line, problem = explain_yaml_error(error, text, tree)
        read.problems.append(problem)
        go_on = next((n for n in range(max(line, start + 1), len(lines)) if _SEPARATOR.match(lines[n])), len(lines))
        for broken in lines[tree.began : go_on]:
            if found := _KEY.match(broken):
                read.broken_keys.add(found[1])
        return go_on
    return len(lines)


def _trees(text: str, tree: Tree) -> Iterator[Tree]:
    """The documents of ``text``; the same ``tree`` is filled anew for each."""
    if found := _DIRECTIVE.search(text):
        line = text.count("\n", 0, found.start())
        message = f"the directive {found[0].strip()} has no meaning here"
        raise YamlMistake("BROKEN_YAML", message, line, "Leave the line out; all files are YAML 1.2.")
    for event in _parsed(text):
        if tree.take(event):
            yield tree


def _parsed(text: str) -> Iterable[Event]:
    """The parser's events; of a text that is broken, those before its mistake, which is raised."""
    if len(text) <= _KEPT_LENGTH:
        with suppress(YAMLError):
            return _kept_events(text)
    return _events(text)


def _events(text: str) -> Iterator[Event]:
    events: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    return events


@lru_cache(maxsize=_KEPT_TEXTS)
def _kept_events(text: str) -> tuple[Event, ...]:
    return tuple(_events(text))
