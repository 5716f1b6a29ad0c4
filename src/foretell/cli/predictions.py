"""``predict``: what will they do?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import identify, predict
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import Format, emit_json, number, people, steps, table, write_rows

app = typer.Typer(help="Predictions: train, score, judge, explain.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="Key of the prediction.")]
_METRICS = {
    "roc_auc": "ROC AUC", "pr_auc": "PR AUC", "log_loss": "log-loss", "brier": "Brier score",
    "ece": "calibration error", "mae": "mean absolute error", "correlation": "correlation",
}  # fmt: skip


@app.callback()
def group() -> None:
    """Predictions: train, score, judge, explain."""


@app.command()
def train(
    key: Key,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    as_json: AsJson = False,
) -> None:
    """Train on outcomes complete at an instant and on what was known by then."""
    with opened(workspace, "write") as found, steps() as progress:
        progress.begin(f"Training {key}")
        made = predict.train(
            found.engine,
            found.catalog,
            found.reader,
            key,
            as_of=instant(found, as_of),
            now=found.clock.now(),
            seed=seed,
        )
    _show_report(made.as_dict(), as_json=as_json)


@app.command()
def score(key: Key, workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Score the prediction's population and store the rows."""
    with opened(workspace, "write") as found, steps() as progress:
        progress.begin(f"Scoring {key}")
        made = predict.score(
            found.engine,
            found.catalog,
            found.reader,
            key,
            as_of=instant(found, as_of),
            now=found.clock.now(),
        )
    if as_json:
        emit_json(made.as_dict())
    else:
        people.print(f"{made.people:,} people scored as of {made.as_of:%Y-%m-%d %H:%M} UTC by {made.model}")


@app.command()
def scores(
    key: Key,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    form: Annotated[Format | None, typer.Option("--format", help="Write all scores in this format.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the stored scores, the latest unless another instant is named."""
    with opened(workspace) as found:
        rows = predict.scores(found.engine, key, as_of=instant(found, as_of))
    if as_json or form is not None:
        write_rows(rows, "json" if form is None else form.value)
        return
    table(rows.column_names, [tuple(row.values()) for row in rows.slice(0, 50).to_pylist()])
    if rows.num_rows > 50:
        people.print(f"… {rows.num_rows - 50:,} more; use --format csv for all")


@app.command()
def report(key: Key, workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show how good the latest model is, out of time, and whether to trust its probabilities."""
    with opened(workspace) as found:
        told = predict.report(found.engine, key, as_of=instant(found, as_of))
    _show_report(dict(told), as_json=as_json)


@app.command()
def explain(
    key: Key,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="TYPE:VALUE, or the bare value.")],
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say why a person has the score they have."""
    with opened(workspace) as found:
        match = identify.find(found.engine, identifier)
        told = predict.explain(found.engine, key, match.profile_key, as_of=instant(found, as_of))
    if as_json:
        emit_json([asdict(one) for one in told])
        return
    for one in told:
        people.print(f"[bold]{one.prediction} {one.horizon}[/bold] {one.score:.4g} ({one.low:.4g} … {one.high:.4g})")
        for reason in one.reasons:
            people.print(f"  {reason.effect:+.3f}  {reason.words}", markup=False)


def _show_report(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(report)
        return
    people.print(f"[bold]{report['prediction']}[/bold] {report['model']}, trained as of {report['trained_as_of']}")
    people.print(f"{report['n']:,} rows, {report['positives']:,} positive\n")
    _show_metrics(report["metrics"], report.get("baseline") or {})
    if report["params"]:
        told = ", ".join(f"{name} {value:.4f}" for name, value in report["params"].items())
        likelihood = report.get("log_likelihood")
        people.print(f"{told}" + (f"; log-likelihood {likelihood:,.2f}" if likelihood is not None else ""))
    people.print(f"\n{report['verdict']}")


def _show_metrics(metrics: Mapping[str, Any], baseline: Mapping[str, Any]) -> None:
    if metrics and all(isinstance(value, Mapping) for value in metrics.values()):
        for horizon, inner in metrics.items():
            people.print(f"[bold]{horizon}[/bold]")
            _show_metrics(inner, baseline.get(horizon, {}))
        return
    rows = [
        (_METRICS.get(name, name.replace("_", " ")), _number(value), _number(baseline.get(name)))
        for name, value in metrics.items()
    ]
    table(["out of time", ("model", "right"), ("baseline", "right")], rows)


def _number(value: Any) -> str:
    if value is None or isinstance(value, str | bool):
        return str(value or "")
    return number(value, 4) if isinstance(value, float) and abs(value) < 1_000 else number(value)
