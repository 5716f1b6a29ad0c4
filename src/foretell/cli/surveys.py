"""``survey``: what people are asked, and what they said."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import definitions
from foretell.cli import survey_answers, survey_results
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number, share
from foretell.cli.output import instant as shown_instant
from foretell.cli.survey_reports import report
from foretell.cli.tables import cut, heading, right, say, table
from foretell.definitions import Document
from foretell.listen import results, surveys
from foretell.stats import proportion_interval

app = typer.Typer(help="Surveys: what people are asked, and what they said.")
Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of the survey.")]


@app.callback()
def group() -> None:
    """Surveys: what people are asked, and what they said."""


@app.command("list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List surveys: who was asked, who answered, when the last answer came."""
    with opened(workspace) as found:
        told = results.standings(found.engine)
        rows = [
            (one, told.get(one.key, results.Standing()))
            for one in sorted(found.catalog.all("survey"), key=lambda one: one.key)
        ]
    if as_json:
        emit_json([{**_about(document), **standing_as_dict(standing)} for document, standing in rows])
        return
    if not rows:
        say("The workspace has no surveys. `foretell survey ready` lists some to begin with.")
        return
    table(
        ["survey", cut("title"), "measure", right("asked"), right("answers"), right("answered of asked"), "last (UTC)"],
        [
            (document.key, surveys.title_of(document), _about(document)["measure"] or "–", number(_sent(standing)),
             number(standing.answered), _rate(standing),
             shown_instant(standing.last_at) if standing.last_at else "never")
            for document, standing in rows
        ],
    )  # fmt: skip


@app.command()
def show(
    key: Key,
    language: Annotated[str | None, typer.Option("--language", metavar="TAG", help="Of the words, e.g. de.")] = None,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what a survey asks, and when it asks it."""
    with opened(workspace) as found:
        document = found.catalog.get("survey", key)
    spec = surveys.spec_of(document)
    asked = [
        {"key": one.key, "type": one.type, "ask": surveys.text_of(one.ask, language, spec.language),
         "required": one.required, "when": surveys.when_words(spec, one, language)}
        for one in spec.questions
    ]  # fmt: skip
    if as_json:
        emit_json({**_about(document), "file": document.file, "questions": asked, "spec": document.raw.get("spec")})
        return
    heading(surveys.title_of(document, language))
    for name in ("measure", "languages", "touchpoint", "anonymous", "public"):
        value = _about(document)[name]
        say(f"{name}: {', '.join(value) if isinstance(value, list) else value if value is not None else '–'}")
    table(
        ["question", "type", cut("asks"), "asked"],
        [
            (one["key"], f"{one['type']}{', required' if one['required'] else ''}", one["ask"], one["when"] or "always")
            for one in asked
        ],
    )


@app.command()
def ready(
    key: Annotated[str | None, typer.Argument(help="One of them: shows its document.", show_default=False)] = None,
    write: Annotated[bool, typer.Option("--write", help="Put it into the workspace's folder surveys.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """List surveys to begin with, show one, or put it into the workspace."""
    if key is None:
        known = surveys.ready()
        if as_json:
            emit_json([_ready(one) for one in known])
        else:
            table(
                ["survey", "languages", cut("what it asks")],
                [(one.key, ", ".join(surveys.languages_of(one.spec)), one.description) for one in known],
            )
        return
    if write:
        with opened(workspace) as found:
            path = surveys.write_ready(found.catalog, key)
        if as_json:
            emit_json({"written": str(path)})
        else:
            say(f"{path.name} is written. `foretell apply` puts it in force.")
        return
    one = surveys.ready_survey(key)
    if as_json:
        emit_json(_ready(one))
    else:
        typer.echo(one.text, nl=False)


def standing_as_dict(standing: results.Standing) -> dict[str, Any]:
    """What came of a survey, for programs."""
    return {**asdict(standing), "funnel": None if standing.funnel is None else standing.funnel.counts()}


def _about(document: Document) -> dict[str, Any]:
    spec = surveys.spec_of(document)
    return {
        "key": document.key,
        "title": surveys.title_of(document),
        "measure": surveys.measure_of(spec, document.key),
        "languages": list(surveys.languages_of(spec)),
        "touchpoint": spec.touchpoint,
        "anonymous": spec.anonymous,
        "public": spec.public,
        "kept_by": "app" if definitions.is_kept_by_app(document.raw) else "files",
    }


def _ready(one: surveys.ReadySurvey) -> dict[str, Any]:
    return {
        "key": one.key, "title": one.title, "description": one.description,
        "languages": list(surveys.languages_of(one.spec)), "text": one.text,
    }  # fmt: skip


def _sent(standing: results.Standing) -> int:
    return 0 if standing.funnel is None else standing.funnel.sent


def _rate(standing: results.Standing) -> str:
    if not _sent(standing) or standing.funnel is None:
        return "–"
    found = proportion_interval(standing.funnel.answered, standing.funnel.sent)
    return f"{share(found.value)} ({share(found.low)} to {share(found.high)})"


app.command()(report)
survey_results.add_to(app)
survey_answers.add_to(app)
