"""``tracking``: who has to mend what, and a first draft of a plan."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import collect
from foretell.app import draft_plan
from foretell.cli.opening import opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, share, write_bytes
from foretell.cli.tables import cut, heading, people, right, say, table

app = typer.Typer(help="Tracking plans: who has to mend what, and a first draft.")
Since = Annotated[str | None, typer.Option("--from", metavar="T", help="What arrived from then on.")]
Until = Annotated[str | None, typer.Option("--to", metavar="T", help="What arrived before then.")]


@app.callback()
def group() -> None:
    """Tracking plans: who has to mend what, and a first draft."""


@app.command()
def report(workspace: Workspace = HERE, since: Since = None, until: Until = None, as_json: AsJson = False) -> None:
    """Show what breached the plans: by event, field and rule, with owner, trend and examples."""
    with opened(workspace) as found:
        start, end = optional_instant(found, since), optional_instant(found, until)
        told = collect.violation_report(found.engine, found.catalog, start, end)
    if as_json:
        emit_json(asdict(told))
        return
    if not told.breaches:
        say(f"Nothing breached a tracking plan; {told.events:,} events arrived.")
        return
    heading(f"{told.violating:,} of {told.events:,} events breach a tracking plan")
    people.out("")
    table(
        ["event", "field", "rule", "source", right("events"), right("share"), "owner", "last (UTC)", cut("examples")],
        [
            (
                one.event, one.field, one.rule, one.source, f"{one.events:,}", share(one.share), one.owner,
                f"{one.last_at:%Y-%m-%d}", ", ".join(one.examples),
            )
            for one in told.breaches
        ],
    )  # fmt: skip
    put_aside = sum(one.quarantined for one in told.breaches)
    if put_aside:
        people.out("")
        say("Events that were put aside: `foretell quarantine list`; when all is mended: `foretell quarantine replay`.")


@app.command()
def infer(
    workspace: Workspace = HERE,
    source: Annotated[str | None, typer.Option("--source", metavar="S", help="Events of this source only.")] = None,
    since: Since = None,
    until: Until = None,
    key: Annotated[str, typer.Option("--key", help="Key of the document.")] = "drafted",
    as_json: AsJson = False,
) -> None:
    """Write a tracking document that describes what really arrived, to be read, tightened and kept in tracking/."""
    with opened(workspace) as found:
        start, end = optional_instant(found, since), optional_instant(found, until)
        text = draft_plan(found, key, source=source, start=start, end=end)
    if as_json:
        emit_json({"key": key, "document": text})
        return
    write_bytes(text.encode())
