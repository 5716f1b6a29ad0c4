"""Honest scores: what people said, how sure that is, whether it changed, and who did not answer.

Enters: the view ``survey_responses``, ``Survey Sent``, what is known of people, ``survey`` documents with targets.
Leaves: scores with 90 % intervals as answered and weighted for who stayed silent (:class:`ScoreReport`), a change split
into 'opinions moved' and 'who answered changed' (:class:`Change`), scores by group (:class:`Groups`), targets
(:class:`TargetReading`). A measure (NPS, CSAT, CES, stars) is one file in ``measures/``. Owns no table. Called by
``measure``, ``web`` and ``cli``.
"""

from __future__ import annotations

from foretell.listen.scores.answers import PLAIN_DIMENSIONS, Whose, Window
from foretell.listen.scores.change import Change, Part, Stratum, change, kitagawa
from foretell.listen.scores.estimates import LEAST, Score
from foretell.listen.scores.groups import DIMENSIONS, Group, Groups, groups
from foretell.listen.scores.known import TRAITS, Trait
from foretell.listen.scores.measures import MEASURES, Band, Figure, Measure
from foretell.listen.scores.query import Asked, Choices, ScoreQuery, asked_of, choices, measures_told
from foretell.listen.scores.report import BandShare, ScoreReport, SeriesPoint, plain, score
from foretell.listen.scores.targets import TargetReading, targets
from foretell.listen.scores.weighting import Balance, Weighting

__all__ = [
    "DIMENSIONS",
    "LEAST",
    "MEASURES",
    "PLAIN_DIMENSIONS",
    "TRAITS",
    "Asked",
    "Balance",
    "Band",
    "BandShare",
    "Change",
    "Choices",
    "Figure",
    "Group",
    "Groups",
    "Measure",
    "Part",
    "Score",
    "ScoreQuery",
    "ScoreReport",
    "SeriesPoint",
    "Stratum",
    "TargetReading",
    "Trait",
    "Weighting",
    "Whose",
    "Window",
    "asked_of",
    "change",
    "choices",
    "groups",
    "kitagawa",
    "measures_told",
    "plain",
    "score",
    "targets",
]
