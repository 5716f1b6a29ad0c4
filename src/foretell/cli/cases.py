"""``case``: what the team has to do for people."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import Annotated

import typer

from foretell import care, identify
from foretell.cli import case_loop
from foretell.cli.opening import opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json
from foretell.cli.tables import cut, heading, people, right, say, table
from foretell.money import minor_to_major

app = typer.Typer(help="Cases: what the team has to do for people, and by when.")
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the case.")]
By = Annotated[str | None, typer.Option("--by", help="Who does this (default: your user name).", show_default=False)]
Note = Annotated[str | None, typer.Option(help="What is to be remembered.", show_default=False)]
Cause = Annotated[str | None, typer.Option(help="What lay behind it.", show_default=False)]
_PRIORITIES = f"{', '.join(care.PRIORITIES)} or {care.BY_VALUE}"


@app.callback()
def group() -> None:
    """Cases: what the team has to do for people, and by when."""


@app.command("list")
def list_(
    workspace: Workspace = HERE,
    state: Annotated[str, typer.Option(help="open, in_progress, waiting, closed, unclosed or all.")] = "unclosed",
    owner: Annotated[str | None, typer.Option(help="Only this person's or team's.", show_default=False)] = None,
    team: Annotated[str | None, typer.Option(help="Only this team's.", show_default=False)] = None,
    rule: Annotated[str | None, typer.Option(help="Only of this case rule.", show_default=False)] = None,
    survey: Annotated[str | None, typer.Option(help="Only about this survey.", show_default=False)] = None,
    priority: Annotated[str | None, typer.Option(help="Only this priority.", show_default=False)] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their due time.")] = False,
    sort: Annotated[str, typer.Option(help="due, value or opened.")] = "due",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, the one due first at the top."""
    if sort not in ("due", "value", "opened"):
        raise typer.BadParameter("it is due, value or opened", param_hint="--sort")
    with opened(workspace) as found:
        wanted = care.Wanted(
            state=None if state == "all" else state, owner=owner, team=team, rule=rule, priority=priority,
            survey=survey, overdue_at=found.clock.now() if overdue else None,
        )  # fmt: skip
        page = care.list_cases(found.engine, wanted, sort=sort, limit=limit)  # type: ignore[arg-type]
        currency = found.settings.currency
    if as_json:
        emit_json(asdict(page))
        return
    rows = [
        (case.case_id, when(case.due_at), case.priority, case.state, case.owner or case.team, cost(case, currency),
         case.title, case.profile_id)
        for case in page.cases
    ]  # fmt: skip
    if not rows:
        say("No such case.")
        return
    table(
        ["case", "due (UTC)", "priority", "state", "owner", right(f"at risk ({currency})"), cut("what"), "person"], rows
    )
    if page.total > len(rows):
        say(f"… {page.total - len(rows):,} more; --limit N shows them")


@app.command()
def show(case_id: Id, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Show one case with its history."""
    with opened(workspace) as found:
        case = care.show(found.engine, case_id)
        rule, currency = care.rule_of(found.catalog, case.rule), found.settings.currency
    _tell(case, as_json, rule, currency)


@app.command("open")
def open_(
    identifier: Annotated[
        str, typer.Argument(metavar="WHO", help="TYPE:VALUE, e.g. user_id:17850, or the bare value.")
    ],
    workspace: Workspace = HERE,
    title: Annotated[str | None, typer.Option(help="What is to be done.", show_default=False)] = None,
    rule: Annotated[str | None, typer.Option(help="Case rule to work by.", show_default=False)] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    priority: Annotated[str | None, typer.Option(help=f"{_PRIORITIES}.", show_default=False)] = None,
    owner: Annotated[str | None, typer.Option(help="Person or team.", show_default=False)] = None,
    due: Annotated[str | None, typer.Option(metavar="T", help="By when (ISO 8601).", show_default=False)] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Open a case for a person."""
    with opened(workspace, "write") as found:
        due_at = optional_instant(found, due)
        asked = care.NewCase(title, reason, rule, priority, owner, due_at)
        who = identify.find(found.engine, identifier)
        case = care.open_one(found.engine, found.catalog, who, asked, by=by or me(), now=found.clock.now())
    _tell(case, as_json)


@app.command()
def change(
    case_id: Id,
    workspace: Workspace = HERE,
    state: Annotated[str | None, typer.Option(help="open, in_progress or waiting.", show_default=False)] = None,
    owner: Annotated[str | None, typer.Option(help="Person or team; nobody takes it away.", show_default=False)] = None,
    priority: Annotated[str | None, typer.Option(help=f"{_PRIORITIES}.", show_default=False)] = None,
    due: Annotated[
        str | None, typer.Option(metavar="T", help="By when (ISO 8601); none takes it away.", show_default=False)
    ] = None,
    root_cause: Cause = None,
    done: Annotated[
        list[str] | None, typer.Option(metavar="STEP", help="Step of the playbook that is done.", show_default=False)
    ] = None,
    link: Annotated[
        str | None, typer.Option(metavar="ID", help="Case that it is related to.", show_default=False)
    ] = None,
    duplicate_of: Annotated[
        str | None, typer.Option(metavar="ID", help="Case that it is a duplicate of.", show_default=False)
    ] = None,
    note: Note = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Change whose a case is, how it stands, and by when it is due."""
    with opened(workspace, "write") as found:
        asked = care.CaseChange(
            state=state, owner=owner, priority=priority, note=note, root_cause=root_cause, done=tuple(done or ()),
            due_at=None if due == "none" else optional_instant(found, due), clear=("due_at",) if due == "none" else (),
            link=duplicate_of or link, link_as="duplicate" if duplicate_of else "related",
        )  # fmt: skip
        case = care.change(found.engine, found.catalog, case_id, asked, by=by or me(), now=found.clock.now())
    _tell(case, as_json)


@app.command()
def take(case_id: Id, workspace: Workspace = HERE, by: By = None, as_json: AsJson = False) -> None:
    """Take a case and begin with it."""
    with opened(workspace, "write") as found:
        case = care.take(found.engine, found.catalog, case_id, by=by or me(), now=found.clock.now())
    _tell(case, as_json)


@app.command()
def assign(
    case_id: Id,
    to: Annotated[str, typer.Argument(metavar="TO", help="Person or team; nobody takes it away.")],
    workspace: Workspace = HERE,
    note: Note = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Hand a case over."""
    with opened(workspace, "write") as found:
        asked = care.CaseChange(owner=to, note=note)
        case = care.change(found.engine, found.catalog, case_id, asked, by=by or me(), now=found.clock.now())
    _tell(case, as_json)


@app.command()
def note(
    case_id: Id,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be remembered.")],
    workspace: Workspace = HERE,
    contact: Annotated[bool, typer.Option("--contact", help="Somebody spoke with the person.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Note something on a case."""
    with opened(workspace, "write") as found:
        asked = care.CaseChange(note=text, contact=contact)
        case = care.change(found.engine, found.catalog, case_id, asked, by=by or me(), now=found.clock.now())
    _tell(case, as_json)


@app.command()
def snooze(
    case_id: Id,
    until: Annotated[str, typer.Argument(metavar="T", help="Until when it rests (ISO 8601).")],
    workspace: Workspace = HERE,
    note: Note = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Let a case rest until an instant."""
    with opened(workspace, "write") as found:
        asked = care.CaseChange(snooze_until=optional_instant(found, until), note=note)
        case = care.change(found.engine, found.catalog, case_id, asked, by=by or me(), now=found.clock.now())
    _tell(case, as_json)


@app.command()
def reopen(case_id: Id, workspace: Workspace = HERE, note: Note = None, by: By = None, as_json: AsJson = False) -> None:
    """Open a closed case again."""
    with opened(workspace, "write") as found:
        case = care.reopen(found.engine, found.catalog, case_id, by=by or me(), now=found.clock.now(), note=note)
    _tell(case, as_json)


@app.command()
def close(
    case_id: Id,
    outcome: Annotated[str, typer.Option(help=f"What came of it: {', '.join(care.OUTCOMES)}.")],
    workspace: Workspace = HERE,
    root_cause: Cause = None,
    note: Note = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Close a case with what came of it."""
    with opened(workspace, "write") as found:
        case = care.close(
            found.engine, found.catalog, case_id, outcome=outcome, by=by or me(), now=found.clock.now(), note=note,
            root_cause=root_cause,
        )  # fmt: skip
    _tell(case, as_json)


@app.command()
def sync(
    case_id: Annotated[str | None, typer.Argument(metavar="ID", help="Only this case.", show_default=False)] = None,
    workspace: Workspace = HERE,
    again: Annotated[bool, typer.Option("--again", help="Also try what was given up, and end a pause.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring cases and tickets of the help desk together now, and show how they stand."""
    with opened(workspace, "write") as found:
        now = found.clock.now()
        if case_id is not None or again:
            care.sync_again(found.engine, found.catalog, case_id, now=now)
        report = care.sync(found.engine, found.catalog, now=now)
        standing = care.desk_standing(found.engine, found.catalog)
    if as_json:
        emit_json({"round": asdict(report), "standing": asdict(standing)})
        return
    if standing.desk is None:
        say("This workspace shares its cases with no help desk; name one under care.help_desk in foretell.yaml.")
        return
    say(f"{report.created:,} tickets made, {report.updated:,} changed, {report.taken_in:,} read")
    say(f"{standing.tickets:,} cases with a ticket of {standing.desk}, {standing.waiting:,} wait to be told")
    if standing.error:
        say(f"It cannot be asked before {when(standing.paused_until)} (UTC): {standing.error}")
    if standing.failed:
        people.out("")
        rows = [(one.case_id, one.ticket_id, one.state, one.title, one.error) for one in standing.failed]
        table(["case", "ticket", "state", cut("what"), cut("why")], rows)


def me() -> str:
    """Whoever runs the command."""
    return getpass.getuser()


def when(instant: object) -> str | None:
    """An instant to the minute."""
    return None if instant is None else f"{instant:%Y-%m-%d %H:%M}"


def cost(case: care.Case, currency: str) -> str | None:
    """Money at risk."""
    return None if case.value_minor is None else f"{minor_to_major(case.value_minor, currency):,}"


def _tell(case: care.Case, as_json: bool, rule: care.CaseRuleSpec | None = None, currency: str | None = None) -> None:
    if as_json:
        emit_json(asdict(case))
        return
    heading(f"{case.title}  {case.priority}, {case.state}")
    team = f" ({case.team})" if case.team else ""
    say(f"{case.case_id}, person {case.profile_id}, owner {case.owner or 'nobody'}{team}")
    say(case.reason)
    if case.words:
        say(f"“{case.words}”")
    say(f"opened {when(case.opened_at)}, due {when(case.due_at) or 'any time'} (UTC)")
    if currency is not None and case.value_minor is not None:
        say(f"at risk {cost(case, currency)} {currency}")
    if case.snoozed_until is not None:
        say(f"rests until {when(case.snoozed_until)} (UTC)")
    if case.closed_at is not None:
        say(f"closed {when(case.closed_at)} (UTC): {case.outcome}")
    if case.root_cause is not None:
        say(f"root cause: {case.root_cause}")
    if case.ticket is not None:
        say(f"ticket {case.ticket.ticket_id or 'not made yet'}: {case.ticket.state}" +
            (f" ({case.ticket.error})" if case.ticket.error else ""))  # fmt: skip
    for link in case.links:
        say(f"{link.kind}: {link.case_id} {link.title} ({link.state})")
    _tell_playbook(case, rule)
    people.out("")
    rows = [(when(one.at), one.by, one.what, one.before, one.after) for one in case.history]
    table([right("when (UTC)"), "who", "what", "before", cut("after")], rows)


def _tell_playbook(case: care.Case, rule: care.CaseRuleSpec | None) -> None:
    if rule is None or not rule.playbook:
        return
    people.out("")
    done = {one.key: one for one in case.done}
    rows = [
        (step.key, step.do, f"{when(done[step.key].at)}, {done[step.key].by}" if step.key in done else None)
        for step in rule.playbook
    ]
    table(["step", cut("to do"), "done"], rows)


case_loop.add_to(app)
