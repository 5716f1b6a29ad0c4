"""Pictures of every page for the documentation.

``.venv/bin/python -m tools.screenshots WORKSPACE INSTANT [NAME ...]`` serves a played workspace on a clock that begins
at INSTANT, writes ``docs/images/NAME-WIDTH-SCHEME.jpg`` of all pages or of those named, and the page
``docs/reference/screens.md``. A new page is one line in :data:`PAGES`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tools.files import ROOT

IMAGES = ROOT / "docs" / "images"
SIZES = ((1440, 900), (390, 844))
SCHEMES = ("light", "dark")
QUALITY = 66
PATIENCE_MS = 120_000
"""So long a page may take on a busy machine until nothing on it waits any more."""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
"""As a person's browser: a mail that is opened by anything else counts as opened by a machine."""
PAGES = {
    "overview": ("/", "How are customers, what changed, and what is to be done today."),
    "people": ("/people", "Everybody, with what is foreseen of them."),
    "person": ("/people/{person}", "One person: what is known, what is foreseen and why, what happened."),
    "who": ("/who?segment=at_risk", "Who the people of a segment are and with what they come, against everybody."),
    "identity": ("/identity", "Pairs that may be one person, with what speaks for and against."),
    "merges": ("/identity?tab=merges", "Who was made one person, on what evidence, and the way back."),
    "rules": ("/identity?tab=rules", "Which identifiers make a person, and what a changed document would do."),
    "segments": ("/segments", "The groups that are kept: size and trend, churn, value, use, owner, next review."),
    "segment": ("/segments/at_risk", "One segment: who is in it, what they are worth, which others they are in."),
    "condition": ("/segments/at_risk?tab=condition", "The condition of a segment, row by row, with what each leaves."),
    "history": ("/segments/at_risk?tab=history", "How large a segment was in each week of the past year."),
    "review": ("/segments/at_risk?tab=review", "What has changed in a segment since the last look."),
    "builder": ("/segments/new?copy=browsed_not_bought", "A segment while it is built, counted with every change."),
    "overlap": ("/segments?tab=overlap", "How many people each two segments share."),
    "reviews": ("/segments?tab=review", "When each segment is to be looked at again."),
    "unused": ("/segments?tab=unused", "Segments that nothing goes by."),
    "discover": ("/discover?target=churn:90d", "Groups in which churn lies unusually high or low, and that held."),
    "personas": ("/personas", "Which kinds of customers there are, how sure that is, and whom to ask."),
    "persona": ("/personas/{persona}", "One kind of customers: their day, what they buy, what hurts, what they say."),
    "predictions": ("/predictions", "What is foreseen, and how well."),
    "prediction": ("/predictions/churn", "Whether 70 % means 70 %, beside a plain baseline."),
    "drivers": ("/predictions/churn?tab=drivers", "What moves the scores."),
    "scored": ("/predictions/churn?tab=people", "Whom to act on: how the scores lie, and everybody above a cut-off."),
    "card": ("/predictions/churn?tab=card", "The model card, written from the run."),
    "trainings": ("/predictions/churn?tab=history", "Every training and what became of it."),
    "look": ("/predictions/new?from=leaving&step=look", "What there is to learn from, before anything is trained."),
    "journeys": ("/journeys", "What runs, and whether it helps."),
    "journey": ("/journeys/churn_rescue", "What happens to whom, step by step, and the lift against the held out."),
    "backtest": ("/journeys/churn_rescue?tab=backtest", "What a journey would have done, before it goes live."),
    "revisions": ("/journeys/churn_rescue?tab=revisions", "Who is on which revision of a journey, and where."),
    "messages": ("/messages", "What went out, what did not, and why."),
    "templates": ("/templates", "What messages say, who sends them, and what is worth a look."),
    "template": ("/templates/we_miss_you?for={person}", "A template beside the message as a real person reads it."),
    "message": ("/messages/{refused}", "One message with the chain of its checks: here one that did not go out."),
    "audiences": ("/audiences", "Who is on which list at the advertising platforms, and how many they know."),
    "audience": ("/audiences/winback_ads", "One list: who joined and left, from where, and what the platform says."),
    "channels": ("/channels", "Which ways to people work, and what became of what went out over them."),
    "inbox": ("/inbox", "What the development channels caught, as people would see it."),
    "mail": ("/inbox/{mail}", "One mail as it looks, with its text, headers and links."),
    "tasks": ("/cases?state=all", "What the service team has to do, and by when."),
    "board": ("/cases?state=all&view=board", "The same on a board, by what state they are in."),
    "issues": ("/issues", "What goes wrong for people, before they complain."),
    "improvements": ("/improvements", "What lies behind the cases, what is done about it, and cases before and after."),
    "case-rules": ("/case-rules", "Which cases open by themselves, for whom, and by when."),
    "case": ("/cases/{case}", "One case: why, by when, what was done, how it ended."),
    "map": ("/maps/{map}", "Stages, who goes on, how it feels, and what people meet, lane by lane."),
    "feedback": ("/feedback", "What people say, how sure that is, whether opinions moved or others answered."),
    "surveys": ("/surveys", "What is asked, who answers, and what came of it."),
    "survey_build": ("/surveys/nps?tab=build", "A survey while it is built, beside the page as people see it."),
    "survey_results": ("/surveys/nps?tab=results", "What was answered to each question, and how sure that is."),
    "survey_share": ("/surveys/nps?tab=share", "The ways to a survey: journeys, link, QR code, a page of one's own."),
    "kpis": ("/kpis", "What is measured, what it stands at, and how sure that is."),
    "kpi": ("/kpis/revenue", "One KPI over time."),
    "sources": ("/sources", "Whether everything arrives, in time and as usual, and what to do where it does not."),
    "source": ("/sources/shop", "One source: what is watched of it, against what is usual for it."),
    "tracking": ("/tracking", "What every event must carry, who answers for it, and what breaches it."),
    "quarantine": ("/quarantine", "What could not be taken in, why, and reading it again."),
    "tables": ("/tables", "Rows of one's own that belong to people or accounts."),
    "exports": ("/exports", "Segments that leave the house: where to, and whether it works."),
    "privacy": ("/privacy", "What people ask of us, by when, and what was done."),
    "record": ("/privacy?tab=record", "The record of processing, made from the definitions."),
    "consents": ("/consents", "What people agreed to, on which ground, and how many said what."),
    "health": ("/settings", "Whether everything works: worker, stores, definitions."),
}
"""Name of the picture → where it is (see :func:`places` for what stands in braces), and what it shows."""
Api = Callable[[str], Any]
"""From a path below ``/api/`` to its JSON."""


def main(workspace: str, instant: str, *names: str) -> int:
    """Take the pictures ``names``, or all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with _served(workspace, instant) as address, sync_playwright() as playwright:
        found = subprocess.run([ROOT / "tools" / "browser"], capture_output=True, text=True, check=True)
        path = found.stdout.strip().splitlines()[-1]
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        asked = browser.new_context().request
        known = places(lambda path: asked.get(f"{address}/api/{path}").json())
        wanted = filled(names or PAGES, known)
        for scheme in SCHEMES:
            for size in SIZES:
                _take(browser, address, wanted, scheme, size)
    (ROOT / "docs" / "reference" / "screens.md").write_text(_page())
    return 0


def places(api: Api) -> dict[str, str]:
    """What the braces in :data:`PAGES` stand for: a ``person`` of whom most is known, a ``mail`` and a ``case``
    of theirs where there is one, a message that was ``refused``, the largest ``persona``; what there is not is left
    out."""
    mails = api("inbox?channel=email")["rows"]
    cases = [*api("cases")["rows"], *api("cases?state=all")["rows"]]
    refused = api("messages?decision=refuse")["rows"]
    ids = dict.fromkeys(row["profile_id"] for row in [*cases, *mails] if row["profile_id"])
    people = [api(f"people/{key}") for key in ids]
    if not people:
        return {}
    person = max(people, key=_known)
    found = {"person": person["profile_id"]}
    personas = api("personas")["rows"]
    if personas:
        found["persona"] = personas[0]["key"]
    maps = api("maps")["rows"]
    if maps:
        found["map"] = maps[0]["key"]
    for name, rows, key in (
        ("mail", mails, "message_id"),
        ("case", cases, "case_id"),
        ("refused", refused, "message_id"),
    ):
        best = max(rows, key=lambda row: row["profile_id"] == person["profile_id"], default=None)
        if best is not None:
            found[name] = best[key]
    return found


def filled(pages: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Name → address of those of ``pages`` whose braces are all known."""
    paths = {name: PAGES[name][0] for name in pages}
    missing = {name for name in ("person", "persona", "map", "mail", "case", "refused") if name not in known}
    return {
        name: path.format(**known) for name, path in paths.items() if not any(f"{{{one}}}" in path for one in missing)
    }


def _known(person: Mapping[str, Any]) -> tuple[bool, bool, bool, int, int]:
    """How much of a page a person fills."""
    parts = ("messages", "journeys", "cases", "predictions")
    whole = all(person[part] for part in parts)
    waits = any(one["state"] != "closed" for one in person["cases"])
    return whole, person["name"] is not None, waits, len(person["messages"]), person["facts"]["orders"]


@contextmanager
def _served(workspace: str, instant: str) -> Iterator[str]:
    """The address of a server on ``workspace``."""
    command: list[str | Path] = [Path(sys.executable).with_name("foretell"), "serve", "--workspace", workspace]
    options = ["--port", "0", "--no-open", "--now", instant]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            yield server.stderr.readline().rsplit(" ", 1)[1].strip()
        finally:
            server.terminate()


def _take(browser: Browser, address: str, wanted: Mapping[str, str], scheme: str, size: tuple[int, int]) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        user_agent=AGENT,
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    for name, path in wanted.items():
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        page.locator("main h1").first.wait_for()
        page.locator("[aria-busy=true]").first.wait_for(state="detached")
        page.wait_for_timeout(400)
        page.screenshot(path=IMAGES / f"{name}-{size[0]}-{scheme}.jpg", type="jpeg", quality=QUALITY)
    context.close()


def _page() -> str:
    parts = ["# Screens", "", "The app on the demo shop, as `make demo` leaves it; made by `tools/screenshots.py`.", ""]
    images = ROOT / "docs" / "images"
    for name, (_, says) in PAGES.items():
        taken = [(width, scheme) for width, _ in SIZES for scheme in SCHEMES]
        taken = [one for one in taken if (images / "{}-{}-{}.jpg".format(name, *one)).exists()]
        if taken:
            shown = [
                f"![{name}, {width} px, {scheme}](../images/{name}-{width}-{scheme}.jpg)" for width, scheme in taken
            ]
            parts += [f"## {name.capitalize()}", "", says, "", *shown, ""]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
