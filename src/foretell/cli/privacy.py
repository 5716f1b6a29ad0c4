"""``privacy``: what people ask of us: to see, to be forgotten, to be left alone; and the papers about it."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from foretell import protect
from foretell.app import protected
from foretell.cli.opening import located, opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, plain, tell
from foretell.cli.progress import steps
from foretell.cli.tables import people, right, say, table
from foretell.profile import privacy

app = typer.Typer(help="What people ask of us: to see, to be forgotten, to be left alone.")
Who = Annotated[str, typer.Argument(metavar="ID", help="TYPE:VALUE, e.g. email:ann@customers.example, or the value.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this (default: your user name).", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why.", show_default=False)]


@app.callback()
def group() -> None:
    """What people ask of us: to see, to be forgotten, to be left alone."""


@app.command()
def erase(
    identifiers: Annotated[
        list[str], typer.Argument(metavar="ID...", help="TYPE:VALUE, or the value; several at once.")
    ],
    workspace: Workspace = HERE,
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase people everywhere, back-ups and arrivals included; prints the certificate."""
    with opened(workspace, "write") as found, steps() as progress:
        place = protected(found)
        matches = [protect.found_or_erased(place, one) for one in identifiers]
        if not yes and not as_json and people.is_terminal:
            typer.confirm(f"Erase {len({one.profile_key for one in matches}):,} people for good?", abort=True)
        progress.begin("Erasing")
        done = protect.erase_people(
            place, identifiers, made_by=by or getpass.getuser(), now=found.clock.now(), told=progress.begin
        )
    assert done.certificate is not None
    if as_json:
        emit_json(done.certificate)
    else:
        people.out(privacy.certificate_text(done.certificate))


@app.command()
def export(
    identifier: Who,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="The zip file (default: PROFILE_ID.zip here).", show_default=False),
    ] = None,
    workspace: Workspace = HERE,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Write everything about a person to a zip file: for programs by view, for people one page."""
    with opened(workspace, "write") as found:
        place = protected(found)
        person = protect.found_or_erased(place, identifier)
        path = located(to or Path(f"{person.profile_id}.zip"))
        made_by, now = by or getpass.getuser(), found.clock.now()
        protect.export_person(place, person, path, made_by=made_by, now=now)
        told = protect.everything_about(place, person, now=now) if as_json else {}
    if as_json:
        emit_json({"file": str(path), "profile_id": person.profile_id, "data": told})
    else:
        tell(f"Everything about {person.profile_id} is in {path}.")


@app.command()
def suppress(
    identifier: Who,
    workspace: Workspace = HERE,
    reason: Reason = "asked to be left alone",
    lift: Annotated[bool, typer.Option("--lift", help="Let the person come back.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Leave a person alone for good: nothing is done with them, and nothing more of them is taken in."""
    with opened(workspace, "write") as found:
        place, now = protected(found), found.clock.now()
        if lift:
            told = protect.unsuppress(place, identifier, now=now)
        else:
            told = protect.suppress(place, identifier, reason=reason, made_by=by or getpass.getuser(), now=now)
    if as_json:
        emit_json(told)
    else:
        done = "off the list" if lift else "on the list"
        tell(f"{told['identifiers']:,} identifier{'s' if told['identifiers'] != 1 else ''} {done}.")


@app.command()
def restrict(
    identifier: Who,
    workspace: Workspace = HERE,
    reason: Reason = "asked for restriction of processing",
    guardian: Annotated[
        bool, typer.Option("--guardian", help="Note instead that a guardian agreed for a minor.")
    ] = False,
    lift: Annotated[bool, typer.Option("--lift", help="Take it back.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Do nothing with a person for now; they stay as they are."""
    kind: privacy.Restriction = "guardian" if guardian else "restriction"
    with opened(workspace, "write") as found:
        place, now = protected(found), found.clock.now()
        if lift:
            person = protect.lift(place, identifier, kind, now=now)
        else:
            made_by = by or getpass.getuser()
            person = protect.restrict(place, identifier, kind, reason=reason, made_by=made_by, now=now)
        rows = privacy.restrictions_of(found.engine.ops, person.profile_key)
    if as_json:
        emit_json({"profile_id": person.profile_id, "restrictions": plain(rows)})
    else:
        table(["restriction", "since (UTC)", "until (UTC)", "reason"],
              [(one["kind"], one["since"], one["until"] or "", one["reason"]) for one in rows])  # fmt: skip


@app.command()
def ask(
    kind: Annotated[str, typer.Argument(help="access, erasure, objection, restriction or rectification.")],
    identifier: Who,
    workspace: Workspace = HERE,
    received: Annotated[
        str | None, typer.Option(metavar="T", help="When it came (default: now).", show_default=False)
    ] = None,
    note: Annotated[str, typer.Option(help="What was asked for.", show_default=False)] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Note that a person asked for something; it is due 30 days after it came."""
    with opened(workspace, "write") as found:
        request = protect.ask(
            protected(found), identifier, privacy.kind_of(kind), received_at=optional_instant(found, received),
            note=note, made_by=by or getpass.getuser(), now=found.clock.now(),
        )  # fmt: skip
    if as_json:
        emit_json(asdict(request))
    else:
        tell(f"{request.request}: {request.kind}, due {request.due_at:%Y-%m-%d}.")


@app.command()
def requests(
    workspace: Workspace = HERE,
    show_all: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what people asked for, the one due first at the top."""
    with opened(workspace) as found:
        listed = privacy.list_requests(found.engine.ops, state=None if show_all else "open")
        now = found.clock.now()
    if as_json:
        emit_json([asdict(one) for one in listed])
        return
    if not listed:
        say("Nothing is open.")
        return
    rows = [(one.request, one.kind, one.subject, one.state, one.due_at, one.days_left(now)) for one in listed]
    table(["request", "kind", "person", "state", "due (UTC)", right("days left")], rows)


@app.command()
def certificates(
    workspace: Workspace = HERE,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One of them, in full.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as a page to be printed.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the certificates of erasures, or show one."""
    with opened(workspace) as found:
        listed = privacy.list_erasures(found.engine)
        one = None if name is None else privacy.show_erasure(found.engine, name)
    if one is not None and one.certificate is not None:
        if html is not None:
            located(html).write_text(privacy.certificate_html(one.certificate), "utf-8")
        if as_json:
            emit_json(one.certificate)
        elif html is None:
            people.out(privacy.certificate_text(one.certificate))
        return
    if as_json:
        emit_json([asdict(entry) for entry in listed])
        return
    rows = [(entry.erasure, entry.state, entry.made_by, entry.begun_at, entry.done_at or "") for entry in listed]
    table(["certificate", "state", "erased by", "begun (UTC)", "done (UTC)"], rows)


@app.command()
def record(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Print the record of processing activities, made from the definitions."""
    with opened(workspace) as found:
        told = protect.processing_record(protected(found))
    if as_json:
        emit_json(told)
    else:
        people.out(protect.record_markdown(told))
