"""Results of surveys: who was asked and answered, what was answered to each question, responses one by one.

Enters: the view ``survey_responses``, ``Survey Sent``, messages, ``survey`` documents. Leaves: standings, funnels,
counts with 90 % intervals, texts and responses by page, rows of responses for a file (a way out). Owns no table. Called
by ``web`` and ``cli``.
"""

from __future__ import annotations

from foretell.listen.results.asking import STAGES, Funnel, asked_by_step, funnels
from foretell.listen.results.counting import Counted, PartResult, QuestionResult, results, score_path, text_path
from foretell.listen.results.narrowing import Narrowed
from foretell.listen.results.responses import (
    Response,
    ResponsePage,
    ResponseRows,
    Text,
    TextPage,
    list_responses,
    response,
    response_rows,
    texts,
)
from foretell.listen.results.standings import Share, Standing, shares, standing_of, standings

__all__ = [
    "STAGES",
    "Counted",
    "Funnel",
    "Narrowed",
    "PartResult",
    "QuestionResult",
    "Response",
    "ResponsePage",
    "ResponseRows",
    "Share",
    "Standing",
    "Text",
    "TextPage",
    "asked_by_step",
    "funnels",
    "list_responses",
    "response",
    "response_rows",
    "results",
    "score_path",
    "shares",
    "standing_of",
    "standings",
    "text_path",
    "texts",
]
