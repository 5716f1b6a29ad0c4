"""Surveys in a real browser: one click from a mail, without script, and as a widget on a strict shop's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import AGENT, PHONE
from tests.support.served_surveys import answered, events, score_of, with_surveys
from tests.support.served_workspace import LOCAL, Served

SHOP = "https://shop.example/"
STRICT = f"default-src 'none'; script-src {LOCAL}; frame-src {LOCAL}"
"""What a shop has to allow, and no more: no style, no frame of others, no connection."""
SHOP_PAGE = f"""<!doctype html><html lang="de"><title>Shop</title><h1>Shop</h1>
<button id="open">Sagen Sie es uns</button>
<script src="{LOCAL}/s/widget.js" data-survey="nps" data-after="click" data-open="#open" data-close="Schließen"
data-touchpoint="checkout" defer></script>"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with with_surveys(tmp_path) as found:
        yield found


@contextmanager
def browsing(browser: Browser, site: Served, *, script: bool = True) -> Iterator[tuple[Page, list[str]]]:
    """A page whose requests the application answers, and what the browser complained of."""
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, java_script_enabled=script, user_agent=AGENT, locale="en-GB"
    )
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    def answer(route: Route) -> None:
        request = route.request
        if request.url.startswith(SHOP):
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": STRICT}
            route.fulfill(body=SHOP_PAGE, headers=headers)
            return
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        found = site.browser.request(request.method, path, headers=headers, content=request.post_data_buffer)
        sent = {
            name: value for name, value in found.headers.items() if name not in ("content-length", "content-encoding")
        }
        route.fulfill(status=found.status_code, headers=sent, body=found.content)

    context.route("**/*", answer)
    try:
        yield page, said
    finally:
        context.close()


def test_one_click_on_three_answers_and_asks_why(browser: Browser, site: Served) -> None:
    with browsing(browser, site) as (page, said):
        page.goto(LOCAL + score_of(site, 3))
        page.get_by_role("status").filter(has_text="Thank you, your answer is saved.").wait_for()
        page.get_by_label("What went wrong?").fill("<script>document.title='broken'</script> late 🐌")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Thank you").wait_for()
        assert page.title() == "Thank you"
        assert said == []
    (row,) = answered(site)
    assert (row["score"], row["text"]) == (3.0, "<script>document.title='broken'</script> late 🐌")


def test_everything_works_without_script(browser: Browser, site: Served) -> None:
    with browsing(browser, site, script=False) as (page, _):
        page.goto(LOCAL + score_of(site, 10))
        assert events(site) == []
        page.get_by_role("button", name="Next").click()
        page.get_by_role("checkbox", name="Price").check()
        page.get_by_role("button", name="Send").click()
        assert page.get_by_role("heading").inner_text() == "Thank you"
    assert [one["part"] for one in events(site)] == [1]


def test_keyboard_and_errors(browser: Browser, site: Served) -> None:
    with browsing(browser, site) as (page, said):
        page.goto(f"{LOCAL}/s/survey/nps")
        page.get_by_role("button", name="Next").press("Enter")
        page.get_by_role("alert").wait_for()
        assert page.evaluate("document.activeElement.className") == "faults"
        page.get_by_role("alert").get_by_role("link").press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
        assert page.get_by_role("radiogroup").get_by_role("radio", checked=True).get_attribute("value") == "1"
        group = page.get_by_role("radiogroup", name="Would you recommend us?")
        assert group.get_attribute("aria-invalid") == "true"
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        assert said == ["Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]


def test_a_strict_shop_shows_it_in_a_dialog(browser: Browser, site: Served) -> None:
    with browsing(browser, site) as (page, said):
        page.goto(SHOP)
        assert page.locator("iframe").count() == 0
        page.get_by_role("button", name="Sagen Sie es uns").click()
        frame = page.frame_locator("dialog iframe")
        frame.get_by_role("heading", name="Wie zufrieden sind Sie?").wait_for()
        frame.locator("label", has_text="8").click()
        frame.get_by_role("button", name="Absenden").or_(frame.get_by_role("button", name="Weiter")).click()
        frame.get_by_role("heading", name="Vielen Dank").wait_for()
        for _ in range(200):  # the shop's policy lets no waiting of Playwright's own run
            if page.evaluate("parseInt(document.querySelector('iframe').style.height)") < 400:
                break
            page.wait_for_timeout(50)
        else:
            raise AssertionError("the frame stays as high as the questions were")
        page.get_by_role("button", name="Schließen").click()
        page.locator("dialog").wait_for(state="detached")
        assert said == []
        assert page.context.cookies() == []
    (row,) = answered(site)
    told = {name: row[name] for name in ("score", "channel", "touchpoint", "language", "profile_id")}
    assert told == {"score": 8.0, "channel": "web", "touchpoint": "checkout", "language": "de", "profile_id": ""}
