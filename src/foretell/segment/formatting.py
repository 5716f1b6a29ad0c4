"""Writes the conditions of segment files the one way, and touches nothing else of the files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.condition import canonical, format_condition
from foretell.definitions import Catalog, Document, documents_in, write_whole
from foretell.segment.document import spec_of

_COMMENT = re.compile(r"(^|\s)#", re.MULTILINE)
_REPEATED = re.compile(r"(^|[\s\[{,:])[&*][A-Za-z0-9]", re.MULTILINE)


@dataclass(frozen=True)
class Formatted:
    """What became of one segment.

    Args:
        changed: its condition is written in another way now (with ``write`` off: would be).
        left: why it was left as it is, where it could not be rewritten.
    """

    key: str
    file: str
    changed: bool
    left: str = ""


def format_files(catalog: Catalog, keys: Sequence[str] = (), *, write: bool) -> list[Formatted]:
    """Write the conditions of segments anew in their files.

    Args:
        keys: of the segments; all of them where none is named. Raises UNKNOWN_DEFINITION.
        write: False says only what would change.
    """
    documents = [catalog.get("segment", key) for key in keys] or catalog.all("segment")
    # From the end of each file to its beginning: what is rewritten moves only the lines below it.
    later = sorted(documents, key=_line, reverse=True)
    found = {document.key: _formatted(catalog.root, document, write=write) for document in later}
    return [found[document.key] for document in documents]


def _line(document: Document) -> int:
    line = document.positions.line(("spec", "condition"))
    assert line is not None
    return line


def _formatted(root: Path, document: Document, *, write: bool) -> Formatted:
    path = root / document.file
    before = path.read_bytes().decode("utf-8-sig")
    after, left = _rewritten(before, _line(document) - 1, spec_of(document).condition)
    if not left and after != before and not _same(before, after, document):
        left = "the file holds it in a way that cannot be rewritten"
    changed = not left and after != before
    if changed and write:
        write_whole(path, after)
    return Formatted(document.key, document.file, changed, left)


def _rewritten(text: str, start: int, raw: Mapping[str, Any]) -> tuple[str, str]:
    """The text with the condition that begins on 0-based line ``start`` written anew, or why not."""
    lines = text.splitlines(keepends=True)
    found = re.match(r"( *)condition:(\s|$)", lines[start])
    if found is None:
        return text, "it stands in braces with what is around it"
    indent = len(found[1])
    end = _end(lines, start, indent)
    block = "".join(lines[start:end])
    if _COMMENT.search(block):
        return text, "it holds comments"
    if _REPEATED.search(block):
        return text, "it repeats parts with & and *"
    break_ = "\r\n" if block.endswith("\r\n") else "\n"
    told = format_condition(raw, indent=indent + 2)
    inline = "\n" not in told and told.startswith("{")
    written = f"{' ' * indent}condition:" + (f" {told}" if inline else f"\n{' ' * (indent + 2)}{told}")
    last = break_ if block.endswith("\n") else ""
    return "".join([*lines[:start], written.replace("\n", break_), last, *lines[end:]]), ""


def _end(lines: Sequence[str], start: int, indent: int) -> int:
    """The line after the block: what is indented deeper belongs to it, blank lines at its end do not."""
    end = start + 1
    for place in range(start + 1, len(lines)):
        line = lines[place]
        if line.strip():
            if len(line) - len(line.lstrip(" ")) <= indent:
                break
            end = place + 1
    return end


def _same(before: str, after: str, document: Document) -> bool:
    """Whether the file holds the same documents, but for the order and form of this condition."""
    old, new = documents_in(before), documents_in(after)
    for one in old or ():
        if isinstance(one, dict) and (one.get("kind"), one.get("key")) == ("segment", document.key):
            one["spec"]["condition"] = canonical(one["spec"]["condition"])
    return old is not None and old == new
