"""The loop by a survey: an order, a mail on the fourth day, one click; a case for a 3, a review of a 10."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from foretell import deliver
from foretell.listen import asking
from tests.support.survey_shop import AGENT, MAILED, ORDERED, Form, SurveyShop, survey_shop

CALLED = tuple(f"caller{number:02d}" for number in range(30))
"""Told on the telephone what they think."""
PEOPLE = ("lena", "omar", "gone", "scan", "mute")
"""Unhappy; happy; unsubscribed; whose mail is read by a scanner first; who says nothing."""
HEADERS = {"user-agent": AGENT}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SurveyShop]:
    """The morning on which the mails lie in the inbox."""
    with survey_shop(tmp_path_factory.mktemp("asked") / "shop") as made:
        made.know(*PEOPLE, *CALLED, omar="de")
        made.tell("gone", "Consent Updated", channel="email", purpose="marketing", state="denied")
        made.go_to(ORDERED)
        for name in PEOPLE:
            made.orders(name)
        made.go_to(ORDERED + timedelta(minutes=1))
        assert made.rows("SELECT message_id FROM messages") == [], "nobody is asked before they can say"
        made.go_to(MAILED + timedelta(minutes=5))
        yield made


def nps(shop: SurveyShop) -> dict[str, Any]:
    """The score as the page shows it a minute later."""
    shop.clock.instant += timedelta(minutes=1)
    shop.site.cache.forget()
    found: dict[str, Any] = shop.get("feedback/scores", survey="nps")["scores"][0]
    return found


def one_click(shop: SurveyShop, name: str, score: int) -> Any:
    """What a browser does whose owner clicks a score: it opens the page, whose script sends its form off."""
    page = shop.browser.get(shop.score_link(name, score), headers=HEADERS)
    form = Form(page.text)
    assert (page.status_code, form.at_once) == (200, True)
    assert form.fields["q.recommend"] == [str(score)]
    return form.send(shop.browser)


def test_on_the_fourth_day_one_mail_asks_both_and_the_unsubscribed_gets_none(shop: SurveyShop) -> None:
    (mail,) = shop.mails("lena")
    assert "One click" in mail["subject"]
    assert mail["html"].count("/s/a/") == 11 + 5
    assert "How likely are you to recommend us" in mail["html"]
    assert "Ein Klick" in shop.mails("omar")[0]["subject"]
    assert shop.mails("gone") == []
    why = deliver.why(shop.workspace.engine, "email:gone@customers.example")
    assert [(one.decision, one.reason) for told in why for one in told.decisions] == [("refuse", "no_consent")]
    sent = shop.rows("SELECT event FROM events WHERE event = 'Survey Sent'")
    assert len(sent) == 2 * 4, "two surveys in each of four mails"


def test_a_scanner_that_follows_every_link_answers_nothing(shop: SurveyShop) -> None:
    links = [shop.score_link("scan", score) for score in range(11)]
    for path in links:
        answer = shop.browser.get(path, headers=HEADERS)
        assert answer.status_code == 200
        assert shop.browser.request("HEAD", path, headers=HEADERS).status_code == 200
    assert shop.answers() == []
    assert shop.rows("SELECT event FROM events WHERE event = 'Email Link Clicked'") == []


def test_a_scanner_that_runs_scripts_is_known_by_the_link_nobody_sees(shop: SurveyShop) -> None:
    (mail,) = shop.mails("scan")
    (trap,) = [url for url in mail["links"] if "/s/h/" in url]
    assert shop.browser.get(urlsplit(trap).path, headers=HEADERS).status_code == 204
    for score in (0, 1, 2):
        answer = one_click(shop, "scan", score)
        assert answer.status_code == 200
    shop.later(minutes=2)
    assert shop.answers() == []
    curl = Form(shop.browser.get(shop.score_link("mute", 0)).text).send(shop.browser, agent="curl/8.5.0")
    assert curl.status_code == 200
    assert shop.answers() == []


def test_one_click_on_three_is_an_answer_and_the_page_asks_why(shop: SurveyShop) -> None:
    page = one_click(shop, "lena", 3)
    assert page.status_code == 200
    assert "What is the main reason for your answer?" in page.text
    assert shop.answers("lena") == [], "within the minute it may turn out that a program clicked"
    shop.later(minutes=1)
    (answer,) = shop.answers("lena")
    assert (answer["survey"], answer["score"], answer["channel"]) == ("nps", 3, "email")
    assert (answer["journey"], answer["order_id"], answer["product_id"]) == ("purchase_survey", "lena-o1", "BOOT-7")
    words = "<script>alert(1)</script> The boots came late &amp; wet 😡 " + "x" * 2_000
    thanks = Form(page.text).send(shop.browser, why=words)
    assert "Thank you" in thanks.text
    (answer,) = shop.answers("lena")
    assert (answer["score"], answer["text"]) == (3, words)


def test_the_same_answer_again_changes_nothing_and_a_bent_link_opens_nothing(shop: SurveyShop) -> None:
    count = len(shop.rows("SELECT event FROM events WHERE event = 'Survey Answered'"))
    shop.later(minutes=2)
    Form(shop.browser.get(shop.score_link("lena", 3), headers=HEADERS).text)
    again = shop.browser.post(shop.score_link("lena", 3), data={"q.recommend": "3"}, headers=HEADERS)
    assert again.status_code == 200
    assert len(shop.rows("SELECT event FROM events WHERE event = 'Survey Answered'")) == count
    bent = shop.score_link("lena", 3)[:-4] + "AAAA"
    assert shop.browser.get(bent, headers=HEADERS).status_code == 404
    assert shop.browser.post(bent, data={"q.recommend": "10"}, headers=HEADERS).status_code == 404
    assert len(shop.answers("lena")) == 1


def test_a_case_is_there_with_owner_and_due_time_and_the_person_page_shows_it(shop: SurveyShop) -> None:
    shop.later(minutes=1)
    (case,) = shop.get("cases", profile_id=shop.who("lena"))["rows"]
    assert case["owner"] in ("kim", "lee")
    assert case["due_at"] is not None
    assert case["due_at"] > case["opened_at"]
    timeline = shop.get(f"people/{shop.who('lena')}/timeline")
    names = [row["event"] for row in timeline["rows"]]
    assert {"Survey Sent", "Survey Answered", "Case Opened"} <= set(names)


def test_the_score_moves_with_its_interval(shop: SurveyShop) -> None:
    place = shop.workspace
    for number, name in enumerate(CALLED):
        asking.respond(
            place.engine, place.catalog, "nps", f"user_id:{name}", str(6 + number % 3), now=place.clock.now()
        )
    one = nps(shop)
    page = one_click(shop, "omar", 10)
    thanks = Form(page.text).send(shop.browser, why="Schnell und freundlich")
    assert "Vielen Dank" in thanks.text
    two = nps(shop)
    assert (one["answers"], two["answers"]) == (len(CALLED) + 1, len(CALLED) + 2)
    for told in (one, two):
        assert told["low"] < told["value"] < told["high"]
    assert two["value"] > one["value"]
    assert two["low"] > one["low"]


def test_a_ten_leads_to_the_review_request_and_a_three_does_not(shop: SurveyShop) -> None:
    shop.later(minutes=1)
    shop.later(days=4)
    steps = {(row["step"], row["journey"]) for row in journeys_of(shop, "omar")}
    assert ("ask", "promoter_review") in steps
    assert {row["journey"] for row in journeys_of(shop, "lena")} == {"purchase_survey"}
    assert "review" in shop.mails("omar")[-1]["html"].lower()


def test_who_stays_silent_is_asked_once_more_and_not_by_the_next_order(shop: SurveyShop) -> None:
    shop.later(hours=3)
    assert len(shop.mails("mute")) == 2
    assert len(shop.mails("lena")) == 1
    shop.orders("mute", "o2")
    shop.later(minutes=1)
    shop.later(days=5)
    reasons = [
        row["reason"]
        for row in shop.rows(
            "SELECT reason FROM decisions d WHERE profile_id = $who ORDER BY d.at", who=shop.who("mute")
        )
    ]
    assert reasons == ["ok", "ok", "survey_fatigue"]
    assert len(shop.mails("mute")) == 2


def journeys_of(shop: SurveyShop, name: str) -> list[dict[str, Any]]:
    return shop.rows("SELECT journey, step FROM messages WHERE profile_id = $who", who=shop.who(name))
