"""``demo``: the main job on real data."""

from __future__ import annotations

import time
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from foretell import demo as demos
from foretell.app import open_workspace
from foretell.cli.output import emit_json, number, share
from foretell.cli.progress import steps
from foretell.cli.reports import learnt_from, show_metrics
from foretell.cli.tables import heading, people, right, say, table
from foretell.demo import Dataset, Summary
from foretell.errors import UsageError

_SHARES = {"churn_rate", "churn_probability", "repeat_rate", "retention_rate"}


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(demo)


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Folder of the demo's workspace.")] = Path("foretell-demo"),
    dataset: Annotated[str, typer.Option("--dataset", help="Data set: online-retail.")] = "online-retail",
    _no_serve: Annotated[bool, typer.Option("--no-serve", help="Only do the job; do not serve the app.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of everything random.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Import a shop's real purchases, predict churn and lifetime value, count segments and KPIs."""
    found = demos.DATASETS.get(dataset)
    if found is None:
        raise UsageError(
            "UNKNOWN_DATASET",
            f"there is no data set called {dataset!r}",
            next_step=f"Data sets: {', '.join(sorted(demos.DATASETS))}.",
        )
    start = time.perf_counter()
    found.write(directory)
    with open_workspace(directory) as workspace, steps() as progress:
        summary = demos.play(workspace, found, seed=seed, steps=progress)
    summary.seconds = round(time.perf_counter() - start, 1)
    if as_json:
        emit_json(summary.as_dict())
    else:
        _show(summary, found)


def _show(summary: Summary, dataset: Dataset) -> None:
    heading(f"{dataset.key} as of {summary.as_of:%Y-%m-%d}, in {summary.seconds} s")
    people.out("")
    table(["lines", right("")], [(name.replace("_", " "), number(count)) for name, count in summary.lines.items()])
    people.out("")
    known = f"{summary.known_customers:,} of them known customers"
    say(f"{summary.events:,} events of {summary.profiles:,} profiles, {known}")
    say(f"revenue {summary.currency} {summary.revenue:,.2f}, {summary.revenue_known:,.2f} of it from known customers")
    for key, told in summary.predictions.items():
        people.out("")
        heading(f"{key}, {learnt_from(told)}")
        show_metrics(told, {})
        say(summary.verdicts[key])
    people.out("")
    table(["segment", right("people")], [(key, number(size)) for key, size in summary.segments.items()])
    people.out("")
    _show_kpis(summary)
    people.out("")
    say(dataset.credit, dim=True)
    people.out("")
    _show_next(summary, dataset)


def _show_kpis(summary: Summary) -> None:
    months = sorted({month for series in summary.months.values() for month in series})[-4:]
    rows = []
    for key, value in summary.kpis.items():
        series, digits = summary.months.get(key, {}), 0 if value is None or abs(value) >= 1_000 else 2
        texts = [_kpi(key, one, digits) for one in (value, *(series.get(month) for month in months))]
        rows.append((key, *texts))
    table(["KPI", right("value"), *(right(month) for month in months)], rows)


def _kpi(key: str, value: float | None, digits: int) -> str:
    return share(value) if key in _SHARES else number(value, digits)


def _show_next(summary: Summary, dataset: Dataset) -> None:
    at = f"{summary.as_of:%Y-%m-%d}"
    heading("Next")
    for command in (
        f"cd {quote(summary.directory)}",
        f"foretell profile show {dataset.person}",
        "foretell predict report churn",
        f"foretell segment explain at_risk {dataset.person} --as-of {at}",
        "foretell kpi show revenue --by month",
        'foretell query "SELECT * FROM orders ORDER BY amount_minor DESC LIMIT 10"',
    ):
        people.out(f"  {command}", highlight=False)
