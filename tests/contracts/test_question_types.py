"""What every type of question keeps to; a new file in the folder is tested without being named here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foretell.definitions import Positions, WorkspaceSettings, catalog_of
from foretell.listen import surveys
from foretell.listen.surveys import QUESTION_TYPES, Form, Question, QuestionType, Scale
from foretell.web.survey_looks import PageState, look_of, questions_page

OPTIONS = [{"key": "price", "label": {"en": "Price", "de": "Preis"}}, {"key": "team", "label": "The team"}]
NEEDED: dict[str, dict[str, Any]] = {
    "choice": {"options": OPTIONS, "several": True, "most": 1, "other": "Else"},
    "matrix": {"rows": OPTIONS, "columns": [{"key": "bad", "label": "Bad"}, {"key": "good", "label": "Good"}]},
    "text": {"most": 100},
}
"""What a type needs beside key and question, where it needs anything."""
HOSTILE = [
    "",
    " ",
    "11",
    "-1",
    "1e999",
    "NaN",
    "\0",
    "None",
    "[]",
    "'; --",
    "<script>",
    "9" * 5_000,
    "٣",
    "\ud800",
    "é" * 300_000,
]
TYPES = sorted(QUESTION_TYPES)


def question_of(kind: str, **more: Any) -> Question:
    raw = {"key": "one", "type": kind, "ask": {"en": "How?", "de": "Wie?"}, **NEEDED.get(kind, {}), **more}
    spec = surveys.SurveySpec.model_validate({"title": "T", "questions": [raw]})
    return spec.questions[0]


def names(kind: QuestionType, question: Question) -> list[str]:
    return [f"q.{slot.path}" for slot in kind.slots(question)]


@pytest.fixture(params=TYPES)
def kind(request: pytest.FixtureRequest) -> QuestionType:
    return QUESTION_TYPES[request.param]


def test_the_types_that_are_promised_are_there() -> None:
    assert {"nps", "csat", "ces", "stars", "choice", "matrix", "text", "product_review"} <= set(TYPES)


def test_it_says_what_it_is(kind: QuestionType) -> None:
    assert kind.title
    assert kind.description.endswith(".")
    assert all(field.description for field in kind.model.model_fields.values() if field.alias is None)
    assert (Path(questions_page.__code__.co_filename).parent / "templates" / "questions" / kind.template).is_file()
    assert surveys.type_of(question_of(kind.name)) is kind


def test_a_document_with_it_is_valid_and_a_slip_is_told(kind: QuestionType) -> None:
    raw = {"key": "one", "type": kind.name, "ask": "How?", **NEEDED.get(kind.name, {})}
    for extra, right in (({}, True), ({"colour": "red"}, False), ({"ask": ""}, False)):
        document = {"kind": "survey", "key": "s", "spec": {"title": "T", "questions": [{**raw, **extra}]}}
        told = [(document, Positions("surveys/s.yaml"))]
        _, problems = catalog_of(told, (surveys.KIND,), root=Path(), settings=WorkspaceSettings())
        errors = [one for one in problems if one.severity == "error"]
        assert (not errors) is right, errors
        assert all("questions[0]" in one.message or "colour" in one.message for one in errors)


def test_its_sample_answers_it(kind: QuestionType) -> None:
    question = question_of(kind.name, required=True)
    reply = kind.read(question, kind.sample(question))
    assert reply.fault == ""
    assert set(reply.told) <= {slot.path for slot in kind.slots(question)}
    assert reply.told
    assert json.loads(json.dumps(dict(reply.told))) == dict(reply.told)


def test_nothing_is_an_answer_only_where_none_is_needed(kind: QuestionType) -> None:
    for form in ({}, {"q.other": ["1"]}, {name: [" "] for name in names(kind, question_of(kind.name))}):
        assert kind.read(question_of(kind.name), form).fault == ""
        assert kind.read(question_of(kind.name), form).told == {}
        assert kind.read(question_of(kind.name, required=True), form).fault in ("required", "every_row")


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:12]))
def test_whatever_is_sent_is_read_or_refused(kind: QuestionType, value: str) -> None:
    question = question_of(kind.name)
    for name in names(kind, question):
        for values in ([value], [value, value], [value] * 500):
            reply = kind.read(question, {name: values})
            for path, told in reply.told.items():
                slot = next(one for one in kind.slots(question) if one.path == path)
                known = [choice.value for choice in slot.choices]
                assert not known or all(str(one) in known for one in (told if isinstance(told, list) else [told]))
                "".join(map(str, told) if isinstance(told, list) else str(told)).encode()


def test_it_can_be_shown_in_every_state(kind: QuestionType) -> None:
    spec = surveys.SurveySpec.model_validate(
        {"title": "T", "questions": [{"key": "one", "type": kind.name, "ask": {"en": "How?", "de": "Wie?"},
                                      "hint": "Think & <b>tell</b>", **NEEDED.get(kind.name, {})}]}
    )  # fmt: skip
    question = spec.questions[0]
    screen = surveys.next_screen(spec, {}, ())
    given: Form = {name: ['"><script>alert(1)</script>'] for name in names(kind, question)}
    for state in (PageState("/"), PageState("/", kind.sample(question)), PageState("/", given, {"one": "required"})):
        for language in ("en", "de", "ar"):
            page = bytes(questions_page(spec, screen, look_of(spec, "Shop", language), state).body).decode()
            assert ("Wie?" if language == "de" else "How?") in page
            assert "Think &amp; &lt;b&gt;tell&lt;/b&gt;" in page
            assert "<script>alert" not in page
            assert 'id="hint-one"' in page
            assert "hint-one" in page.split("aria-describedby")[1][:60]
            assert ("fault-one" in page) is bool(state.faults)
    for name in names(kind, question):
        assert f'name="{name}"' in page


def test_its_answers_are_summed_up(kind: QuestionType) -> None:
    question = question_of(kind.name)
    slots = kind.slots(question)
    counts = {slot.path: {choice.value: place + 1 for place, choice in enumerate(slot.choices)} for slot in slots}
    found = kind.summarise(question, counts)
    assert [one.slot for one in found] == list(slots)
    for one in found:
        total = sum(counts[one.slot.path].values())
        assert one.answered == total
        assert [bar.value for bar in one.bars] == [choice.value for choice in one.slot.choices]
        assert sum(bar.count for bar in one.bars) == total
        if one.slot.holds == "number":
            assert one.mean == pytest.approx(sum(int(v) * n for v, n in counts[one.slot.path].items()) / total)
    assert all(one.answered == 0 and one.mean is None for one in kind.summarise(question, {}))
    (first, *_) = kind.summarise(question, {slots[0].path: {"gone": 3}})
    assert slots[0].holds == "text" or first.bars[-1].value == "gone"


def test_a_score_lies_in_its_scale(kind: QuestionType) -> None:
    question = question_of(kind.name)
    scale = kind.scale(question)
    if scale is None:
        assert kind.score(question, kind.read(question, kind.sample(question)).told) is None
        return
    assert isinstance(scale, Scale)
    assert list(scale.values) == sorted(scale.values)
    assert surveys.text_of(scale.low, "de")
    assert surveys.text_of(scale.high, "de")
    for value in scale.values:
        told = kind.read(question, {f"q.{question.key}": [str(value)]}).told  # as the link of a mail chooses it
        assert kind.score(question, told) == float(value)


def test_its_words_name_every_language_of_the_document(kind: QuestionType) -> None:
    spec = surveys.SurveySpec.model_validate(
        {
            "title": "T",
            "questions": [{"key": "one", "type": kind.name, "ask": {"fr": "Quoi?"}, **NEEDED.get(kind.name, {})}],
        }
    )
    assert set(surveys.languages_of(spec)) <= {"fr", "en", "de"}
    assert surveys.languages_of(spec)[0] == "fr"
