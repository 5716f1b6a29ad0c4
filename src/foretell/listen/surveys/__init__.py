"""Surveys: what is asked, by which types of questions, and what becomes of answers.

Enters: ``survey`` documents, forms and links of people who answer, ``Survey Answered`` events whoever brings them.
Leaves: validated answers as such events, the view ``survey_responses``, summaries by question. Called by ``web``,
``cli``, ``journey``, ``demo``, ``app`` and the other parts of ``listen``. This part alone writes the tables
``survey_*``.
"""

from __future__ import annotations

from foretell.listen.surveys.anonymous import new_id, tell_anonymous
from foretell.listen.surveys.answering import Answered, Answering, answer, response_of, standing, was_used, without
from foretell.listen.surveys.branching import holds
from foretell.listen.surveys.branding import Accents, Brand, accents, contrast
from foretell.listen.surveys.checks import KIND
from foretell.listen.surveys.document import (
    MEASURES,
    SurveySpec,
    languages_of,
    main_question,
    main_text,
    measure_of,
    require_public,
    scale_of,
    spec_of,
    title_of,
)
from foretell.listen.surveys.drafts import draft, keep_draft
from foretell.listen.surveys.holding import note_look, settle
from foretell.listen.surveys.parts import ANSWER_PARTS, PARTS
from foretell.listen.surveys.question_types import (
    QUESTION_TYPES,
    Bar,
    Choice,
    Form,
    Question,
    QuestionType,
    Reply,
    Scale,
    Slot,
    SlotSummary,
    Value,
    type_of,
)
from foretell.listen.surveys.reading import Read, read_answers, read_form
from foretell.listen.surveys.ready_documents import ReadySurvey, ready, ready_survey, write_ready
from foretell.listen.surveys.screens import Screen, next_screen
from foretell.listen.surveys.stage import AnswerStage, SurveyStage
from foretell.listen.surveys.standing import Standing
from foretell.listen.surveys.taking_in import ANSWERED
from foretell.listen.surveys.target import ScoreTarget
from foretell.listen.surveys.when_words import when_words
from foretell.listen.surveys.words import Words, direction, text_of

__all__ = [
    "ANSWERED",
    "ANSWER_PARTS",
    "KIND",
    "MEASURES",
    "PARTS",
    "QUESTION_TYPES",
    "Accents",
    "AnswerStage",
    "Answered",
    "Answering",
    "Bar",
    "Brand",
    "Choice",
    "Form",
    "Question",
    "QuestionType",
    "Read",
    "ReadySurvey",
    "Reply",
    "Scale",
    "ScoreTarget",
    "Screen",
    "Slot",
    "SlotSummary",
    "Standing",
    "SurveySpec",
    "SurveyStage",
    "Value",
    "Words",
    "accents",
    "answer",
    "contrast",
    "direction",
    "draft",
    "holds",
    "keep_draft",
    "languages_of",
    "main_question",
    "main_text",
    "measure_of",
    "new_id",
    "next_screen",
    "note_look",
    "read_answers",
    "read_form",
    "ready",
    "ready_survey",
    "require_public",
    "response_of",
    "scale_of",
    "settle",
    "spec_of",
    "standing",
    "tell_anonymous",
    "text_of",
    "title_of",
    "type_of",
    "was_used",
    "when_words",
    "without",
    "write_ready",
]
