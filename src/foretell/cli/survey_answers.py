"""``survey respond``: an answer that somebody gave on another way."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json
from foretell.cli.tables import say
from foretell.listen import asking


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(respond)


def respond(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Key of the survey.")],
    who: Annotated[str, typer.Argument(metavar="ID", help="Who answered: type:value, or bare.")],
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="To the main question, e.g. 9.")],
    workspace: Workspace = HERE,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What they said in words.")] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option("--answer", metavar="QUESTION=VALUE", help="To another question; once for each value."),
    ] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="How it came, e.g. phone.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="Of their words, e.g. de.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell an answer that a person gave on the telephone, at the till or on paper."""
    with opened(workspace, "write") as found:
        told = asking.respond(
            found.engine, found.catalog, key, who, answer, text=text, answers=_pairs(answers or []), channel=channel,
            language=language, now=found.clock.now(),
        )  # fmt: skip
    if as_json:
        emit_json(asdict(told))
        return
    said = ", ".join(f"{path}: {value}" for path, value in told.told.items())
    say(f"Response {told.response_id}: {said}{'' if told.complete else ' (not complete yet)'}")


def _pairs(written: list[str]) -> dict[str, str | list[str]]:
    values: dict[str, list[str]] = {}
    for one in written:
        question, equals, value = one.partition("=")
        if not equals or not question.strip():
            raise typer.BadParameter(f"{one!r} is no QUESTION=VALUE", param_hint="--answer")
        values.setdefault(question.strip(), []).append(value)
    return {question: given[0] if len(given) == 1 else given for question, given in values.items()}
