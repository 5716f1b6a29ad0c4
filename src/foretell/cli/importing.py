"""``import``: files come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from foretell import collect
from foretell.cli.opening import located, opened, refuse_wrong
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, tell, warn
from foretell.cli.people import brief
from foretell.cli.progress import steps
from foretell.cli.tables import cut, heading, people, right, say, table
from foretell.collect import FileReport, Preview
from foretell.engine import Engine

Source = Annotated[str | None, typer.Option("--source", metavar="KEY", help="Source document that maps the rows.")]
_PROBLEMS = 200
_DONE = {"allow": "let in", "drop_field": "left out", "quarantine": "put aside"}


def add_to(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(name="import")(import_)


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(help="JSON lines in the Segment specification, or with --source CSV, Parquet, Excel."),
    ],
    source: Source = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would become of it; store nothing.")] = False,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Import files; returns when their rows are in the views."""
    files = [located(path) for path in files]
    if dry_run:
        _preview(files, source, workspace, as_json=as_json)
        return
    with opened(workspace, "write") as found, steps() as progress:
        refuse_wrong(found, f"source {source}")

        def told(_: str, read: int, size: int) -> None:
            progress.done(read, size)

        progress.begin(f"Importing {files[0].name}" + (f" and {len(files) - 1} more" if files[1:] else ""), 1)
        reports = collect.import_files(
            found.engine, found.catalog, files, source, now=found.clock.now(), progress=told, reader=found.frames
        )
        first = _first_bad(found.engine, reports)
    bad = sum(report.quarantined for report in reports)
    if bad:
        warn(f"{first}{_rows(bad)} went to quarantine; see `foretell quarantine list`")
    breaching = sum(report.breaching for report in reports)
    if breaching:
        events = "1 event breaches" if breaching == 1 else f"{breaching:,} events breach"
        warn(f"{events} the tracking plan and went in; see `foretell tracking report`")
    if as_json:
        emit_json({"files": [asdict(report) for report in reports]})
        return
    for report in reports:
        _show(report)


def _show(report: FileReport) -> None:
    say(
        f"{report.file}: {_rows(report.rows)}, {report.events:,} new events, "
        f"{report.duplicates:,} were there already, {report.quarantined:,} in quarantine"
    )
    parts = {**report.mappings, **report.skipped}
    if parts:
        say("rows: " + counted(parts), indent=2, hang=2)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def counted(parts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in parts.items())


def _first_bad(engine: Engine, reports: Sequence[FileReport]) -> str:
    """The first quarantined row in words, empty where there is none."""
    for report in reports:
        rows = collect.quarantined(engine, source=report.source) if report.quarantined else []
        for row in rows:
            if row.file == report.file and row.severity == "error":
                return f"{row.file}{'' if row.line is None else f':{row.line}'}: {row.message}; "
    return ""


def _preview(files: list[Path], source: str | None, workspace: Path, *, as_json: bool) -> None:
    with opened(workspace) as found, steps() as progress:
        refuse_wrong(found, f"source {source}")
        progress.begin("Reading")
        previews = [collect.preview(found.catalog, path, source, now=found.clock.now()) for path in files]
    if as_json:
        emit_json({"files": [asdict(one) for one in previews]})
        return
    for one in previews:
        _show_preview(one)


def _show_preview(one: Preview) -> None:
    heading(f"{one.file}: {_rows(one.rows)} would make {one.events:,} events. Nothing was stored.")
    people.out("")
    table(
        [right("line"), "event", "when (UTC)", "who", cut("properties and traits")],
        [
            (row["line"], row["event"], f"{row['timestamp']:%Y-%m-%d %H:%M:%S}", row["who"], _told(row))
            for row in one.first
        ],
    )
    for problem in one.problems[:_PROBLEMS]:
        tell(f"line {problem['line']}: {problem['code']}: {problem['message']}")
    for breach in one.violations[:_PROBLEMS]:
        field = f": {breach['field']}" if breach["field"] else ""
        owner = f" (owner: {breach['owner']})" if breach["owner"] else ""
        done = _DONE[breach["action"]]
        times = "1 time" if breach["count"] == 1 else f"{breach['count']:,} times"
        tell(f"plan: {breach['event']}{field}: {breach['rule']}, {times}, {done}{owner}")
    if one.problem_counts:
        say(f"problems: {counted(one.problem_counts)}", hang=2)


def _told(row: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (row["traits"], brief(row["properties"] or "{}")) if part)


__all__ = ["add_to"]
