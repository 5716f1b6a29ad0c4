"""``profile match`` and ``profile review``: records of one person that share no identifier."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import app as wiring
from foretell import identify
from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, BeyondLimits, Why, Workspace
from foretell.cli.output import emit_json
from foretell.cli.tables import cut, people, right, say, table

review = typer.Typer(help="Pairs of records that only people can decide.")
PairId = Annotated[str, typer.Argument(metavar="PAIR", help="The pair, as `foretell profile review list` names it.")]


def add_to(app: typer.Typer) -> None:
    """Add this file's commands to those of ``profile``."""
    app.command()(match)
    app.add_typer(review, name="review")


def match(
    workspace: Workspace = HERE,
    train: Annotated[bool, typer.Option("--train", help="Learn anew, and compare all records again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be joined.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare records that are new with all others; join what is sure, put the doubtful to people."""
    with opened(workspace, "read" if dry_run else "write") as found:
        done = wiring.match_people(found, now=found.clock.now(), train=train, dry_run=dry_run)
    if as_json:
        emit_json(done.as_dict())
        return
    said = "would be " if dry_run else ""
    say(f"{done.records:,} records, {done.compared:,} of them new or changed{'; learnt anew' if done.trained else ''}.")
    say(
        f"{done.joined:,} {said}joined (from probability {done.join_from:.3f} on, expected precision "
        f"{done.expected_precision:.4f}), {done.waiting:,} {said}put to people."
    )
    for reason, count in done.held_back.items():
        say(f"  {count:,} held back: {reason}")
    if done.waiting and not dry_run:
        say("See them: foretell profile review list")


@review.callback()
def group() -> None:
    """Pairs of records that only people can decide."""


@review.command("list")
def list_(
    workspace: Workspace = HERE,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List pairs that wait, the likeliest first, with what each field weighs."""
    with opened(workspace) as found:
        page = wiring.match_questions(found, limit=limit)
    if as_json:
        emit_json({"total": page.total, "rows": [told(one) for one in page.rows]})
        return
    if not page.rows:
        say("No pair waits for review.")
        return
    for one in page.rows:
        pair = one.pair
        held = f", held back: {pair.held_back}" if pair.held_back else ""
        say(f"{pair.pair_id}  probability {pair.probability:.3f}, {pair.weight:+.1f} bits{held}")
        said = [
            (w.field, one.one.values.get(w.field, ""), one.other.values.get(w.field, ""), w.level, f"{w.weight:+.1f}")
            for w in pair.fields
        ]
        table(["field", cut(one.one.profile_id), cut(one.other.profile_id), "alike", right("bits")], said)
        people.out("")
    if page.total > len(page.rows):
        say(f"… {page.total - len(page.rows):,} more; --limit N shows them")


@review.command()
def accept(
    pair: PairId,
    workspace: Workspace = HERE,
    reason: Why = None,
    force: BeyondLimits = False,
    as_json: AsJson = False,
) -> None:
    """Both records are one person's: join them."""
    with opened(workspace, "write") as found:
        done = wiring.accept_pair(found, pair, note=reason, force=force)
    if as_json:
        emit_json(asdict(done))
        return
    say(f"{done.merged_profile_id} went into {done.profile_id}, as merge {done.merge_id}.")


@review.command()
def reject(pair: PairId, workspace: Workspace = HERE, reason: Why = None, as_json: AsJson = False) -> None:
    """The records are two people's: keep them apart from now on."""
    with opened(workspace, "write") as found:
        done = wiring.reject_pair(found, pair, note=reason)
    if as_json:
        emit_json({"pair": done.pair_id, "state": "different"})
        return
    say(f"{done.pair_id}: two people, kept apart from now on.")


def told(one: identify.Question) -> dict[str, Any]:
    """A question as plain JSON values."""
    pair = asdict(one.pair) | {"pair": one.pair.pair_id}
    return {**pair, "one": asdict(one.one), "other": asdict(one.other)}
