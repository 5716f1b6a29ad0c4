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

from foretell.predict.document import KIND, PredictionSpec, spec_of
from foretell.predict.features import Feature, FeaturePlan, Matrix
from foretell.predict.parts import PARTS
from foretell.predict.reading import ScoreExplanation, ScoreReason, explain, report, scores
from foretell.predict.registry import runs
from foretell.predict.scoring import Scored, score
from foretell.predict.training import train
from foretell.predict.training_report import TrainingReport

__all__ = [
    "KIND",
    "PARTS",
    "Feature",
    "FeaturePlan",
    "Matrix",
    "PredictionSpec",
    "ScoreExplanation",
    "ScoreReason",
    "Scored",
    "TrainingReport",
    "explain",
    "report",
    "runs",
    "score",
    "scores",
    "spec_of",
    "train",
]
