"""From what happened to who is let in: each event, each turn of the clock, each name on a list, once.

How far was looked changes with the last of those who are put into the queue, and each of them has the same id whenever
they are looked for, so that a crash loses nobody and lets nobody in twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell import identify
from foretell.clock import Duration, from_micros, micros, naive_utc
from foretell.condition import Did, event_kinds, hits_sql, parse
from foretell.engine import TIMESTAMP, Tx, reached
from foretell.ids import stable_id
from foretell.journey import states
from foretell.journey.asking import queue
from foretell.journey.calendar import last_scheduled
from foretell.journey.published import Published
from foretell.journey.triggers import EventTrigger, ListTrigger, ScheduleTrigger, event_heads
from foretell.journey.work import Work

_CURSOR = "SELECT batch, looked_at, mark FROM journey_cursors WHERE journey = ?"
_MOVE = (
    "INSERT INTO journey_cursors (journey, batch, looked_at, mark, kept_back) VALUES (?, ?, ?, ?, 0) "
    "ON CONFLICT (journey) DO UPDATE SET batch = excluded.batch, looked_at = excluded.looked_at, mark = excluded.mark"
)
_PART = 50_000
_USUAL_FRESH = "3d"


@dataclass(frozen=True)
class Cursor:
    """Up to where a journey has looked.

    Args:
        batch, at: by arrival and by time.
        since: when it was last started; nothing before lets anybody in.
        mark: the version of its list.
    """

    batch: int
    at: datetime
    since: datetime
    mark: str = ""


def collect(work: Work, published: Published) -> None:
    """Put everybody into the queue whom the journey's trigger lets in up to the tick."""
    trigger = published.spec.trigger
    cursor = _cursor(work, published.key)
    seen = work.engine.analytics.last_batch()
    mark = cursor.mark
    rows = None
    for part in _by_events(work, published, cursor, seen):
        with work.engine.ops.write() as tx:
            queue(tx, published.key, part)
        reached("journey.collecting")
    if isinstance(trigger, ScheduleTrigger):
        rows = _by_clock(work, published, trigger, cursor)
    elif isinstance(trigger, ListTrigger):
        rows, mark = _by_list(work, published, trigger, cursor)
    with work.engine.ops.write() as tx:
        _queue(tx, published.key, rows)
        tx.execute(_MOVE, (published.key, seen, micros(work.now), mark))
    reached("journey.collected")


def _cursor(work: Work, journey: str) -> Cursor:
    state = states.state_of(work.engine, journey)
    since = state.changed_at or work.now
    rows = work.engine.ops.query(_CURSOR, (journey,))
    if not rows:
        return Cursor(work.engine.analytics.last_batch(), since, since)
    batch, looked_at, mark = rows[0]
    return Cursor(int(batch), from_micros(looked_at), since, mark)


def _queue(tx: Tx, journey: str, rows: pa.Table | None) -> None:
    for begin in range(0, 0 if rows is None else rows.num_rows, _PART):
        assert rows is not None
        queue(tx, journey, rows.slice(begin, _PART))


def _by_events(work: Work, published: Published, cursor: Cursor, seen: int) -> Iterator[pa.Table]:
    """The people of the events that arrived, or came to pass, since it looked last; the earliest first. There may be
    as many as people, so that they come in parts."""
    trigger = published.spec.trigger
    heads = list(event_heads(trigger))
    if not heads:
        return
    fresh = trigger.fresh if isinstance(trigger, EventTrigger) else _USUAL_FRESH
    oldest = max(cursor.since, Duration.parse(fresh).before(min(cursor.at, work.now), work.zone))
    tree = parse(heads[0], thing=f"journey {published.key}")
    assert isinstance(tree, Did)
    if not work.news.any_of(event_kinds(tree), cursor.batch, cursor.at):
        return
    found = work.engine.analytics.stream(
        "SELECT e.message_id AS entry_message_id, e.profile_key, e.node_key, e.ts AS at, "
        "'{\"event\": ' || coalesce(e.properties, '{}') || '}' AS variables "
        f"FROM log_events e WHERE {hits_sql(tree.selection, work.reader.scope(work.now))} AND e.profile_key > 0 "
        "AND e.ts <= $now AND e.ts > $oldest AND e.batch <= $seen AND (e.batch > $batch OR e.ts > $looked) "
        "ORDER BY e.ts, e.message_id",
        {
            "now": naive_utc(work.now),
            "oldest": naive_utc(oldest),
            "seen": seen,
            "batch": cursor.batch,
            "looked": naive_utc(cursor.at),
        },
        rows=_PART,
    )
    for part in found:
        ids = [stable_id("on", published.key, message) for message in part["entry_message_id"].to_pylist()]
        yield part.append_column("entry", pa.array(ids, pa.string()))


def _by_clock(work: Work, published: Published, trigger: ScheduleTrigger, cursor: Cursor) -> pa.Table | None:
    """Everybody who fulfils `enter`, where the schedule's instant has come; several that were missed are one."""
    instant = last_scheduled(
        trigger.schedule, trigger.at, trigger.weekdays, trigger.day, work.zone,
        after=max(cursor.at, cursor.since), until=work.now,
    )  # fmt: skip
    if instant is None:
        return None
    members = work.reader.members(published.tree("enter"), as_of=work.now)
    keys = pc.sort_indices(members["profile_key"])
    people = members["profile_key"].take(keys)
    stamp = str(micros(instant))
    return _rows(people, [stable_id("at", published.key, stamp, str(key)) for key in people.to_pylist()], instant)


def _by_list(work: Work, published: Published, trigger: ListTrigger, cursor: Cursor) -> tuple[pa.Table | None, str]:
    """The people of a list's newest version who were not on the one that was looked at last, and its mark."""
    versions = work.engine.analytics.query(
        "SELECT max(l.valid_from) AS newest FROM list_values l WHERE l.list_key = $list AND l.valid_from <= $now",
        {"list": trigger.list, "now": naive_utc(work.now)},
    )
    newest = versions["newest"][0].as_py()
    mark = "" if newest is None else newest.isoformat()
    if mark == cursor.mark:
        return None, mark
    listed = _listed(work, trigger, newest)
    if cursor.mark:
        before = _listed(work, trigger, datetime.fromisoformat(cursor.mark))
        listed = listed.filter(pc.invert(pc.is_in(listed, before)))
    named = [f"{trigger.identifier}:{value}" for value in listed.to_pylist()]
    people = [match for match in identify.find_all(work.engine, named) if match is not None]
    keys = sorted({match.profile_key for match in people})
    ids = [stable_id("list", published.key, mark, str(key)) for key in keys]
    return _rows(pa.array(keys, pa.int64()), ids, work.now), mark


def _listed(work: Work, trigger: ListTrigger, version: datetime | None) -> pa.Array:
    """The values of one version: of the trigger's column, or of the first where there is none of that name."""
    found = work.engine.analytics.query(
        "SELECT l.field, l.place, l.s FROM list_values l WHERE l.list_key = $list AND l.valid_from = $version "
        "AND l.s IS NOT NULL",
        {"list": trigger.list, "version": version},
    )
    named = found.filter(pc.equal(found["field"], trigger.column or trigger.identifier))
    chosen = named if named.num_rows else found.filter(pc.equal(found["place"], 0))
    values = pc.unique(chosen["s"])
    return values.take(pc.array_sort_indices(values))


def _rows(people: pa.Array | pa.ChunkedArray, ids: list[str], at: datetime) -> pa.Table:
    count = len(ids)
    return pa.table(
        {
            "entry": pa.array(ids, pa.string()),
            "profile_key": people,
            "node_key": people,
            "at": pa.array([naive_utc(at)] * count, TIMESTAMP),
            "entry_message_id": pa.array([""] * count, pa.string()),
            "variables": pa.array(["{}"] * count, pa.string()),
        }
    )
