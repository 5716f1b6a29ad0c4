"""``demo``: a shop played through, then served."""

from __future__ import annotations

import os
import signal
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from foretell import demo as demos
from foretell.app import open_workspace
from foretell.cli.kpis import shown
from foretell.cli.output import emit_json, log, number, tell
from foretell.cli.progress import steps
from foretell.cli.reports import learnt_from, show_metrics
from foretell.cli.tables import heading, people, right, say, table
from foretell.clock import MovedClock, SteppedClock, SystemClock
from foretell.demo import Dataset, Summary
from foretell.errors import ForetellError, UsageError


def add_to(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command()(demo)


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Folder of the demo's workspace.")] = Path("foretell-demo"),
    dataset: Annotated[str, typer.Option("--dataset", help="Data set: shop or online-retail.")] = "shop",
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only do the job; do not serve the app.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of everything random.")] = None,
    folk: Annotated[
        int | None,
        typer.Option(
            "--people",
            min=50,
            max=1_000_000,
            envvar="FORETELL_DEMO_PEOPLE",
            help="People in the simulated shop.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            min=1,
            max=365,
            envvar="FORETELL_DEMO_DAYS",
            help="Days that the journey is played; shop 49, online-retail 60.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port to serve on; 0 takes a free one.")
    ] = 8080,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Play a shop through: profiles, predictions, segments, a journey with its messages; then serve the app."""
    found = demos.DATASETS.get(dataset)
    if found is None:
        raise UsageError(
            "UNKNOWN_DATASET",
            f"there is no data set called {dataset!r}",
            next_step=f"Data sets: {', '.join(sorted(demos.DATASETS))}.",
        )
    start = time.perf_counter()
    found.write(directory)
    clock = SteppedClock(SystemClock().now())
    with open_workspace(directory, clock=clock) as workspace, steps() as progress:
        summary = demos.play(workspace, clock, found, demos.Options(seed, folk, days), progress)
    summary.seconds = round(time.perf_counter() - start, 1)
    if as_json:
        emit_json(summary.as_dict())
    else:
        _show(summary, found)
    if not no_serve:
        _serve(directory, summary, port)


def _show(summary: Summary, dataset: Dataset) -> None:
    heading(f"{dataset.key} as of {summary.as_of:%Y-%m-%d}, in {summary.seconds} s")
    people.out("")
    table(["lines", right("")], [(name.replace("_", " "), number(count)) for name, count in summary.lines.items()])
    people.out("")
    known = f"{summary.known_customers:,} of them known customers"
    say(f"{summary.events:,} events of {summary.profiles:,} profiles, {known}")
    say(f"revenue {summary.currency} {summary.revenue:,.2f}, {summary.revenue_known:,.2f} of it from known customers")
    for key, told in summary.predictions.items():
        people.out("")
        heading(f"{key}, {learnt_from(told)}")
        show_metrics(told, {})
        say(summary.verdicts[key])
    people.out("")
    table(["segment", right("people")], [(key, number(size)) for key, size in summary.segments.items()])
    _show_personas(summary)
    _show_journeys(summary)
    _show_listening(summary)
    people.out("")
    _show_kpis(summary)
    people.out("")
    say(dataset.credit, dim=True)
    people.out("")
    _show_next(summary, dataset)


def _show_personas(summary: Summary) -> None:
    if not summary.personas_say:
        return
    people.out("")
    say(summary.personas_say)
    if summary.personas:
        table(["persona", right("people")], [(title, number(size)) for title, size in summary.personas.items()])


def _show_journeys(summary: Summary) -> None:
    for key, told in summary.journeys.items():
        people.out("")
        heading(f"journey {key}")
        say(
            f"{told['entered']:,} people entered, {told['held_out']:,} of them held out; "
            f"{told['goal']:,} reached the goal"
        )
        if told.get("verdict"):
            say(told["verdict"])
    if summary.messages:
        people.out("")
        table(["messages", right("sent")], [(name, number(count)) for name, count in summary.messages.items()])


def _show_listening(summary: Summary) -> None:
    told = summary.listening
    if not told:
        return
    people.out("")
    heading(f"what people say, {told['since'][:10]} to {told['until'][:10]}")
    rows = [("as answered", told["raw"]), ("weighted for who stayed silent", told["weighted"])]
    texts = [(name, *(number(one[part], 1) for part in ("value", "low", "high"))) for name, one in rows if one]
    texts.append(("true, of all who were asked", number(told["true"], 1), "", ""))
    table(["NPS", right("value"), right("from"), right("to")], texts)
    say(f"{told['answers']:,} answers of {told['people']:,} people; {told['cases']:,} answers opened a case")


def _show_kpis(summary: Summary) -> None:
    months = sorted({month for series in summary.months.values() for month in series})[-4:]
    rows = []
    for key, value in summary.kpis.items():
        series, digits = summary.months.get(key, {}), 0 if value is None or abs(value) >= 1_000 else 2
        told = (value, *(series.get(month) for month in months))
        texts = [shown(summary.units.get(key, ""), one, digits) for one in told]
        rows.append((key, *texts))
    table(["KPI", right("value"), *(right(month) for month in months)], rows)


def _show_next(summary: Summary, dataset: Dataset) -> None:
    at, person = f"{summary.as_of:%Y-%m-%d}", dataset.person or summary.person
    heading("Next")
    for command in (
        f"cd {quote(summary.directory)}",
        f"foretell profile show {person}",
        "foretell predict report churn",
        f"foretell segment explain at_risk {person} --as-of {at}",
        "foretell journey report churn_rescue",
        "foretell kpi show revenue --by month",
        *(["foretell map show customer_journey"] if dataset.world else []),
        "foretell case list",
    ):
        people.out(f"  {command}", highlight=False)


def _serve(directory: Path, summary: Summary, port: int) -> None:
    """Serve the app on a clock that goes on from the demo's end. Without a terminal it is looked at once."""
    from foretell import web  # what speaks HTTP takes long to load
    from foretell.cli.serving import answering

    clock, checked = MovedClock.starting(summary.as_of, SystemClock()), list[str]()
    with open_workspace(directory, clock=clock) as workspace:

        def ready(address: str) -> None:
            tell(f"The demo runs at {address}; its clock goes on from {summary.as_of:%d %B %Y}. Ctrl-C ends it.")
            if log.is_terminal:
                webbrowser.open(address)
            else:
                threading.Thread(target=_look_once, args=(address, checked), daemon=True).start()

        answering(workspace, web.Serving(port=port), ready)
    if not log.is_terminal and checked != ["ok"]:
        raise ForetellError("SERVER_SILENT", "the server did not answer", where=checked[0] if checked else "")


def _look_once(address: str, found: list[str]) -> None:
    """Ask the server whether it is well, and end it."""
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=60) as answer:
            found.append("ok" if answer.status == 200 else f"status {answer.status}")
    except OSError as error:
        found.append(str(error))
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
