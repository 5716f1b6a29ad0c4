"""``segment history|fresh``: who came and went, in all of the past and lately; how fresh segments are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import right, say, table
from foretell.segment import live

Key = Annotated[str, typer.Argument(help="Key of the segment.")]
POINTS = 12


def add_to(app: typer.Typer) -> None:
    """Give the group ``segment`` these commands."""
    for command in (history, fresh):
        app.command()(command)


def history(
    key: Key,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    days: Annotated[int, typer.Option("--days", min=1, max=4_000, help="Sizes over so many days.")] = 84,
    as_json: AsJson = False,
) -> None:
    """Tell who was in a segment when, as its condition reads today."""
    with opened(workspace) as found:
        at = instant(found, as_of)
        told = live.history(found.engine, found.catalog, found.reader, key, now=at)
    instants = [at - timedelta(days=days) / POINTS * place for place in range(POINTS, -1, -1)]
    sizes = told.sizes(instants)
    if as_json:
        shown = [{"at": one, "members": size} for one, size in zip(instants, sizes, strict=True)]
        step = None if told.step is None else told.step / timedelta(hours=1)
        people = len(told.intervals["profile_key"].unique())
        emit_json(
            {
                "segment": key, "as_of": at, "exact": told.exact, "step_hours": step, "people": people,
                "intervals": told.intervals.num_rows, "sizes": shown,
            }
        )  # fmt: skip
        return
    rows = zip(instants, sizes, strict=True)
    table(["at", right("people")], [(f"{one:%Y-%m-%d %H:%M}", number(size)) for one, size in rows])
    if told.step is not None:
        say(f"Looked at every {told.step / timedelta(hours=1):.1f} hours: it cannot be walked through event by event.")


def fresh(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Tell how fresh each segment is kept, and why not fresher."""
    with opened(workspace) as found:
        kept, at = live.freshness(found.catalog), live.looked_at(found.engine)
    rows = [(key, one.fresh) for key, one in sorted(kept.items())]
    if as_json:
        told = [
            {
                "segment": key,
                "words": one.words,
                "at_once": one.by_event,
                "every": str(one.every) if one.every else None,
            }
            for key, one in rows
        ]
        emit_json({"kept_until": at, "segments": told})
        return
    table(["key", "how fresh"], [(key, one.words) for key, one in rows])
    if at is not None:
        say(f"Kept until {at:%Y-%m-%d %H:%M:%S} UTC.")


def _told(key: str, fresh: live.Freshness) -> dict[str, object]:
    every = None if fresh.every is None else str(fresh.every)
    return {"segment": key, "words": fresh.words, "at_once": fresh.by_event, "every": every}
