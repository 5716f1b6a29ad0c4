"""Conditions while they are written: what they come to, what they can say, their schema, and their YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, RootModel, model_validator

from foretell import collect, condition, predict, segment
from foretell.condition import Preview
from foretell.definitions import Catalog, Problem, ReferenceList, parse_inline, problems_from
from foretell.errors import UsageError
from foretell.web.api.people import PersonRow, person_rows
from foretell.web.api.shapes import GivenInstant, Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/conditions", tags=["conditions"])
MOST_SAMPLED = 50
MOST_LEVELS = 80


def sound(raw: dict[str, Any]) -> dict[str, Any]:
    """Nothing that cannot be written down: texts of whole characters, not nested without end."""
    level: list[Any] = [raw]
    for _ in range(MOST_LEVELS):
        level = [item for value in level for item in _inside(value)]
        for item in level:
            if isinstance(item, str):
                _encoded(item)
    if level:
        raise ValueError("the condition is nested too deeply")
    return raw


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return (*value, *value.values())
    return value if isinstance(value, list) else ()


def _encoded(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a text holds half a character") from error


WrittenCondition = Annotated[dict[str, Any], AfterValidator(sound)]
"""A condition as a value that somebody sends."""


class ConditionBody(BaseModel):
    """A condition as it is written."""

    condition: WrittenCondition


class PreviewBody(ConditionBody):
    """A condition to be counted."""

    of: Literal["known", "all"] = Field("known", description="Whether people without a known identifier count.")
    as_of: GivenInstant | None = Field(None, description="The instant it is read at; now, where it is left out.")
    sample: int = Field(10, ge=0, le=MOST_SAMPLED, description="How many members to show.")


class ConditionProblem(BaseModel):
    """Something that is wrong or doubtful, and where."""

    path: list[str | int] = Field(description="Keys and places from the condition's root.")
    code: str
    what: str
    next_step: str
    severity: Literal["error", "warning"]
    line: int | None = Field(default=None, description="Of a text of several lines: which, from 1.")


class PartPreview(BaseModel):
    """A part of the top-level all (without one: the whole condition)."""

    path: list[str | int]
    says: str = Field(description="The part in words.")
    alone: int | None = Field(
        description="People it holds for alone; null where it needs a value that is bound elsewhere."
    )
    left: int | None = Field(description="People for whom it and all parts before it hold.")


class ConditionPreview(BaseModel):
    """What a condition comes to. With errors there are no numbers."""

    problems: list[ConditionProblem]
    says: str | None = Field(description="The condition in words; null where it cannot be read.")
    total: int | None
    universe: int | None = Field(description="People who could be meant.")
    share: float | None = Field(description="Total out of the universe.")
    parts: list[PartPreview]
    sample: list[PersonRow] = Field(description="A few of the people, the same ones each time.")
    as_of: Instant


class SeenValue(BaseModel):
    """A property or trait that was seen."""

    name: str
    kind: Literal["text", "number", "boolean", "date"]
    examples: list[str] = Field(description="Texts that most people have, each of at least two.")
    low: float | None = Field(description="The least of the latest numbers.")
    high: float | None
    array: bool = Field(description="It lies within an array: an event has several.")


class SeenEvent(BaseModel):
    """An event that was seen."""

    name: str
    count: int
    last: Instant
    properties: list[SeenValue]


class SegmentName(BaseModel):
    """A segment that conditions can name."""

    key: str
    title: str


class PredictionName(BaseModel):
    """A prediction that conditions can name."""

    key: str
    title: str
    horizons: list[str]
    unit: Literal["probability", "money", "count"]


class ListName(BaseModel):
    """A reference list."""

    key: str
    columns: list[str]
    rows: int


class TableName(BaseModel):
    """A table of the workspace's own."""

    key: str
    columns: list[str]
    of_accounts: bool = Field(description="Its rows belong to accounts.")


class ConditionVocabulary(BaseModel):
    """What conditions of this workspace can speak of."""

    events: list[SeenEvent] = Field(description="The most frequent first.")
    traits: list[SeenValue]
    account_traits: list[SeenValue]
    segments: list[SegmentName]
    predictions: list[PredictionName]
    personas: list[str]
    consents: list[str] = Field(description="Channel and purpose with a dot between.")
    lists: list[ListName]
    tables: list[TableName]


@router.post("/preview")
def preview_condition(site: Here, body: PreviewBody) -> ConditionPreview:
    """What is wrong with a condition, whom it means, and how many each of its parts leaves."""
    as_of = body.as_of or site.now
    problems = _problems(site, body.condition)
    if any(problem.severity == "error" for problem in problems):
        return ConditionPreview(
            problems=problems, says=None, total=None, universe=None, share=None, parts=[], sample=[], as_of=as_of
        )
    tree = condition.parse(body.condition)
    found = site.workspace.reader.preview(tree, as_of=as_of, of=body.of, sample=body.sample)
    doubts = site.workspace.reader.warnings(
        tree, as_of=as_of, of=body.of, at=_as_json, sizes=(found.total, found.universe)
    )
    return ConditionPreview(
        problems=[*problems, *map(_problem, doubts)],
        says=condition.sentence(tree),
        total=found.total,
        universe=found.universe,
        share=found.total / found.universe if found.universe else 0.0,
        parts=[_part(found, place) for place in range(len(found.parts))],
        sample=_sample(site, found),
        as_of=as_of,
    )


def _part(found: Preview, place: int) -> PartPreview:
    one = found.parts[place]
    return PartPreview(path=list(one.part.path), says=condition.sentence(one.part), alone=one.alone, left=one.left)


def _sample(site: Site, found: Preview) -> list[PersonRow]:
    return person_rows(segment.page(site.few(found.sample), site.memberships(), limit=MOST_SAMPLED))


def _problems(site: Site, raw: dict[str, Any]) -> list[ConditionProblem]:
    """Errors of the language, and names that the definitions do not know."""
    found = condition.parse_problems(raw, at=_as_json)
    if not found:
        catalog = site.workspace.catalog
        tree = condition.parse(raw)
        found = [
            *condition.unknown_names(tree, catalog, at=_as_json),
            *condition.horizon_problems(tree, catalog, at=_as_json),
        ]
    return [_problem(problem) for problem in found]


def _as_json(path: tuple[str | int, ...]) -> str:
    """A place that survives as text."""
    return json.dumps(path)


def _problem(problem: Problem) -> ConditionProblem:
    return ConditionProblem(
        path=json.loads(problem.where),
        code=problem.code,
        what=problem.message,
        next_step=problem.next_step,
        severity=problem.severity,
    )


@router.get("/vocabulary")
def vocabulary(site: Here) -> ConditionVocabulary:
    """What conditions can speak of: what was seen in the data, and what the definitions name."""
    return site.cache.get("vocabulary", lambda: _vocabulary(site))


def _vocabulary(site: Site) -> ConditionVocabulary:
    seen, catalog = site.workspace.reader.vocabulary(), site.workspace.catalog
    return ConditionVocabulary(
        events=[
            SeenEvent(name=one.name, count=one.count, last=one.last, properties=[*map(_seen, one.properties)])
            for one in seen.events
        ],
        traits=[*map(_seen, seen.traits)],
        account_traits=[*map(_seen, seen.account_traits)],
        segments=[
            SegmentName(key=document.key, title=segment.spec_of(document).title or document.key)
            for document in catalog.all("segment")
        ],
        predictions=[_prediction(catalog, document.key) for document in catalog.all("prediction")],
        personas=list(seen.personas),
        consents=list(seen.consents),
        lists=[ListName(key=one.key, columns=list(one.columns), rows=one.rows) for one in _lists(site)],
        tables=[
            TableName(key=one.key, columns=list(one.columns), of_accounts=one.link == "account")
            for one in collect.own_tables(site.workspace.engine, catalog, now=site.now)
        ],
    )


def _seen(value: condition.SeenValue) -> SeenValue:
    return SeenValue(
        name=value.name,
        kind=value.kind,
        examples=list(value.examples),
        low=None if value.low is None else float(value.low),
        high=None if value.high is None else float(value.high),
        array=value.array,
    )


def _lists(site: Site) -> list[ReferenceList]:
    lists = site.workspace.catalog.lists
    return [lists[key] for key in sorted(lists)]


def _prediction(catalog: Catalog, key: str) -> PredictionName:
    spec = predict.spec_of(catalog, key)
    return PredictionName(
        key=key,
        title=spec.name or key,
        horizons=[str(one) for one in (*(spec.horizons or ()), spec.horizon) if one is not None],
        unit=spec.foresees,
    )


class ConditionSchema(RootModel[dict[str, Any]]):
    """A JSON schema (draft 2020-12)."""


@router.get("/schema")
def schema() -> ConditionSchema:
    """The JSON schema of a condition, for editors and forms."""
    return ConditionSchema(condition.condition_schema())


class FormatBody(BaseModel):
    """A condition as a value, or as YAML."""

    condition: WrittenCondition | None = Field(None, description="As a value; one of the two.")
    yaml: str | None = Field(None, max_length=200_000, description="As text; one of the two.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.condition is None) == (self.yaml is None):
            raise ValueError("give the condition either as a value or as yaml")
        return self


class FormattedCondition(BaseModel):
    """A condition both ways, its keys in order."""

    condition: dict[str, Any] | None = Field(description="As a value; null where the YAML cannot be read.")
    yaml: str = Field(description="As text in the one way of writing it; as it came where it cannot be read.")
    problems: list[ConditionProblem]
    line: int | None = Field(description="Where YAML cannot be read: the line of the first problem, from 1.")


@router.post("/format")
def format_condition(site: Here, body: FormatBody) -> FormattedCondition:
    """A condition between its value and its YAML, written the one way; says what is wrong with it."""
    raw = body.condition
    if raw is None:
        try:
            raw = parse_inline(body.yaml or "", "yaml")
        except UsageError as error:
            return _unread(body.yaml or "", error)
    return FormattedCondition(
        condition=condition.canonical(raw),
        yaml=condition.format_condition(raw),
        problems=_problems(site, raw),
        line=None,
    )


def _unread(text: str, error: UsageError) -> FormattedCondition:
    found = problems_from(error, thing="", where="yaml")
    lines = [int(line) for one in found if (line := one.where.rpartition(":")[2]).isdigit()]
    problems = [
        ConditionProblem(path=[], code=one.code, what=one.message, next_step=one.next_step, severity=one.severity)
        for one in found
    ]
    return FormattedCondition(condition=None, yaml=text, problems=problems, line=min(lines, default=None))
