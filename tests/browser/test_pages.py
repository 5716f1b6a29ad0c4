"""Every page at the width of a desk and of a phone, light and dark: it renders, fits, can be used by keyboard."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from foretell import app
from foretell.clock import FixedClock
from foretell.web import create_app
from foretell.web.assets import FOLDER
from tests.browser.conftest import AGENT, DESK, PHONE
from tests.browser.living_shop import LivingShop, answering
from tests.support.served_workspace import site_for
from tests.support.small_events import NOW
from tests.support.small_workspace import write
from tools.screenshots import PAGES, filled, places

Scheme = Literal["light", "dark"]
OTHER: dict[Scheme, Scheme] = {"light": "dark", "dark": "light"}
AUDITED = ((DESK, "light"), (PHONE, "dark"))
"""Where the page is held against the rules of access; what they look at differs by width and by scheme."""
MOST_BYTES = 350_000
"""Of the main bundle, compressed."""
EMPTY = {
    "/": "No data yet",
    "/people": "Nobody yet",
    "/who": "Nothing known yet",
    "/segments": "No segments yet",
    "/personas": "No personas yet",
    "/segments?tab=overlap": "No two segments share anybody",
    "/segments?tab=review": "Nothing to review yet",
    "/segments?tab=unused": "Every segment is used",
    "/discover": "Nothing looked for yet",
    "/predictions": "No predictions yet",
    "/journeys": "No journeys yet",
    "/messages": "Nothing asked for yet",
    "/inbox": "Nothing caught yet",
    "/cases": "All done",
    "/sources": "No sources yet",
    "/tracking": "No tracking plan yet",
    "/quarantine": "Nothing in quarantine",
    "/identity": "No pair waits",
    "/tables": "No own tables yet",
    "/exports": "No exports yet",
    "/privacy": "Nobody waits for an answer",
}
"""Where, and the title of what is said in a workspace without anything."""
SETTLED = """
async () => {
  const busy = () => document.querySelector("[aria-busy=true]") !== null;
  if (busy()) return false;
  await new Promise((done) => setTimeout(done, 200));
  return !busy();
}
"""
"""Nothing is busy and nothing becomes so: a first answer can let the page ask anew."""
FAULTS = """
() => {
  const found = [];
  const room = document.documentElement;
  if (room.scrollWidth > room.clientWidth) found.push(`the page is ${room.scrollWidth} wide`);
  const main = document.querySelector("main");
  if (main.scrollWidth > main.clientWidth) found.push(`main is ${main.scrollWidth} wide, has ${main.clientWidth}`);
  for (const one of document.querySelectorAll("h1, h2, h3, button, a.mantine-Button-root")) {
    const box = one.getBoundingClientRect();
    if (!box.width || !box.height || one.closest(".ft-sr, .ft-skip, .react-flow")) continue;
    const text = one.textContent.trim().slice(0, 40);
    if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
      found.push(`${one.tagName} "${text}" is cut: ${one.scrollWidth} > ${one.clientWidth}`);
    if (box.left < -1 || box.right > room.clientWidth + 1)
      found.push(`${one.tagName} "${text}" leaves the window: ${box.left} to ${box.right}`);
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def lived(shop: LivingShop) -> LivingShop:
    """The shop when somebody has been written to."""
    if not shop.rows("SELECT 1 AS one FROM messages LIMIT 1"):
        shop.go_to(shop.begin + timedelta(days=30))
        shop.go_to(shop.begin + timedelta(days=30, hours=12))
    return shop


@contextmanager
def window(browser: Browser, size: tuple[int, int], scheme: Scheme = "light") -> Iterator[Page]:
    """A page in a window of its own; console errors and failed requests fail the test."""
    view: ViewportSize = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=view, color_scheme=scheme, user_agent=AGENT)
    said: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda answer: said.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    yield page
    context.close()
    assert said == []


def at_rest(page: Page, address: str) -> None:
    """Go there, and wait until all that the page asks for has come."""
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=20_000)
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=20_000)
    page.wait_for_function(SETTLED, timeout=20_000)


@pytest.mark.parametrize(("size", "scheme"), AUDITED, ids=["1440", "390"])
def test_every_page_renders_and_fits(
    lived: LivingShop, browser: Browser, repository: Path, size: tuple[int, int], scheme: Scheme
) -> None:
    """Each page is loaded once at each width, audited, and looked at in the other scheme without another load."""
    axe = repository / "ui" / "node_modules" / "axe-core" / "axe.min.js"
    faults: dict[str, list[str]] = {}
    with window(browser, size, scheme) as page:
        pages = filled(PAGES, places(lived.api))
        assert set(PAGES) - set(pages) <= {"case", "map"}, "nobody need have been silent for three days yet"
        for name, path in pages.items():
            at_rest(page, lived.address + path)
            found = faults_of(page, scheme)
            if axe.exists():
                page.evaluate(axe.read_text())
                found += page.evaluate("async () => (await axe.run()).violations.map((one) => one.id + ' ' + "
                                       "one.nodes.slice(0, 3).map((node) => node.target).join(' | '))")  # fmt: skip
            page.emulate_media(color_scheme=OTHER[scheme])
            page.wait_for_function(SETTLED, timeout=20_000)
            found += faults_of(page, OTHER[scheme])
            page.emulate_media(color_scheme=scheme)
            faults |= {name: found} if found else {}
            paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
            print(f"{name} {size[0]} {scheme}: first paint after {paint} ms")  # null where it was not told yet
    assert faults == {}, json.dumps(faults, indent=1)


def faults_of(page: Page, scheme: Scheme) -> list[str]:
    """What does not fit, and the first alert, in a scheme."""
    expect(page.locator(f"html[data-mantine-color-scheme={scheme}]")).to_have_count(1)
    found: list[str] = [f"{scheme}: {fault}" for fault in page.evaluate(FAULTS)]
    alerts = page.get_by_role("alert")
    return [*found, alerts.first.inner_text()] if alerts.count() else found


def test_the_keyboard_is_enough(lived: LivingShop, browser: Browser) -> None:
    with window(browser, DESK) as page:
        at_rest(page, lived.address)
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Control+k")
        search = page.get_by_role("combobox", name="Search people, documents and pages")
        expect(search).to_be_focused()
        page.keyboard.press("Escape")
        expect(search).to_be_hidden()
        page.keyboard.press("Control+k")
        expect(search).to_be_focused()
        page.keyboard.type("predictions")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Predictions")
        assert page.url == f"{lived.address}/predictions"


def test_a_fault_of_the_server_is_told_in_its_place(lived: LivingShop, browser: Browser) -> None:
    context = browser.new_context(user_agent=AGENT)
    page = context.new_page()
    told = {"error": {"code": "STORE_BUSY", "what": "the store is busy", "next_step": "Try again in a minute."}}
    page.route("**/api/segments*", lambda route: route.fulfill(status=503, json=told))
    page.goto(f"{lived.address}/segments")
    alert = page.get_by_role("alert").first
    expect(alert).to_be_visible(timeout=20_000)
    expect(alert).to_contain_text("STORE_BUSY")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    context.close()


def test_an_empty_workspace_says_what_belongs_where(tmp_path: Path, browser: Browser) -> None:
    write(tmp_path, {"foretell.yaml": "name: New\ncurrency: EUR\nzone: UTC\n"})
    with app.open_workspace(tmp_path, clock=FixedClock(NOW)) as workspace:
        site = site_for(workspace, FOLDER)
        with answering(create_app(site)) as address, window(browser, DESK) as page:
            for path, title in EMPTY.items():
                at_rest(page, address + path)
                expect(page.get_by_role("heading", name=title).first).to_be_visible()


def test_the_main_bundle_is_small() -> None:
    loaded = re.findall(r'(?:src|href)="/([^"]+\.(?:js|css))"', (FOLDER / "index.html").read_text())
    assert any(name.startswith("assets/index-") for name in loaded), loaded
    assert sum(len(gzip.compress((FOLDER / name).read_bytes())) for name in loaded) < MOST_BYTES
