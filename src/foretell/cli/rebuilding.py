"""``rebuild``: read what was kept of each arrival anew, show what differs, then put it in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from foretell.app import open_workspace, rebuild
from foretell.cli.opening import opened, optional_instant, refuse_wrong, root_of
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number, tell
from foretell.cli.progress import steps
from foretell.cli.tables import heading, right, say, table
from foretell.cli.terminal import terminal
from foretell.collect import Scope
from foretell.engine import ApplyReport, promise_swap
from foretell.errors import UsageError
from foretell.profile import Differences, differences

_MOST = 30


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(name="rebuild")(rebuild_)


def rebuild_(
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="T", help="Read anew what arrived from here on.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="KEY", help="Read anew what came from this source.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Put it in place without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what differs; change nothing.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Read what arrived anew by the definitions of today; what differs is shown first."""
    if yes and terminal().workspace is not None:
        raise UsageError(
            "SERVER_RUNNING",
            "the server works on the stores that would be replaced",
            next_step="Stop it and run the command again; without --yes the differences are shown beside it.",
        )
    with opened(workspace, "write") as found, steps() as progress:
        if source is not None:
            refuse_wrong(found, f"source {source}")
            found.catalog.get("source", source)
        progress.begin("Reading the bodies anew")

        def told(report: ApplyReport) -> None:
            progress.advance(report.events)

        with rebuild(found, Scope(optional_instant(found, since), source), told) as beside:
            different = differences(found.engine, beside)
        swap = not (dry_run or different.none) and (yes or _wanted(different, as_json=as_json))
        if swap:
            promise_swap(found.engine.data)
    if swap:
        with open_workspace(root_of(workspace)):
            pass
    if as_json:
        emit_json({"swapped": swap, **asdict(different)})
        return
    if yes or dry_run or different.none:
        _show(different)
    if swap:
        tell("In place. The stores as they were lie in data/before-rebuild until the next rebuild.")
    elif not different.none:
        tell("Nothing was changed. To put it in place: foretell rebuild --yes")


def _wanted(different: Differences, *, as_json: bool) -> bool:
    """Ask, where somebody is there to answer."""
    if as_json or terminal().workspace is not None or not terminal().people.is_terminal:
        if not as_json:
            _show(different)
        return False
    _show(different)
    return typer.confirm("Put it in place?")


def _show(different: Differences) -> None:
    if different.none:
        say("Read anew, everything is as it is.")
        return
    heading("What would change")
    table(["", right("Before"), right("After"), right("Change")], _rows(different.totals))
    for title, pairs in (("Events", different.events), ("Quarantine", different.quarantine)):
        if pairs:
            heading(title)
            table(["", right("Before"), right("After"), right("Change")], _rows(pairs)[:_MOST])
            if len(pairs) > _MOST:
                say(f"and {len(pairs) - _MOST} more")
    for word, paths in (("New", different.properties_new), ("No longer there", different.properties_gone)):
        if paths:
            heading(f"{word}: {_counted(len(paths), 'property', 'properties')}")
            say(", ".join(paths[:_MOST]) + (" …" if len(paths) > _MOST else ""))
    if joined := different.people_joined:
        say(f"{_counted(joined, 'person was', 'people were')} several before.")
    if parted := different.people_parted:
        say(f"{_counted(parted, 'person becomes', 'people become')} several.")


def _counted(count: int, one: str, many: str) -> str:
    return f"{number(count)} {one if count == 1 else many}"


def _rows(pairs: Mapping[str, tuple[int, int]]) -> list[tuple[str, str, str, str]]:
    return [
        (name.replace("_", " "), number(before), number(after), f"{after - before:+,}" if after != before else "")
        for name, (before, after) in pairs.items()
    ]
