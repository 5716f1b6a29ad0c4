"""``table``: rows of the workspace's own come in, and what is there."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from foretell import collect
from foretell.cli.opening import located, opened, refuse_wrong
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, warn
from foretell.cli.tables import cut, heading, people, right, say, table

app = typer.Typer(help="Own tables: load rows that belong to people or accounts, and look at them.")
Key = Annotated[str, typer.Argument(help="Key of the table document.")]


@app.callback()
def group() -> None:
    """Own tables: load rows that belong to people or accounts, and look at them."""


@app.command()
def load(
    key: Key,
    file: Annotated[Path, typer.Argument(help="CSV, Parquet, Excel or JSON lines; one row each.")],
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Load a file of rows; only what differs from what is stored is told."""
    path = located(file)
    with opened(workspace, "write") as found:
        refuse_wrong(found, f"table {key}")
        report = collect.load_file(found.engine, found.catalog, key, path, now=found.clock.now())
    if report.refused:
        first = report.examples[0]
        rows = "1 row was" if report.refused == 1 else f"{report.refused:,} rows were"
        warn(f"{rows} refused; the first is line {first.line}: {first.reason}")
    if as_json:
        emit_json(asdict(report))
        return
    names = ("added", "changed", "unchanged", "removed", "repeated", "refused")
    parts = {name: getattr(report, name) for name in names}
    say(f"{key}: {report.rows:,} rows: " + ", ".join(f"{count:,} {name}" for name, count in parts.items() if count))


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the tables: rows, whose they are, when a load last changed something."""
    with opened(workspace) as found:
        tables = collect.own_tables(found.engine, found.catalog, now=found.clock.now())
    if as_json:
        emit_json([asdict(one) for one in tables])
        return
    if not tables:
        say("There is no own table; write tables/KEY.yaml, see `foretell schema table`.")
        return
    table(
        ["table", "of", right("rows"), right("people"), right("accounts"), "changed (UTC)", ""],
        [
            (
                one.key, one.link, f"{one.rows:,}", f"{one.people:,}", f"{one.accounts:,}",
                "never" if one.changed_at is None else f"{one.changed_at:%Y-%m-%d %H:%M}",
                f"overdue, expected every {one.every}" if one.overdue else "",
            )
            for one in tables
        ],
    )  # fmt: skip


@app.command()
def show(
    key: Key,
    limit: Annotated[int, typer.Option("-n", min=1, max=10_000, help="Most rows.")] = 20,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the rows of a table as they are now."""
    with opened(workspace) as found:
        refuse_wrong(found, f"table {key}")
        found.catalog.get("table", key)
        rows = collect.rows_of(found.engine, table=key, limit=limit)
    if as_json:
        emit_json([{**row, "since": row["since"].isoformat()} for row in rows])
        return
    heading(f"{key}: {len(rows):,} row{'s' if rows[1:] or not rows else ''} shown")
    people.out("")
    table(
        ["key", "person or account", "since (UTC)", cut("values")],
        [
            (row["key"], row["profile_id"] or row["account_id"], f"{row['since']:%Y-%m-%d %H:%M}", _brief(row["row"]))
            for row in rows
        ],
    )


def _brief(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
