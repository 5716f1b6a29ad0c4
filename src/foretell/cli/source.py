"""``source``: where events come from, and the write keys they come with."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import collect
from foretell.cli.opening import instant, opened, refuse_wrong
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json
from foretell.cli.source_health import health
from foretell.cli.tables import people, right, say, table
from foretell.collect import SourceSpec, WriteKey

app = typer.Typer(help="Sources of events, and the write keys they come with.")
Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of the source document.")]


@app.callback()
def group() -> None:
    """Sources of events, and the write keys they come with."""


app.command()(health)


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the sources: how their events arrive, from which pages, and with how many keys."""
    with opened(workspace) as found:
        now = found.clock.now()
        valid = [one.source for one in collect.keys(found.engine.ops) if one.is_valid(now)]
        rows = [_described(document.key, document.spec, valid) for document in found.catalog.all("source")]
    if as_json:
        emit_json({"sources": rows})
        return
    if not rows:
        say("There is no source document yet.")
        return
    table(
        ["source", "arrives by", "pages", "consent", right("keys")],
        [
            (
                row["key"], row["format"], ", ".join(row["origins"]),
                "required" if row["consent"] == "required" else "",
                row["keys"] if row["format"] == "api" else "",
            )
            for row in rows
        ],
    )  # fmt: skip


@app.command()
def keys(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the write keys of a source, retired ones too."""
    with opened(workspace) as found:
        found.catalog.get("source", key)
        now, rows = found.clock.now(), collect.keys(found.engine.ops, key)
    if as_json:
        emit_json({"keys": [{**asdict(row), "valid": row.is_valid(now)} for row in rows]})
        return
    if not rows:
        say(f"The source has no write key. Make one: foretell source new-key {key}")
        return
    table(
        ["write key", "name", "made (UTC)", "until (UTC)", ""],
        [
            (
                row.write_key, row.name, f"{row.created_at:%Y-%m-%d %H:%M}",
                "" if row.retires_at is None else f"{row.retires_at:%Y-%m-%d %H:%M}",
                "" if row.is_valid(now) else "retired",
            )
            for row in rows
        ],
    )  # fmt: skip


@app.command(name="new-key")
def new_key(
    key: Key,
    workspace: Workspace = HERE,
    name: Annotated[str, typer.Option("--name", help="What people call it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make one more write key of a source; the others stay valid."""
    with opened(workspace, "write") as found:
        refuse_wrong(found, f"source {key}")
        made = collect.new_key(found.engine.ops, found.catalog, key, name=name, now=found.clock.now())
    _told(made, as_json=as_json)


@app.command(name="retire-key")
def retire_key(
    write_key: Annotated[str, typer.Argument(metavar="WRITE_KEY", help="The key.")],
    workspace: Workspace = HERE,
    at: Annotated[str | None, typer.Option("--at", metavar="T", help="Until when it is accepted; now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let a write key be accepted until an instant, and no longer."""
    with opened(workspace, "write") as found:
        retired = collect.retire_key(found.engine.ops, write_key, at=instant(found, at))
    _told(retired, as_json=as_json)


def _told(key: WriteKey, *, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(key))
    elif key.retires_at is None:
        people.out(key.write_key)
    else:
        say(f"{key.write_key} is accepted until {key.retires_at:%Y-%m-%d %H:%M} UTC.")


def _described(key: str, spec: object, valid: list[str]) -> dict[str, Any]:
    assert isinstance(spec, SourceSpec)
    return {
        "key": key,
        "format": spec.format,
        "origins": spec.origins,
        "consent": spec.consent,
        "keys": valid.count(key),
    }
