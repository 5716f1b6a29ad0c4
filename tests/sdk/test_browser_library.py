"""@segment/analytics-next in Chromium, unmodified, through the snippet that the app gives to copy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.browser.living_shop import answering
from tests.sdk.conftest import AGENT, FAILURES
from tests.support.sdk_server import CALLS, SOURCE, SdkShop, sdk_shop

LIBRARY = Path(__file__).parent / "node_modules/@segment/analytics-next/dist/umd"
HTML = "<!doctype html><title>Trail shoes</title><script src='/umd/index.js'></script>"
CALLS_MADE = """() => {
    analytics.setAnonymousId('a1')
    analytics.identify('u1', { email: 'Ada@Shop.example', plan: 'gold' })
    analytics.track('Order Completed', { order_id: 'o1', revenue: 49.9 }, { timestamp: '2025-03-01T10:00:00.000Z' })
    analytics.screen('Shop', 'Start', { tab: 'first' })
    analytics.group('g1', { name: 'Initech' })
    analytics.alias('u1', 'a0')
}"""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """A shop's page, at another origin than the server."""
    assert LIBRARY.is_dir(), "run tools/sdk_packages"

    async def page(_: object) -> HTMLResponse:
        return HTMLResponse(HTML)

    with answering(Starlette(routes=[Route("/", page), Mount("/umd", StaticFiles(directory=LIBRARY))])) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[Page]:
    """A visitor on the page."""
    context = browser.new_context(user_agent=AGENT)
    made = context.new_page()
    made.goto(f"{origin}/?utm_source=mail")
    yield made
    context.close()


def snippet_in(page: Page, shop: SdkShop) -> None:
    """Run the snippet; a page without a bundler takes the library from its own file."""
    text: str = httpx.get(f"{shop.address}/api/sources/{SOURCE}/snippet").json()["text"]
    head = "import { AnalyticsBrowser } from '@segment/analytics-next'"
    assert head in text
    text = text.replace(head, "const { AnalyticsBrowser } = window.AnalyticsNext")
    for kind in ("const", "let"):
        text = text.replace(f"export {kind} analytics", "var analytics")
    page.add_script_tag(content=text.replace("export function", "function"))


def until(holds: Callable[[], Any], page: Page, seconds: float = 25) -> None:
    """Wait, while the page goes on, until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def ids_of(shop: SdkShop, *, refused: bool) -> frozenset[str]:
    """The ids of all that was refused, or of all that was accepted."""
    pairs = zip(list(shop.failing.sent), list(shop.failing.asked), strict=False)
    return frozenset[str]().union(*(ids for ids, status in pairs if status and (status != 200) == refused))


def test_all_calls_arrive_once_through_errors(tmp_path: Path, origin: str, visit: Page) -> None:
    with sdk_shop(tmp_path, f"format: api, origins: ['{origin}']") as shop:
        shop.failing.failures = list(FAILURES)
        snippet_in(visit, shop)
        visit.evaluate(CALLS_MADE)
        until(lambda: len(shop.rows("SELECT 1 FROM events")) >= len(CALLS) and not shop.failing.failures, visit)
        until(lambda: 0 not in shop.failing.asked and ids_of(shop, refused=True) <= ids_of(shop, refused=False), visit)
        assert {500, 429} < set(shop.failing.asked)
        assert shop.failing.preflights > 0
        events = shop.events()
        assert set(events) == CALLS
        assert shop.quarantined() == []
        order = events["Order Completed"]
        assert order["properties"] == {"order_id": "o1", "revenue": 49.9}
        assert abs(order["ms"] - 1_740_823_200_000) < 60_000
        seen = events["Page Viewed"]
        assert (seen["properties"]["title"], seen["properties"]["path"]) == ("Trail shoes", "/")
        assert seen["context"]["campaign"] == {"source": "mail"}
        assert events["Screen Viewed"]["properties"]["tab"] == "first"
        assert events["Group"]["properties"]["group_id"] == "g1"
        assert events["Alias"]["properties"]["previous_id"] == "a0"
        told = {("user_id", "u1"), ("anonymous_id", "a1"), ("anonymous_id", "a0"), ("email", "ada@shop.example")}
        assert told <= shop.identifiers()
        assert shop.traits()["plan"] == "gold"


def test_pages_of_other_origins_are_refused(tmp_path: Path, visit: Page) -> None:
    with sdk_shop(tmp_path, "format: api, origins: ['https://shop.example']") as shop:
        asked: list[str] = []
        visit.on("requestfailed", lambda request: asked.append(request.url))
        visit.on("response", lambda answer: asked.append(answer.url))
        send = "([url, key]) => fetch(url, {method: 'POST', body: JSON.stringify({writeKey: key, userId: 'u1'})})"
        visit.evaluate(send + ".catch(() => null)", [f"{shop.address}/v1/i", shop.write_key])
        assert shop.failing.asked == [403]
        assert shop.rows("SELECT 1 FROM events") == []


def test_nothing_is_stored_or_sent_before_consent(tmp_path: Path, visit: Page) -> None:
    with sdk_shop(tmp_path, "format: api, consent: required, consent_categories: [Analytics]") as shop:
        asked: list[str] = []
        visit.on("request", lambda request: asked.append(request.url))
        snippet_in(visit, shop)
        visit.wait_for_timeout(300)
        assert asked == []
        assert visit.evaluate("document.cookie + Object.keys(localStorage)") == ""
        visit.evaluate("consentGiven({ Analytics: false, Advertising: true })")
        visit.wait_for_timeout(300)
        assert asked == []
        visit.evaluate("consentGiven({ Analytics: true, Advertising: false })")
        until(lambda: shop.rows("SELECT 1 FROM events"), visit)
        assert set(shop.events()) == {"Page Viewed"}
        assert "ajs_anonymous_id" in visit.evaluate("document.cookie")
        visit.evaluate("consentWithdrawn()")
        assert "ajs_" not in visit.evaluate("document.cookie + Object.keys(localStorage)")
        before = len(shop.failing.asked)
        visit.evaluate("analytics.track('Product Viewed', { product_id: 'p1' })")
        visit.wait_for_timeout(300)
        assert len(shop.failing.asked) == before
        assert set(shop.events()) == {"Page Viewed"}
        assert shop.quarantined() == []
