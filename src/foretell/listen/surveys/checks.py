"""What is wrong with a survey by its meaning, each with file and line; and the kind itself."""

from __future__ import annotations

from collections.abc import Iterator

from foretell.clock import Duration
from foretell.definitions import Catalog, Document, Kind, Problem, suggestion
from foretell.listen.surveys import branching
from foretell.listen.surveys.branding import LEAST_CONTRAST, LIGHT_SURFACE, contrast
from foretell.listen.surveys.document import SurveySpec, main_question, spec_of
from foretell.listen.surveys.question_types import type_of
from foretell.listen.surveys.words import languages_in

_LONGEST_DAYS = 3_653


def _check(document: Document, _catalog: Catalog) -> Iterator[Problem]:
    spec = spec_of(document)
    yield from _twice(document, spec)
    yield from _branches(document, spec)
    yield from _lengths(document, spec)
    yield from _languages(document, spec)
    yield from _colour(document, spec)
    if spec.targets and main_question(spec) is None:
        where = document.positions.at(("spec", "targets"))
        yield Problem(
            "NO_SCORE", "it has a target and no question with a score", document.name, where,
            "Add a question of type nps, csat, ces or stars.",
        )  # fmt: skip


def _twice(document: Document, spec: SurveySpec) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for place, question in enumerate(spec.questions):
        for path in {question.key, *(slot.path for slot in type_of(question).slots(question))}:
            owner = owners.setdefault(path, question.key)
            if owner != question.key or (path == question.key and _first(spec, question.key) != place):
                where = document.positions.at(("spec", "questions", place, "key"))
                message = f"answers called {path!r} would belong to two questions"
                yield Problem("DEFINED_TWICE", message, document.name, where, "Rename one of the two.")


def _first(spec: SurveySpec, key: str) -> int:
    return next(place for place, one in enumerate(spec.questions) if one.key == key)


def _branches(document: Document, spec: SurveySpec) -> Iterator[Problem]:
    earlier: list[str] = []
    for place, question in enumerate(spec.questions):
        slots = [slot.path for slot in type_of(question).slots(question)]
        for name, raw in (question.when or {}).items():
            path = ("spec", "questions", place, "when", name)
            if name.partition(".")[0] not in earlier and name not in earlier:
                yield Problem(
                    "UNKNOWN_QUESTION",
                    f"{question.key!r} asks for an answer to {name!r}, which is no question before it",
                    document.name,
                    document.positions.at(path),
                    suggestion(name, sorted(set(earlier)), what="earlier questions"),
                )
            at = document.positions.below(*path)
            yield from branching.problems(raw, at=at, thing=document.name)
        earlier += [question.key, *slots]


def _lengths(document: Document, spec: SurveySpec) -> Iterator[Problem]:
    told = [(("again_after",), spec.again_after), (("expires",), spec.expires)]
    told += [(("reminders", place, "after"), one.after) for place, one in enumerate(spec.reminders)]  # type: ignore[misc]
    for path, text in told:
        days = None if text is None else Duration.parse(text).days
        if days is not None and not 0 < days <= _LONGEST_DAYS:
            where = document.positions.at(("spec", *path))
            fault = "no time at all" if days <= 0 else "too long"
            yield Problem(
                "BAD_DURATION", f"{text!r} is {fault}", document.name, where, "Write more than 0 and at most 10 years."
            )
    expires = None if spec.expires is None else Duration.parse(spec.expires).days
    for place, one in enumerate(spec.reminders):
        if expires is not None and Duration.parse(one.after).days >= expires:
            where = document.positions.at(("spec", "reminders", place, "after"))
            message = f"a reminder after {one.after} comes when the link is over ({spec.expires})"
            yield Problem(
                "LATE_REMINDER", message, document.name, where, "Remind earlier, or let links be good longer."
            )


def _languages(document: Document, spec: SurveySpec) -> Iterator[Problem]:
    """A question that is not there in a language in which the title is."""
    wanted = languages_in([spec.title])
    for place, question in enumerate(spec.questions):
        there = languages_in([question.ask])
        lacking = [one for one in wanted if one not in there] if there else []
        if lacking:
            where = document.positions.at(("spec", "questions", place, "ask"))
            message = f"the question {question.key!r} is not there in {', '.join(lacking)}"
            yield Problem(
                "NOT_TRANSLATED", message, document.name, where, "Write it in these languages too.", "warning"
            )


def _colour(document: Document, spec: SurveySpec) -> Iterator[Problem]:
    accent = None if spec.brand is None else spec.brand.accent
    if accent is not None and contrast(accent, LIGHT_SURFACE) < LEAST_CONTRAST:
        where = document.positions.at(("spec", "brand", "accent"))
        found = contrast(accent, LIGHT_SURFACE)
        message = f"the colour {accent} has a contrast of {found:.1f} to white, so that pages show a darker one"
        yield Problem(
            "LOW_CONTRAST", message, document.name, where, f"Choose one with at least {LEAST_CONTRAST}.", "warning"
        )


KIND = Kind("survey", "surveys", SurveySpec, _check)
"""The kind ``survey``, in the workspace's folder ``surveys``."""
