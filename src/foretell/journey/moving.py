"""Moving the people inside from one revision of a journey to another, in whole sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros, naive_utc
from foretell.condition import Message, leaves
from foretell.definitions import Catalog, revisions_of, suggestion
from foretell.engine import Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.journey import runs, standing
from foretell.journey.document import JourneySpec
from foretell.journey.published import Published, Revisions
from foretell.journey.steps import kind_of

CHUNK = 10_000


@dataclass(frozen=True)
class StepMove:
    """What becomes of the people at a step.

    Args:
        to: the step of the other revision.
        asked_anew: False where the step is the same and they go on waiting as before.
    """

    step: str
    people: int
    to: str
    asked_anew: bool


@dataclass(frozen=True)
class Moved:
    """A move, done or planned.

    Args:
        held_out: held out people whose goal still counts, who go along, so that both arms have the same goal.
        notes: what the people who are moved should not be surprised by, in words.
    """

    journey: str
    from_revision: int
    to_revision: int
    people: int
    held_out: int
    steps: tuple[StepMove, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def move(
    engine: Engine,
    catalog: Catalog,
    key: str,
    *,
    from_revision: int,
    to_revision: int,
    steps: Mapping[str, str] | None = None,
    dry_run: bool = False,
    now: datetime,
) -> Moved:
    """Let everybody on one revision go on by another.

    Whoever stands at a step that both have in the same words goes on waiting as before. Where the step changed, it is
    asked again at ``now``; whoever is led to another step arrives there at ``now``. It happens in recorded batches,
    each whole or not at all; after a crash, doing it again moves the rest.

    Args:
        steps: for people at a step of the one revision the step of the other; needed where the other has none
            of the name.
        dry_run: change nothing.

    Raises:
        UsageError: ``UNKNOWN_REVISION``, ``SAME_REVISION``, ``UNKNOWN_STEP``; ``STEP_IS_GONE`` where people stand at
            steps that lead nowhere.
    """
    revisions = Revisions(engine.ops)
    before, after = (_revision(engine, revisions, key, number) for number in (from_revision, to_revision))
    if from_revision == to_revision:
        raise UsageError("SAME_REVISION", "both revisions are the same", thing=f"journey {key}")
    ways = _ways(before, after, steps or {})
    planned = _planned(engine, before, after, ways)
    if not dry_run:
        while _move_some(engine, catalog, before, after, ways, now):
            pass
    return planned


def _revision(engine: Engine, revisions: Revisions, key: str, number: int) -> Published:
    known = revisions_of(engine.ops, "journey", key)
    if number not in known:
        told = suggestion(str(number), [str(one) for one in known], what="revisions")
        raise UsageError("UNKNOWN_REVISION", f"there is no revision {number}", thing=f"journey {key}", next_step=told)
    return revisions.get(key, number)


def _ways(before: Published, after: Published, steps: Mapping[str, str]) -> dict[str, str]:
    """For every step of the one revision that of the other, where there is one."""
    for published, named in ((before, steps.keys()), (after, steps.values())):
        known = [step.key for step in published.spec.steps]
        for step in named:
            if step not in known:
                raise UsageError(
                    "UNKNOWN_STEP",
                    f"revision {published.revision} has no step {step!r}",
                    thing=f"journey {published.key}",
                    next_step=suggestion(step, known, what="steps"),
                )
    same = {step.key for step in after.spec.steps}
    return {step.key: step.key for step in before.spec.steps if step.key in same} | dict(steps)


def _planned(engine: Engine, before: Published, after: Published, ways: Mapping[str, str]) -> Moved:
    found = [one for one in standing.stands(engine, before.key) if one.revision == before.revision]
    stands = found[0] if found else None
    here = stands.steps if stands else ()
    _require_ways(after, ways, {one.step: one.people for one in here})
    moves = tuple(
        StepMove(one.step, one.people, ways[one.step], not _same(before, after, one.step, ways)) for one in here
    )
    people = sum(one.people for one in here)
    held_out = stands.held_out if stands else 0
    return Moved(
        before.key, before.revision, after.revision, people, held_out, moves, tuple(_notes(before.spec, after.spec))
    )


def _require_ways(after: Published, ways: Mapping[str, str], here: Mapping[str, int]) -> None:
    gone = [step for step in here if step not in ways]
    if gone:
        told = ", ".join(f"{step} ({here[step]:,})" for step in gone)
        raise UsageError(
            "STEP_IS_GONE",
            f"revision {after.revision} has no step for the people at {told}",
            thing=f"journey {after.key}",
            next_step=f"Say where they go: --step {gone[0]}=STEP.",
        )


def _same(before: Published, after: Published, step: str, ways: Mapping[str, str]) -> bool:
    """Whether whoever waits at a step may go on waiting: it is the same and waits by no other name's instant."""
    return ways[step] == step and standing.compared(step, before.spec, after.spec) == "same"


def _notes(before: JourneySpec, after: JourneySpec) -> list[str]:
    """The messages that the new revision speaks of and that nobody on the old one can have had."""
    known = {step.key for step in before.steps if kind_of(step).sends}
    named = {name for step in after.steps if (name := getattr(step, "from_", None))}
    published = Published("", 0, after)
    for path, _ in after.conditions():
        if path[0] in ("enter", "trigger"):
            continue
        tree = published.tree(str(path[-1]), after.steps[int(path[1])].key if path[0] == "steps" else "")
        named |= {leaf.step for leaf in leaves(tree) if isinstance(leaf, Message)}
    missing = sorted(named - known)
    notes = [
        f"The new revision asks for the message of {step}, which those who are past it never got." for step in missing
    ]
    if (before.goal, before.goal_within) != (after.goal, after.goal_within):
        notes.append("The goal is another one; it counts for both arms from now on.")
    return notes


def _move_some(
    engine: Engine, catalog: Catalog, before: Published, after: Published, ways: Mapping[str, str], now: datetime
) -> int:
    """Move a part of those who are left, in one batch; returns how many."""
    taken = 0

    def change(tx: Tx, batch: Batch) -> None:
        nonlocal taken
        rows = runs.of_revision(tx, before.key, before.revision, CHUNK)
        taken = rows.num_rows
        if taken:
            moved = _onto(rows, before, after, ways, catalog, now)
            runs.write(tx, batch, moved)
            # What they wait for by the new revision may be there already.
            runs.note_rested(tx, moved.filter(pc.and_(pc.equal(moved["waiting"], 1), pc.is_valid(moved["due_at"]))))
            runs.tell_steps(batch, _told(rows, moved, after, now))

    if runs.of_revision(engine.ops, before.key, before.revision, 1).num_rows:
        engine.act("journey", change, now=now)
    return taken


def _onto(
    rows: pa.Table, before: Published, after: Published, ways: Mapping[str, str], catalog: Catalog, now: datetime
) -> pa.Table:
    steps = rows["step"].to_pylist()
    going = pc.is_valid(rows["due_at"])
    _require_ways(after, ways, Counter(rows.filter(going)["step"].to_pylist()))
    to = pa.array([ways.get(step, after.first) for step in steps], pa.string())
    same = pa.array([step in ways and _same(before, after, step, ways) for step in steps])
    elsewhere = pc.and_(going, pc.not_equal(to, rows["step"]))
    at, again = micros(now), pc.and_(going, pc.invert(same))
    return runs.replaced(
        rows,
        revision=after.revision,
        step=to,
        arrived_at=pc.if_else(elsewhere, at, rows["arrived_at"]),
        waiting=pc.if_else(elsewhere, 0, rows["waiting"]),
        due_at=pc.if_else(again, at, rows["due_at"]),
        goal_until=_goal_until(rows, after, catalog),
    )


def _goal_until(rows: pa.Table, after: Published, catalog: Catalog) -> pa.Array:
    """Until when the goal of the new revision counts, of those who have not reached one."""
    if after.spec.goal is None:
        return pa.nulls(rows.num_rows, pa.int64())
    zone = catalog.settings.zone_info
    entered = pc.unique(rows["entered_at"])
    until = pa.array([micros(after.goal_within.after(from_micros(at), zone)) for at in entered.to_pylist()], pa.int64())
    found = until.take(pc.index_in(rows["entered_at"].combine_chunks(), entered))
    return pc.if_else(pc.is_valid(rows["goal_at"]), pa.scalar(None, pa.int64()), found).combine_chunks()


def _told(rows: pa.Table, moved: pa.Table, after: Published, now: datetime) -> pa.Table:
    outcome = pa.array([f"moved: revision {after.revision}"] * rows.num_rows, pa.string())
    told = runs.replaced(rows, at=naive_utc(now)).append_column("outcome", outcome)
    going = pc.is_valid(rows["due_at"])
    return told.append_column("next", pc.if_else(going, moved["step"], pa.scalar(None, pa.string())))
