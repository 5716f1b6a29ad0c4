"""Write ``docs/reference/cli.md`` from the commands themselves, so that the two cannot differ.

``.venv/bin/python -m tools.cli_reference --write`` writes the page, without it the page is printed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from tools.files import ROOT

PAGE = ROOT / "docs" / "reference" / "cli.md"
HEAD = """# Commands

Written by `python -m tools.cli_reference --write` from the program; edit the program, not this page.

Exit status: 0 done, 1 the work failed, 2 bad usage or bad definitions.
"""


def the_program() -> Any:
    """The root of all commands, as typer runs it."""
    return typer.main.get_command(importlib.import_module("foretell.cli.commands").app)


def commands(node: Any, path: str = "foretell") -> Iterator[tuple[str, Any]]:
    """(``foretell segment count``, command) for every command that does work, in their own order."""
    inner = getattr(node, "commands", None)
    if inner is None:
        yield path, node
        return
    for name, command in inner.items():
        if not command.hidden:
            yield from commands(command, f"{path} {name}")


def page(root: Any) -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *(_section(path, command) for path, command in commands(root))])


def _section(path: str, command: Any) -> str:
    context = typer.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    lines = [f"## {path}", "", _text(command.help), "", "```text", usage, "```", ""]
    records = [param.get_help_record(context) for param in command.params]
    rows = [f"| `{_cell(record[0])}` | {_cell(record[1])} |" for record in records if record]
    if rows:
        lines += ["| argument or option | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """``text`` in one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _text(help_text: str | None) -> str:
    return (help_text or "").replace("\b", "").split("\f")[0].strip()


def main(arguments: list[str]) -> int:
    """Print the page, or with ``--write`` put it in its place."""
    text = page(the_program())
    if "--write" in arguments:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
