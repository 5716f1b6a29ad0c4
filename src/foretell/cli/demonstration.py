"""``demo``: the main job on real data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from foretell import demo as demos
from foretell.app import open_workspace
from foretell.cli.output import emit_json, number, people, share, steps, table
from foretell.demo import Dataset, Summary
from foretell.errors import UsageError

_SHARES = {"churn_rate", "churn_probability", "repeat_rate", "retention_rate"}


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(demo)


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Folder of the demo's workspace.")] = Path("foretell-demo"),
    dataset: Annotated[str, typer.Option("--dataset", help="Data set: online-retail.")] = "online-retail",
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only do the job; do not serve the app.")] = False,
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
    people.print(f"\n[bold]{dataset.key}[/bold] as of {summary.as_of:%Y-%m-%d}, in {summary.seconds} s\n")
    lines = ", ".join(
        f"{name.replace('_', ' ')} {number:,}" for name, number in summary.lines.items() if name != "total"
    )
    people.print(f"{summary.lines.get('total', 0):,} lines: {lines}")
    people.print(
        f"{summary.events:,} events of {summary.profiles:,} profiles, "
        f"[bold]{summary.known_customers:,}[/bold] known customers"
    )
    people.print(
        f"revenue {summary.currency} [bold]{summary.revenue:,.2f}[/bold], "
        f"of it {summary.revenue_known:,.2f} from known customers\n"
    )
    _show_predictions(summary)
    table(["segment", ("people", "right")], [(key, number(size)) for key, size in summary.segments.items()])
    people.print()
    _show_kpis(summary)
    people.print(f"\n{dataset.credit}\n", style="dim")
    _show_next(summary, dataset)


def _show_predictions(summary: Summary) -> None:
    for key, metrics in summary.predictions.items():
        plain = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
        told = ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in plain.items())
        people.print(f"[bold]{key}[/bold] {told}")
        people.print(f"  {summary.verdicts[key]}\n")


def _show_kpis(summary: Summary) -> None:
    months = sorted({month for series in summary.months.values() for month in series})[-4:]
    rows = []
    for key, value in summary.kpis.items():
        series = summary.months.get(key, {})
        rows.append((key, _kpi(key, value), *(_kpi(key, series.get(month)) for month in months)))
    table(["KPI", ("value", "right"), *((month, "right") for month in months)], rows)


def _kpi(key: str, value: float | None) -> str:
    return share(value) if key in _SHARES else number(value, 0 if value is None or abs(value) >= 1_000 else 2)


def _short(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _show_next(summary: Summary, dataset: Dataset) -> None:
    at = f"{summary.as_of:%Y-%m-%d}"
    people.print("[bold]Next[/bold]")
    for command in (
        f"cd {summary.directory}",
        f"foretell profile show {dataset.person}",
        "foretell predict report churn",
        f"foretell segment explain at_risk {dataset.person} --as-of {at}",
        "foretell kpi show revenue --by month",
        'foretell query "SELECT * FROM orders ORDER BY amount_minor DESC LIMIT 10"',
    ):
        people.print(f"  {command}", markup=False, soft_wrap=True)
