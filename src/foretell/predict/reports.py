"""Reports assembled from what training found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foretell.predict.binary.learn import Learnt
from foretell.predict.binary.train import Trained
from foretell.predict.training_report import BINARY, TrainingReport
from foretell.predict.value.train import TrainedValue, ValueTask
from foretell.predict.value.verdict import value_verdict


def binary_report(key: str, model: str, found: Trained, as_of: datetime, seed: int) -> TrainingReport:
    """The report of a binary prediction; ``n`` and ``positives`` are those of the shortest horizon."""
    parts = {one.split.horizon: one.as_dict() for one in found.learnt}
    main = found.learnt[0]
    return TrainingReport(
        prediction=key,
        model=model,
        kind=BINARY,
        n=len(main.rows),
        positives=int(main.rows.y.sum()),
        trained_as_of=as_of,
        seed=seed,
        metrics=_by_horizon(parts, "metrics"),
        baseline=_by_horizon(parts, "baseline"),
        calibration=_by_horizon(parts, "calibration"),
        verdict=_verdict(found.learnt),
        horizons=parts,
    )


def _by_horizon(parts: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """The part itself where there is one horizon, a mapping by horizon where there are several."""
    if len(parts) == 1:
        only: Mapping[str, Any] = next(iter(parts.values()))[name]
        return only
    return {horizon: part[name] for horizon, part in parts.items()}


def _verdict(learnt: tuple[Learnt, ...]) -> str:
    if len(learnt) == 1:
        return learnt[0].verdict
    return " ".join(f"{one.split.horizon}: {one.verdict}" for one in learnt)


def value_report(key: str, model: str, found: TrainedValue, task: ValueTask, as_of: datetime) -> TrainingReport:
    """The report of a value prediction; its metrics are those of the inner hold-out."""
    buying, spending = found.model.buying, found.model.spending
    repeats = found.purchases.histories.repeats
    spending_part = None if spending is None else {
        "log_likelihood": spending.evidence.log_likelihood, "people": spending.evidence.people,
        "standard_errors": spending.standard_errors(), "converged": spending.evidence.converged,
    }  # fmt: skip
    return TrainingReport(
        prediction=key,
        model=model,
        kind=buying.kind,
        n=int(repeats.size),
        positives=int((repeats > 0).sum()),
        trained_as_of=as_of,
        seed=task.seed,
        metrics=found.trials.get(buying.kind, {}),
        params=buying.parameters | ({} if spending is None else spending.parameters),
        log_likelihood=buying.evidence.log_likelihood,
        verdict=value_verdict(found, task),
        horizons={
            "holdout": found.holdout,
            "candidates": found.trials,
            "unit": task.unit,
            "standard_errors": buying.standard_errors(),
            "converged": buying.evidence.converged,
            "spending": spending_part,
            "frequency_spend_correlation": found.independence,
        },
    )
