"""The loop: is everybody who was unhappy spoken with, and does what made them so get better?

Enters: the views ``cases``, ``survey_responses``, ``orders``, ``events`` and ``feedback_topics``; improvements that
somebody writes down. Leaves: times with intervals, comparisons with their honest label, root causes. This package alone
writes the tables ``improvements`` and ``improvement_causes``. Called by ``web`` and ``cli``.
"""

from __future__ import annotations

from foretell.listen.loop.before_after import follow, rate_ratio
from foretell.listen.loop.causes import causes, suggested
from foretell.listen.loop.effect import compare
from foretell.listen.loop.improving import (
    ImprovementChange,
    change_improvement,
    improve,
    improvement,
    improvements,
    remove_improvement,
)
from foretell.listen.loop.model import (
    BYS,
    NOT_YET,
    BeforeAfter,
    By,
    Cause,
    Causes,
    ClosingEffect,
    Followed,
    Improvement,
    LoopQuery,
    LoopReport,
    Promptness,
    Times,
)
from foretell.listen.loop.parts import PARTS
from foretell.listen.loop.report import followed, followed_one, loop_report
from foretell.listen.loop.said import Answer, Theme, answers_of, themes_of

__all__ = [
    "BYS",
    "NOT_YET",
    "PARTS",
    "Answer",
    "BeforeAfter",
    "By",
    "Cause",
    "Causes",
    "ClosingEffect",
    "Followed",
    "Improvement",
    "ImprovementChange",
    "LoopQuery",
    "LoopReport",
    "Promptness",
    "Theme",
    "Times",
    "answers_of",
    "causes",
    "change_improvement",
    "compare",
    "follow",
    "followed",
    "followed_one",
    "improve",
    "improvement",
    "improvements",
    "loop_report",
    "rate_ratio",
    "remove_improvement",
    "suggested",
    "themes_of",
]
