"""A survey's document as ``deliver`` shows it in messages: its questions with a score, and what the ends mean."""

from __future__ import annotations

from collections.abc import Mapping

from foretell import deliver
from foretell.clock import Duration
from foretell.definitions import Document
from foretell.listen import surveys
from foretell.listen.surveys.question_types import Question, Scale, type_of


def shown(document: Document) -> deliver.SurveyText:
    """What messages may show of a survey: the main question first, then the others with a score, in their order."""
    spec = surveys.spec_of(document)
    main = surveys.main_question(spec)
    scored = [(one, scale) for one in spec.questions if (scale := type_of(one).scale(one)) is not None]
    scored.sort(key=lambda pair: main is None or pair[0].key != main.key)
    return deliver.SurveyText(
        document.key,
        _texts(spec.title),
        tuple(_question(one, scale) for one, scale in scored),
        None if spec.expires is None else Duration.parse(spec.expires),
    )


def _question(question: Question, scale: Scale) -> deliver.ScoreQuestion:
    words = (question.ask, scale.low, scale.high)
    ask, low, high = (_texts(one) for one in words)
    return deliver.ScoreQuestion(question.key, scale.measure, ask, scale.values, low, high)


def _texts(words: str | Mapping[str, str] | None) -> Mapping[str, str]:
    """Words by language; those for everybody under the empty one."""
    return {"": words or ""} if words is None or isinstance(words, str) else words
