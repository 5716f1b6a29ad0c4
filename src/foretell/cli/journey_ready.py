"""Ready journeys on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from foretell.cli.output import emit_json
from foretell.cli.tables import say, table
from foretell.journey import Ready, Written


def show_all(ready: Sequence[Ready], as_json: bool) -> None:
    """What there is to begin with."""
    if as_json:
        emit_json([{**asdict(one), "documents": _names(one)} for one in ready])
        return
    table(["key", "what for", "who enters"], [(one.key, one.description, one.enters) for one in ready])
    say("")
    say("foretell journey ready KEY shows its documents; with --write they are put into the workspace.")


def show(ready: Ready, as_json: bool) -> None:
    """Its documents as they would be written."""
    if as_json:
        emit_json(asdict(ready))
        return
    for place, document in enumerate(ready.documents):
        if place:
            say("---")
        for line in document.text.rstrip().split("\n"):
            say(line)


def show_written(written: Written, key: str, as_json: bool) -> None:
    """Which files there are now, and what comes next."""
    if as_json:
        emit_json(asdict(written))
        return
    for file in written.written:
        say(f"+ {file}")
    for name in written.kept:
        say(f"  {name} is there already and stays")
    say(f"Run `foretell plan` and `foretell apply`, then `foretell journey start {key}`.")


def _names(ready: Ready) -> list[str]:
    return [f"{one.kind} {one.key}" for one in ready.documents]
