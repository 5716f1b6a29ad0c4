"""``segment``: which people?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from foretell import identify, segment
from foretell.cli import segment_format, segment_groups, segment_history
from foretell.cli.exported import To, write_export
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import Format, emit_json, number, tell_left_out, write_rows
from foretell.cli.tables import result, right, say, table
from foretell.condition import Explanation
from foretell.definitions import parse_inline

app = typer.Typer(help="Segments: sizes, members, reasons, at any instant.")
Key = Annotated[str, typer.Argument(help="Key of the segment.")]
Where = Annotated[
    str | None,
    typer.Option("--where", metavar="YAML", help="A further condition, e.g. '{trait: country, is: France}'."),
]


@app.callback()
def group() -> None:
    """Segments: sizes, members, reasons, at any instant."""


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """List the segments with their sizes."""
    with opened(workspace) as found:
        sizes = segment.list_segments(found.catalog, found.reader, as_of=instant(found, as_of))
    if as_json:
        emit_json([vars(size) for size in sizes])
        return
    table(["key", right("people"), "who"], [(s.key, number(s.members), s.says) for s in sizes])


@app.command()
def count(
    key: Key, workspace: Workspace = HERE, as_of: AsOf = None, where: Where = None, as_json: AsJson = False
) -> None:
    """Count the people in a segment."""
    with opened(workspace) as found:
        at = instant(found, as_of)
        members = segment.count(found.catalog, found.reader, key, as_of=at, where=_condition(where))
    if as_json:
        emit_json({"segment": key, "as_of": at, "count": members})
    else:
        say(f"{members:,}")


@app.command()
def members(
    key: Key,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    where: Where = None,
    form: Annotated[Format | None, typer.Option("--format", help="Write all members in this format.")] = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """List the people in a segment, without those whose data may not be handed over."""
    with opened(workspace, "read" if to is None else "write") as found:
        told = segment.export_members(
            found.engine, found.catalog, found.reader, key, as_of=instant(found, as_of), now=found.clock.now(),
            where=_condition(where),
        )  # fmt: skip
        if to is not None:
            write_export(found, told.rows, to, form)
    tell_left_out(told.left_out)
    if to is not None:
        return
    if as_json or form is not None:
        write_rows(told.rows, form or Format.json)
    else:
        result(told.rows, 50)


@app.command()
def explain(
    key: Key,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="TYPE:VALUE, or the bare value.")],
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say why a person is or is not in a segment."""
    with opened(workspace) as found:
        match = identify.find(found.engine, identifier)
        why = segment.explain(found.catalog, found.reader, key, match.profile_key, as_of=instant(found, as_of))
    if as_json:
        emit_json(why.as_dict())
        return
    _show(why, 0)


segment_format.add_to(app)
segment_groups.add_to(app)
segment_history.add_to(app)


def _show(part: Explanation, depth: int) -> None:
    told = f"  [{part.found}]" if part.found else ""
    say(f"{'yes' if part.holds else 'no '} {part.says}{told}", indent=2 * depth, hang=4)
    for one in part.events:
        say(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.event}  {one.message_id}", indent=2 * depth + 4, hang=2)
    for inner in part.parts:
        _show(inner, depth + 1)


def _condition(text: str | None) -> dict[str, Any] | None:
    return None if text is None else parse_inline(text, "--where")
