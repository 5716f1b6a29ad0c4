"""``hazard``: the time to an outcome, learnt also from those who are not through, asked over any horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from foretell.clock import Duration
from foretell.predict.binary.scored import AT_ONCE
from foretell.predict.document import PredictionSpec
from foretell.predict.features import compute
from foretell.predict.files import StoredModel
from foretell.predict.hazard.scored import event_dates, hazard_scores
from foretell.predict.hazard.stored import HazardModel
from foretell.predict.hazard.stretches import Stretches
from foretell.predict.hazard.train import HazardTask, HorizonJudged, TrainedHazard, train_hazard
from foretell.predict.hazard.windows import hazard_split
from foretell.predict.kinds.base import Answer, Asked, Lesson, Made, Plan
from foretell.predict.training_report import HAZARD, TrainingReport, by_horizon

DATES = "event_date_rows"
_STRETCHED = 3
"""A person at an instant becomes up to nine rows: so much fewer of them are held in memory."""


@dataclass(frozen=True)
class Hazard:
    """One model of the time to an outcome."""

    name: str = HAZARD

    def handles(self, spec: PredictionSpec) -> bool:
        """Whether it has an outcome in the form of a hazard."""
        return spec.outcome is not None and spec.form == "hazard"

    def plan(self, lesson: Lesson) -> Plan:
        """Instants and stretches."""
        task = _task(lesson)
        return Plan(task.split.as_dict(), lambda: _made(lesson, task))

    def load(self, stored: StoredModel) -> HazardModel:
        """Trees and stretches."""
        return HazardModel.load(stored)

    def score(self, asked: Asked, model: HazardModel) -> Answer:
        """Probabilities over the document's horizons as they are now, and the date to expect."""
        keys = asked.people.select(["profile_key"])
        scores, dates = [], []
        for at in range(0, len(keys), AT_ONCE):
            matrix = compute(asked.engine.analytics, model.plan, keys.slice(at, AT_ONCE), asked.as_of)
            hazards = model.trees.hazards(matrix.select(model.names))
            horizons = asked.spec.all_horizons
            scores.append(hazard_scores(model, matrix, horizons, hazards, exact=asked.exact, thing=asked.thing))
            dates.append(event_dates(model, matrix, hazards, asked.as_of))
        return Answer(pa.concat_tables(scores), {DATES: pa.concat_tables(dates)})


def _task(lesson: Lesson) -> HazardTask:
    spec = lesson.spec
    horizons = spec.all_horizons
    stretches = Stretches.of([Duration.parse(horizon).days for horizon in horizons])
    split = hazard_split(lesson.first, lesson.as_of, horizons[-1], stretches, lesson.zone, thing=lesson.thing)
    return HazardTask(
        lesson.thing,
        split,
        horizons,
        lesson.zone,
        lesson.catalog.settings.currency,
        f"{lesson.document.key}:{lesson.seed}",
        lesson.sample_rows // _STRETCHED,
        tuple(spec.accept_leaks or ()),
    )


def _made(lesson: Lesson, task: HazardTask) -> Made:
    found = train_hazard(lesson.engine.analytics, lesson.population, task, lesson.as_of)
    margins = {one.horizon: one.margins for one in found.judged}
    model = HazardModel(found.plan, found.names, found.trees, found.untrue, margins)
    return Made(HAZARD, found.digest, model.card(), model.files, lambda name: _report(lesson, name, found), found)


def _report(lesson: Lesson, model: str, found: TrainedHazard) -> TrainingReport:
    """The report; ``n`` are people × instants, ``positives`` those with an event while they were seen."""
    parts = {one.horizon: _part(one, found) for one in found.judged}
    return TrainingReport(
        prediction=lesson.document.key,
        model=model,
        kind=HAZARD,
        n=len(found.spans),
        positives=int((found.spans.rows.y < float("inf")).sum()),
        trained_as_of=lesson.as_of,
        seed=lesson.seed,
        metrics=by_horizon(parts, "metrics"),
        baseline=by_horizon(parts, "baseline"),
        calibration=by_horizon(parts, "calibration"),
        verdict=_verdict(found),
        horizons=parts,
    )


def _part(judged: HorizonJudged, found: TrainedHazard) -> dict[str, Any]:
    return {
        "n": len(found.spans),
        "positives": int((found.spans.rows.y <= Duration.parse(judged.horizon).days).sum()),
        "metrics": dict(judged.judgement.metrics),
        "baseline": judged.baseline,
        "calibration": judged.judgement.as_dict(),
        "curve": found.curves.as_dict(),
        "censored": found.censored,
        "rounds": found.rounds,
        "features": list(found.names),
        "split": found.task.split.as_dict(),
        "verdict": judged.verdict,
    }


def _verdict(found: TrainedHazard) -> str:
    curves = found.curves
    said = (
        f"One curve a person over {found.task.horizons[-1]}; {found.censored:.0%} of what it learnt from was not yet "
        f"through. Squared error over the whole curve {curves.integrated_brier:.4f} "
        f"(the same curve for all: {curves.baseline:.4f})."
    )
    if curves.dated and curves.off_days == curves.off_days:
        said += (
            f" Of {curves.dated:.0%} a date could be said; where the event came, half of the dates were off by "
            f"{curves.off_days:.0f} days or less."
        )
    each = [f"{one.horizon}: {one.verdict}" if len(found.judged) > 1 else one.verdict for one in found.judged]
    return " ".join([said, *each])


KIND = Hazard()
