"""``run``: bring the workspace to an instant, or play it through a stretch of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import reduce
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from foretell.app import advance
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json
from foretell.cli.progress import steps
from foretell.cli.tables import say
from foretell.clock import Duration, SteppedClock, SystemClock
from foretell.engine import ApplyReport
from foretell.errors import UsageError

_MOST_STEPS = 100_000


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command()(run)


def run(
    workspace: Workspace = HERE,
    now: Annotated[
        str | None,
        typer.Option("--now", metavar="T", help="Instant to bring it to (ISO 8601; default: now).", show_default=False),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="Go on step by step to this instant.", show_default=False)
    ] = None,
    every: Annotated[str, typer.Option("--every", metavar="D", help="Length of a step, e.g. 1h or 1d.")] = "1d",
    as_json: AsJson = False,
) -> None:
    """Take in what waits, score what is due, tell whose band changed; history can be played through."""
    length = Duration.parse(every)
    clock = SteppedClock(SystemClock().now())
    made = []
    with opened(workspace, "write", clock) as found, steps() as progress:
        start = instant(found, now)
        instants = list(steps_of(start, instant(found, until) if until else start, length, found.settings.zone_info))
        progress.begin("Running", len(instants))
        for clock.instant in instants:
            made.append(advance(found, clock.instant))
            progress.advance(1)
    total = reduce(ApplyReport.plus, [one.applied for one in made], ApplyReport())
    if as_json:
        emit_json({**asdict(total), "steps": [one.as_dict() for one in made]})
        return
    say(
        f"{total.events:,} events applied in {total.batches:,} batches, "
        f"{total.duplicates:,} were there already, {total.problems:,} went to quarantine"
    )
    for one in made:
        if one.matched is not None and (one.matched.joined or one.matched.waiting):
            told = f"{one.matched.joined:,} records found their person, {one.matched.waiting:,} pairs wait for review"
            say(f"{one.now:%Y-%m-%d %H:%M} UTC  {told}", indent=2, hang=2)
        for part in one.scored:
            say(f"{one.now:%Y-%m-%d %H:%M} UTC  {part.prediction} scored for {part.people:,} people", indent=2, hang=2)


def steps_of(start: datetime, end: datetime, every: Duration, zone: ZoneInfo) -> Iterator[datetime]:
    """``start``, then each step up to ``end``, and ``end``."""
    if end < start:
        raise UsageError(
            "BAD_USAGE", f"--until {end.isoformat()} lies before {start.isoformat()}", next_step="Give a later instant."
        )
    if every.count == 0 or (end - start).days / every.days > _MOST_STEPS:
        raise UsageError("BAD_USAGE", f"steps of {every} are too short", next_step="Give a longer --every.")
    at, place = start, 0
    while at < end:
        yield at
        place += 1
        at = Duration(every.count * place, every.unit).after(start, zone)
    yield end
