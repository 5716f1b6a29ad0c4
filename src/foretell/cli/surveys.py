"""``survey``: what people are asked, and what they said."""

from __future__ import annotations

import typer

from foretell.cli import survey_answers
from foretell.cli.survey_reports import report

app = typer.Typer(help="Surveys: what people are asked, and what they said.")


@app.callback()
def group() -> None:
    """Surveys: what people are asked, and what they said."""


app.command()(report)
survey_answers.add_to(app)
