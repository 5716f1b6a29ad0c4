"""Telling an answer for somebody: on the telephone, at the till, from a sheet of paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from foretell import identify
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.listen import surveys


def respond(
    engine: Engine,
    catalog: Catalog,
    survey: str,
    who: str,
    answer: str,
    *,
    text: str | None = None,
    answers: Mapping[str, str | list[str]] | None = None,
    channel: str | None = None,
    language: str | None = None,
    now: datetime,
) -> surveys.Answered:
    """Take in what a known person answered.

    Args:
        who: an identifier as :func:`foretell.identify.find` takes it.
        answer: to the main question, or to the first where none has a score.
        text: to the first question that takes words.
        answers: to others, by question; several values where several can be chosen.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``PROFILE_UNKNOWN``, ``PROFILE_AMBIGUOUS``; ``NO_TEXT_QUESTION``;
            ``ANSWERED_TWICE`` where one question is answered in two ways; and those of
            :func:`foretell.listen.surveys.answer`.
    """
    spec = surveys.spec_of(catalog.get("survey", survey))
    main = surveys.main_question(spec) or spec.questions[0]
    told: list[tuple[str, object]] = [(main.key, answer)]
    if text is not None:
        told.append((_text_path(survey, spec), text))
    told += (answers or {}).items()
    twice = next((path for place, (path, _) in enumerate(told) if path in dict(told[:place])), None)
    if twice is not None:
        raise UsageError(
            "ANSWERED_TWICE", f"the question {twice!r} is answered twice", thing=f"survey {survey}",
            next_step="Leave one of the two answers out.",
        )  # fmt: skip
    person = identify.find(engine, who)
    given = surveys.Answering(
        survey, dict(told), node_key=person.node_key, channel=channel, language=language,
    )  # fmt: skip
    return surveys.answer(engine, catalog, given, now=now)


def _text_path(survey: str, spec: surveys.SurveySpec) -> str:
    """Where the words of the first question that takes some lie."""
    open_question = surveys.main_text(spec)
    paths = [slot.path for one in spec.questions for slot in surveys.type_of(one).slots(one) if slot.holds == "text"]
    if open_question is not None:
        return open_question.key
    if not paths:
        raise UsageError(
            "NO_TEXT_QUESTION", "no question of the survey takes words", thing=f"survey {survey}",
            next_step="Leave --text out, or add a question of type text.",
        )  # fmt: skip
    return paths[-1]
