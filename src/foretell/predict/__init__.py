"""Predict: what will they do?

Enters: a ``prediction`` document, conditions that say about whom and what, the event log up to an
instant. Leaves: trained models with an honest :class:`TrainingReport`, scores as rows with interval
and reasons, the view ``predictions`` and the table ``score_rows`` that conditions read. May be
called by ``segment``, ``journey``, ``measure``, ``web``, ``cli`` and ``app``.

Training and scoring compute features by the same code, as of an instant and known at it; a model is
judged on a window that it did not learn from, and its report says so where the probabilities are not
to be trusted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from foretell.predict.activity import DONE_BY_PEOPLE
from foretell.predict.document import KIND, PredictionSpec, spec_of
from foretell.predict.exporting import ScoreExport, export_scores
from foretell.predict.forgetting import forget_models
from foretell.predict.parts import PARTS
from foretell.predict.permission import SCORING, TRAINING
from foretell.predict.reading import ScoreExplanation, ScoreReason, explain, report, scores
from foretell.predict.registry import runs
from foretell.predict.stored_scores import Driver, ScorePoint, drivers, latest_scores, person_scores, score_history
from foretell.predict.training_report import TrainingReport

if TYPE_CHECKING:
    from foretell.predict.features import Feature, FeaturePlan, Matrix, common_events, compute
    from foretell.predict.refreshing import next_due, refresh
    from foretell.predict.scoring import Scored, score
    from foretell.predict.training import train

# The model libraries take longer to load than most commands take; they are loaded when they are used.
_ON_USE = {
    "Feature": "features",
    "FeaturePlan": "features",
    "Matrix": "features",
    "common_events": "features",
    "compute": "features",
    "Scored": "scoring",
    "next_due": "refreshing",
    "refresh": "refreshing",
    "score": "scoring",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    if name not in _ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ON_USE[name]}"), name)


__all__ = [
    "DONE_BY_PEOPLE",
    "KIND",
    "PARTS",
    "SCORING",
    "TRAINING",
    "Driver",
    "Feature",
    "FeaturePlan",
    "Matrix",
    "PredictionSpec",
    "ScoreExplanation",
    "ScoreExport",
    "ScorePoint",
    "ScoreReason",
    "Scored",
    "TrainingReport",
    "common_events",
    "compute",
    "drivers",
    "explain",
    "export_scores",
    "forget_models",
    "latest_scores",
    "next_due",
    "person_scores",
    "refresh",
    "report",
    "runs",
    "score",
    "score_history",
    "scores",
    "spec_of",
    "train",
]
