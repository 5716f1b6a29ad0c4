"""Two surveys may give one response id to two responses: nowhere are they taken for one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from foretell.listen import scores, text
from foretell.measure import maps
from tests.support.features_shop import AS_OF, NOW, Lines, Shop, did, load, opened

SETTINGS = "name: shop\nfeedback: {themes: {parcels: {words: [parcel]}, shoes: {words: [shoe]}}}\n"
MAP = """\
kind: map
key: way
spec:
  of: all
  stages:
    - key: look
      condition: {did: Page Viewed}
      touchpoints: [{key: page, did: Page Viewed}]
    - key: buy
      condition: {did: Order Completed}
      touchpoints: [{key: order, did: Order Completed}]
"""
SAID = {"first": "My parcel came late and was broken.", "second": "I love these shoes, great quality."}
PLACE = {"first": "page", "second": "order"}
MANY = 12


def lines() -> Lines:
    """Twelve answer two surveys, without a name, under the same ids; one person answers both under one id, another one
    a survey that is called by a number."""
    told: Lines = []
    for survey, score in (("first", 2), ("second", 10)):
        for n in range(MANY):
            line = did(f"{survey}{n}", 20, "Survey Answered", survey=survey, measure="nps", score=score,
                       response_id=f"r{n}", text=SAID[survey], touchpoint=PLACE[survey], anonymous=True)  # fmt: skip
            told.append(line)
        told.append(
            did("ann", 10 + len(survey), "Survey Answered", survey=survey, measure="nps", score=score,
                response_id="own", text=SAID[survey], touchpoint=PLACE[survey])
        )  # fmt: skip
    said = {"survey": 2026, "measure": "csat", "score": 4, "response_id": 17, "text": "By number."}
    told.append(did("bob", 9, "Survey Answered", **said))
    return told


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp("ids"), foretell=SETTINGS, maps__way=MAP) as found:
        load(found, "past", lines())
        text.refresh(found.engine, found.workspace.catalog, now=NOW)
        yield found


def test_scores_count_every_response_and_its_own_theme(shop: Shop) -> None:
    place = shop.workspace
    asked = scores.asked_of(place.engine, place.catalog, scores.ScoreQuery(measure="nps"), now=AS_OF)
    told = scores.score(place.engine, place.catalog, scores.ScoreQuery(measure="nps"), now=AS_OF)
    assert (told.scores[0].people, told.scores[0].answers) == (2 * MANY + 1, 2 * MANY + 2)
    found = scores.groups(place.engine, place.catalog, asked.whose, asked.window, "theme", now=AS_OF)
    themes = {one.key: (one.score.value, one.score.answers) for one in found.groups}
    assert themes == {"parcels": (-100, MANY + 1), "shoes": (100, MANY + 1)}


def test_a_person_who_answers_both_under_one_id_has_two_texts(shop: Shop) -> None:
    rows = shop.query("SELECT survey, theme FROM feedback_topics WHERE response_id = 'own' ORDER BY survey")
    assert rows == [{"survey": "first", "theme": "parcels"}, {"survey": "second", "theme": "shoes"}]


def test_a_name_that_is_a_number_is_the_same_name_everywhere(shop: Shop) -> None:
    both = shop.query(
        "SELECT t.survey, t.response_id, r.score FROM feedback_topics t JOIN survey_responses r "
        "ON r.survey = t.survey AND r.response_id = t.response_id WHERE t.quote LIKE 'By number%'"
    )
    assert both == [{"survey": "2026", "response_id": "17", "score": 4.0}]


def test_maps_place_what_was_said_by_survey_and_response(shop: Shop) -> None:
    place = shop.workspace
    told = maps.show(place.engine, place.reader, place.catalog, "way", now=AS_OF, since=AS_OF - timedelta(days=60))
    said = {(one.key, voice.measure): voice for one in told.touchpoints for voice in one.voices}
    assert {key: voice.people for key, voice in said.items()} == dict.fromkeys(
        [(place, measure) for place in PLACE.values() for measure in ("nps", "sentiment")], MANY + 1
    )
    page, order = said["page", "nps"].value, said["order", "nps"].value
    assert page is not None
    assert order is not None
    assert (page.value, order.value) == (-100, 100)
