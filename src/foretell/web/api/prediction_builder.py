"""Predictions that the app keeps: what there is to learn from before one is trained, saving, and the document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from foretell import condition, definitions, predict
from foretell.definitions import is_kept_by_app, revision_in_force
from foretell.errors import DefinitionErrors, ForetellError
from foretell.web import documents
from foretell.web.api.conditions import ConditionProblem, sound
from foretell.web.api.saving import NOT_SAVED, Revision, SavedDocument, problem_in_spec, save
from foretell.web.api.shapes import Instant
from foretell.web.errors import Told, told_of
from foretell.web.site import Here

router = APIRouter(prefix="/predictions", tags=["predictions"])
DRAFT_KEY = "draft"
_CONDITIONS = ("outcome", "population", "exclude")

WrittenSpec = Annotated[dict[str, Any], AfterValidator(sound)]
"""What a document says of a prediction, as somebody sends it."""


class PredictionContent(BaseModel):
    """A prediction as the builder sends it: the document's ``spec``."""

    model_config = ConfigDict(extra="forbid")

    spec: WrittenSpec


class LookBody(PredictionContent):
    """A prediction that need not be saved."""

    key: str = Field(DRAFT_KEY, description="Of the prediction that is changed; any for a new one.")


class StatementBody(BaseModel):
    """One thing that was seen, in words."""

    code: str
    tone: Literal["good", "warn", "bad", "plain"]
    text: str


class WindowBody(BaseModel):
    """One complete outcome window."""

    at: Instant = Field(description="When it began; the population is the one of that instant.")
    until: Instant
    people: int
    positives: int = Field(description="For how many it came true; of a value: who had any.")
    rate: float | None
    low: float | None
    high: float | None
    part: Literal["shown", "learn", "test"] = Field(description="What a training would use it for.")


class PowerBody(BaseModel):
    """What the test window could tell of a model, at 90 %."""

    positives: int
    negatives: int
    auc_least: float | None = Field(description="The smallest AUC that could be told from chance, four times in five.")
    auc_low: float | None = Field(description="Interval that an AUC of .75 would have.")
    auc_high: float | None
    calibration_error: float | None = Field(description="How far exact probabilities would look off on average.")
    tenth_width: float | None = Field(description="Width of the interval of the rate in a tenth of the people.")


class SeasonBody(BaseModel):
    """How the rate moves between windows."""

    lowest: Instant | None
    highest: Instant | None
    low_rate: float | None
    high_rate: float | None
    moves: bool | None = Field(description="More than chance explains; null where there are too few windows.")
    covered_days: int
    year_from: Instant | None = Field(description="When the windows cover a year; null where they do.")


class AmountPointBody(BaseModel):
    """The mean of a value over one window."""

    at: Instant
    people: int
    mean: float | None
    low: float | None
    high: float | None
    zeros: float | None = Field(description="Share with nothing at all.")


class BarBody(BaseModel):
    """People of the latest window by amount."""

    low: float
    high: float | None
    people: int


class AmountsBody(BaseModel):
    """The distribution of a value."""

    points: list[AmountPointBody]
    people: int
    zeros: int
    bars: list[BarBody] = Field(description="Of those with something in the latest window.")
    quantiles: dict[str, float]
    top_tenth: float | None = Field(description="Share of the whole that the tenth with the most has.")


class HorizonLookBody(BaseModel):
    """What there is to learn from over one horizon."""

    horizon: str
    verdict: Literal["enough", "few", "too_few", "impossible"]
    windows: list[WindowBody] = Field(description="Oldest first.")
    by: Literal["time", "people"] | None = Field(description="How a model would be tested; null: it cannot be trained.")
    learn_n: int = Field(description="People × windows that a training would learn from.")
    learn_positives: int
    had: int = Field(description="Different people for whom it came true in some window.")
    had_not: int
    power: PowerBody
    season: SeasonBody
    amounts: AmountsBody | None
    open_from: Instant = Field(description="What began later is not complete yet.")
    weeks_until_enough: int | None = Field(description="At the present rate; null where that is not in sight.")
    statements: list[StatementBody]


class LookAnswer(BaseModel):
    """What there is to learn from; with errors there are no numbers."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    problems: list[ConditionProblem] = Field(description="Everything that is wrong; paths from the document's spec.")
    unit: Literal["probability", "money", "count"] | None = None
    as_of: Instant | None = None
    history_from: Instant | None = None
    people: int | None = Field(default=None, description="Whom it is about now.")
    drawn: float | None = Field(default=None, description="Share of everybody that was looked at.")
    left_out: dict[str, int] = Field(default={}, description="Who may not be learnt from: reason → how many.")
    statements: list[StatementBody] = []
    horizons: list[HorizonLookBody] = []
    error: Told | None = Field(default=None, description="Why there is nothing to look at.")


class PredictionDocument(BaseModel):
    """The document behind a prediction."""

    key: str
    spec: dict[str, Any] = Field(description="As it is written.")
    yaml: str
    kept_by: Literal["app", "files"] = Field(description="app: it can be changed here; files: where people keep it.")
    revision: int = Field(description="In force; 0 where it has not been applied.")
    file: str


@router.post("/look")
def look_before_training(site: Here, body: LookBody) -> LookAnswer:
    """How often it came true, what there is to learn from, and what a model could make of it; nothing is fitted."""
    place, spec = site.workspace, _written(body.spec)
    try:
        catalog, doubts = definitions.draft(place.catalog, "prediction", body.key, spec)
    except DefinitionErrors as error:
        return LookAnswer(problems=[problem_in_spec(one, "error", spec) for one in error.errors])
    problems = [problem_in_spec(one.as_error(), "warning", spec) for one in doubts]
    try:
        found = predict.look(place.engine, catalog, place.reader, body.key, as_of=site.now, now=site.now)
    except ForetellError as error:
        return LookAnswer(problems=problems, error=told_of(error))
    told = asdict(found)
    del told["prediction"]
    return LookAnswer(problems=problems, **told)


@router.put("/{key}", responses=NOT_SAVED, response_model=SavedDocument)
def save_prediction(
    site: Here, key: str, body: PredictionContent, revision: Revision = None
) -> SavedDocument | JSONResponse:
    """Save a prediction and put it in force. Predictions that people keep in files are refused."""
    return save(site, "prediction", key, _written(body.spec), revision)


@router.delete("/{key}", status_code=204)
def delete_prediction(site: Here, key: str, revision: Revision = None) -> None:
    """Take a prediction of the app out of force; models and scores stay. What others still name is refused."""
    documents.remove(site, "prediction", key, base_revision=revision)


@router.get("/{key}/document")
def prediction_document(site: Here, key: str) -> PredictionDocument:
    """The document behind a prediction, as a value and as YAML."""
    document = site.workspace.catalog.get("prediction", key)
    raw = {name: document.raw[name] for name in ("kind", "key", "spec") if name in document.raw}
    return PredictionDocument(
        key=key,
        spec=dict(document.raw.get("spec") or {}),
        yaml=definitions.yaml_of(raw),
        kept_by="app" if is_kept_by_app(document.raw) else "files",
        revision=revision_in_force(site.workspace.engine.ops, "prediction", key),
        file=document.file,
    )


def _written(spec: dict[str, Any]) -> dict[str, Any]:
    """With its conditions written the one way, and without what is not said."""
    said = {name: value for name, value in spec.items() if value is not None}
    return {
        name: condition.canonical(value) if name in _CONDITIONS and isinstance(value, dict) else value
        for name, value in said.items()
    }
