"""Training anew by itself: on schedule, or when the world has moved away from a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module

from foretell.clock import Duration
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import ForetellError
from foretell.predict.document import RetrainSpec, spec_of
from foretell.predict.life.trust import trust
from foretell.predict.registry import begin_run, fail_run, last_run, latest_model, runs

SCHEDULE = "schedule"
REST = Duration.parse("7d")
"""Drift calls for no training sooner than so long after the last: nothing new could have been learnt."""


def retraining_due(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> datetime | None:
    """When ``retrain.every`` asks for the next training; None where it asks for none, or none was ever made by hand."""
    asked, last = _asked(catalog, key), last_run(engine.ops, key, now)
    if asked is None or asked.every is None or last is None:
        return None
    return Duration.parse(asked.every).after(last, catalog.settings.zone_info)


def retrain_due(engine: Engine, catalog: Catalog, reader: Reader, key: str, *, now: datetime) -> str:
    """Train as of ``now`` where the schedule asks for it, or scores have not come true; what became of it, in words."""
    due = retraining_due(engine, catalog, key, now=now)
    if due is not None and due <= now:
        return _train(engine, catalog, reader, key, SCHEDULE, now)
    if _may_for_drift(engine, catalog, key, now):
        warnings = trust(engine, catalog, key, as_of=now).warnings
        return _train(engine, catalog, reader, key, _drift(list(warnings.values())), now) if warnings else ""
    return ""


def retrain_moved(
    engine: Engine, catalog: Catalog, reader: Reader, key: str, moved: Sequence[str], *, now: datetime
) -> str:
    """Train as of ``now`` where people or scores have moved, the furthest first; what became of it, in words."""
    if not moved or not _may_for_drift(engine, catalog, key, now):
        return ""
    return _train(engine, catalog, reader, key, _drift(moved), now)


def _asked(catalog: Catalog, key: str) -> RetrainSpec | None:
    return spec_of(catalog, key).retrain


def _may_for_drift(engine: Engine, catalog: Catalog, key: str, now: datetime) -> bool:
    asked, last = _asked(catalog, key), last_run(engine.ops, key, now)
    return (
        asked is not None and asked.drift and last is not None
        and REST.after(last, catalog.settings.zone_info) <= now
    )  # fmt: skip


def _drift(words: Sequence[str]) -> str:
    more = f", and {len(words) - 1} more" if len(words) > 1 else ""
    return f"drift: {words[0]}{more}"


def _train(engine: Engine, catalog: Catalog, reader: Reader, key: str, reason: str, now: datetime) -> str:
    """Train, on record also where nothing could be learnt, so that it is not tried again at once."""
    make = import_module("foretell.predict.training").train
    before = {run["run"] for run in runs(engine.ops, key)}
    try:
        report = make(engine, catalog, reader, key, as_of=now, now=now, reason=reason)
    except ForetellError as error:
        if before == {run["run"] for run in runs(engine.ops, key)}:
            number = begin_run(engine.ops, key, now, now, spec_of(catalog, key).seed, {}, reason)
            fail_run(engine.ops, number, error)
        return f"could not be trained anew ({reason}): {error.what}"
    if latest_model(engine.ops, key, now).model == report.model:
        return f"trained anew ({reason}): {report.model} scores now"
    held = next(run["held_back"] for run in runs(engine.ops, key) if run["model"] == report.model)
    return f"trained anew ({reason}), and the model in use stays: the new one is {held or 'older'}"
