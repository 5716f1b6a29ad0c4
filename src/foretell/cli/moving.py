"""``engine move``: carry a workspace over to other stores, prove that it arrived, and switch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from foretell import segment
from foretell.app import ROOMS, Workspace, open_workspace
from foretell.cli.options import HERE, AsJson
from foretell.cli.options import Workspace as Root
from foretell.cli.output import emit_json, number
from foretell.cli.progress import steps
from foretell.cli.tables import right, say, table
from foretell.cli.terminal import terminal
from foretell.clock import Clock, FixedClock
from foretell.definitions import engine_settings, put_setting
from foretell.engine import EngineSettings, MoveReport, move_stores, rows_to_move
from foretell.errors import ForetellError, UsageError

To = Literal["duckdb", "spark", "sqlite", "postgresql"]
_SETTING: dict[To, tuple[str, str]] = {
    "duckdb": ("engine", "kind"),
    "spark": ("engine", "kind"),
    "sqlite": ("stores", "operational"),
    "postgresql": ("stores", "operational"),
}


app = typer.Typer(help="Stores: carry the workspace over to others.", no_args_is_help=True)


@dataclass(frozen=True)
class _Moved:
    """What was carried over, and the sizes of segments that both sides gave."""

    report: MoveReport
    segments: dict[str, int]
    switched: bool

    def as_dict(self) -> dict[str, Any]:
        return {**self.report.as_dict(), "segments": self.segments, "switched": self.switched}


@app.command("move")
def move_(
    to: Annotated[To, typer.Option("--to", help="Where it goes: one of its two stores is another then.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")] = False,
    workspace: Root = HERE,
    as_json: AsJson = False,
) -> None:
    """Carry a workspace over to other stores, prove the copy, and switch; the old ones stay as they are."""
    if terminal().workspace is not None:
        raise UsageError(
            "SERVER_RUNNING", "a server works on the stores that would be moved",
            next_step="Stop it and run the command again.",
        )  # fmt: skip
    with open_workspace(workspace, "write") as found, steps() as progress:
        target = _target(found, to)
        if dry_run:
            _say_sizes(found, to, as_json=as_json)
            return
        progress.begin(f"To {to}")
        report = move_stores(found.engine, target, ROOMS, told=lambda _, rows: progress.advance(rows))
        clock = FixedClock(found.clock.now())
        progress.begin("Counting segments on both sides")
        before = _sizes(found)
    place = _SETTING[to]
    old = put_setting(workspace, place, to)
    try:
        _require_equal(before, _sizes_of(workspace, clock))
    except BaseException:
        put_setting(workspace, place, old)
        raise
    _tell(_Moved(report, before, True), workspace, place, as_json=as_json)


def _target(found: Workspace, to: To) -> EngineSettings:
    section, name = _SETTING[to]
    settings = found.settings
    part = getattr(settings, section)
    if getattr(part, name) == to:
        raise UsageError("ALREADY_THERE", f"{section}.{name} is {to} already", where="foretell.yaml")
    if to == "postgresql" and settings.stores.url is None:
        raise UsageError(
            "BAD_VALUE", "stores.url is missing", where="foretell.yaml",
            next_step="Write url: ${FORETELL_DATABASE_URL} into stores, and set that variable.",
        )  # fmt: skip
    changed = settings.model_copy(update={section: part.model_copy(update={name: to})})
    return engine_settings(found.root, changed)


def _sizes(found: Workspace) -> dict[str, int]:
    now = found.clock.now()
    keys = sorted(document.key for document in found.catalog.all("segment"))
    return {key: segment.count(found.catalog, found.reader, key, as_of=now) for key in keys}


def _sizes_of(root: Path, clock: Clock) -> dict[str, int]:
    with open_workspace(root, "write", clock) as found:
        return _sizes(found)


def _require_equal(before: dict[str, int], after: dict[str, int]) -> None:
    differing = [key for key, size in before.items() if after.get(key) != size]
    if differing:
        key = differing[0]
        raise ForetellError(
            "COPY_DIFFERS", f"{before[key]:,} people became {after.get(key, 0):,}", thing=f"segment {key}",
            next_step="Nothing was switched; the workspace works on as it was. Report it.",
        )  # fmt: skip


def _say_sizes(found: Workspace, to: To, *, as_json: bool) -> None:
    analytics = _SETTING[to][0] == "engine"
    names = sorted(one.name for one in found.engine.analytics.declared()) if analytics else []
    if analytics:
        rows = {
            name: int(found.engine.analytics.query(f"SELECT count(*) AS n FROM {name}")["n"][0].as_py())
            for name in names
        }
    else:
        rows = rows_to_move(found.engine)
    if as_json:
        emit_json({"to": to, "rows": sum(rows.values()), "tables": rows})
        return
    held = [[name, number(count)] for name, count in sorted(rows.items(), key=lambda one: -one[1]) if count]
    table(["Table", right("Rows")], held)
    say(f"{sum(rows.values()):,} rows would go to {to}. Run it without --dry-run to carry them over.")


def _tell(moved: _Moved, root: Path, place: tuple[str, str], *, as_json: bool) -> None:
    if as_json:
        emit_json(moved.as_dict())
        return
    report = moved.report
    bodies = f", {report.bodies:,} bodies as they came" if report.bodies else ""
    say(f"{report.rows:,} rows of {len(report.tables)} tables{bodies} went to {report.to} and were read back equal")
    say(f"{_segments(len(moved.segments))} the same people on both sides")
    say(f"{'.'.join(place)} in {root / 'foretell.yaml'} is {report.to} now; the old store stays until you remove it")


def _segments(count: int) -> str:
    return "1 segment has" if count == 1 else f"{count:,} segments have"
