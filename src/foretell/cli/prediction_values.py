"""``predict value-by``: what people are expected to spend, by cohort and by segment."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from foretell import predict
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import heading, right, table


class Grouping(StrEnum):
    """What people are put together by."""

    cohort = "cohort"
    segment = "segment"


def add_to(app: typer.Typer) -> None:
    """Give the group ``predict`` this command."""
    app.command("value-by")(value_by)


def value_by(
    key: Annotated[str, typer.Argument(help="Key of a prediction with a value.")],
    by: Annotated[Grouping, typer.Option(help="Month of the first purchase, or segments.")] = Grouping.cohort,
    segment: Annotated[list[str] | None, typer.Option(help="Key of a segment; without it, all.")] = None,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show what groups of people are expected to spend over the horizon: sums, means and intervals."""
    with opened(workspace) as found:
        told = predict.value_by(
            found.engine,
            found.catalog,
            found.reader,
            key,
            as_of=instant(found, as_of),
            by=by.value,
            segments=segment or (),
        )
    if as_json:
        emit_json(asdict(told))
        return
    heading(f"{key} over {told.horizon}, as of {told.as_of:%Y-%m-%d %H:%M} UTC")
    table(
        [told.by, right("people"), right("mean"), right("interval"), right("total"), right("interval")],
        [
            (
                one.group, number(one.people), number(one.mean, 2), _between(one.mean_low, one.mean_high, 2),
                number(one.total, 0), _between(one.low, one.high, 0),
            )
            for one in (*told.groups, told.total)
        ],
    )  # fmt: skip


def _between(low: float | None, high: float | None, digits: int) -> str:
    return "" if low is None or high is None else f"{number(low, digits)} … {number(high, digits)}"
