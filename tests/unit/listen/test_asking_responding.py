"""An answer told for somebody, as `foretell survey respond` does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from foretell.errors import UsageError
from foretell.listen import asking
from tests.support.journey_shop import JourneyShop, at, ids_of, opened
from tests.support.small_events import event

SURVEYS = {
    "surveys/nps.yaml": """\
kind: survey
key: nps
spec:
  title: Us
  questions:
    - {key: recommend, type: nps, ask: How likely?, required: true}
    - {key: liked, type: choice, several: true, ask: What?, options: [{key: price, label: P}, {key: team, label: T}]}
    - {key: why, type: text, ask: Why?}
""",
    "surveys/review.yaml": "kind: survey\nkey: review\nspec:\n  title: R\n  questions:\n"
    "    - {key: product, type: product_review, ask: How is it?}\n",
    "surveys/stars.yaml": "kind: survey\nkey: stars\nspec: {title: S, questions: [{key: q, type: stars, ask: S?}]}\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JourneyShop]:
    with opened(tmp_path_factory.mktemp("responding"), documents=SURVEYS) as found:
        found.happened(event("Registered", "ann-known", -10, ids=ids_of("ann")))
        yield found


def respond(shop: JourneyShop, hours: float, survey: str, answer: str, **more: Any) -> Any:
    who = more.pop("who", "email:ann@customers.example")
    return asking.respond(shop.engine, shop.catalog, survey, who, answer, now=at(hours), **more)


def told(shop: JourneyShop, survey: str) -> list[dict[str, Any]]:
    rows = shop.engine.analytics.query(
        "SELECT e.profile_key, e.properties FROM log_events e WHERE e.event = 'Survey Answered' ORDER BY e.ts"
    ).to_pylist()
    assert {row["profile_key"] for row in rows} == {shop.key("ann")}
    said = [json.loads(row["properties"]) for row in rows]
    return [row for row in said if row["survey"] == survey]


def test_score_words_and_further_answers_are_one_event_of_the_person(shop: JourneyShop) -> None:
    found = respond(
        shop, 1, "nps", "9", text="Fast <b>and</b> friendly", answers={"liked": ["price", "team"]}, channel="phone"
    )
    assert (found.part, found.complete) == (1, True)
    (said,) = told(shop, "nps")
    assert (said["score"], said["text"], said["channel"]) == (9, "Fast <b>and</b> friendly", "phone")
    assert said["answers.liked"] == ["price", "team"]


def test_a_product_review_takes_stars_and_words(shop: JourneyShop) -> None:
    respond(shop, 2, "review", "4", text="Fits well")
    (said,) = told(shop, "review")
    assert (said["score"], said["text"]) == (4, "Fits well")


@pytest.mark.parametrize(
    ("survey", "answer", "more", "code"),
    [
        ("none", "9", {}, "UNKNOWN_DEFINITION"),
        ("nps", "11", {}, "BAD_ANSWER"),
        ("nps", "nine", {}, "BAD_ANSWER"),
        ("nps", "9", {"who": "email:nobody@customers.example"}, "PROFILE_UNKNOWN"),
        ("nps", "9", {"answers": {"likd": "price"}}, "UNKNOWN_QUESTION"),
        ("nps", "9", {"answers": {"recommend": "3"}}, "ANSWERED_TWICE"),
        ("stars", "4", {"text": "Good"}, "NO_TEXT_QUESTION"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_kept(
    shop: JourneyShop, survey: str, answer: str, more: dict[str, Any], code: str
) -> None:
    before = shop.engine.analytics.last_batch()
    with pytest.raises(UsageError) as raised:
        respond(shop, 3, survey, answer, **more)
    assert raised.value.code == code
    assert shop.engine.analytics.last_batch() == before
