"""``predict look|quadrant``: what there is to learn from, and short against long risk."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import predict
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json, number, share, tell_left_out
from foretell.cli.tables import heading, right, say, table

Key = Annotated[str, typer.Argument(help="Key of the prediction.")]
_CELLS = {"act_now": "act now", "slow_drift": "slow drift", "noisy": "noisy", "healthy": "healthy"}


def add_to(app: typer.Typer) -> None:
    """Give the group ``predict`` these commands."""
    for command in (look, quadrant):
        app.command()(command)


def look(key: Key, workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show how often an outcome came true, and whether there is enough to learn from; nothing is trained."""
    with opened(workspace) as found:
        told = predict.look(
            found.engine, found.catalog, found.reader, key, as_of=instant(found, as_of), now=found.clock.now()
        )
    if as_json:
        emit_json(asdict(told))
        return
    say(f"{told.people:,} people now; the history begins on {told.history_from:%Y-%m-%d}")
    tell_left_out(told.left_out)
    for one in told.horizons:
        heading(f"{key} over {one.horizon}")
        for statement in one.statements:
            say(statement.text, indent=2)
        table(
            ["from", right("people"), right("came true"), right("share"), right("interval"), "used to"],
            [
                (
                    f"{window.at:%Y-%m-%d}", number(window.people), number(window.positives), share(window.rate),
                    "" if window.low is None else f"{share(window.low)} … {share(window.high)}",
                    window.part.replace("shown", ""),
                )
                for window in one.windows
            ],
        )  # fmt: skip


def quadrant(key: Key, workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show who leaves now, who drifts away slowly, who is well: the last scores over two horizons."""
    with opened(workspace) as found:
        told = predict.quadrant(found.engine, found.catalog, key, as_of=instant(found, as_of))
    if as_json:
        emit_json({name: value for name, value in asdict(told).items() if name != "points"})
        return
    for side in (told.short, told.long):
        say(f"{side.horizon}: high from {share(side.gte)} on ({side.by}), mean {share(side.mean)}")
    table(
        ["group", right("people"), right("share"), right(told.short.horizon), right(told.long.horizon), right("money")],
        [
            (
                _CELLS[cell.name], number(cell.people), share(cell.share), share(cell.short), share(cell.long),
                "" if cell.money is None else number(cell.money, 2),
            )
            for cell in told.cells
        ],
    )  # fmt: skip
