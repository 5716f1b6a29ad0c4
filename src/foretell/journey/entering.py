"""Who enters a journey now, in which arm, with which run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell import decide, deliver
from foretell.clock import Duration, micros, naive_utc
from foretell.condition import Condition, Did, Sequence, Test, leaves
from foretell.engine import TIMESTAMP, Batch, Tx, scratch, table_of
from foretell.ids import stable_id
from foretell.journey import runs
from foretell.journey.document import Reentry
from foretell.journey.published import Published
from foretell.journey.work import Work

CHUNK = 5_000
HELD_OUT = "held_out"


def enter(work: Work, published: Published) -> int:
    """Let everybody enter for whom ``enter`` holds at the tick and who may; returns how many.

    The instant of the entry is the tick's: what happens from here on is decided by what was known then,
    and no wait can be over before its message could have been sent.
    """
    people = _candidates(work, published)
    for begin in range(0, people.num_rows, CHUNK):
        part = people.slice(begin, CHUNK)
        work.act(lambda tx, batch, part=part: _begin(tx, batch, work, published, part))  # type: ignore[misc]
    return int(people.num_rows)


def _candidates(work: Work, published: Published) -> pa.Table:
    """``profile_key profile_id entry_message_id`` of those who enter, by profile key."""
    tree = published.tree("enter")
    members = work.reader.members(tree, as_of=work.now)
    before = _entered_before(work, published)
    running = "" if before is None else " AND (h.state = 'active' OR h.entered_at > $before)"
    people = work.engine.analytics.query(
        "SELECT m.profile_key, n.profile_id FROM members m JOIN nodes n ON n.node_key = m.profile_key "
        "WHERE NOT EXISTS (SELECT 1 FROM log_journey_runs h WHERE h.profile_key = m.profile_key "
        f"AND h.journey = $journey{running}) ORDER BY m.profile_key",
        {"journey": published.key} | ({} if before is None else {"before": naive_utc(before)}),
        {"members": members},
    )
    people = _not_barred(work, published, people, before)
    return people.append_column("entry_message_id", _entry_messages(work, tree, people))


def _entered_before(work: Work, published: Published) -> datetime | None:
    """Whoever entered later may not enter again; None where nobody ever may."""
    again = published.spec.reentry
    return Duration.parse(again.after).before(work.now, work.zone) if isinstance(again, Reentry) else None


def _not_barred(work: Work, published: Published, people: pa.Table, before: datetime | None) -> pa.Table:
    """Those of ``people`` whom the operational store lets enter: nothing is asked about anybody else.

    Of those who entered before, the analytics store has taken out all but whom it does not know yet.
    """
    if not people.num_rows:
        return people
    where, params = "", [published.key]
    if before is not None:
        where, params = " AND (coalesce(r.due_at, -1) <> -1 OR r.entered_at > ?)", [published.key, micros(before)]  # type: ignore[list-item]
    with work.engine.ops.write() as tx:
        tx.put("touched_people", people.select(["profile_key"]), key="profile_key")
        found = tx.query(f"{runs.ENTERED}{where}", params)
    barred = table_of({"profile_key": pa.int64()}, found)["profile_key"].combine_chunks()
    return people.filter(pc.invert(pc.is_in(people["profile_key"], barred)))


def _entry_messages(work: Work, tree: Condition, people: pa.Table) -> pa.ChunkedArray:
    """Of each person the latest event of a kind that ``enter`` asks for; empty where there is none."""
    if not people.num_rows:
        return pa.chunked_array([pa.array([], pa.string())])
    found = work.engine.analytics.query(
        f"SELECT e.profile_key, e.message_id FROM ({_entry_events(tree)}) e WHERE e.place = 1",
        {"now": naive_utc(work.now)},
        {"members": people.select(["profile_key"])},
    )
    places = pc.index_in(people["profile_key"], found["profile_key"].combine_chunks())
    return pc.fill_null(found["message_id"].take(places), "")


def _entry_events(tree: Condition) -> str:
    """SQL: of everybody the latest event of a kind that ``enter`` asks for (``place`` 1)."""
    names = {
        str(operand)
        for event in _asked_for(tree)
        for check in event
        if check.name in ("is", "in") and not check.negated
        for operand in check.operands
    }
    wanted = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(names)) or "NULL"
    return (
        "SELECT l.profile_key, l.message_id, row_number() OVER (PARTITION BY l.profile_key ORDER BY l.ts DESC, "
        f"l.message_id DESC) AS place FROM log_events l JOIN members i ON i.profile_key = l.profile_key "
        f"WHERE l.event IN ({wanted}) AND l.ts <= $now"
    )


def _asked_for(tree: Condition) -> Iterator[Test]:
    """The kinds of events that ``enter`` asks for; of a sequence the last that has to come."""
    for leaf in leaves(tree):
        if isinstance(leaf, Did) and not leaf.negated:
            yield leaf.selection.event
        elif isinstance(leaf, Sequence):
            yield [step for step in leaf.steps if not step.negated][-1].selection.event


def _begin(tx: Tx, batch: Batch, work: Work, published: Published, people: pa.Table) -> None:
    at = pa.array([naive_utc(work.now)] * people.num_rows, TIMESTAMP)
    entering = pa.table(
        {
            "profile_key": people["profile_key"],
            "node_key": people["profile_key"],
            "profile_id": people["profile_id"],
            "at": at,
        }
    )
    arms = decide.assign(tx, batch, f"journey:{published.key}", entering, published.spec.shares)
    arm = arms["arm"].take(pc.index_in(people["profile_key"], arms["profile_key"].combine_chunks()))
    rows = _new_runs(work, published, people, arm)
    runs.write(tx, batch, rows)
    told = runs.replaced(rows, at=at)
    runs.tell(batch, "Journey Entered", told)
    outcome = pc.if_else(pc.equal(arm, HELD_OUT), HELD_OUT, "entered")
    following = pc.if_else(pc.equal(arm, HELD_OUT), pa.scalar(None, pa.string()), published.first)
    runs.tell_steps(batch, told.append_column("outcome", outcome).append_column("next", following))
    deliver.record_decisions(batch, _withheld(told.filter(pc.equal(arm, HELD_OUT))))


def _new_runs(work: Work, published: Published, people: pa.Table, arm: pa.ChunkedArray) -> pa.Table:
    entered = micros(work.now)
    goal_until = None
    if published.spec.goal is not None:
        goal_until = micros(published.goal_within.after(work.now, work.zone))
    ids = [stable_id("r", published.key, profile, str(entered)) for profile in people["profile_id"].to_pylist()]
    rows = people.append_column("run", pa.array(ids, pa.string())).append_column("arm", arm)
    rows = runs.replaced(
        rows,
        journey=published.key,
        revision=published.revision,
        node_key=rows["profile_key"],
        entered_at=entered,
        step=published.first,
        arrived_at=entered,
        waiting=0,
        variables="{}",
        ended_at=None,
        goal_at=None,
        goal_until=goal_until,
        contaminated=0,
    )
    held = pc.equal(arm, HELD_OUT)
    rows = runs.replaced(
        rows,
        state=pc.if_else(held, HELD_OUT, "active"),
        due_at=pc.if_else(held, pa.scalar(None, pa.int64()), pa.scalar(entered, pa.int64())),
    )
    return rows.select(list(runs.STORED))


def _withheld(rows: pa.Table) -> pa.Table:
    """The decision rows of the held out: nothing is sent to them, and why."""
    return scratch(
        "SELECT run AS message_id, profile_key, node_key, r.at, journey, run, step, 'held_out' AS decision, "
        "'held_out' AS reason FROM r",
        {"r": rows.select(["run", "profile_key", "node_key", "at", "journey", "step"])},
    )
