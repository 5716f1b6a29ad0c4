"""The life of a model: its runs, what has moved since, which one is in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from foretell import predict
from foretell.web.api.shapes import Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/predictions", tags=["predictions"])


class HorizonMetrics(BaseModel):
    """How good a run's model was over one horizon, on the window that it did not learn from."""

    horizon: str = Field(description="Empty for the whole of a value's model.")
    metrics: dict[str, float | None]
    calibrated: bool | None
    test: Instant | None = Field(description="Beginning of that window.")


class Beside(BaseModel):
    """A new model beside the one in use, on the same people; levels are fitted to the window for both."""

    horizon: str
    people: int
    new: float = Field(description="Log-loss of the new one.")
    old: float
    low: float = Field(description="90 % interval of the difference; above 0 the new one is worse.")
    high: float
    new_auc: float | None
    old_auc: float | None
    clearly_worse: bool


class RunRow(BaseModel):
    """A training."""

    run: int
    as_of: Instant
    started_at: Instant
    reason: str = Field(description="by hand, schedule, or drift: what moved.")
    state: Literal["begun", "done", "failed"]
    model: str | None
    in_use: bool
    held_back: str | None = Field(description="Why it does not replace the model that was in use.")
    seed: int
    horizons: list[HorizonMetrics]
    beside: list[Beside]
    error: str | None


class DecisionRow(BaseModel):
    """Somebody decided which model scores."""

    model: str
    does: Literal["rollback", "activate"]
    holds_from: Instant
    decided_at: Instant
    made_by: str


class Runs(BaseModel):
    """All trainings, newest first, and decisions."""

    rows: list[RunRow]
    decisions: list[DecisionRow]


class DifferenceRow(BaseModel):
    """One thing of two runs."""

    what: str
    horizon: str
    a: Any
    b: Any


class DifferenceBody(BaseModel):
    """What differs between two runs."""

    a: int
    b: int
    metrics: list[DifferenceRow]
    drivers: list[DifferenceRow]
    window: list[DifferenceRow]
    settings: list[DifferenceRow]


class CheckRow(BaseModel):
    """One thing held against what it was at training, or against what came true."""

    model: str
    what: Literal["feature", "scores", "calibration"]
    subject: str = Field(description="Name of the feature, or the horizon.")
    as_of: Instant
    scored_at: Instant
    people: int
    value: float = Field(description="Population stability index, or the calibration error.")
    limit: float
    low: float | None
    high: float | None
    expected: float | None
    observed: float | None
    verdict: Literal["steady", "moving", "moved", "off"]
    words: str


class Checks(BaseModel):
    """What was checked, newest first and in it the furthest moved first, and whether scores may be acted on."""

    rows: list[CheckRow]
    doubts: dict[str, str] = Field(description="Horizon → why its probabilities are not to be taken at their word.")
    accepted: str | None = Field(description="Why somebody acts on them all the same.")
    warnings: dict[str, str] = Field(description="Horizon → what has shown since that they are no longer right.")


class ModelChoice(BaseModel):
    """Which model, and who says so."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, max_length=100, description="Null: the one before the model in use.")
    by: str = Field("app", min_length=1, max_length=200)


class ModelNamed(ModelChoice):
    """Which model is to be in use."""

    model: str = Field(max_length=100)


@router.get("/{key}/runs")
def prediction_runs(site: Here, key: str) -> Runs:
    """Every training with its metrics, its reason and what became of it; quality over time."""
    predict.spec_of(site.workspace.catalog, key)
    ops = site.workspace.engine.ops
    return Runs(
        rows=[_run(run) for run in predict.runs(ops, key, as_of=site.now)],
        decisions=[_decision(one) for one in predict.decisions(ops, key)],
    )


@router.get("/{key}/compare")
def compare_prediction_runs(
    site: Here, key: str, a: Annotated[int, Query()], b: Annotated[int, Query()]
) -> DifferenceBody:
    """What differs between two runs: metrics, drivers, what they learnt from, settings."""
    predict.spec_of(site.workspace.catalog, key)
    found = predict.compare_runs(site.workspace.engine, key, a, b, as_of=site.now)
    return DifferenceBody.model_validate(asdict(found))


@router.get("/{key}/checks")
def prediction_checks(
    site: Here, key: str, every: Annotated[bool, Query(description="All that were ever made.")] = False
) -> Checks:
    """What has moved since the training, whether scores came true, and whether they may be acted on."""
    place = site.workspace
    trusted = predict.trust(place.engine, place.catalog, key, as_of=site.now)
    found = predict.model_checks(place.engine.analytics, key, as_of=site.now, newest=not every)
    return Checks(
        rows=[CheckRow.model_validate(asdict(one)) for one in found],
        doubts=dict(trusted.doubts),
        accepted=trusted.accepted,
        warnings=dict(trusted.warnings),
    )


@router.post("/{key}/rollback")
def roll_prediction_back(site: Here, key: str, choice: ModelChoice) -> DecisionRow:
    """Go back to an earlier model; scores come from it until the next training."""
    predict.spec_of(site.workspace.catalog, key)
    made = predict.rollback(
        site.workspace.engine.ops, key, choice.model, as_of=site.now, now=site.now, made_by=choice.by
    )
    return _decided(site, made)


@router.post("/{key}/activate")
def activate_model(site: Here, key: str, choice: ModelNamed) -> DecisionRow:
    """Put a model in use, also one that was held back."""
    predict.spec_of(site.workspace.catalog, key)
    made = predict.activate(
        site.workspace.engine.ops, key, choice.model, as_of=site.now, now=site.now, made_by=choice.by
    )
    return _decided(site, made)


def _decided(site: Site, made: predict.ModelDecision) -> DecisionRow:
    site.cache.forget()
    return _decision(made)


def _decision(made: predict.ModelDecision) -> DecisionRow:
    told = asdict(made)
    del told["prediction"]
    return DecisionRow(**told)


def _run(run: Mapping[str, Any]) -> RunRow:
    report = run["report"] or {}
    failed = run["state"] == "failed"
    parts = {} if failed else report.get("horizons") or {"": report}
    return RunRow(
        run=run["run"],
        as_of=run["as_of"],
        started_at=run["started_at"],
        reason=run["reason"],
        state=run["state"],
        model=run["model"],
        in_use=run["in_use"],
        held_back=run["held_back"],
        seed=run["seed"],
        horizons=[_metrics(horizon, part) for horizon, part in parts.items()],
        beside=[Beside(**one) for one in (run["beside"] or {}).values()],
        error=str(report["what"]) if failed and "what" in report else None,
    )


def _metrics(horizon: str, part: Mapping[str, Any]) -> HorizonMetrics:
    numbers = {
        name: value
        for name, value in (part.get("metrics") or {}).items()
        if value is None or isinstance(value, int | float)
    }
    return HorizonMetrics(
        horizon=horizon,
        metrics=numbers,
        calibrated=(part.get("calibration") or {}).get("calibrated"),
        test=(part.get("split") or {}).get("test"),
    )
