"""Whose score crossed into a band or out of it, by the scores that were stored."""

from __future__ import annotations

import numpy as np

from foretell import predict
from foretell.definitions import Catalog
from foretell.journey.backtest.spans import Places, Span
from foretell.journey.triggers import PredictionTrigger
from foretell.segment import Past

_NONE = "none"


def crossed(catalog: Catalog, trigger: PredictionTrigger, span: Span, past: Past) -> tuple[Places, Places]:
    """People and the ticks at which it is seen; a score is held against the person's score before.

    Raises:
        UsageError: ``UNKNOWN_HORIZON`` and the like.
    """
    bands = predict.spec_of(catalog, trigger.prediction).bands or {}
    names = sorted(bands, key=lambda name: bands[name])
    floors = np.array([bands[name] for name in names], np.float64)
    person, t, score = past.scores(trigger.prediction, trigger.horizon)
    band = np.searchsorted(floors, score, side="right")
    wanted = ([_NONE, *names]).index(trigger.band)
    before = np.concatenate([[0], band[:-1]])
    fresh = np.concatenate([[True], person[1:] != person[:-1]]) if len(person) else np.zeros(0, bool)
    before = np.where(fresh, 0, before[: len(band)])
    if trigger.does == "entered":
        moved = (band == wanted) & (before != wanted)
    else:
        moved = (band != wanted) & (before == wanted)
    column = span.column(t)
    moved &= (t > span.ticks[0]) & (column < len(span.ticks))
    return person[moved], column[moved]
