"""What surveys found out: counts by question with intervals, words, responses one by one, and all of them as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from foretell.definitions import Document
from foretell.deliver import exports
from foretell.listen import results, surveys
from foretell.stats import proportion_interval
from foretell.web.api.segments import LEFT_OUT
from foretell.web.api.shapes import PAGE_ROWS, PageNumber, offset_of
from foretell.web.api.survey_bodies import (
    AnswerBody,
    AnsweredPart,
    CountedAnswer,
    FunnelStage,
    PartResultBody,
    QuestionResultBody,
    ResponseBody,
    ResponseRow,
    Responses,
    SurveyResults,
    SurveyScore,
    TextRow,
    Texts,
)
from foretell.web.api.survey_scores import scores_by
from foretell.web.api.surveys import Language, estimate, numbers_of
from foretell.web.site import Here

router = APIRouter(prefix="/surveys", tags=["surveys"])
_Text = Annotated[str | None, Query(max_length=200)]


def _narrowed(
    site: Here,
    channel: Annotated[str | None, Query(max_length=200, description="How it reached the person.")] = None,
    language: Annotated[str | None, Query(max_length=40, description="In which it was answered.")] = None,
    complete: Annotated[bool | None, Query(description="Whether it came to the end.")] = None,
    days: Annotated[int | None, Query(ge=1, le=36_500, description="Answered in the last so many days.")] = None,
    question: Annotated[str | None, Query(max_length=200, description="A part of a question, with `answer`.")] = None,
    answer: Annotated[str | None, Query(max_length=2_000, description="Its last word on it.")] = None,
) -> results.Narrowed:
    since = None if days is None else site.now - timedelta(days=days)
    asked = question is not None and answer is not None
    return results.Narrowed(channel, language, complete, since, question if asked else None, answer if asked else None)


Meant = Annotated[results.Narrowed, Depends(_narrowed)]


@router.get("/{key}/results")
def survey_results(site: Here, key: str, meant: Meant, words: Language = None) -> SurveyResults:
    """What was answered to every question, and by whom, as far as the filters let through; intervals are 90 %."""
    place = site.workspace
    document = place.catalog.get("survey", key)
    spec = surveys.spec_of(document)
    told = results.standing_of(place.engine, key, spec, meant)
    measure = surveys.measure_of(spec, key)
    overall, channels = (None, {}) if measure is None else scores_by(site, key, measure, meant, "channel")
    tongues = {} if measure is None else scores_by(site, key, measure, meant, "language")[1]
    return SurveyResults(
        **numbers_of(told),
        measure=measure,
        score=overall,
        funnel=_funnel(told.funnel),
        questions=[_question(spec, one, words) for one in results.results(place.engine, key, spec, meant)],
        by_channel=_parts(results.shares(place.engine, key, spec, meant, "channel"), channels),
        by_language=_parts(results.shares(place.engine, key, spec, meant, "language"), tongues),
    )


@router.get("/{key}/texts")
def survey_texts(
    site: Here,
    key: str,
    meant: Meant,
    of: Annotated[str, Query(max_length=200, description="A part of a question with words, such as why.")],
    page: PageNumber = 1,
) -> Texts:
    """What people wrote, a page at a time, the newest first."""
    place = site.workspace
    spec = surveys.spec_of(place.catalog.get("survey", key))
    found = results.texts(place.engine, key, spec, of, meant, limit=PAGE_ROWS, offset=offset_of(page))
    names = site.names_of([one.response.profile_id for one in found.rows if one.response.profile_id])
    rows = [
        TextRow.model_validate({**_told(one.response, names), "text": one.text}, extra="ignore") for one in found.rows
    ]
    return Texts(total=found.total, page=page, rows=rows)


@router.get("/{key}/responses")
def survey_responses(site: Here, key: str, meant: Meant, page: PageNumber = 1) -> Responses:
    """Responses, a page at a time, the newest first. As a file, for those who may go out: `responses.csv`."""
    place = site.workspace
    spec = surveys.spec_of(place.catalog.get("survey", key))
    found = results.list_responses(place.engine, key, spec, meant, limit=PAGE_ROWS, offset=offset_of(page))
    names = site.names_of([one.profile_id for one in found.rows if one.profile_id])
    rows = [ResponseRow.model_validate(_told(one, names), extra="ignore") for one in found.rows]
    return Responses(total=found.total, page=page, rows=rows)


@router.get("/{key}/responses.csv", include_in_schema=False)
def responses_csv(site: Here, key: str, meant: Meant) -> Response:
    """All responses of people whose data may be handed over; `Foretell-Left-Out` counts the others by reason."""
    place = site.workspace
    spec = surveys.spec_of(place.catalog.get("survey", key))
    told = results.response_rows(place.engine, place.catalog, key, spec, meant, now=site.now)
    headers = {
        "Content-Disposition": f'attachment; filename="{key}-responses.csv"',
        "Cache-Control": "no-store",
        LEFT_OUT: ", ".join(f"{reason}={count}" for reason, count in told.left_out.items()),
    }
    return Response(exports.file_of(told.rows, "csv"), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/{key}/responses/{response_id}")
def survey_response(site: Here, key: str, response_id: str, words: Language = None) -> ResponseBody:
    """One response with every answer."""
    place = site.workspace
    document = place.catalog.get("survey", key)
    found, answers = results.response(place.engine, key, response_id)
    names = site.names_of([found.profile_id] if found.profile_id else [])
    told = {**_told(found, names), "survey": key, "answers": _answers(document, found, answers, words)}
    return ResponseBody.model_validate(told, extra="ignore")


def _told(found: results.Response, names: Any) -> dict[str, Any]:
    known = found.profile_id or None
    return {**vars(found), "profile_id": known, "person": names.get(known)}


def _answers(
    document: Document, found: results.Response, told: dict[str, list[str]], language: str | None
) -> list[AnswerBody]:
    """Answers in the words of the document, in its order; what it no longer asks comes last, as it was told."""
    spec, left = surveys.spec_of(document), dict(told)
    own = {results.score_path(spec): found.score, results.text_path(spec): found.text}
    rows: list[AnswerBody] = []
    for question in spec.questions:
        said: list[str] = []
        for slot in surveys.type_of(question).slots(question):
            labels = {one.value: surveys.text_of(one.label, language, spec.language) for one in slot.choices}
            values = left.pop(slot.path, None) or _own(own.get(slot.path))
            head = surveys.text_of(slot.label, language, spec.language)
            said += [f"{head}: {labels.get(one, one)}" if head else labels.get(one, one) for one in values]
        if said:
            ask = surveys.text_of(question.ask, language, spec.language)
            rows.append(AnswerBody(key=question.key, ask=ask, answers=said))
    return [*rows, *(AnswerBody(key=path, ask=path, answers=values) for path, values in left.items())]


def _own(value: float | str | None) -> list[str]:
    if value is None:
        return []
    return [value if isinstance(value, str) else f"{value:g}"]


def _funnel(found: results.Funnel | None) -> list[FunnelStage]:
    if found is None or found.sent == 0:
        return []
    rows: list[FunnelStage] = []
    before: int | None = None
    for stage, count in found.counts().items():
        share = None if before is None else estimate(proportion_interval(count, before))
        rows.append(FunnelStage.model_validate({"stage": stage, "count": count, "share": share}))
        before = count
    return rows


def _question(spec: surveys.SurveySpec, found: results.QuestionResult, language: str | None) -> QuestionResultBody:
    question = next(one for one in spec.questions if one.key == found.key)
    alike = {tuple(choice.value for choice in part.slot.choices) for part in found.parts}
    matrix = len(found.parts) > 1 and len(alike) == 1 and alike != {()}
    return QuestionResultBody(
        key=found.key,
        type=question.type,
        ask=surveys.text_of(question.ask, language, spec.language),
        shape="matrix" if matrix else "one" if len(found.parts) == 1 else "parts",
        n=found.n,
        parts=[_part(spec, part, language) for part in found.parts],
    )


def _part(spec: surveys.SurveySpec, part: results.PartResult, language: str | None) -> PartResultBody:
    def said(words: str | dict[str, str] | None) -> str:
        return surveys.text_of(words, language, spec.language)

    counts = [
        CountedAnswer(value=one.value, label=said(one.label), count=one.count, share=estimate(one.share))
        for one in part.counts
    ]
    return PartResultBody.model_validate(
        {
            "path": part.slot.path, "label": said(part.slot.label) or None, "holds": part.slot.holds, "n": part.n,
            "mean": estimate(part.mean), "counts": counts,
        }
    )  # fmt: skip


def _parts(found: Sequence[results.Share], told: Any) -> list[AnsweredPart]:
    scored: dict[str, SurveyScore] = dict(told)
    return [
        AnsweredPart(value=one.value, answered=one.answered, complete=one.complete, score=scored.get(one.value or ""))
        for one in found
    ]
