"""Chromium, driven by Playwright, before a served shop."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.living_shop import LivingShop, living_shop

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DESK, PHONE = (1440, 900), (390, 844)
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
"""A headless one would be taken for a machine, and its opens would not count."""


@pytest.fixture(scope="session")
def chromium(repository: Path) -> str:
    """Path of the browser; ``tools/browser`` says how to get one where there is none."""
    found = subprocess.run([repository / "tools" / "browser"], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """The browser; gone after each file, since its driver keeps an event loop in this thread."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[LivingShop]:
    """The living shop; tests go forward in time only."""
    built = repository / "src" / "foretell" / "web" / "static" / "index.html"
    assert built.exists(), "the app is not built: run make ui"
    with living_shop(tmp_path_factory.mktemp("living") / "shop") as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page at the width of a desk; whatever the console says of errors fails the test."""
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, user_agent=AGENT)
    said: list[str] = []
    made = context.new_page()
    made.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: said.append(str(error)))
    yield made
    context.close()
    assert said == []
