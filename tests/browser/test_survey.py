"""A survey in a real browser: a click in the mail, the page that thanks and asks why, and what the team sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from foretell.listen import asking
from foretell.web import create_app
from foretell.web.assets import FOLDER
from tests.browser.conftest import AGENT, PHONE
from tests.browser.living_shop import answering
from tests.support.survey_shop import MAILED, ORDERED, SurveyShop, survey_shop

SLOW_MS = 30_000
"""What a page shows may have to be worked out when it is first asked for: scores with their weighting, a timeline."""
CALLED = tuple(f"caller{number:02d}" for number in range(14))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SurveyShop, str]]:
    """The shop on the morning on which its mails lie in the inbox, and the address at which it answers."""
    with survey_shop(tmp_path_factory.mktemp("browsed") / "shop", FOLDER) as shop:
        shop.know("lena", "omar", *CALLED)
        shop.go_to(ORDERED)
        for name in ("lena", "omar"):
            shop.orders(name)
        shop.go_to(ORDERED + timedelta(minutes=1))
        shop.go_to(MAILED + timedelta(minutes=5))
        with answering(create_app(shop.site)) as address:
            yield shop, address


def read_mail(asked: tuple[SurveyShop, str], page: Page, name: str) -> None:
    """Somebody's latest mail, as a mail program shows it; the inbox leads its links to where it is read."""
    shop, address = asked
    found = httpx.get(f"{address}/api/inbox/{shop.mails(name)[-1]['message_id']}", timeout=60).json()
    page.set_content(found["html"], wait_until="load")


def test_one_click_on_three_answers_and_the_page_asks_why(asked: tuple[SurveyShop, str], page: Page) -> None:
    shop, _ = asked
    read_mail(asked, page, "lena")
    expect(page.get_by_text("How likely are you to recommend us to a friend?")).to_be_visible()
    page.get_by_label("3 / 10").click()
    why = page.get_by_label("What is the main reason for your answer?")
    expect(why).to_be_visible(timeout=SLOW_MS)
    shop.later(minutes=1)
    assert [row["score"] for row in shop.answers("lena")] == [3]
    why.fill("<img src=x onerror=alert(1)> It came late 😡")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you", timeout=SLOW_MS)
    assert shop.answers("lena")[0]["text"] == "<img src=x onerror=alert(1)> It came late 😡"


def test_without_script_one_button_answers(asked: tuple[SurveyShop, str], browser: Browser) -> None:
    shop, address = asked
    context = browser.new_context(
        java_script_enabled=False, user_agent=AGENT, viewport={"width": PHONE[0], "height": PHONE[1]}
    )
    try:
        page = context.new_page()
        page.goto(address + shop.score_link("omar", 10))
        assert shop.answers("omar") == [], "a look answers nothing"
        expect(page.get_by_role("radio", name="10", exact=True)).to_be_checked()
        page.get_by_role("button").click()
        shop.later(minutes=1)
        assert [row["score"] for row in shop.answers("omar")] == [10]
    finally:
        context.close()


def test_the_team_has_a_case_and_the_person_page_shows_what_was_said(asked: tuple[SurveyShop, str], page: Page) -> None:
    shop, address = asked
    shop.later(minutes=2)
    page.goto(f"{address}/cases")
    (case,) = shop.get("cases", profile_id=shop.who("lena"))["rows"]
    assert case["owner"] in ("kim", "lee")
    assert case["due_at"] is not None
    expect(page.get_by_text(case["title"]).first).to_be_visible(timeout=SLOW_MS)
    page.goto(f"{address}/people/{shop.who('lena')}")
    expect(page.get_by_text("Survey Answered").first).to_be_visible(timeout=SLOW_MS)


def test_the_score_moves_with_its_interval(asked: tuple[SurveyShop, str], page: Page) -> None:
    shop, address = asked
    seen = []
    for rounds, score in ((CALLED[:10], "9"), (CALLED[10:], "2")):
        place = shop.workspace
        for name in rounds:
            asking.respond(place.engine, place.catalog, "nps", f"user_id:{name}", score, now=shop.clock.instant)
        shop.later(minutes=2)
        page.goto(f"{address}/feedback?survey=nps")
        hero = page.locator(".ft-hero").first
        expect(hero).to_be_visible(timeout=SLOW_MS)
        expect(page.get_by_text("interval").first).to_be_visible()
        seen.append(hero.inner_text())
    assert seen[0] != seen[1]


def test_the_promoter_is_asked_for_a_review(asked: tuple[SurveyShop, str], page: Page) -> None:
    shop, _ = asked
    shop.later(days=4)
    read_mail(asked, page, "omar")
    expect(page.get_by_role("link", name="Write a review")).to_be_visible()
    assert len(shop.mails("lena")) == 1
