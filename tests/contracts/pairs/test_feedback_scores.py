"""Scores, their change and groups, and results of surveys read the same on every pair of stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from foretell.listen import results, scores, surveys, text
from foretell.measure import maps
from tests.support.features_shop import AS_OF, NOW, Lines, Shop, did, load, opened

SEGMENT = "kind: segment\nkey: helped\nspec: {condition: {did: Ticket Opened}}\n"
SURVEY = """\
kind: survey
key: nps
spec:
  title: How are we doing?
  targets: [{raise: 15%, from: 2026-04-02, within: 1y}]
  questions:
    - {key: recommend, type: nps, ask: Would you recommend us?}
    - key: liked
      type: choice
      several: true
      ask: What did you like?
      options: [{key: price, label: Price}, {key: team, label: Team}]
    - {key: why, type: text, ask: Why?}
"""
MAP = """\
kind: map
key: way
spec:
  window: 90d
  stages:
    - {key: ask, condition: {did: Ticket Opened}, touchpoints: [{key: help, did: Ticket Opened}]}
    - {key: buy, condition: {did: Order Completed}, touchpoints: [{key: order, did: Order Completed}]}
"""
SAID = "My parcel came late and the delivery time was terrible."
ANSWERED, SILENT, ANONYMOUS = 48, 36, 12
WEIGHTED = 28.102376
"""The NPS with weights, as worked out on the embedded pair."""


def lines() -> Lines:
    """48 people answer at day 120 and at day 20, a third of them with a ticket before both; half of the others have one
    between. 36 order and say nothing; twelve answer without a name, under the same ids in two surveys."""
    told: Lines = []
    for n in range(ANSWERED):
        user, unhappy = f"u{n}", n % 3 == 1
        told.append(did(user, 40, "Order Completed", order_id=f"o{n}", revenue=10))
        if n % 3 == 0:
            told.append(did(user, 200, "Ticket Opened", ticket_id=user))
        elif unhappy:
            told.append(did(user, 100, "Ticket Opened", ticket_id=user))
        for days, score in ((120, 9), (20, 3 if unhappy else 10)):
            words = {"why": SAID} if unhappy and days == 20 else {}
            answers = {"recommend": score, "liked": ["price", "team"] if n % 2 else ["price"], **words}
            told.append(
                did(user, days, "Survey Answered", survey="nps", score=score, response_id=f"{user}-{days}",
                    touchpoint="help" if n % 2 else "order", channel="email" if n % 4 else "link", language="en",
                    text=words.get("why"), answers=answers)
            )  # fmt: skip
    told += [did(f"s{n}", 40, "Order Completed", order_id=f"s{n}", revenue=10) for n in range(SILENT)]
    for survey in ("nps", "other"):
        told += [
            did(f"{survey}{n}", 18, "Survey Answered", survey=survey, measure="nps", score=8, response_id=f"a{n}",
                anonymous=True)
            for n in range(ANONYMOUS)
        ]  # fmt: skip
    return told


@pytest.fixture
def shop(tmp_path: Path, pair: str) -> Iterator[Shop]:
    with opened(tmp_path, surveys__nps=SURVEY, segments__helped=SEGMENT, maps__way=MAP) as found:
        load(found, "past", lines())
        yield found


def test_scores_and_results(shop: Shop) -> None:
    place = shop.workspace
    catalog, since = place.catalog, AS_OF - timedelta(days=90)
    told = scores.score(place.engine, catalog, scores.ScoreQuery("nps", since=since, until=AS_OF), now=AS_OF)
    assert (told.scores[0].people, told.scores[0].answers) == (ANSWERED + ANONYMOUS, ANSWERED + ANONYMOUS)
    assert told.scores[0].value == pytest.approx(100 * (32 - 16) / 60)
    assert (told.weighting.frame, told.weighting.asked, told.weighting.answered) == ("orders", 84, ANSWERED)
    assert told.weighted[0].value == pytest.approx(WEIGHTED, abs=1e-5)
    assert {one.period: one.score.people for one in told.series if one.score.people} == {"2026-03": 48, "2026-06": 60}
    helped = scores.ScoreQuery("nps", since=since, until=AS_OF, segment="helped")
    asked = scores.asked_of(place.engine, catalog, helped, now=AS_OF)
    moved = scores.change(place.engine, asked.whose, asked.window)
    assert (moved.before.people, moved.after.people, moved.panel_people) == (16, 32, 16)
    assert moved.total is not None
    assert moved.total.value == pytest.approx(-100)
    whole = scores.asked_of(place.engine, catalog, scores.ScoreQuery("nps"), now=AS_OF)
    (target,) = scores.targets(place.engine, catalog, whole, now=AS_OF)
    assert (target.base.people, target.course) == (ANSWERED, "not_yet")
    spec = surveys.spec_of(catalog.get("survey", "nps"))
    recommend, liked, why = results.results(place.engine, "nps", spec, results.Narrowed(since=since))
    assert (recommend.n, why.n) == (60, 16)
    assert [(one.value, one.count) for one in liked.parts[0].counts] == [("price", 48), ("team", 24)]
    narrowed = results.Narrowed(channel="link", path="liked", answer="price")
    page = results.list_responses(place.engine, "nps", spec, narrowed, limit=5)
    assert (page.total, [one.response_id for one in page.rows]) == (
        24,
        ["u0-20", "u12-20", "u16-20", "u20-20", "u24-20"],
    )
    assert results.texts(place.engine, "nps", spec, "why", results.Narrowed(), limit=3).total == 16
    assert results.response(place.engine, "nps", "u1-20")[1]["liked"] == ["price", "team"]
    rows = results.response_rows(place.engine, catalog, "nps", spec, results.Narrowed(), now=AS_OF).rows
    assert (rows.num_rows, set(rows["answers.liked"].to_pylist())) == (108, {"price", "price, team", None})


def test_what_was_said_by_theme_and_on_a_map(shop: Shop) -> None:
    place = shop.workspace
    assert text.refresh(place.engine, place.catalog, now=NOW).judged == 16
    since = AS_OF - timedelta(days=90)
    query = scores.ScoreQuery("nps", since=since, until=AS_OF)
    asked = scores.asked_of(place.engine, place.catalog, query, now=AS_OF)
    found = scores.groups(place.engine, place.catalog, asked.whose, asked.window, "theme", now=AS_OF)
    assert {one.score.value for one in found.groups} == {-100}
    told = maps.show(place.engine, place.reader, place.catalog, "way", now=AS_OF)
    said = {(one.key, voice.measure): voice.people for one in told.touchpoints for voice in one.voices}
    assert said == {("help", "nps"): 24, ("help", "sentiment"): 8, ("order", "nps"): 24, ("order", "sentiment"): 8}
