"""Who enters a journey now, in which arm, with which run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import decide, deliver
from foretell.clock import Duration, micros, naive_utc
from foretell.condition import Condition, Did, Event, Sequence, Test, leaves, parse
from foretell.engine import TIMESTAMP, Batch, Tx, scratch, table_of
from foretell.journey import admitting, rounds, run_ids, runs
from foretell.journey.collecting import collect
from foretell.journey.document import Reentry
from foretell.journey.published import Published
from foretell.journey.work import Work

CHUNK = 5_000
ASKED_AT_ONCE = 50_000
"""Of those who wait in the queue, by one look at what they did."""
HELD_OUT = "held_out"
_QUEUE = {
    "entry": pa.string(), "profile_key": pa.int64(), "entry_message_id": pa.string(), "variables": pa.string(),
}  # fmt: skip
WAITING = (
    "SELECT entry, profile_key, entry_message_id, variables FROM journey_entries "
    "WHERE journey = ? AND taken_at IS NULL ORDER BY asked_at, entry LIMIT ?"
)
_EVERYBODY = {"bucket": "everybody", "gte": 0}


@dataclass
class Entries:
    """What came of letting people in.

    Args:
        people: who entered, the held out among them.
        steps: that they have made already.
    """

    people: int = 0
    steps: int = 0


def enter(work: Work, published: Published) -> Entries:
    """Let everybody enter who may: whom the trigger, an API or another journey let in since the last tick, or for
    whom ``enter`` holds at the tick where there is no trigger; and let them make their first steps.

    The instant of the entry is the tick's: what happens from here on is decided by what was known then,
    and no wait can be over before its message could have been sent. Whoever is let in is consumed in the same
    recorded batch in which the run begins.
    """
    made = Entries()
    collect(work, published)
    _queued(work, published, made)
    if published.spec.trigger is None:
        _fulfilling(work, published, made)
    return made


def _queued(work: Work, published: Published, made: Entries) -> None:
    """Those who wait in the queue, the first first, as long as the cap lets somebody in."""
    while admitting.room(work.engine.ops, published.spec.entries, published.key, work.now, work.zone) > 0:
        waiting = table_of(_QUEUE, work.engine.ops.query(WAITING, (published.key, ASKED_AT_ONCE)))
        if not waiting.num_rows:
            break
        rows, heard = _with_outcome(work, published, waiting), 0
        for begin in range(0, rows.num_rows, CHUNK):
            heard += _heard(work, published, rows.slice(begin, CHUNK), made)
            if heard < min(begin + CHUNK, rows.num_rows):
                return  # the cap keeps the others


def _heard(work: Work, published: Published, rows: pa.Table, made: Entries) -> int:
    """One batch of those who wait: how many wait no more."""
    heard = 0

    def change(tx: Tx, batch: Batch) -> None:
        nonlocal heard
        heard = _take(tx, batch, work, published, rows, made)

    work.act(change)
    return heard


def _take(tx: Tx, batch: Batch, work: Work, published: Published, rows: pa.Table, made: Entries) -> int:
    """Let those of the queue enter who may; returns how many wait no more."""
    fit = rows.filter(pc.equal(rows["outcome"], "entered"))
    admitted, refused, _ = admitting.admitted(tx, batch, work, published, fit)
    _begin(tx, batch, work, published, admitted, made)
    unfit = rows.filter(pc.not_equal(rows["outcome"], "entered"))
    outcomes = dict.fromkeys(unfit["entry"].to_pylist(), "not fulfilled")
    outcomes |= dict.fromkeys(refused["entry"].to_pylist(), "refused: entered before")
    outcomes |= dict.fromkeys(admitted["entry"].to_pylist(), "entered")
    admitting.consume(tx, outcomes, work.now)
    return len(outcomes)


def _with_outcome(work: Work, published: Published, rows: pa.Table) -> pa.Table:
    """``rows`` with ``profile_id``, and ``outcome``: entered where ``enter`` holds for a known person."""
    raw = published.spec.enter
    tree = parse(_EVERYBODY) if raw is None else published.tree("enter")
    by_event = any(isinstance(leaf, Event) for leaf in leaves(tree))
    holds = np.zeros(rows.num_rows, dtype=bool)
    for places in _once_each(rows["profile_key"]) if by_event else [np.arange(rows.num_rows)]:
        asked = rows.take(pa.array(places))
        names = ["profile_key", "entry_message_id"] if by_event else ["profile_key"]
        people = asked.select(names) if by_event else pa.table({"profile_key": pc.unique(asked["profile_key"])})
        found = work.reader.members(tree, as_of=work.now, people=people)
        holds[places] = pc.is_in(asked["profile_key"], found["profile_key"].combine_chunks()).to_numpy()
    ids = work.engine.analytics.query(
        "SELECT n.node_key, n.profile_id FROM nodes n WHERE n.node_key IN (SELECT a.profile_key FROM asked a)",
        {},
        {"asked": rows.select(["profile_key"])},
    )
    named = ids["profile_id"].take(pc.index_in(rows["profile_key"], ids["node_key"].combine_chunks()))
    fits = pc.and_(pa.array(holds), pc.is_valid(named))
    outcome = pc.if_else(fits, "entered", "not fulfilled")
    return rows.append_column("profile_id", named).append_column("outcome", outcome)


def _once_each(keys: pa.ChunkedArray) -> Iterator[np.ndarray]:
    """The places of ``keys`` in groups, in each of which a key stands once."""
    values = keys.to_numpy()
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    starts = np.flatnonzero(first)
    turn = np.arange(len(values)) - np.repeat(starts, np.diff(np.r_[starts, len(values)]))
    for number in range(int(turn.max()) + 1 if len(values) else 0):
        yield np.sort(order[turn == number])


def _fulfilling(work: Work, published: Published, made: Entries) -> None:
    """Everybody for whom ``enter`` holds at the tick."""
    people = _candidates(work, published)
    begin = 0
    while begin < people.num_rows:
        room = admitting.room(work.engine.ops, published.spec.entries, published.key, work.now, work.zone)
        if room <= 0:
            break
        part = people.slice(begin, min(CHUNK, room))

        def change(tx: Tx, batch: Batch, part: pa.Table = part) -> None:
            admitted, _, _ = admitting.admitted(tx, batch, work, published, part)
            _begin(tx, batch, work, published, admitted, made)

        work.act(change)
        begin += part.num_rows
    if published.spec.entries is not None:
        admitting.keep_back(work.engine, published.key, people.num_rows - begin)


def _candidates(work: Work, published: Published) -> pa.Table:
    """``profile_key profile_id entry_message_id`` of those for whom ``enter`` holds, by profile key; of those who
    entered before, the analytics store has taken out all but whom it does not know yet."""
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
    return people.append_column("entry_message_id", _entry_messages(work, tree, people))


def _entered_before(work: Work, published: Published) -> datetime | None:
    """Whoever entered later may not enter again; None where nobody ever may."""
    again = published.spec.reentry
    if isinstance(again, Reentry) and again.after is not None:
        return Duration.parse(again.after).before(work.now, work.zone)
    return None


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
        for event in asked_for(tree)
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


def asked_for(tree: Condition) -> Iterator[Test]:
    """The kinds of events that ``enter`` asks for; of a sequence the last that has to come."""
    for leaf in leaves(tree):
        if isinstance(leaf, Did) and not leaf.negated:
            yield leaf.selection.event
        elif isinstance(leaf, Sequence):
            yield [step for step in leaf.steps if not step.negated][-1].selection.event


def _begin(tx: Tx, batch: Batch, work: Work, published: Published, people: pa.Table, made: Entries) -> None:
    if not people.num_rows:
        return
    at = pa.array([naive_utc(work.now)] * people.num_rows, TIMESTAMP)
    entering = pa.table(
        {
            "profile_key": people["profile_key"],
            "node_key": people["profile_key"],
            "profile_id": people["profile_id"],
            "at": at,
        }
    )
    arms = decide.assign(tx, batch, f"journey:{published.key}", _each_once(entering), published.spec.shares)
    arm = arms["arm"].take(pc.index_in(people["profile_key"], arms["profile_key"].combine_chunks()))
    rows = _new_runs(work, published, people, arm)
    held = pc.equal(arm, HELD_OUT)
    runs.write(tx, batch, rows.filter(held))
    told = runs.replaced(rows, at=at)
    runs.tell(batch, "Journey Entered", told)
    outcome = pc.if_else(held, HELD_OUT, "entered")
    following = pc.if_else(held, pa.scalar(None, pa.string()), published.first)
    runs.tell_steps(batch, told.append_column("outcome", outcome).append_column("next", following))
    deliver.record_decisions(batch, _withheld(told.filter(held)))
    rounds.play_new(tx, batch, work, published.key, rows.filter(pc.invert(held)))
    made.people += rows.num_rows
    made.steps += rounds.steps_in(batch) - rows.num_rows


def _each_once(people: pa.Table) -> pa.Table:
    """The first row of everybody: who enters for two orders is put into one arm."""
    keys = people["profile_key"].combine_chunks()
    unique = pc.unique(keys)
    return people if len(unique) == people.num_rows else people.take(pc.index_in(unique, keys))


def _new_runs(work: Work, published: Published, people: pa.Table, arm: pa.ChunkedArray) -> pa.Table:
    entered = micros(work.now)
    goal_until = None
    if published.spec.goal is not None:
        goal_until = micros(published.goal_within.after(work.now, work.zone))
    profiles, keys = (people[name].to_numpy().tolist() for name in ("profile_id", "entry_key"))
    named = ["profile_key", "profile_id", "entry_message_id", "entry_key", "variables"]
    ids = run_ids.new_runs(published.key, people["profile_key"], profiles, str(entered), keys)
    rows = people.select(named).append_column("run", ids).append_column("arm", arm)
    rows = runs.replaced(
        rows,
        journey=published.key,
        revision=published.revision,
        node_key=rows["profile_key"],
        entered_at=entered,
        step=published.first,
        arrived_at=entered,
        waiting=0,
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
