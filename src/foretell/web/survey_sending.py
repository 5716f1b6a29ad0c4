"""What somebody sends off on a survey's page: read, judged, taken in, and the page that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from foretell import deliver
from foretell.listen import surveys
from foretell.web.site import Site
from foretell.web.survey_links import Asked, node_of
from foretell.web.survey_looking import given_by, look_for
from foretell.web.survey_looks import Look, PageState, questions_page, thanks_page

_MOST_FIELDS = 2_000
_LONGEST_KEYS = 10_000
"""Characters of a list of questions: more than all keys of the longest survey are."""


@dataclass(frozen=True)
class Sent:
    """A form as it was sent.

    Args:
        shown: keys of its questions; seen: of those on pages before.
        promised: the page said that the answer is anonymous. Whoever makes it up is anonymous too.
    """

    form: surveys.Form
    response: str
    shown: Sequence[str]
    seen: Sequence[str]
    who: str
    is_trap: bool
    headers: Mapping[str, str]
    promised: bool = False


async def read_sent(request: Request) -> Sent:
    """Read a form. What is no form says nothing, and the page is shown again.

    Raises:
        HTTPException: 413 where it is longer than any request may be.
        ClientDisconnect: where it was cut off.
    """
    fields: dict[str, list[str]] = {}
    for name, value in await _fields(request):
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)

    def one(name: str) -> str:
        return fields.get(name, [""])[-1]

    headers = {name.lower(): value for name, value in request.headers.items()}
    form = {name: values for name, values in fields.items() if name.startswith("q.")}
    shown, seen = ([key for key in one(name)[:_LONGEST_KEYS].split(",") if key] for name in ("shown", "seen"))
    return Sent(
        form, one("response"), shown, seen, one("who"), bool(one("website").strip()), headers, one("promised") == "1"
    )


async def _fields(request: Request) -> list[tuple[str, object]]:
    try:
        return list((await request.form(max_files=0, max_fields=_MOST_FIELDS)).multi_items())
    except HTTPException as error:
        if error.status_code == 413:
            raise
        return []
    except (UnicodeError, LookupError):  # a charset that it does not keep to, or that there is not
        return []


def answered_page(site: Site, request: Request, asked: Asked, sent: Sent) -> Response:
    """Take an answer in, and show what comes next.

    Raises:
        UsageError: ``SURVEY_CLOSED``, ``LINK_USED``, ``INVITATION_GONE``.
    """
    asked = replace(asked, promised=asked.promised or sent.promised)
    place, spec, key = site.workspace, asked.spec, asked.document.key
    look, response = look_for(site, request, asked), asked.response(sent.response)
    before = surveys.standing(place.engine, place.catalog, key, response, anonymously=asked.anonymous)
    keys = _shown(asked, sent)
    shown = [one for one in spec.questions if one.key in keys]
    seen = [one.key for one in spec.questions if one.key in {*before.seen, *sent.seen}]
    form = sent.form or (given_by(asked) if asked.token is not None and not sent.shown else {})
    read = surveys.read_form(shown, form)
    screen = surveys.Screen(tuple(shown), len([one for one in seen if one not in keys]), len(spec.questions))
    state = PageState(asked.action, form, read.faults, response, seen, saved=before.is_begun, promised=asked.anonymous)
    if read.faults or not shown:
        return _again(spec, screen, look, state)
    if _is_machine(site, asked, sent, read.told, before):
        return questions_page(spec, screen, look, replace(state, press=True))
    told = {**surveys.without(spec, before.told, keys), **read.told}
    now_seen = [*seen, *(one for one in keys if one not in seen)]
    following = surveys.next_screen(spec, told, now_seen)
    if sent.is_trap:
        return thanks_page(spec, look)
    if told:
        answering = replace(
            _answering(site, asked, sent, read.told, before), response_id=response, shown=keys, seen=now_seen,
            complete=following.is_over, language=look.language,
        )  # fmt: skip
        surveys.answer(place.engine, place.catalog, answering, now=site.now)
    elif following.is_over:
        first = {one.key: "nothing" for one in shown[:1]}
        return questions_page(spec, screen, look, replace(state, faults=first))
    if following.is_over:
        return thanks_page(spec, look)
    state = PageState(asked.action, response=response, seen=now_seen, saved=bool(told), promised=asked.anonymous)
    return questions_page(spec, following, look, state)


def _again(spec: surveys.SurveySpec, screen: surveys.Screen, look: Look, state: PageState) -> Response:
    """The page once more, with what is wrong beside each question; from the start where the form showed nothing."""
    if screen.is_over:
        screen = surveys.next_screen(spec, {}, ())
    return questions_page(spec, screen, look, state)


def _shown(asked: Asked, sent: Sent) -> list[str]:
    """Keys of the questions that the form was for."""
    if sent.shown or asked.token is None:
        return [one.key for one in asked.spec.questions if one.key in sent.shown]
    return [asked.token.question] if asked.token.question else []


def _is_machine(
    site: Site, asked: Asked, sent: Sent, told: Mapping[str, surveys.Value], before: surveys.Standing
) -> bool:
    """Whether a program answers. Of an anonymous survey no click is told: it would lie beside its answer."""
    if asked.token is None or asked.anonymous:
        return deliver.is_machine(sent.headers.get("user-agent"), sent.headers)
    main = surveys.main_question(asked.spec)
    score = None if main is None else surveys.type_of(main).score(main, told)
    if score is None and before.is_begun:
        return deliver.is_machine(sent.headers.get("user-agent"), sent.headers)
    question = asked.token.question or (main.key if main is not None and score is not None else "")
    value = asked.token.value if score is None else f"{score:g}"
    token = replace(asked.token, question=question, value=value)
    place = site.workspace
    return deliver.answered_by_machine(place.engine, place.catalog, token, sent.headers, now=site.now)


def _clicked(site: Site, asked: Asked, told: Mapping[str, surveys.Value]) -> str:
    """Address of the score by which one click answers a message; empty where somebody has filled in a page."""
    token = asked.token
    if token is None or token.kind != "answer" or asked.invitation is None or asked.anonymous:
        return ""
    question = asked.spec.question(token.question)
    score = None if question is None else surveys.type_of(question).score(question, told)
    return "" if score is None else deliver.score_url(site.workspace.catalog, replace(token, value=f"{score:g}"))


def _answering(
    site: Site, asked: Asked, sent: Sent, told: Mapping[str, surveys.Value], before: surveys.Standing
) -> surveys.Answering:
    """Who answered, and what the answer is about; a response stays whose it was when it was begun."""
    found, about = asked.invitation, asked.about
    answering = surveys.Answering(
        asked.document.key,
        told,
        channel=asked.channel,
        asked_at=asked.asked_at,
        use=asked.thread,
        anonymous=asked.anonymous,
        link=_clicked(site, asked, told),
        touchpoint=about.get("touchpoint"),
        product_id=about.get("product_id"),
        agent=about.get("agent"),
        order_id=about.get("order_id"),
    )
    if found is None:
        begun = before.node_key if before.is_begun else node_of(site, sent.who)
        return replace(answering, node_key=0 if asked.anonymous else begun)
    return replace(
        answering,
        node_key=found.node_key,
        survey_message=found.message_id,
        journey=found.journey,
        run=found.run,
        step=found.step,
        campaign=found.campaign,
        topic=found.topic,
    )
