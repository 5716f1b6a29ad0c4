"""``channel``: the ways to people, and whether they work."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from foretell import deliver
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, instant
from foretell.cli.tables import Column, right, say, table
from foretell.errors import ForetellError, UsageError

app = typer.Typer(help="Channels: the ways to people, and whether they work.")
Key = Annotated[str, typer.Argument(metavar="KEY", help="Key of the channel.")]


@app.callback()
def group() -> None:
    """Channels: the ways to people, and whether they work."""


@app.command("list")
def list_(workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """List channels: what each uses, whether it could send, when it last did, and where receipts come to."""
    with opened(workspace) as found:
        cards = deliver.channel_cards(found.engine, found.catalog)
    if as_json:
        emit_json([asdict(card) for card in cards])
        return
    columns: list[str | Column] = ["channel", "uses", "state", "last sent (UTC)", right("dead"), "receipts come to"]
    rows = [
        (
            card.key,
            card.uses,
            card.state if not card.problem else f"{card.state}: {card.problem}",
            instant(card.standing.accepted_at) if card.standing.accepted_at else "",
            card.dead or "",
            card.hook_url or "",
        )
        for card in cards
    ]
    table(columns, rows)
    for card in cards:
        if card.state == "failing":
            say(f"{card.key}: {card.standing.error}")


@app.command()
def check(key: Key, workspace: Workspace = HERE, as_json: AsJson = False) -> None:
    """Look whether a channel could send: settings, secrets, and whether its vendor knows us. Nothing is sent."""
    with opened(workspace) as found:
        told = deliver.check_channel(found.engine, found.catalog, key)
    if as_json:
        emit_json(asdict(told))
    elif told.ok:
        say(told.said)
    if not told.ok:
        raise ForetellError(told.code, told.said, thing=f"channel {key}", next_step=told.next_step)


@app.command("test")
def try_out(
    key: Key,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="E-mail address or number that gets it.")],
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Send a test message, which says that it is one, to an address; sandbox and suppression hold for it too."""
    with opened(workspace, "write") as found:
        now = found.clock.now()
        kinds = {card.key: card.medium for card in deliver.channel_cards(found.engine, found.catalog)}
        if key not in kinds:
            raise UsageError(
                "UNKNOWN_DEFINITION", f"there is no channel {key!r}", next_step="See `foretell channel list`."
            )
        message = deliver.message_of_test(found.catalog, key, kinds[key], to, now)
        (receipt,) = deliver.send_test(found.engine, found.catalog, key, [message], now=now)
    if as_json:
        emit_json(asdict(receipt))
    elif receipt.outcome == "accepted":
        say(f"Handed over to {to}.")
    if receipt.outcome != "accepted":
        raise ForetellError("NOT_SENT", f"it was not sent: {receipt.error}", thing=f"channel {key}")
