"""``predict``: what will they do?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from foretell import identify, predict
from foretell.app import Workspace as OpenWorkspace
from foretell.cli import prediction_cards, prediction_looks, prediction_runs, prediction_values
from foretell.cli.exported import To, write_export
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import Format, emit_json, number, share, tell_left_out, write_rows
from foretell.cli.progress import following, steps
from foretell.cli.reports import show_report
from foretell.cli.tables import heading, result, say
from foretell.errors import ForetellError

app = typer.Typer(help="Predictions: train, score, judge, explain.")
_PARTS = 10
"""Features of which is said what they do to one person's score; in JSON all are."""
Key = Annotated[str, typer.Argument(help="Key of the prediction.")]


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
    with opened(workspace, "write") as found, steps() as progress, following(progress, found.engine.analytics):
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
    with opened(workspace, "write") as found, steps() as progress, following(progress, found.engine.analytics):
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
        say(f"{made.people:,} people scored as of {made.as_of:%Y-%m-%d %H:%M} UTC by {made.model}")
        tell_left_out(made.left_out)


@app.command()
def scores(
    key: Key,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    form: Annotated[Format | None, typer.Option("--format", help="Write all scores in this format.")] = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """List the stored scores, the latest unless another instant is named."""
    with opened(workspace, "read" if to is None else "write") as found, _named(found, key):
        told = predict.export_scores(
            found.engine, found.catalog, key, as_of=instant(found, as_of), now=found.clock.now()
        )
        if to is not None:
            write_export(found, told.rows, to, form)
    tell_left_out(told.left_out)
    if to is not None:
        return
    if as_json or form is not None:
        write_rows(told.rows, form or Format.json)
    else:
        result(told.rows.drop_columns(["model"]), 50)


@app.command()
def report(key: Key, workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show how good the latest model is, out of time, and whether to trust its probabilities."""
    with opened(workspace) as found, _named(found, key):
        at = instant(found, as_of)
        told = predict.report(found.engine, key, as_of=at)
        doubts = predict.said_of(found.engine, found.catalog, key, at) if found.catalog.has("prediction", key) else []
    _show_report({**told, **({"trust": doubts} if as_json else {})}, as_json=as_json)
    if not as_json and doubts:
        say("")
        for words in doubts:
            say(words, hang=2)


@app.command()
def explain(
    key: Key,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="TYPE:VALUE, or the bare value.")],
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Say why a person has the score they have."""
    with opened(workspace) as found, _named(found, key):
        match = identify.find(found.engine, identifier)
        at = instant(found, as_of)
        told = predict.explain(found.engine, key, match.profile_key, as_of=at)
        exact = {one.horizon: one for one in _exactly(found, key, match.profile_key, at)}
        dates = predict.expected_dates(found.engine.analytics, match.profile_key, as_of=at)
        expected = next((one for one in dates if one.prediction == key), None)
        money = _is_money(found, key)
    if as_json:
        beside = {} if expected is None else {"expected": asdict(expected)}
        parts = {horizon: {"exact": one.as_dict()} for horizon, one in exact.items()}
        emit_json([{**asdict(one), **parts.get(one.horizon, {}), **beside} for one in told])
        return
    for one in told:
        low, high = _shown(one.low, money=money), _shown(one.high, money=money)
        heading(f"{one.prediction} over {one.horizon}: {_shown(one.score, money=money)} ({low} … {high})")
        for reason in exact[one.horizon].parts[:_PARTS] if one.horizon in exact else one.reasons:
            say(reason.words if money else f"{reason.effect:+.3f}  {reason.words}", indent=2, hang=2 if money else 8)
    if expected is not None:
        say(_dated(expected))


def _exactly(found: OpenWorkspace, key: str, profile_key: int, at: datetime) -> list[predict.ExactReasons]:
    """Exact parts, where the prediction has a model of ours that is still there."""
    try:
        return predict.exactly(found.engine, found.catalog, key, profile_key, as_of=at)
    except ForetellError as error:
        if error.code != "MODEL_MISSING":
            raise
        return []


def _show_report(report: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(report)
    else:
        show_report(report)


@contextmanager
def _named(found: OpenWorkspace, key: str) -> Iterator[None]:
    """Whoever asks about a prediction that does not exist is told so, and not to train it."""
    try:
        yield
    except ForetellError as error:
        if error.code in ("NOT_TRAINED", "NOT_SCORED"):
            found.catalog.get("prediction", key.partition(".")[0])
        raise


def _is_money(found: OpenWorkspace, key: str) -> bool:
    return any(one.key == key and one.raw["spec"].get("value") for one in found.catalog.all("prediction"))


def _dated(expected: predict.ExpectedDate) -> str:
    """When it is to be expected, in words."""
    if expected.expected_at is None:
        return f"no date to expect: within the longest horizon it comes with {share(expected.chance)}"
    later = "later than the longest horizon" if expected.latest_at is None else f"{expected.latest_at:%Y-%m-%d}"
    early = "" if expected.earliest_at is None else f"{expected.earliest_at:%Y-%m-%d}"
    return f"to be expected on {expected.expected_at:%Y-%m-%d} (80 % between {early} and {later})"


def _shown(value: float, *, money: bool) -> str:
    return number(value, 2) if money else share(value)


prediction_cards.add_to(app)
prediction_looks.add_to(app)
prediction_runs.add_to(app)
prediction_values.add_to(app)
