"""``profile merge``, ``split`` and ``explain``: who is one person, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import app as wiring
from foretell import identify
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, BeyondLimits, Why, Workspace
from foretell.cli.output import emit_json
from foretell.cli.tables import cut, heading, people, right, say, table

Who = Annotated[str, typer.Argument(metavar="ID", help="TYPE:VALUE, e.g. user_id:17850, or the bare value.")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="The same of the other person.")]


def add_to(app: typer.Typer) -> None:
    """Add this file's commands to those of ``profile``."""
    for command in (merge, split, explain):
        app.command()(command)


def merge(
    identifier: Who,
    other: Other,
    workspace: Workspace = HERE,
    reason: Why = None,
    force: BeyondLimits = False,
    as_json: AsJson = False,
) -> None:
    """Make two people one, also where a split has kept them apart; the older profile stays."""
    with opened(workspace, "write") as found:
        done = wiring.merge_people(found, identifier, other, note=reason, force=force)
    if as_json:
        emit_json(asdict(done))
        return
    say(f"{done.merged_profile_id} went into {done.profile_id}, as merge {done.merge_id}.")
    say(f"To undo it: foretell profile split {identifier} --merge {done.merge_id}")


def split(
    identifier: Who,
    workspace: Workspace = HERE,
    merge_id: Annotated[
        int | None,
        typer.Option("--merge", metavar="N", min=1, help="The merge to take back (default: the latest of ID)."),
    ] = None,
    reason: Why = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go where.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a merge back: both are people of their own again, and the same evidence does not join them any more."""
    with opened(workspace, "read" if dry_run else "write") as found:
        done = wiring.split_person(found, identifier, merge_id=merge_id, note=reason, dry_run=dry_run)
    if as_json:
        emit_json({"done": not dry_run, **done.as_dict()})
        return
    plan = done.plan
    say(f"Merge {plan.entry.merge_id}{' would be' if dry_run else ' is'} undone: {evidence(plan.entry)}.")
    people.out("")
    sides = [("keeps the profile", plan.stays), ("a person of their own", plan.leaves)]
    table(
        ["person", "", right("events"), "known by"],
        [
            (
                side.profile_id,
                what,
                f"{side.events:,}",
                ", ".join(f"{kind}:{value}" for kind, value in side.identifiers),
            )
            for what, side in sides
        ],
    )
    people.out("")
    goes = ", ".join(f"{count:,} {what}" for what, count in done.moves.items())
    say(f"With {plan.leaves.profile_id} {'would go' if dry_run else 'went'}: {goes or 'nothing but the events'}.")
    say("Messages that have left stay with the identifier they were addressed to.")
    if not dry_run:
        say(f"To undo this: foretell profile merge {plan.stays.profile_id} {plan.leaves.profile_id}")


def explain(
    identifier: Who,
    workspace: Workspace = HERE,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="TYPE:VALUE", help="How this identifier of theirs is connected with ID."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show why these identifiers are one person: merges with their evidence, and who is kept apart."""
    with opened(workspace) as found:
        match = identify.find(found.engine, identifier)
        why = identify.explain(found.engine, match)
        links = identify.connection(found.engine, why, match, to) if to else None
    if as_json:
        emit_json(as_document(why) | ({} if links is None else {"connection": [link_row(link) for link in links]}))
        return
    heading(f"{why.profile_id}  {len(why.identifiers):,} identifier{'' if len(why.identifiers) == 1 else 's'}")
    people.out("")
    if links is not None:
        table(["named together", "and", "in", "at (UTC)", "message"], [_link_cells(link) for link in links])
        return
    table(
        ["known by", "value", "came with", right("merge")],
        [(one.kind, one.value, one.node, one.merge_id) for one in why.identifiers],
    )
    _show_merges(why)
    _show_apart(why)


def show_preview(told: identify.Preview, moves: Mapping[str, int]) -> None:
    """Show what a changed identity document would make of the people that there are."""
    people.out("")
    heading(f"Identity rules: {told.merges:,} merges and {told.splits:,} splits; {told.people_now:,} people now, "
            f"{told.people:,} then")  # fmt: skip
    if told.changes_nothing:
        return
    if told.joins:
        people.out("")
        rows = [(one.loser, one.winner, one.one, one.other, one.event, f"{one.at:%Y-%m-%d}") for one in told.joins]
        table(["would go into", "this", "because of", "and", "in", "on"], rows)
    if told.parts:
        people.out("")
        parts = [(one.merge.merge_id, one.merge.loser, one.merge.winner, evidence(one.merge), one.because)
                 for one in told.parts]  # fmt: skip
        table([right("merge"), "would leave", "this", "joined by", "denied by"], parts)
    people.out("")
    sizes = [(one.profile_id, f"{one.identifiers:,}", f"{one.identifiers_now:,}") for one in told.largest]
    table(["largest profiles", right("identifiers"), right("now")], sizes)
    goes = ", ".join(f"{count:,} {what}" for what, count in moves.items())
    say(f"With them would go: {goes or 'nothing but their events'}.")


def as_document(why: identify.Explanation) -> dict[str, Any]:
    """An explanation as plain values."""
    return {
        "profile_id": why.profile_id,
        "identifiers": [asdict(one) for one in why.identifiers],
        "merges": [entry.as_dict() for entry in why.merges],
        "undone": [entry.as_dict() for entry in why.undone],
        "links": [link_row(link) for link in why.links],
        "kept_apart": [asdict(one) for one in why.apart],
        "denied": [asdict(one) for one in why.denied],
    }


def link_row(link: identify.Link) -> Mapping[str, Any]:
    """A link as plain values."""
    return asdict(link) | {"one": ":".join(link.one), "other": ":".join(link.other)}


def evidence(entry: identify.Entry) -> str:
    """Why two were one, in words."""
    if entry.kind_a is None or entry.kind_b is None:
        return "the batch is known, the event is not"
    pair = f"{entry.kind_a}:{entry.value_a} and {entry.kind_b}:{entry.value_b}"
    words = {
        "hand": f"{pair}, joined by hand",
        "matched": f"{pair}, whose records match",
        "alias": f"an alias call said that {pair} are one",
        "rules": f"{pair}, joined as the rules changed",
    }
    return words.get(entry.reason, f"an event named {pair}") + (f" ({entry.note})" if entry.note else "")


def _show_merges(why: identify.Explanation) -> None:
    for title, entries in (("merges", why.merges), ("merges undone", why.undone)):
        if entries:
            people.out("")
            rows = [
                (one.merge_id, f"{one.at:%Y-%m-%d %H:%M}", one.loser, one.winner, evidence(one), one.message_id)
                for one in entries
            ]
            table([right(title), "at (UTC)", "went into", "this", "because", cut("message")], rows)


def _show_apart(why: identify.Explanation) -> None:
    if why.apart:
        people.out("")
        rows = [(one.profile_id, one.known_by, f"{one.since:%Y-%m-%d %H:%M}", one.note) for one in why.apart]
        table(["kept apart from", "known by", "since (UTC)", "because"], rows)
    if why.denied:
        people.out("")
        table(
            ["not joined", "with", "rule", right("times"), "last (UTC)", cut("message")],
            [
                (
                    f"{one.kind_a}:{one.value_a}", f"{one.kind_b}:{one.value_b}", one.rule, f"{one.times:,}",
                    f"{one.last_at:%Y-%m-%d %H:%M}", one.message_id,
                )
                for one in why.denied
            ],
        )  # fmt: skip


def _link_cells(link: identify.Link) -> tuple[str, ...]:
    return ":".join(link.one), ":".join(link.other), link.event, f"{link.at:%Y-%m-%d %H:%M}", link.message_id
