"""Predictions: how good they are, what moves them, how they did before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import accumulate
from typing import Any, Literal

import pyarrow.compute as pc
from fastapi import APIRouter
from pydantic import BaseModel, Field

from foretell import predict
from foretell.condition import measure_sentence, parse, parse_measure, sentence
from foretell.errors import ForetellError
from foretell.web.api.shapes import Instant
from foretell.web.site import Here, Site

router = APIRouter(prefix="/predictions", tags=["predictions"])


class HorizonScores(BaseModel):
    """The last stored scores over one horizon."""

    horizon: str
    people: int
    mean: float
    low: float = Field(description="Mean of the lower bounds.")
    high: float = Field(description="Mean of the upper bounds.")
    as_of: Instant


class PredictionRow(BaseModel):
    """A prediction in the list."""

    key: str
    title: str
    unit: Literal["probability", "money", "count"]
    question: str = Field(description="What is foreseen, in words.")
    horizons: list[str]
    trained_as_of: Instant | None = Field(description="Null where it was never trained.")
    verdict: str | None = Field(description="How good it is, in words.")
    calibrated: bool | None = Field(description="Whether its probabilities can be taken at their word.")
    scores: list[HorizonScores]


class Predictions(BaseModel):
    """All predictions."""

    rows: list[PredictionRow]


class Bin(BaseModel):
    """People with similar probabilities: what was foreseen and what came."""

    mean: float = Field(description="Mean probability.")
    observed: float = Field(description="Share for whom it came true.")
    low: float
    high: float
    n: int


class Gain(BaseModel):
    """How much of all outcomes the people with the highest scores hold."""

    share: float = Field(description="Share of people, highest scores first.")
    captured: float = Field(description="Share of outcomes among them.")


class DriverBody(BaseModel):
    """What moves the scores."""

    feature: str
    text: str
    importance: float = Field(description="Part of all that the stored reasons moved, 0 to 1.")
    people: int = Field(description="For how many people it is among the three reasons.")
    rises: bool = Field(description="It raises scores on the whole.")


class Run(BaseModel):
    """A training run."""

    run: int
    as_of: Instant
    started_at: Instant
    state: str
    model: str | None
    metrics: dict[str, float | None]
    error: str | None


class AtTrigger(BaseModel):
    """Those of the test window at 70 % and more."""

    n: int
    mean_probability: float | None
    precision: float | None = Field(description="Share of them for whom it came true.")
    precision_low: float | None
    precision_high: float | None


class Fifth(BaseModel):
    """A fifth of the people of the test window, by what was expected of them."""

    n: int
    mean_expected: float
    mean_actual: float
    coverage: float = Field(description="Share of them whose amount lay inside their interval.")


class HorizonReport(BaseModel):
    """How good a prediction is over one horizon, on a window it did not learn from."""

    horizon: str
    metrics: dict[str, float | None]
    baseline: dict[str, float | None] = Field(description="The same of a plain baseline.")
    calibrated: bool | None
    base_rate: float | None = Field(description="Share for whom it came true in the test window.")
    mean: float | None = Field(description="Mean probability in the test window.")
    test_n: int | None
    ece_limit: float | None = Field(description="Up to this the calibration error is what chance explains.")
    base_rate_train: float | None = Field(description="The share in the windows it learnt from.")
    shift: float | None = Field(description="Share of the test window less that of training.")
    shift_low: float | None
    shift_high: float | None
    at_70: AtTrigger | None
    reliability: list[Bin]
    gains: list[Gain]
    fifths: list[Fifth] = Field(description="Of a value that is learnt from features; else empty.")
    drivers: list[DriverBody]
    verdict: str


class PredictionBody(PredictionRow):
    """One prediction."""

    outcome: dict[str, Any] | None = Field(description="The positive outcome, as written.")
    population: dict[str, Any] = Field(description="About whom, as written.")
    population_says: str
    bands: dict[str, float] | None
    schedule: str | None
    model: str | None
    model_kind: str | None
    n: int | None = Field(description="Rows (people, for a value) it learnt from.")
    positives: int | None
    left_out: dict[str, int] = Field({}, description="People whom it may not learn from: reason → how many.")
    params: dict[str, float]
    metrics: dict[str, float | None] = Field(description="Of the shortest horizon.")
    reliability: list[Bin] = Field(description="Of the shortest horizon.")
    gains: list[Gain] = Field(description="Of the shortest horizon.")
    drivers: list[DriverBody] = Field(description="Of the shortest horizon.")
    by_horizon: list[HorizonReport]
    history: list[Run] = Field(description="Training runs, newest first.")


@router.get("")
def predictions(site: Here) -> Predictions:
    """All predictions with their last scores."""
    return Predictions(rows=[_row(site, document.key) for document in site.workspace.catalog.all("prediction")])


@router.get("/{key}")
def prediction(site: Here, key: str) -> PredictionBody:
    """One prediction: how good, why, and how it did before."""
    spec = predict.spec_of(site.workspace.catalog, key)
    report = _report(site, key)
    horizons = [_horizon(site, key, horizon, report) for horizon in spec.all_horizons] if report else []
    first = horizons[0] if horizons else None
    return PredictionBody(
        **_row(site, key).model_dump(),
        outcome=spec.outcome,
        population=spec.about,
        population_says=sentence(parse(spec.about)),
        bands=spec.bands,
        schedule=spec.schedule,
        model=report.get("model"),
        model_kind=report.get("kind"),
        n=report.get("n"),
        positives=report.get("positives"),
        left_out=report.get("left_out") or {},
        params=dict(report.get("params", {})),
        metrics=first.metrics if first else {},
        reliability=first.reliability if first else [],
        gains=first.gains if first else [],
        drivers=first.drivers if first else [],
        by_horizon=horizons,
        history=[_run(run) for run in predict.runs(site.workspace.engine.ops, key)],
    )


def _row(site: Site, key: str) -> PredictionRow:
    spec = predict.spec_of(site.workspace.catalog, key)
    report = _report(site, key)
    value = spec.value is not None
    says = (
        measure_sentence(parse_measure(spec.value)) if spec.value is not None else sentence(parse(spec.outcome or {}))
    )
    calibrated = [part.get("calibrated") for part in _parts(report, "calibration", spec.all_horizons).values()]
    return PredictionRow(
        key=key,
        title=spec.name or key,
        unit=spec.foresees,
        question=says,
        horizons=list(spec.all_horizons),
        trained_as_of=datetime.fromisoformat(report["trained_as_of"]) if report else None,
        verdict=report.get("verdict"),
        calibrated=None if value or None in calibrated or not calibrated else all(calibrated),
        scores=_scores(site, key, spec.all_horizons),
    )


def _report(site: Site, key: str) -> Mapping[str, Any]:
    try:
        return predict.report(site.workspace.engine, key, as_of=site.now)
    except ForetellError as error:
        if error.code != "NOT_TRAINED":
            raise
        return {}


def _scores(site: Site, key: str, horizons: tuple[str, ...]) -> list[HorizonScores]:
    found = site.scores()
    own = found.filter(pc.equal(found["prediction"], key))
    means = [("score", "mean"), ("low", "mean"), ("high", "mean"), ("as_of", "max"), ([], "count_all")]
    rows = {row["horizon"]: row for row in own.group_by("horizon").aggregate(means).to_pylist()}
    return [
        HorizonScores(
            horizon=horizon,
            people=rows[horizon]["count_all"],
            mean=rows[horizon]["score_mean"],
            low=rows[horizon]["low_mean"],
            high=rows[horizon]["high_mean"],
            as_of=rows[horizon]["as_of_max"],
        )
        for horizon in horizons
        if horizon in rows
    ]


def _parts(report: Mapping[str, Any], name: str, horizons: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """A part of the report by horizon; the report leaves the level out where there is one horizon."""
    whole = report.get(name) or {}
    if len(horizons) == 1:
        return {horizons[0]: whole} if whole else {}
    return {horizon: whole[horizon] for horizon in horizons if horizon in whole}


def _horizon(site: Site, key: str, horizon: str, report: Mapping[str, Any]) -> HorizonReport:
    horizons = predict.spec_of(site.workspace.catalog, key).all_horizons
    calibration = _parts(report, "calibration", horizons).get(horizon, {})
    bins = [
        Bin(mean=one["mean_p"], observed=one["rate"], low=one["rate_low"], high=one["rate_high"], n=one["n"])
        for one in calibration.get("bins", [])
    ]
    analytics = site.workspace.engine.analytics
    moved = site.cache.get(f"drivers {key} {horizon}", lambda: predict.drivers(analytics, key, horizon, as_of=site.now))
    return HorizonReport(
        horizon=horizon,
        metrics=dict(_parts(report, "metrics", horizons).get(horizon, {})),
        baseline=dict(_parts(report, "baseline", horizons).get(horizon, {})),
        calibrated=calibration.get("calibrated"),
        base_rate=calibration.get("base_rate_test"),
        mean=calibration.get("mean_probability"),
        test_n=calibration.get("test_n"),
        ece_limit=calibration.get("ece_expected_at_most"),
        base_rate_train=calibration.get("base_rate_train"),
        shift=calibration.get("base_rate_shift"),
        shift_low=calibration.get("base_rate_shift_low"),
        shift_high=calibration.get("base_rate_shift_high"),
        at_70=AtTrigger(**calibration["at_70_percent"]) if "at_70_percent" in calibration else None,
        reliability=bins,
        gains=_gains(bins),
        fifths=[
            Fifth(**{name: part[name] for name in Fifth.model_fields})
            for part in (report["horizons"].get(horizon) or {}).get("fifths", [])
        ],
        drivers=[
            DriverBody(feature=one.feature, text=one.words, importance=one.weight, people=one.people, rises=one.rises)
            for one in moved
        ],
        verdict=(report["horizons"].get(horizon) or {}).get("verdict") or report["verdict"],
    )


def _gains(bins: list[Bin]) -> list[Gain]:
    """Read off the reliability bins, which hold the test window's people by score."""
    people, outcomes = sum(one.n for one in bins), sum(one.n * one.observed for one in bins)
    if not outcomes:
        return []
    best = bins[::-1]
    shares = accumulate((one.n / people for one in best), initial=0.0)
    captured = accumulate((one.n * one.observed / outcomes for one in best), initial=0.0)
    return [Gain(share=share, captured=part) for share, part in zip(shares, captured, strict=True)]


def _run(run: Mapping[str, Any]) -> Run:
    report = run["report"] or {}
    metrics: dict[str, float | None] = {
        name: value for name, value in report.get("metrics", {}).items() if isinstance(value, float | int)
    }
    return Run(
        run=run["run"],
        as_of=run["as_of"],
        started_at=run["started_at"],
        state=run["state"],
        model=run["model"],
        metrics=metrics,
        error=str(report["what"]) if run["state"] == "failed" and "what" in report else None,
    )
