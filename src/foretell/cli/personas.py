"""``persona``: which kinds of customers there are, what is known of each, whom to ask."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from foretell import identify
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import cut, heading, right, say, table
from foretell.condition import parse, sentence
from foretell.segment import personas

app = typer.Typer(help="Personas: kinds of customers by behaviour, what is known of each, whom to ask.")
Key = Annotated[str, typer.Argument(help="Key of the persona.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this (default: your user name).", show_default=False)]


@app.callback()
def group() -> None:
    """Personas: kinds of customers by behaviour, what is known of each, whom to ask."""


@app.command()
def build(workspace: Workspace = HERE, as_of: AsOf = None, by: By = None, as_json: AsJson = False) -> None:
    """Look for personas; those that are found again keep their keys."""
    with opened(workspace, "write") as found:
        made = personas.build(
            found.engine, found.catalog, found.reader, as_of=instant(found, as_of), now=found.clock.now(),
            by=by or getpass.getuser(),
        )  # fmt: skip
        there = personas.personas(found.engine.ops)
    if as_json:
        emit_json({**made.as_dict(), "personas": [one.as_dict() for one in there] if made.state == "built" else []})
        return
    say(made.says)
    _tried(made)
    if made.state == "built":
        _listed(there)
        for key in made.vanished:
            say(f"{key} is no longer found.")


@app.command("list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the personas, the largest first; without any, why."""
    with opened(workspace) as found:
        there = personas.personas(found.engine.ops, vanished=True)
        last = personas.last_build(found.engine.ops)
    if as_json:
        told = None if last is None else last.as_dict()
        emit_json({"last": told, "personas": [one.as_dict() for one in there]})
        return
    if last is None:
        say("Nobody has looked for personas yet: foretell persona build")
        return
    say(f"{last.says} Built as of {last.as_of:%Y-%m-%d %H:%M} UTC.")
    _listed(there)


@app.command()
def show(key: Key, workspace: Workspace = HERE, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Show a persona: what distinguishes it, its rule, its day, products, pains, and what people said."""
    with opened(workspace) as found:
        at = instant(found, as_of)
        one = personas.persona(found.engine.ops, key)
        said = personas.sayings(found.engine, found.catalog, key, as_of=at, now=found.clock.now())
        notes = personas.notes_of(found.engine.ops, key)
        rule = one.card["rule"]
        named = None if rule is None else found.reader.count(parse(rule), as_of=at)
    if as_json:
        emit_json(
            {
                **one.as_dict(),
                "rule_people": named,
                "findings": {kind: [vars(saying) for saying in rows] for kind, rows in said.findings.items()},
                "quotes": [vars(saying) for saying in said.quotes],
                "notes": [note.as_dict() for note in notes],
            }
        )
        return
    heading(one.title)
    say(f"{one.key}, {one.card['people']:,} people, {_percent(one.card['share'])} of all, found again "
        f"{_percent(one.card['stability'])}")  # fmt: skip
    if rule is not None:
        say(f"Rule: {sentence(parse(rule))} ({named:,} people)")
    rows = [(d["title"], _value(d, "median"), _value(d, "others"), f"{d['effect']:+.1f}") for d in _differences(one)]
    table(["behaviour", right("median"), right("all others"), right("spreads")], rows)
    portrait = one.card["portrait"]
    for title, name in (("goes wrong", "pains"), ("categories", "categories"), ("devices", "devices")):
        _ranking(title, portrait[name])
    for kind, sayings in {**said.findings, "quote": said.quotes}.items():
        for saying in sayings:
            say(f"{kind}: {saying.text} ({saying.event or saying.by}, {saying.people:,})")


@app.command()
def interviews(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List whom to interview: the most loyal and those who left lately, who may be asked, each with a guide."""
    with opened(workspace) as found:
        rows = personas.interviews(found.engine, found.catalog, now=found.clock.now())
    if as_json:
        emit_json([one.as_dict() for one in rows])
        return
    if not rows:
        say("Nobody is picked: build personas first, and see who may be asked.")
        return
    table(
        ["interview", "persona", "cause", "state", "person", cut("first question")],
        [(o.interview_id, o.persona, o.cause, o.state, o.profile_id, o.guide[0]["about"]) for o in rows],
    )


@app.command()
def note(
    key: Key,
    text: Annotated[str, typer.Argument(help="What is to be remembered.")],
    workspace: Workspace = HERE,
    kind: Annotated[str, typer.Option(help=f"One of: {', '.join(personas.KINDS)}.")] = "note",
    person: Annotated[str | None, typer.Option(metavar="ID", help="Whose interview it comes from.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Note something of a persona: a finding, a motivation, a trigger, a habit, a quote."""
    with opened(workspace, "write") as found:
        profile = None if person is None else identify.find(found.engine, person).profile_key
        made = personas.add_note(
            found.engine, key, text, kind=kind, profile_key=profile, by=by or getpass.getuser(), now=found.clock.now()
        )
    if as_json:
        emit_json(made.as_dict())
    else:
        say(f"{made.kind} noted: {made.note_id}")


def _tried(made: personas.Build) -> None:
    rows = [
        (one["kinds"], f"{one['worst_jaccard']:.2f}", _percent(one["smallest_share"]), f"{one['silhouette']:.2f}",
         "chosen" if one["chosen"] else "stable" if one["stable"] else "not stable")
        for one in made.candidates
    ]  # fmt: skip
    if rows:
        table([right("personas"), right("least stable"), right("smallest"), right("silhouette"), "result"], rows)


def _listed(there: Sequence[personas.Persona]) -> None:
    rows = [
        (one.key, number(one.card["people"]), _percent(one.card["share"]), one.title if one.vanished is None
         else f"{one.title} (no longer found)")
        for one in there
    ]  # fmt: skip
    if rows:
        table(["key", right("people"), right("share"), "persona"], rows)


def _differences(one: personas.Persona) -> list[Mapping[str, Any]]:
    return list(one.card["differences"])


def _value(difference: Mapping[str, Any], name: str) -> str:
    value = difference[name]
    if value is None:
        return "–"
    return _percent(value) if difference["form"] == "share" else f"{value:,.6g}"


def _ranking(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    told = [f"{row['value']} {_percent(row['share'])} (all: {_percent(row['everyone'])})" for row in rows]
    if told:
        say(f"{title}: {', '.join(told)}")


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"
