"""Surveys: what is asked, saved by the builder, looked at before anybody is asked, and shared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from foretell import definitions, deliver
from foretell.definitions import Catalog, Document, is_kept_by_app, revision_in_force
from foretell.errors import DefinitionErrors
from foretell.listen import asking, results, surveys
from foretell.stats import Interval, proportion_interval
from foretell.web import documents, survey_previews
from foretell.web.api.conditions import ConditionProblem
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, problem_in_spec, save
from foretell.web.api.shapes import Estimate, Named
from foretell.web.api.survey_bodies import (
    AskingJourney,
    PublicAddress,
    QuestionBody,
    QuestionTypes,
    ReadyAsking,
    ReadySurveyBody,
    Sharing,
    SurveyAsked,
    SurveyBody,
    SurveyContent,
    SurveyLook,
    SurveyRow,
    Surveys,
)
from foretell.web.api.survey_scores import recent_score
from foretell.web.site import Here, Site
from foretell.web.survey_journeys import Asking, ready_to_ask
from foretell.web.survey_journeys import asking as asking_journeys
from foretell.web.survey_types import question_types

router = APIRouter(prefix="/surveys", tags=["surveys"])
QUIET_AFTER = timedelta(days=30)
Language = Annotated[str | None, Query(max_length=40, description="Of the words; default: the survey's own.")]
_WIDGET = '<script src="{base}/s/widget.js" data-survey="{key}" defer></script>'


@router.get("")
def listed_surveys(site: Here) -> Surveys:
    """All surveys, by key, and those to begin with."""
    place = site.workspace
    told = site.cache.get("surveys", lambda: results.standings(place.engine))
    steps = asking_journeys(place.engine, place.catalog)
    rows = [
        SurveyRow.model_validate(_row(site, one, told.get(one.key, results.Standing()), steps.get(one.key, ())))
        for one in sorted(place.catalog.all("survey"), key=lambda one: one.key)
    ]
    return Surveys(rows=rows, ready=[_ready(place.catalog, one) for one in surveys.ready()])


@router.get("/types")
def types_of_questions() -> QuestionTypes:
    """All types of questions with their settings."""
    return QuestionTypes(rows=question_types())


@router.post("/look")
def look_at_survey(site: Here, body: SurveyAsked, language: Language = None) -> SurveyLook:
    """Everything that is wrong with a survey, and its pages; nothing is saved."""
    try:
        catalog, doubts = definitions.draft(site.workspace.catalog, "survey", body.key, body.spec)
    except DefinitionErrors as error:
        problems = [problem_in_spec(one, "error", body.spec) for one in error.errors]
        return SurveyLook(problems=problems, html_url=None, screens=[], languages=[], questions=[])
    spec = surveys.spec_of(catalog.get("survey", body.key))
    every = survey_previews.screens(spec)
    return SurveyLook(
        problems=[problem_in_spec(one.as_error(), "warning", body.spec) for one in doubts],
        html_url=survey_previews.remember(site, spec),
        screens=survey_previews.names_of(every),
        languages=list(surveys.languages_of(spec)),
        questions=_questions(spec, language),
    )


@router.get("/looks/{look_id}/html", response_class=HTMLResponse)
def survey_look_html(
    site: Here, look_id: str, screen: Annotated[int, Query(ge=1, le=200)] = 1, language: Language = None
) -> HTMLResponse:
    """A page of a survey that is looked at, as people would see it; nothing of it can be sent, and no script runs."""
    return survey_previews.preview_page(site, look_id, screen, language)


@router.get("/{key}")
def one_survey(site: Here, key: str, language: Language = None) -> SurveyBody:
    """One survey with its document."""
    place = site.workspace
    document = place.catalog.get("survey", key)
    told = site.cache.get("surveys", lambda: results.standings(place.engine)).get(key, results.Standing())
    steps = asking_journeys(place.engine, place.catalog).get(key, ())
    raw = {name: document.raw[name] for name in ("kind", "key", "spec") if name in document.raw}
    more = {
        "revision": revision_in_force(place.engine.ops, "survey", key),
        "file": document.file,
        "spec": dict(document.raw.get("spec") or {}),
        "yaml": definitions.yaml_of(raw),
        "asked_questions": _questions(surveys.spec_of(document), language),
        "doubts": _doubts(place.catalog, document),
    }
    return SurveyBody.model_validate({**_row(site, document, told, steps), **more})


@router.put("/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def save_survey(site: Here, key: str, body: SurveyContent, revision: Revision = None) -> SavedDocument | JSONResponse:
    """Save a survey and put it in force. Surveys that people keep in files are refused."""
    return save(site, "survey", key, body.spec, revision)


@router.delete("/{key}", status_code=204)
def delete_survey(site: Here, key: str, revision: Revision = None) -> None:
    """Take a survey of the app out of force; its answers stay. What journeys still ask, and what people keep in files,
    is refused."""
    documents.remove(site, "survey", key, base_revision=revision)


@router.get("/{key}/sharing")
def survey_sharing(site: Here, request: Request, key: str) -> Sharing:
    """The ways to a survey: link, QR code, a page of one's own, journeys."""
    place = site.workspace
    counts = results.asked_by_step(place.engine, key)
    return Sharing(
        public=_public(site, request, key) if surveys.spec_of(place.catalog.get("survey", key)).public else None,
        journeys=[
            AskingJourney(
                key=one.journey, title=one.title, state=one.state, step=one.step, channel=one.channel,
                asked=counts.get((one.journey, one.step), 0),
            )
            for one in asking_journeys(place.engine, place.catalog).get(key, ())
        ],
        ready=[
            ReadyAsking(
                key=one.key, title=one.title, description=one.description, there=place.catalog.has("journey", one.key)
            )
            for one in ready_to_ask(key)
        ],
    )  # fmt: skip


def _public(site: Site, request: Request, key: str) -> PublicAddress:
    place = site.workspace
    signer = deliver.signer_of(place.engine, place.settings)
    link, code = (
        asking.share(place.catalog, signer, key, channel=channel, now=site.now).url for channel in ("link", "qr")
    )
    return PublicAddress(
        link=link,
        page=f"{str(request.base_url).rstrip('/')}{link.removeprefix(signer.base_url)}",
        qr_svg=asking.qr_code(code),
        snippet=_WIDGET.format(base=signer.base_url, key=key),
    )


def numbers_of(told: results.Standing) -> dict[str, Any]:
    """What came of a survey, as bodies say it."""
    funnel = told.funnel or results.Funnel()
    return {
        "asked": funnel.sent,
        "answered": told.answered,
        "answered_asked": funnel.answered,
        "response": estimate(proportion_interval(funnel.answered, funnel.sent)),
        "complete": told.complete,
        "last_answer_at": told.last_at,
    }


def estimate(found: Interval | None) -> Estimate | None:
    """An interval as a body; None where there is nothing to say."""
    if found is None or not math.isfinite(found.low):
        return None
    return Estimate(score=found.value, low=found.low, high=found.high)


def _row(site: Site, document: Document, told: results.Standing, steps: Sequence[Asking]) -> Mapping[str, Any]:
    spec = surveys.spec_of(document)
    live = {one.journey: one.title for one in steps if one.state == "live"}
    return {
        **numbers_of(told),
        "key": document.key,
        "title": surveys.title_of(document),
        "measure": surveys.measure_of(spec, document.key),
        "questions": len(spec.questions),
        "languages": list(surveys.languages_of(spec)),
        "touchpoint": spec.touchpoint,
        "anonymous": spec.anonymous,
        "kept_by": "app" if is_kept_by_app(document.raw) else "files",
        "state": _state(site, told, bool(live)),
        "score": recent_score(site, document.key, told),
        "asked_by": [Named(key=key, title=title) for key, title in sorted(live.items())],
    }


def _state(site: Site, told: results.Standing, is_asked: bool) -> str:
    if is_asked:
        return "asking"
    if told.last_at is None:
        return "unused"
    return "open" if site.now - told.last_at <= QUIET_AFTER else "quiet"


def _questions(spec: surveys.SurveySpec, language: str | None) -> list[QuestionBody]:
    return [
        QuestionBody(
            key=one.key, type=one.type, ask=surveys.text_of(one.ask, language, spec.language), required=one.required,
            when=surveys.when_words(spec, one, language),
        )
        for one in spec.questions
    ]  # fmt: skip


def _ready(catalog: Catalog, one: surveys.ReadySurvey) -> ReadySurveyBody:
    return ReadySurveyBody(
        key=one.key, title=one.title, description=one.description, languages=list(surveys.languages_of(one.spec)),
        questions=len(one.spec.questions), measure=surveys.measure_of(one.spec, one.key), spec=dict(one.raw),
        there=catalog.has("survey", one.key),
    )  # fmt: skip


def _doubts(catalog: Catalog, document: Document) -> list[ConditionProblem]:
    spec = dict(document.raw.get("spec") or {})
    _, doubts = definitions.draft(catalog, "survey", document.key, spec)
    return [problem_in_spec(one.as_error(), "warning", spec) for one in doubts]
