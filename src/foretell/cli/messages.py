"""``messages``: did it go out, and why?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import deliver, identify
from foretell.cli import dead_letters
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, instant
from foretell.cli.tables import heading, say, table

app = typer.Typer(help="Messages: what was sent, what was not, and why.")
dead_letters.add_to(app)
MessageId = Annotated[str, typer.Argument(metavar="ID", help="Id of the message.")]


@app.callback()
def group() -> None:
    """Messages: what was sent, what was not, and why."""


@app.command(name="list")
def list_(
    workspace: Workspace = HERE,
    person: Annotated[str | None, typer.Option("--person", metavar="ID", help="Only this person's.")] = None,
    channel: Annotated[str | None, typer.Option("--channel", help="Only this channel's.")] = None,
    decision: Annotated[
        str | None, typer.Option("--decision", help="send, refuse, defer or held_out; without it: send and refuse.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only with this reason, e.g. no_consent.")] = None,
    state: Annotated[str | None, typer.Option("--state", help=f"One of {', '.join(deliver.STATES)}.")] = None,
    lane: Annotated[str | None, typer.Option("--lane", help="transactional or bulk.")] = None,
    journey: Annotated[str | None, typer.Option("--journey", help="Only this journey's.")] = None,
    page: Annotated[int, typer.Option("--page", min=1, help="Fifty a page, the latest first.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List messages that were asked for, sent or not, the latest first."""
    with opened(workspace) as found:
        key = identify.find(found.engine, person).profile_key if person else None
        filters = {"profile_key": key, "channel": channel, "decision": decision, "reason": reason, "state": state,
                   "journey": journey, "lane": lane}  # fmt: skip
        shown = deliver.ledger(found.engine, filters, page)
    if as_json:
        emit_json(asdict(shown))
        return
    columns = ["message", "due (UTC)", "channel", "to", "template", "decision", "state", "opened"]
    rows = [
        (
            row["message_id"],
            instant(row["at"]),
            row["channel"],
            row["address"] or "",
            row["template"] or "",
            row["decision"] if row["decision"] == "send" else f"{row['decision']}: {row['reason']}",
            row["state"] or "",
            "yes" if row["opened_at"] else "",
        )
        for row in shown.rows
    ]
    table(columns, rows)
    say(f"{len(rows)} of {shown.total} messages", dim=True)


@app.command()
def why(
    message: Annotated[str, typer.Argument(metavar="ID", help="Id of a message, or of a person: TYPE:VALUE.")],
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Say why a message went out or did not: the chain of checks and what happened then."""
    with opened(workspace) as found:
        answers = deliver.why(found.engine, message)
    if as_json:
        emit_json([_told(answer) for answer in answers])
        return
    if not answers:
        say("No message was ever asked for.")
    for answer in answers:
        _show(answer)


@app.command()
def settle(
    message: MessageId,
    went_out: Annotated[bool, typer.Option("--sent/--not-sent", help="Whether it went out; else it is tried again.")],
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Say of an uncertain message whether it went out."""
    with opened(workspace, "write") as found:
        deliver.settle(found.engine, message, went_out=went_out, now=found.clock.now())
        (answer,) = deliver.why(found.engine, message)
    if as_json:
        emit_json(_told(answer))
    else:
        _show(answer)


def _told(answer: deliver.Why) -> dict[str, Any]:
    """With the sentences, in JSON."""
    told = asdict(answer)
    for kept, decision in zip(told["decisions"], answer.decisions, strict=True):
        for row, check in zip(kept["checks"], decision.checks, strict=True):
            row["says"] = check.says
    return {**told, "story": answer.story}


def _show(answer: deliver.Why) -> None:
    heading(f"Message {answer.message_id}")
    for decision in answer.decisions:
        until = f" until {instant(decision.until)} UTC" if decision.until else ""
        say(f"{decision.decision}: {decision.reason}{until}, for {instant(decision.at)} UTC")
        for check in decision.checks:
            say(f"{'yes' if check.passed else 'no '} {check.check.replace('_', ' ')}: {check.says}", indent=2, hang=4)
    for sentence in answer.story:
        say(sentence)
    for one in answer.happened:
        say(
            f"{instant(one.at)} UTC  {one.what}{' by a machine' if one.machine else ''} {one.url or ''}",
            indent=2,
            hang=2,
        )
