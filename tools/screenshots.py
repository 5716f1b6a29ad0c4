"""Pictures of every page for the documentation.

``.venv/bin/python -m tools.screenshots WORKSPACE INSTANT`` serves a played workspace on a clock that begins at
INSTANT and writes ``docs/images/PAGE-WIDTH-SCHEME.jpg`` and the page ``docs/reference/screens.md``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tools.files import ROOT

IMAGES = ROOT / "docs" / "images"
SIZES = ((1440, 900), (390, 844))
SCHEMES = ("light", "dark")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PAGES = {
    "overview": ("/", "How are customers, what changed, and what is to be done today."),
    "people": ("/people", "Everybody, with what is foreseen of them."),
    "person": ("person", "One person: what is known, what is foreseen and why, what happened."),
    "segments": ("/segments", "The groups that are kept, with their size."),
    "predictions": ("/predictions", "What is foreseen, and how well."),
    "prediction": ("/predictions/churn", "Whether 70 % means 70 %, whom to act on, and why."),
    "journeys": ("/journeys", "What runs, and whether it helps."),
    "journey": ("/journeys/churn_rescue", "What happens to whom, step by step, and the lift against the held out."),
    "messages": ("/messages", "What went out, what did not, and why."),
    "inbox": ("/inbox", "What the development channels caught, as people would see it."),
    "tasks": ("/cases?state=all", "What the service team has to do, and by when."),
    "kpis": ("/kpis", "What is measured."),
    "kpi": ("/kpis/revenue", "One KPI over time."),
}
"""Name of the picture → where it is, and what it shows."""


def main(workspace: str, instant: str) -> int:
    """Take all pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [
        Path(sys.executable).with_name("foretell"),
        "serve",
        "--workspace",
        workspace,
        "--port",
        "0",
        "--no-open",
    ]
    with subprocess.Popen([*command, "--now", instant], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            address = server.stderr.readline().rsplit(" ", 1)[1].strip()
            with sync_playwright() as playwright:
                found = subprocess.run([ROOT / "tools" / "browser"], capture_output=True, text=True, check=True)
                path = found.stdout.strip().splitlines()[-1]
                browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
                for scheme in SCHEMES:
                    for width, height in SIZES:
                        _take(browser, address, scheme, width, height)
        finally:
            server.terminate()
    (ROOT / "docs" / "reference" / "screens.md").write_text(_page())
    return 0


def _take(browser: Browser, address: str, scheme: str, width: int, height: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    person = _somebody(context, address)
    for name, (path, _) in PAGES.items():
        page.goto(address + (f"/people/{person}" if path == "person" else path))
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(400)
        page.screenshot(path=IMAGES / f"{name}-{width}-{scheme}.jpg", type="jpeg", quality=72)
    context.close()


def _somebody(context: BrowserContext, address: str) -> str:
    """The person whom a mail of the journey reached and who clicked on it, else the first in the inbox."""
    rows = context.request.get(f"{address}/api/inbox?channel=email").json()["rows"]
    return str(min(rows, key=lambda row: row["clicked_at"] is None)["profile_id"])


def _page() -> str:
    parts = ["# Screens", "", "The app on the demo shop, as `make demo` leaves it; made by `tools/screenshots.py`.", ""]
    for name, (_, says) in PAGES.items():
        parts += [f"## {name.capitalize()}", "", says, ""]
        for width, _ in SIZES:
            parts += [f"![{name}, {width} px, {scheme}](../images/{name}-{width}-{scheme}.jpg)" for scheme in SCHEMES]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
