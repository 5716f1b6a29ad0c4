"""``template``: what messages say, as people would read it, and what is doubtful about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from foretell import deliver, identify, segment
from foretell.cli.opening import instant, located, opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number, share, warn
from foretell.cli.output import instant as shown_instant
from foretell.cli.tables import Column, heading, right, say, table
from foretell.definitions import parse_inline

app = typer.Typer(help="Templates: what messages say, to whom, and what is doubtful about it.")
Key = Annotated[str, typer.Argument(help="Key of the template.")]


@app.callback()
def group() -> None:
    """Templates: what messages say, to whom, and what is doubtful about it."""


@app.command(name="list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List the templates: who sends them, in which languages, when they went out last."""
    with opened(workspace) as found:
        looks = deliver.templates(found.engine, found.catalog)
    if as_json:
        emit_json([_look(look) for look in looks])
        return
    columns: list[str | Column] = [
        "key",
        "as",
        "languages",
        "sent by",
        right("sent"),
        "last sent (UTC)",
        right("doubts"),
    ]
    rows = [
        (
            look.key,
            ", ".join(look.media),
            ", ".join(look.languages) or "–",
            ", ".join(use.name for use in look.used_by) or "–",
            number(look.sent),
            shown_instant(look.last_sent_at) if look.last_sent_at else "never",
            number(len(look.doubts)),
        )
        for look in looks
    ]
    table(columns, rows)


def _look(look: deliver.TemplateLook) -> dict[str, Any]:
    told = {**vars(look), "used_by": [vars(use) for use in look.used_by]}
    return {**told, "doubts": [doubt.as_dict() for doubt in look.doubts]}


@app.command()
def preview(
    key: Key,
    person: Annotated[str, typer.Option("--for", metavar="ID", help="The person: TYPE:VALUE, or bare.")],
    workspace: Workspace = HERE,
    channel: Annotated[
        str | None, typer.Option("--channel", help="email, sms, push or alert; default: the first it has a text for.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--language", metavar="TAG", help="Instead of the person's, e.g. de.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="T", help="As of this instant; default: now.")] = None,
    variables: Annotated[
        str | None, typer.Option("--with", metavar="YAML", help="What the sender gives, e.g. '{voucher: A1}'.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the HTML (FILE.html) or the text there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a message as a real person would get it; nothing is sent and nothing is kept."""
    given = parse_inline(variables, "--with") if variables else None
    with opened(workspace) as found:
        who = identify.find(found.engine, person).profile_key
        told = deliver.preview(
            found.engine,
            found.catalog,
            key,
            who,
            at=instant(found, at),
            medium=channel,
            language=language,
            variables=given,
        )
        price = deliver.price_of(found.catalog, told.medium)
    if out is not None and told.outgoing is not None:
        text = told.outgoing.html if told.outgoing.html and out.suffix != ".txt" else told.outgoing.text
        located(out).write_text(text, encoding="utf-8")
    if as_json:
        emit_json(_previewed(told))
    else:
        _show(told, out, price)
    if told.outgoing is None:
        raise typer.Exit(1)


def _previewed(told: deliver.Previewed) -> dict[str, Any]:
    body = {name: value for name, value in vars(told).items() if name not in ("outgoing", "missing", "sms")}
    message = told.outgoing
    return {
        **body,
        "missing": [{"name": need.name, "guarded": need.guarded} for need in told.missing],
        "sms": vars(told.sms) if told.sms else None,
        "message": None
        if message is None
        else {"to": message.address, "subject": message.subject, "html": message.html, "text": message.text},
    }


def _show(told: deliver.Previewed, out: Path | None, price: float | None) -> None:
    message = told.outgoing
    if message is None:
        warn(told.error)
    else:
        heading(message.subject or told.template)
        say(f"to {message.address or 'nobody: no address is known'}, in {told.language}", dim=True)
        if out is None:
            for line in message.text.splitlines():
                say(line)
        else:
            say(f"Written to {out}.")
    if told.weight_bytes:
        say(f"{number(told.weight_bytes / 1024, 1)} KB of HTML", dim=True)
    if told.sms is not None:
        parts = f"{told.sms.parts} text message{'s' if told.sms.parts != 1 else ''}"
        say(f"{parts}, {told.sms.characters} characters, {told.sms.encoding}, {told.sms.left} to spare", dim=True)
        if price is not None:
            say(f"{price * told.sms.parts:g} a person, by the channel's price", dim=True)
    for need in told.missing:
        say(f"{need.name} is not known{', other words stand in' if need.guarded else ', and nothing stands in'}")
    for block, seen in told.blocks.items():
        say(f"block {block}: {'seen' if seen else 'not seen'}", dim=True)
    if told.sample:
        say(f"made up for this look: {', '.join(told.sample)}", dim=True)


@app.command(name="test")
def try_out(
    key: Key,
    person: Annotated[str, typer.Option("--for", metavar="ID", help="As this person would read it.")],
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Where it is sent: an address of your own.")],
    workspace: Workspace = HERE,
    channel: Annotated[
        str | None, typer.Option("--channel", help="email, sms, push or alert; default: the first it has a text for.")
    ] = None,
    over: Annotated[str | None, typer.Option("--over", help="Key of the channel; default: that of the medium.")] = None,
    language: Annotated[str | None, typer.Option("--language", metavar="TAG", help="Instead of the person's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send a template to an address of your own, as a real person would read it."""
    with opened(workspace, "write") as found:
        who, now = identify.find(found.engine, person).profile_key, found.clock.now()
        told = deliver.preview(found.engine, found.catalog, key, who, at=now, medium=channel, language=language)
        way = over or told.medium
        message = deliver.trial_message(told, way, to, now)
        (receipt,) = deliver.send_test(found.engine, found.catalog, way, [message], now=now)
    if as_json:
        emit_json(vars(receipt))
    else:
        say(f"{receipt.outcome}{f': {receipt.error}' if receipt.error else ''}")
    if receipt.outcome != "accepted":
        raise typer.Exit(1)


@app.command()
def lint(
    key: Annotated[str | None, typer.Argument(help="Key of a template; default: all.")] = None,
    workspace: Workspace = HERE,
    people: Annotated[
        str | None, typer.Option("--segment", metavar="KEY", help="Count who of a segment lacks what the texts need.")
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="Ask every linked site whether it is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong or doubtful: variables, links, pictures, weight, lengths, words; with file and line."""
    with opened(workspace) as found:
        names = {f"template {key}", "block"} if key else None
        wrong = [one for one in found.problems if names is None or one.thing in names]
        wrong = [one for one in wrong if one.thing.split(" ")[0] in ("template", "block")]
        doubts = deliver.lint(found.catalog, key) if key is None or found.catalog.has("template", key) else []
        if key is not None and not wrong:
            found.catalog.get("template", key)
        lacking = _lacking(found, key, people) if people else []
        dead = deliver.dead_links(found.catalog, key) if online else []
    problems = [*wrong, *doubts]
    if as_json:
        emit_json(
            {
                "problems": [problem.as_dict() for problem in problems],
                "lacking": lacking,
                "dead_links": [vars(link) for link in dead],
            }
        )
    else:
        for problem in problems:
            say(f"{'error' if problem.severity == 'error' else 'doubt'}  {problem.headline}")
            say(problem.next_step, indent=7, hang=7, dim=True)
        for row in lacking:
            say(f"{row['template']}: {row['lacking']:,} of {row['people']:,} people ({share(row['share'])}) "
                f"have no {row['trait']}")  # fmt: skip
        for link in dead:
            say(f"{link.template}: {link.url} leads nowhere: {link.said}")
        if not (problems or lacking or dead):
            say("Nothing is wrong or doubtful.")
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(2)


def _lacking(found: Any, key: str | None, people: str) -> list[dict[str, Any]]:
    members = segment.members(found.catalog, found.reader, people, as_of=found.clock.now())["profile_key"]
    keys = members.combine_chunks()
    rows = []
    for document in [found.catalog.get("template", key)] if key else found.catalog.all("template"):
        traits = deliver.traits_without_default(found.catalog, document.key)
        if not traits:
            continue
        for trait, count in deliver.lacking(found.engine, found.catalog, traits, keys).items():
            rows.append(
                {
                    "template": document.key,
                    "segment": people,
                    "trait": trait,
                    "lacking": count,
                    "people": len(keys),
                    "share": count / len(keys) if len(keys) else None,
                }
            )
    return rows
