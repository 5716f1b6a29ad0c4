"""Changing one setting in ``foretell.yaml``, with everything else in the file as people wrote it."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from foretell.definitions.settings import SETTINGS_FILE
from foretell.errors import explain_os_errors


def put_setting(root: Path, place: tuple[str, str], value: str | None) -> str | None:
    """Set ``section.name`` of the workspace at ``root``; returns what stood there, None where nothing did.

    Comments, order and quotes stay. The file is replaced whole.

    Args:
        value: None takes the setting out.
    """
    path = root / SETTINGS_FILE
    with explain_os_errors("settings"):
        text = path.read_text("utf-8")
        fresh_text, before = _with_setting(text, *place, value)
        fresh = path.with_name(f".{path.name}.new")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(fresh_text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    return before


def _with_setting(text: str, section: str, name: str, value: str | None) -> tuple[str, str | None]:
    """The text with the lines of one section written anew, and what the setting was."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4_096
    tree = yaml.load(text) or CommentedMap()
    lines = text.splitlines(keepends=True)
    begins = {key: tree.lc.key(key)[0] for key in tree}
    first = begins.get(section, len(lines))
    last = min((line for line in begins.values() if line > first), default=len(lines))
    part = tree.get(section) or CommentedMap()
    before = part.get(name)
    if value is None:
        part.pop(name, None)
    else:
        part[name] = value
    written = StringIO()
    if part:
        yaml.dump(CommentedMap({section: part}), written)
    head = "".join(lines[:first])
    head += "\n" if head and not head.endswith("\n") else ""
    return head + written.getvalue() + "".join(lines[last:]), None if before is None else str(before)
