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
from foretell.predict.event_dates import ExpectedDate, expected_dates
from foretell.predict.exporting import ScoreExport, export_scores
from foretell.predict.forgetting import forget_models
from foretell.predict.life.checks import ModelCheck, model_checks
from foretell.predict.life.deciding import ModelDecision, activate, decisions, rollback
from foretell.predict.parts import PARTS
from foretell.predict.permission import SCORING, TRAINING
from foretell.predict.reading import ScoreExplanation, ScoreReason, explain, report, scores
from foretell.predict.registry import runs
from foretell.predict.stored_scores import Driver, ScorePoint, drivers, latest_scores, person_scores, score_history
from foretell.predict.training_report import TrainingReport
from foretell.predict.value_groups import ValueGroup, ValueGroups, value_by

if TYPE_CHECKING:
    from foretell.predict.bringing import ImportedScores, import_scores
    from foretell.predict.explaining.card import ModelCard
    from foretell.predict.explaining.doors import card, dependence, exactly, steady_drivers
    from foretell.predict.explaining.exact import ExactReasons
    from foretell.predict.explaining.stability import Steadiness
    from foretell.predict.features import Feature, FeaturePlan, Matrix, Tally, compute, plan_for
    from foretell.predict.features import question as feature_question
    from foretell.predict.life.differing import RunDifference, compare_runs
    from foretell.predict.life.trust import Trust, refuse_uncalibrated, said_of, trust, trust_words
    from foretell.predict.looking import HorizonLook, Look, look
    from foretell.predict.models import BgNbd, Histories, ParetoNbd, RepeatBuying
    from foretell.predict.past import scores_then
    from foretell.predict.quadrants import Quadrant, quadrant, quadrant_people, scored_condition
    from foretell.predict.refit import Refit
    from foretell.predict.refreshing import next_due, refresh
    from foretell.predict.scoring import Scored, score
    from foretell.predict.send_time.asking import (
        PersonSendTime,
        best_channel,
        best_hour,
        person_send_time,
        send_time_report,
    )
    from foretell.predict.send_time.kept import SendTimes, make_send_times, refresh_send_times
    from foretell.predict.training import train

# The model libraries take longer to load than most commands take; they are loaded when they are used.
_ON_USE = {
    "ExactReasons": "explaining.exact",
    "exactly": "explaining.doors",
    "ModelCard": "explaining.card",
    "card": "explaining.doors",
    "dependence": "explaining.doors",
    "Steadiness": "explaining.stability",
    "steady_drivers": "explaining.doors",
    "SendTimes": "send_time.kept",
    "refresh_send_times": "send_time.kept",
    "make_send_times": "send_time.kept",
    "best_hour": "send_time.asking",
    "best_channel": "send_time.asking",
    "person_send_time": "send_time.asking",
    "PersonSendTime": "send_time.asking",
    "send_time_report": "send_time.asking",
    "ImportedScores": "bringing",
    "import_scores": "bringing",
    "RunDifference": "life.differing",
    "compare_runs": "life.differing",
    "Trust": "life.trust",
    "refuse_uncalibrated": "life.trust",
    "said_of": "life.trust",
    "trust": "life.trust",
    "trust_words": "life.trust",
    "quadrant_people": "quadrants",
    "scored_condition": "quadrants",
    "quadrant": "quadrants",
    "Quadrant": "quadrants",
    "look": "looking",
    "Look": "looking",
    "HorizonLook": "looking",
    "BgNbd": "models",
    "Histories": "models",
    "ParetoNbd": "models",
    "RepeatBuying": "models",
    "Feature": "features",
    "FeaturePlan": "features",
    "Refit": "refit",
    "Tally": "features",
    "Matrix": "features",
    "plan_for": "features",
    "compute": "features",
    "feature_question": "features",
    "Scored": "scoring",
    "scores_then": "past",
    "next_due": "refreshing",
    "refresh": "refreshing",
    "score": "scoring",
    "train": "training",
}

_INSIDE = {"feature_question": "question"}


def __getattr__(name: str) -> Any:
    if name not in _ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ON_USE[name]}"), _INSIDE.get(name, name))


__all__ = [
    "DONE_BY_PEOPLE",
    "KIND",
    "PARTS",
    "SCORING",
    "TRAINING",
    "BgNbd",
    "Driver",
    "ExactReasons",
    "ExpectedDate",
    "Feature",
    "FeaturePlan",
    "Histories",
    "HorizonLook",
    "ImportedScores",
    "Look",
    "Matrix",
    "ModelCard",
    "ModelCheck",
    "ModelDecision",
    "ParetoNbd",
    "PersonSendTime",
    "PredictionSpec",
    "Quadrant",
    "Refit",
    "RepeatBuying",
    "RunDifference",
    "ScoreExplanation",
    "ScoreExport",
    "ScorePoint",
    "ScoreReason",
    "Scored",
    "SendTimes",
    "Steadiness",
    "Tally",
    "TrainingReport",
    "Trust",
    "ValueGroup",
    "ValueGroups",
    "activate",
    "best_channel",
    "best_hour",
    "card",
    "compare_runs",
    "compute",
    "decisions",
    "dependence",
    "drivers",
    "exactly",
    "expected_dates",
    "explain",
    "export_scores",
    "feature_question",
    "forget_models",
    "import_scores",
    "latest_scores",
    "look",
    "make_send_times",
    "model_checks",
    "next_due",
    "person_scores",
    "person_send_time",
    "plan_for",
    "quadrant",
    "quadrant_people",
    "refresh",
    "refresh_send_times",
    "refuse_uncalibrated",
    "report",
    "rollback",
    "runs",
    "said_of",
    "score",
    "score_history",
    "scored_condition",
    "scores",
    "scores_then",
    "send_time_report",
    "spec_of",
    "steady_drivers",
    "train",
    "trust",
    "trust_words",
    "value_by",
]
