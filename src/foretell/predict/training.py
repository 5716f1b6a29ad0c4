"""``train``: from a prediction's document to a registered model with its report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from foretell.clock import Duration
from foretell.condition import Reader
from foretell.definitions import Catalog, Document
from foretell.engine import Engine, naming
from foretell.errors import ForetellError
from foretell.ids import stable_id
from foretell.predict.binary.rows import SAMPLE_ROWS
from foretell.predict.binary.train import Task, train_binary
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.files import write_model
from foretell.predict.permission import TRAINING, Permission
from foretell.predict.population import Population, history_begins
from foretell.predict.registry import begin_run, fail_run, finish_run
from foretell.predict.reports import binary_report, value_report
from foretell.predict.training_report import BINARY, VALUE, TrainingReport
from foretell.predict.value.purchases import PurchaseLog
from foretell.predict.value.stored import value_card, value_files
from foretell.predict.value.train import ValueTask, train_value
from foretell.predict.windows import split_of
from foretell.profile import purposes_of

_YEAR_DAYS = 365.25


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
) -> TrainingReport:
    """Train prediction ``key`` on outcomes complete at ``as_of`` and on what was known by then.

    The run and its split are recorded before anything is fitted; files and registry row are written
    when all is well. Equal data, document, instant and seed give the same model id and files.

    Args:
        now: when the run is made, for its record alone.
        seed: instead of the document's.
        sample_rows: people × instants that this process learns from; where there are more, people are drawn, and a
            cluster grows the trees that score on everybody.

    Raises:
        ForetellError: ``NO_HISTORY``, ``NOBODY``, ``TOO_LITTLE_HISTORY``, ``ONE_CLASS``,
            ``TOO_FEW_OUTCOMES``, ``NOTHING_VARIES``, ``NO_REPEAT_BUYERS`` and the like.
    """
    spec, document = spec_of(catalog, key), catalog.get("prediction", key)
    number = spec.seed if seed is None else seed
    first = history_begins(engine.analytics, as_of, document.name)
    permission = Permission(TRAINING, engine.ops, purposes_of(catalog), now)
    population = Population.of(reader, spec, as_of, permission)
    make = _train_value if spec.value is not None else partial(_train_binary, sample_rows=sample_rows)
    with threadpool_limits(limits=1, user_api="blas"), naming(f"train {document.name}"):
        return make(engine, catalog, document, population, first, as_of, now, number)


def models_folder(engine: Engine) -> Path:
    """Where model files lie."""
    return engine.data / "models"


def _train_binary(
    engine: Engine, catalog: Catalog, document: Document, population: Population,
    first: datetime, as_of: datetime, now: datetime, seed: int, *, sample_rows: int,
) -> TrainingReport:  # fmt: skip
    spec, zone = spec_of(catalog, document.key), catalog.settings.zone_info
    population.somebody(as_of, document.name)
    splits = tuple(split_of(first, as_of, horizon, zone, thing=document.name) for horizon in spec.all_horizons)
    named = f"{document.key}:{seed}"
    task = Task(document.name, splits, spec.features, zone, catalog.settings.currency, named, sample_rows)
    record = {split.horizon: split.as_dict() for split in splits}
    run = begin_run(engine.ops, document.key, as_of, now, seed, record)
    try:
        found = train_binary(engine.analytics, population, task, as_of)
        model = _model_id(document, as_of, seed, found.digest)
        report = replace(binary_report(document.key, model, found, as_of, seed), left_out=_left_out(population))
        card = {"kind": BINARY, "content": found.model.card(), "report": report.as_dict()}
        write_model(models_folder(engine), document.key, model, card, found.model.files(model))
    except ForetellError as error:
        fail_run(engine.ops, run, error)
        raise
    finish_run(engine.ops, run, document.key, model, as_of, report.as_dict())
    return report


def _train_value(
    engine: Engine, catalog: Catalog, document: Document, population: Population,
    first: datetime, as_of: datetime, now: datetime, seed: int,
) -> TrainingReport:  # fmt: skip
    spec = spec_of(catalog, document.key)
    task = _value_task(spec, catalog, document, first, seed)
    log = PurchaseLog(engine, spec.value or {}, catalog.settings.zone_info, task.unit_days, document.name)
    run = begin_run(engine.ops, document.key, as_of, now, seed, {"model": spec.model, "horizon": spec.horizon})
    try:
        found = train_value(log, population, task, as_of)
        model = _model_id(document, as_of, seed, found.digest)
        report = replace(value_report(document.key, model, found, task, as_of), left_out=_left_out(population))
        card = {"kind": VALUE, "content": value_card(found.model), "report": report.as_dict()}
        write_model(models_folder(engine), document.key, model, card, value_files(found.model))
    except ForetellError as error:
        fail_run(engine.ops, run, error)
        raise
    finish_run(engine.ops, run, document.key, model, as_of, report.as_dict())
    return report


def _left_out(population: Population) -> dict[str, int]:
    return {} if population.permission is None else population.permission.left_out


def _value_task(spec: PredictionSpec, catalog: Catalog, document: Document, first: datetime, seed: int) -> ValueTask:
    unit_days = Duration.parse(spec.unit).days
    return ValueTask(
        thing=document.name,
        model=spec.model,
        unit=spec.unit,
        unit_days=unit_days,
        horizon_days=Duration.parse(spec.all_horizons[0]).days,
        rate=(1 + spec.discount_rate) ** (unit_days / _YEAR_DAYS) - 1,
        currency=catalog.settings.currency,
        first=first,
        seed=seed,
    )


def _model_id(document: Document, as_of: datetime, seed: int, digest: str) -> str:
    """The same for the same document, instant, seed and rows."""
    meaning = json.dumps(document.raw.get("spec"), sort_keys=True, default=str)
    return stable_id("model", document.key, meaning, as_of.isoformat(), str(seed), digest)
