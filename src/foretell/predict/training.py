"""``train``: from a prediction's document to a registered model with its report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from threadpoolctl import threadpool_limits

from foretell.collect import series_of
from foretell.condition import Reader
from foretell.definitions import Catalog, Document
from foretell.engine import Engine, naming
from foretell.errors import ForetellError
from foretell.ids import stable_id
from foretell.predict.binary.rows import SAMPLE_ROWS
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.explaining.after import about, explained
from foretell.predict.explaining.card import CARD_FILE, model_card
from foretell.predict.files import write_model
from foretell.predict.kinds import Lesson, Made, Plan, kind_of
from foretell.predict.life.contest import Contest, contest, worse_words
from foretell.predict.life.keeping import keep_latest
from foretell.predict.life.reference import reference_of
from foretell.predict.permission import TRAINING, Permission
from foretell.predict.population import Population, history_begins
from foretell.predict.registry import BY_HAND, Registered, begin_run, fail_run, finish_run, model_in_use
from foretell.predict.training_report import TrainingReport
from foretell.profile import purposes_of


def train(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    key: str,
    *,
    as_of: datetime,
    now: datetime,
    seed: int | None = None,
    sample_rows: int = SAMPLE_ROWS,
    reason: str = BY_HAND,
) -> TrainingReport:
    """Train prediction ``key`` on outcomes complete at ``as_of`` and on what was known by then.

    The run and its split are recorded before anything is fitted; files and registry row are written
    when all is well. Equal data, document, instant and seed give the same model id and files.

    Args:
        now: when the run is made, for its record alone.
        seed: instead of the document's.
        sample_rows: people × instants that this process learns from; where there are more, people are drawn, and a
            cluster grows the trees that score on everybody.
        reason: why the run is made. One that nobody asked for does not replace the model in use where it is clearly
            worse on the same people (``held_back`` of :func:`~foretell.predict.registry.runs`).

    Raises:
        ForetellError: ``SCORES_IMPORTED`` where they come from outside;
            ``NO_HISTORY``, ``NOBODY``, ``TOO_LITTLE_HISTORY``, ``ONE_CLASS``,
            ``TOO_FEW_OUTCOMES``, ``NOTHING_VARIES``, ``NO_REPEAT_BUYERS`` and the like.
    """
    spec, document = spec_of(catalog, key), catalog.get("prediction", key)
    refuse_imported(spec, document.name)
    number = spec.seed if seed is None else seed
    first = history_begins(engine.analytics, as_of, document.name)
    permission = Permission(TRAINING, engine.ops, purposes_of(catalog), now)
    population = Population.of(reader, spec, as_of, permission, series_of(catalog))
    lesson = Lesson(engine, catalog, reader, document, spec, population, first, as_of, number, sample_rows)
    with threadpool_limits(limits=1, user_api="blas"), naming(f"train {document.name}"):
        return _recorded(lesson, kind_of(spec).plan(lesson), now, reason)


def models_folder(engine: Engine) -> Path:
    """Where model files lie."""
    return engine.data / "models"


def refuse_imported(spec: PredictionSpec, thing: str) -> None:
    """Raise ``SCORES_IMPORTED`` where there is no model of ours."""
    if spec.imported:
        raise ForetellError(
            "SCORES_IMPORTED",
            "its scores come from outside, there is no model to train or to score with",
            thing=thing,
            next_step="Run foretell predict import KEY FILE, or take `imported` out of the document.",
        )


def _recorded(lesson: Lesson, plan: Plan, now: datetime, reason: str) -> TrainingReport:
    """Run what is planned, on record from before it begins."""
    ops, key, as_of = lesson.engine.ops, lesson.document.key, lesson.as_of
    run = begin_run(ops, key, as_of, now, lesson.seed, plan.record, reason)
    try:
        made = plan.make()
        model = _model_id(lesson.document, as_of, lesson.seed, made.digest)
        report = replace(
            made.report(model),
            left_out=_left_out(lesson.population),
            about=about(lesson),
            explained=explained(lesson, made),
        )
        reference = reference_of(lesson, made, model).as_dict()
        card = {"kind": made.kind, "content": made.content, "report": report.as_dict(), "reference": reference}
        found = [] if reason == BY_HAND else _contest(lesson, made, model)
        files = {**made.files(model), CARD_FILE: model_card(report.as_dict()).markdown().encode()}
        write_model(models_folder(lesson.engine), key, model, card, files)
    except ForetellError as error:
        fail_run(ops, run, error)
        raise
    registered = Registered(model, key, as_of, report.as_dict())
    beside = {one.horizon: one.as_dict() for one in found} or None
    finish_run(ops, run, registered, beside=beside, held_back=worse_words(found))
    keep_latest(ops, models_folder(lesson.engine), key)
    return report


def _contest(lesson: Lesson, made: Made, model: str) -> list[Contest]:
    in_use = model_in_use(lesson.engine.ops, lesson.document.key, lesson.as_of)
    if in_use is None or in_use == model:
        return []
    return contest(lesson, made.found, models_folder(lesson.engine), in_use)


def _left_out(population: Population) -> dict[str, int]:
    return {} if population.permission is None else population.permission.left_out


def _model_id(document: Document, as_of: datetime, seed: int, digest: str) -> str:
    """The same for the same document, instant, seed and rows."""
    meaning = json.dumps(document.raw.get("spec"), sort_keys=True, default=str)
    return stable_id("model", document.key, meaning, as_of.isoformat(), str(seed), digest)
