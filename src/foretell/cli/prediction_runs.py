"""``predict runs|checks|rollback|activate|import``: the life of a model."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from foretell import predict
from foretell.cli.opening import instant, located, opened, refuse_wrong
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json
from foretell.cli.reports import metric
from foretell.cli.tables import heading, right, say, table
from foretell.errors import UsageError
from foretell.predict import ModelDecision, RunDifference

Key = Annotated[str, typer.Argument(help="Key of the prediction.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides it; default: the user of this machine.")]


def add_to(app: typer.Typer) -> None:
    """Give the group ``predict`` these commands."""
    for command in (runs, checks, rollback, activate):
        app.command()(command)
    app.command(name="import")(import_)


def runs(
    key: Key,
    workspace: Workspace = HERE,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="A,B", help="What differs between two runs.")
    ] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """List every training with its reason and what became of it, or say what differs between two."""
    with opened(workspace) as found:
        found.catalog.get("prediction", key)
        at = instant(found, as_of)
        told = predict.runs(found.engine.ops, key, as_of=at)
        decided = predict.decisions(found.engine.ops, key)
        beside = None
        if compare is not None:
            a, b = _two(compare)
            beside = predict.compare_runs(found.engine, key, a, b, as_of=at)
    if beside is not None:
        _show_difference(beside, as_json=as_json)
    elif as_json:
        emit_json({"runs": told, "decisions": [asdict(one) for one in decided]})
    else:
        _show_runs(told)
        _show_decisions(decided)


def checks(
    key: Key,
    workspace: Workspace = HERE,
    every: Annotated[bool, typer.Option("--all", help="All that were ever made.")] = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show what has moved since the training, and whether scores came true."""
    with opened(workspace) as found:
        found.catalog.get("prediction", key)
        at = instant(found, as_of)
        told = predict.model_checks(found.engine.analytics, key, as_of=at, newest=not every)
        trusted = predict.trust(found.engine, found.catalog, key, as_of=at)
    if as_json:
        emit_json({"checks": [asdict(one) for one in told], "trust": asdict(trusted)})
        return
    for horizon, why in trusted.doubts.items():
        say(f"{key} over {horizon}, {why}.")
    if trusted.doubts:
        accepted = trusted.accepted
        say(
            f"Accepted all the same: {accepted}" if accepted else "Its bands are not told, and no journey starts by it."
        )
    table(
        ["at (UTC)", "what", "verdict", right("people"), ""],
        [(f"{one.as_of:%Y-%m-%d %H:%M}", one.what, one.verdict, f"{one.people:,}", one.words) for one in told],
    )


def rollback(
    key: Key,
    model: Annotated[str | None, typer.Argument(help="Id of the model; default: the one before.")] = None,
    workspace: Workspace = HERE,
    by: By = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Go back to an earlier model; scores come from it until the next training, or until activate."""
    _decided(predict.rollback, key, model, workspace, by, as_of, as_json=as_json)


def activate(
    key: Key,
    model: Annotated[str, typer.Argument(help="Id of the model.")],
    workspace: Workspace = HERE,
    by: By = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Put a model in use, also one that was held back."""
    _decided(predict.activate, key, model, workspace, by, as_of, as_json=as_json)


def import_(
    key: Key,
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON lines; one score each.")],
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Bring scores from outside: profile_id or identifier, score, and horizon, low, high, as_of where wanted."""
    path = located(file)
    with opened(workspace, "write") as found:
        refuse_wrong(found, f"prediction {key}")
        told = predict.import_scores(
            found.engine, found.catalog, key, path, as_of=instant(found, as_of), now=found.clock.now()
        )
    if as_json:
        emit_json(asdict(told))
    else:
        say(f"{key}: {told.rows:,} scores of {told.people:,} people")


def _two(text: str) -> tuple[int, int]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        raise UsageError("BAD_USAGE", f"{text!r} names no two runs", next_step="Write --compare 3,5.")
    return int(parts[0]), int(parts[1])


def _show_runs(told: Sequence[Mapping[str, Any]]) -> None:
    table(
        [right("run"), "as of (UTC)", "reason", "state", "model", "metrics"],
        [
            (
                str(one["run"]), one["as_of"][:16].replace("T", " "), one["reason"],
                "in use" if one["in_use"] else "held back" if one["held_back"] else one["state"],
                one["model"] or "", _metrics(one),
            )
            for one in told
        ],
    )  # fmt: skip
    for one in told:
        if one["held_back"]:
            say(f"run {one['run']}: {one['held_back']}", hang=2)


def _metrics(run: Mapping[str, Any]) -> str:
    report = run["report"] or {}
    if run["state"] == "failed":
        return str(report.get("what", ""))
    parts = report.get("horizons") or {"": report}
    shown = []
    for horizon, part in parts.items():
        numbers = part.get("metrics") or {}
        told = [f"{name} {metric(numbers[name])}" for name in ("roc_auc", "log_loss", "ece", "mae") if name in numbers]
        shown.append(" ".join([horizon, *told]).strip())
    return "; ".join(shown)


def _show_decisions(decided: Sequence[ModelDecision]) -> None:
    for one in decided:
        say(f"{one.holds_from:%Y-%m-%d %H:%M} UTC  {one.does} to {one.model}, by {one.made_by}", hang=2)


def _decided(
    decide: Callable[..., ModelDecision], key: str, model: str | None, workspace: Path, by: str | None,
    as_of: str | None, *, as_json: bool,
) -> None:  # fmt: skip
    """Record which model is in use, and say so."""
    with opened(workspace, "write") as found:
        found.catalog.get("prediction", key)
        at, now, made_by = instant(found, as_of), found.clock.now(), by or getpass.getuser()
        made = decide(found.engine.ops, key, model, as_of=at, now=now, made_by=made_by)
    if as_json:
        emit_json(asdict(made))
    else:
        say(f"{made.model} scores {made.prediction} from {made.holds_from:%Y-%m-%d %H:%M} UTC on")


def _show_difference(found: RunDifference, *, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(found))
        return
    for name in ("metrics", "drivers", "window", "settings"):
        rows = getattr(found, name)
        heading(name)
        table(
            ["", "horizon", right(f"run {found.a}"), right(f"run {found.b}")],
            [(row["what"], row["horizon"], _said(row["a"]), _said(row["b"])) for row in rows],
        )


def _said(value: Any) -> str:
    return metric(value) if isinstance(value, int | float | str) or value is None else str(value)
