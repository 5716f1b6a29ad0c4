"""The pages of a survey as people would see them, before it is saved and without a way to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi.responses import HTMLResponse

from foretell.listen import surveys
from foretell.web.errors import unknown
from foretell.web.site import Site
from foretell.web.survey_looks import PageState, look_of, questions_page, thanks_page


def remember(site: Site, spec: surveys.SurveySpec) -> str:
    """The address at which the pages of a draft can be looked at for an hour, whichever process answers."""
    return f"/api/surveys/looks/{surveys.keep_draft(site.workspace.engine, spec, now=site.now)}/html"


def screens(spec: surveys.SurveySpec) -> list[surveys.Screen]:
    """Every page: those of somebody who gives the sample answers, then what only other answers lead to, each alone."""
    form = {name: values for one in spec.questions for name, values in surveys.type_of(one).sample(one).items()}
    told = surveys.read_form(spec.questions, form).told
    found: list[surveys.Screen] = []
    seen: list[str] = []
    while not (screen := surveys.next_screen(spec, told, seen)).is_over:
        found.append(screen)
        last = spec.questions.index(screen.questions[-1])
        seen = [one.key for one in spec.questions[: last + 1]]
    shown = {one.key for screen in found for one in screen.questions}
    rest = [one for one in spec.questions if one.key not in shown]
    return sorted(
        [*found, *(_alone(spec, one) for one in rest)], key=lambda one: spec.questions.index(one.questions[0])
    )


def preview_page(site: Site, name: str, number: int, language: str | None) -> HTMLResponse:
    """Page ``number`` (from 1) of a draft that is looked at; behind the last one stands the end.

    Raises:
        UsageError: ``UNKNOWN_LOOK`` where it was too long ago.
    """
    spec = surveys.draft(site.workspace.engine, name, now=site.now)
    if spec is None:
        raise unknown("look", name)
    look, every = replace(look_of(spec, site.workspace.settings.name, language), still=True), screens(spec)
    return (
        questions_page(spec, every[number - 1], look, PageState(action="about:blank", promised=spec.anonymous))
        if number <= len(every)
        else thanks_page(spec, look)
    )


def names_of(every: Sequence[surveys.Screen]) -> list[str]:
    """What is asked on each page."""
    return [", ".join(one.key for one in screen.questions) for screen in every]


def _alone(spec: surveys.SurveySpec, question: surveys.Question) -> surveys.Screen:
    return surveys.Screen((question,), spec.questions.index(question), len(spec.questions))
