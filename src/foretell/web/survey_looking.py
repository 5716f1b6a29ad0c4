"""The first page of a survey, for whoever follows its address."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response
from starlette.background import BackgroundTask

from foretell import deliver
from foretell.errors import UsageError
from foretell.listen import surveys
from foretell.web.site import Site
from foretell.web.survey_links import Asked, in_languages
from foretell.web.survey_looks import Look, PageState, look_of, questions_page, thanks_page

_PLAIN = surveys.SurveySpec.model_validate(
    {"title": "Survey", "questions": [{"key": "none", "type": "text", "ask": "None"}]}
)

"""Stands for a survey that cannot be shown, on pages that say why."""


def look_for(site: Site, request: Request, asked: Asked | None) -> Look:
    """How a page looks to whoever made the request; without a survey it is one of the workspace's."""
    language = (asked.language if asked else None) or _browsers(request)
    spec = _PLAIN if asked is None else asked.spec
    return look_of(spec, site.workspace.settings.name, language, framed=asked is not None and asked.framed)


def _browsers(request: Request) -> str | None:
    """The language that the browser asks for first."""
    first = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    return first[:35] if first and first != "*" else None


def first_page(site: Site, request: Request, asked: Asked) -> Response:
    """Where somebody begins, or goes on.

    Raises:
        UsageError: ``LINK_USED``.
    """
    place, spec = site.workspace, asked.spec
    if surveys.was_used(place.engine, asked.document.key, asked.thread, anonymously=asked.anonymous):
        raise UsageError("LINK_USED", "this link was used already")
    response = asked.response("")
    before = surveys.standing(place.engine, place.catalog, asked.document.key, response)
    look = look_for(site, request, asked)
    state = PageState(asked.action, response=response, seen=before.seen, promised=asked.anonymous)
    chosen = _chosen(asked, before)
    if chosen is not None:
        # Of an anonymous survey no click is known by which a program could be told: somebody has to press the button.
        state = replace(state, given=given_by(asked), at_once=not asked.anonymous)
        return _noted(site, asked, questions_page(spec, chosen, look, state))
    screen = surveys.next_screen(spec, before.told, before.seen)
    if screen.is_over:
        return thanks_page(spec, look)
    return questions_page(spec, screen, look, replace(state, saved=before.is_begun), in_languages(asked))


def _chosen(asked: Asked, before: surveys.Standing) -> surveys.Screen | None:
    """The question of a link that chose a score, where that is news; None for all other links."""
    if asked.token is None or asked.token.kind != "answer":
        return None
    question = asked.spec.question(asked.token.question)
    if question is None:
        return None
    told = surveys.read_form([question], given_by(asked)).told
    if not told or all(before.told.get(path) == value for path, value in told.items()):
        return None
    total = surveys.next_screen(asked.spec, {**before.told, **told}, {*before.seen, question.key}).total
    return surveys.Screen((question,), 0, max(total, 1))


def _noted(site: Site, asked: Asked, answer: Response) -> Response:
    """``answer``, and behind it a note that a score's page was opened; of an anonymous survey there is none. Nobody
    waits for it: whoever writes to the store just now may take a while."""
    if asked.token is not None and asked.token.message_id and not asked.anonymous:
        place, now = site.workspace, site.now
        url = deliver.score_url(place.catalog, asked.token)
        answer.background = BackgroundTask(surveys.note_look, place.engine, asked.token.message_id, url, now=now)
    return answer


def given_by(asked: Asked) -> surveys.Form:
    """The answer that a link chose, as a form would send it."""
    token = asked.token
    return {f"q.{token.question}": [token.value]} if token is not None and token.question else {}
