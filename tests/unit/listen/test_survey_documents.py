"""Survey documents: what is wrong is told with its place; branches, languages and colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from foretell.condition import SCHEMAS
from foretell.definitions import Positions, Problem, WorkspaceSettings, catalog_of, schema
from foretell.listen import surveys
from foretell.listen.surveys import SurveySpec

NPS = {"key": "recommend", "type": "nps", "ask": "Would you?"}
WHY = {"key": "why", "type": "text", "ask": "Why?"}


def spec(*questions: dict[str, Any], **more: Any) -> SurveySpec:
    return SurveySpec.model_validate({"title": "T", "questions": list(questions), **more})


def problems(raw: dict[str, Any]) -> list[Problem]:
    document = {"kind": "survey", "key": "s", "spec": raw}
    return catalog_of(
        [(document, Positions("surveys/s.yaml"))], (surveys.KIND,), root=Path(), settings=WorkspaceSettings()
    )[1]


@pytest.mark.parametrize(("raw", "code", "message"), [
    ({"questions": [NPS]}, "MISSING_KEY", "the key 'title' is missing"),
    ({"title": "T", "questions": []}, "BAD_VALUE", "questions: it needs 1 to 100 entries, and has 0"),
    ({"title": "T", "questions": [NPS] * 101}, "BAD_VALUE", "questions: it needs 1 to 100 entries, and has 101"),
    ({"title": "T", "questions": [NPS, NPS]}, "DEFINED_TWICE", "answers called 'recommend' would belong to two"),
    ({"title": "T", "questions": [{**NPS, "type": "npss"}]}, "BAD_VALUE", "questions[0].type cannot be the text"),
    ({"title": "T", "questions": [{**NPS, "key": "Bad Key"}]}, "BAD_VALUE", "questions[0].key"),
    ({"title": {"xx": "T"}, "questions": [NPS]}, "BAD_VALUE", "'xx' is no language"),
    ({"title": "x" * 5_001, "questions": [NPS]}, "BAD_VALUE", "title: it is longer than 5000 characters"),
    ({"title": "T", "questions": [{**WHY, "when": {"recommend": {"lte": 6}}}, NPS]}, "UNKNOWN_QUESTION",
     "'why' asks for an answer to 'recommend', which is no question before it"),
    ({"title": "T", "questions": [NPS, {**WHY, "when": {"recommend": {"lt3": 6}}}]}, "UNKNOWN_TEST",
     "'lt3' is no test of an answer"),
    ({"title": "T", "questions": [NPS, {**WHY, "when": {"recommend": {"ago": {"gt": "3d"}}}}]}, "UNKNOWN_TEST",
     "'ago' is no test of an answer"),
    ({"title": "T", "questions": [NPS, {**WHY, "when": {"recommend": {"between": [9, 3]}}}]}, "BAD_VALUE",
     "'between' needs the lower value first"),
    ({"title": "T", "questions": [NPS, {**WHY, "when": {"recommend": {"matches": "("}}}]}, "BAD_PATTERN", "("),
    ({"title": "T", "questions": [NPS], "expires": "0d"}, "BAD_DURATION", "'0d' is no time at all"),
    ({"title": "T", "questions": [NPS], "expires": "90y"}, "BAD_DURATION", "'90y' is too long"),
    ({"title": "T", "questions": [NPS], "expires": "2d", "reminders": [{"after": "3d"}]}, "LATE_REMINDER", "3d"),
    ({"title": "T", "questions": [NPS], "sample": "140%"}, "BAD_VALUE", "sample"),
    ({"title": "T", "questions": [WHY], "targets": [{"reach": 40, "from": "2026-01-01"}]}, "NO_SCORE",
     "it has a target and no question with a score"),
    ({"title": "T", "questions": [NPS], "brand": {"accent": "red"}}, "BAD_VALUE", "'red' is no colour"),
    ({"title": "T", "questions": [NPS], "brand": {"logo": "javascript:alert(1)"}}, "BAD_VALUE", "is no https address"),
    ({"title": "T", "questions": [NPS], "brand": {"logo": "https://a.example/x; script-src *"}}, "BAD_VALUE", "https"),
    ({"title": {"en": "T", "de": "T"}, "questions": [{**NPS, "ask": {"en": "?"}}]}, "NOT_TRANSLATED",
     "is not there in de"),
    ({"title": "T", "questions": [NPS], "brand": {"accent": "#ffcc00"}}, "LOW_CONTRAST", "a contrast of 1.5 to white"),
])  # fmt: skip
def test_what_is_wrong_is_told(raw: dict[str, Any], code: str, message: str) -> None:
    found = problems(raw)
    assert [one.code for one in found if message in one.message] == [code], found
    assert all(one.next_step and one.where for one in found)


def test_a_whole_document_is_right() -> None:
    assert problems({"title": "T", "questions": [NPS, {**WHY, "when": {"recommend": {"lte": 6}}}]}) == []


def test_editors_take_each_question_for_its_type_alone() -> None:
    valid = jsonschema_rs.validator_for(schema(surveys.KIND, SCHEMAS))
    right = {"title": "T", "questions": [NPS, {**WHY, "when": {"recommend": {"lte": 6}}}], "sample": 0.25}
    assert valid.is_valid({"kind": "survey", "key": "s", "spec": right})
    for wrong in ({**NPS, "type": "npss"}, {**NPS, "lines": 3}, {"key": "a", "type": "choice", "ask": "?"}, "why"):
        assert not valid.is_valid({"kind": "survey", "key": "s", "spec": {**right, "questions": [wrong]}}), wrong


def test_the_main_question_is_the_first_with_a_score() -> None:
    found = spec(WHY, {"key": "star", "type": "stars", "ask": "?"}, NPS)
    main = surveys.main_question(found)
    assert main is not None
    assert main.key == "star"
    assert surveys.measure_of(found) == "stars"
    assert surveys.measure_of(spec(WHY), "nps") == "nps"
    assert surveys.measure_of(spec(WHY), "other") is None
    assert surveys.measure_of(spec(WHY, measure="ces"), "nps") == "ces"


@pytest.mark.parametrize(("when", "told", "asked"), [
    ({"a": {"lte": 6}}, {"a": 6}, True), ({"a": {"lte": 6}}, {"a": 7}, False), ({"a": {"lte": 6}}, {}, False),
    ({"a": {"is_not": 6}}, {}, True), ({"a": {"is_not": 6}}, {"a": 6}, False), ({"a": 6}, {"a": 6}, True),
    ({"a": {"gt": 3, "lt": 5}}, {"a": 4}, True), ({"a": {"gt": 3, "lt": 5}}, {"a": 5}, False),
    ({"a": {"between": [2, 3]}}, {"a": 3}, True), ({"a": {"in": [1, 2]}}, {"a": 2}, True),
    ({"a": {"not_in": [1, 2]}}, {"a": 2}, False), ({"a": {"exists": True}}, {"a": 0}, True),
    ({"a": {"exists": False}}, {}, True), ({"a": {"exists": False}}, {"a": ""}, False),
    ({"a": "price"}, {"a": ["team", "price"]}, True), ({"a": {"is_not": "price"}}, {"a": ["team", "price"]}, False),
    ({"a": {"not_in": ["price"]}}, {"a": ["team"]}, True), ({"a": {"contains": "lat"}}, {"a": "too late"}, True),
    ({"a": {"not_contains": "lat"}}, {}, True), ({"a": {"matches": "^to+"}}, {"a": "too"}, True),
    ({"a": {"starts_with": "x"}}, {"a": 5}, False), ({"a": "6"}, {"a": 6}, False),
    ({"a": {"gt": "b"}}, {"a": "c"}, True),
    ({"a": {"gte": 6}, "b.c": "x"}, {"a": 6, "b.c": "x"}, True), ({"a": {"gte": 6}, "b.c": "x"}, {"a": 6}, False),
])  # fmt: skip
def test_branches_go_by_the_tests_of_conditions(when: dict[str, Any], told: dict[str, Any], asked: bool) -> None:
    question = spec({**WHY, "when": when}).questions[0]
    assert surveys.holds(question, told) is asked


def pages(found: SurveySpec, *answers: dict[str, Any]) -> list[list[str]]:
    """The questions of each page for somebody who gives these answers."""
    told: dict[str, Any] = {}
    seen: list[str] = []
    shown = []
    for one in (*answers, {}):
        screen = surveys.next_screen(found, told, seen)
        if screen.is_over:
            break
        shown.append([question.key for question in screen.questions])
        told, seen = {**told, **one}, [*seen, *shown[-1]]
    return shown


def test_a_page_ends_before_what_depends_on_it() -> None:
    low = {**WHY, "when": {"recommend": {"lte": 6}}}
    last = {"key": "last", "type": "text", "ask": "Else?"}
    found = spec(NPS, low, last)
    assert pages(found, {"recommend": 3}, {"why": "late"}) == [["recommend"], ["why", "last"]]
    assert pages(found, {"recommend": 9}, {}) == [["recommend"], ["last"]]
    assert pages(spec(NPS, last), {"recommend": 9}) == [["recommend", "last"]]
    assert pages(spec(NPS, {**last, "page": True}), {"recommend": 9}) == [["recommend"], ["last"]]
    assert pages(spec(NPS, last, layout="one_by_one"), {"recommend": 9}) == [["recommend"], ["last"]]
    assert pages(spec(NPS, low), {"recommend": 9}) == [["recommend"]]


def test_progress_counts_what_may_still_come() -> None:
    low = {**WHY, "when": {"recommend": {"lte": 6}}}
    deeper = {"key": "more", "type": "text", "ask": "?", "when": {"why": {"exists": True}}}
    found = spec(NPS, low, deeper)
    first = surveys.next_screen(found, {}, ())
    assert (first.done, first.total) == (0, 3)
    second = surveys.next_screen(found, {"recommend": 3}, ["recommend"])
    assert ([one.key for one in second.questions], second.done, second.total) == (["why"], 1, 3)
    assert surveys.next_screen(found, {"recommend": 9}, ["recommend"]).is_over


def test_texts_fall_back() -> None:
    words = {"de": "Hallo", "fr": "Salut", "en": "Hello"}
    assert [surveys.text_of(words, tag) for tag in ("de-CH", "fr", "sv", None, "")] == [
        "Hallo", "Salut", "Hello", "Hello", "Hello"
    ]  # fmt: skip
    assert surveys.text_of({"de": "Hallo"}, "sv") == "Hallo"
    assert surveys.text_of(words, "sv", "fr") == "Salut"
    assert surveys.text_of("Hi", "de") == "Hi"
    assert surveys.text_of(None) == ""
    found = spec({**NPS, "ask": {"ar": "؟"}}, language="fr")
    assert surveys.languages_of(found) == ("fr", "ar")
    rtl = ("ar", "he-IL", "fa", "ur", "pa-Arab", "yi")
    assert [surveys.direction(tag) for tag in (*rtl, "de", None, "az-Latn")] == ["rtl"] * 6 + ["ltr"] * 3


@pytest.mark.parametrize("colour", ["#ffcc00", "#000000", "#ffffff", "#0b6a94", "#ff0000", "#7f7f7f", "#00ff00"])
def test_every_colour_can_be_read(colour: str) -> None:
    found = surveys.accents(surveys.Brand(accent=colour))
    assert found is not None
    for accent, on, surface in ((found.light, found.on_light, "#ffffff"), (found.dark, found.on_dark, "#171d23")):
        assert surveys.contrast(accent, surface) >= 4.5
        assert surveys.contrast(accent, on) >= 4.5
    assert surveys.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert surveys.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # as WCAG's own tools say
