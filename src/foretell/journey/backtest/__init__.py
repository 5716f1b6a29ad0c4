"""Journeys on history: who would have entered, what would have been sent, at what cost, against which other journeys.

Enters: a journey's document, a span of the past. Leaves: a :class:`Backtest` of counts with intervals; the last one
of each journey is kept. Nothing is sent, and no run begins. For the room ``journey``.
"""

from __future__ import annotations

from foretell.journey.backtest.counting import Guess
from foretell.journey.backtest.keeping import KeptBacktest, keep, kept
from foretell.journey.backtest.measuring import Measured, measure
from foretell.journey.backtest.report import (
    AssumedRate,
    Backtest,
    ChannelCount,
    Conflict,
    DayOfEntries,
    DayOfMessages,
    ForeseenStep,
    ScoresUsed,
)
from foretell.journey.backtest.running import USUAL_DRAWS, Question, Rescore, backtest, check, meaning_of

__all__ = [
    "USUAL_DRAWS",
    "AssumedRate",
    "Backtest",
    "ChannelCount",
    "Conflict",
    "DayOfEntries",
    "DayOfMessages",
    "ForeseenStep",
    "Guess",
    "KeptBacktest",
    "Measured",
    "Question",
    "Rescore",
    "ScoresUsed",
    "backtest",
    "check",
    "keep",
    "kept",
    "meaning_of",
    "measure",
]
