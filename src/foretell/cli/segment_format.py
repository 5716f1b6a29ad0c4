"""``segment format``: conditions in files, written the one way."""

from __future__ import annotations

from typing import Annotated

import typer

from foretell import segment
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, tell
from foretell.cli.tables import say

Keys = Annotated[list[str] | None, typer.Argument(metavar="KEY…", help="Keys of segments; without them, all.")]


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(name="format")(format_)


def format_(
    keys: Keys = None,
    workspace: Workspace = HERE,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 2 at a change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the conditions of segments the one way: keys in order, a part a line; nothing else is touched."""
    with opened(workspace) as found:
        told = segment.format_files(found.catalog, keys or (), write=not check)
    if as_json:
        emit_json([vars(one) for one in told])
    else:
        for one in told:
            if one.left:
                tell(f"{one.file}: {one.key} stays as it is: {one.left}")
            elif one.changed:
                say(f"{'would change' if check else 'formatted'} {one.key}  {one.file}")
        if not any(one.changed for one in told):
            say("Nothing to change.")
    if check and any(one.changed for one in told):
        raise typer.Exit(2)
