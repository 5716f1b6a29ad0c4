"""Making changes durable: rows, events and how far it has come, all in one recorded batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros, naive_utc
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, integers
from foretell.segment.live.people import People
from foretell.segment.live.plan import OWN_EVENTS, Kept
from foretell.segment.live.upkeep import Changes

ENTERED, EXITED = OWN_EVENTS
ROOM = "segment_live"
_CLOCK = (
    "INSERT INTO live_clock VALUES (1, ?, ?) "
    "ON CONFLICT (number) DO UPDATE SET as_of = excluded.as_of, seq = excluded.seq"
)
_SEGMENT = (
    "INSERT INTO live_segments VALUES (?, ?, ?) ON CONFLICT (segment) DO UPDATE SET meaning = excluded.meaning, "
    "since = excluded.since"
)


@dataclass(frozen=True)
class Told:
    """What becomes durable together.

    Args:
        rows: of ``segment_changes``.
        events: own events.
        moves: the last of ``live_moves`` that a snapshot has followed.
        begun: segments that are kept from now on, or mean something else from now on.
        ended: segments that are no longer kept.
    """

    rows: pa.Table
    events: pa.Table
    as_of: int
    seq: int
    moves: int = 0
    begun: tuple[Kept, ...] = ()
    ended: tuple[str, ...] = ()


def tell(engine: Engine, told: Told, *, now: datetime) -> None:
    """Write it all down; where nothing but time has passed only the clock is set."""

    def clock(tx: Tx) -> None:
        tx.execute(_CLOCK, (told.as_of, told.seq))
        tx.execute("DELETE FROM live_moves WHERE number <= ?", (told.moves,))
        tx.executemany(_SEGMENT, [(kept.key, kept.print, micros(now)) for kept in told.begun])
        tx.executemany("DELETE FROM live_segments WHERE segment = ?", [(key,) for key in told.ended])

    def work(tx: Tx, batch: Batch) -> None:
        clock(tx)
        batch.emit("segment_changes", told.rows)
        batch.tell(told.events)

    if told.rows.num_rows:
        engine.act(ROOM, work, now=now)
    else:
        with engine.ops.write() as tx:
            clock(tx)


def rows_of(changes: Changes, people: People, segments: list[Kept], now: datetime, how: str) -> pa.Table:
    """The rows of ``segment_changes``."""
    keys = pa.array([kept.key for kept in segments], pa.string())
    return pa.table(
        {
            "segment": keys.take(pa.array(changes.segment)),
            "node_key": pa.array(people.keys[changes.person]),
            "ts": pa.array(changes.at).cast(TIMESTAMP),
            "known_at": pa.repeat(pa.scalar(naive_utc(now), TIMESTAMP), len(changes)),
            "entered": pa.array(changes.entered),
            "how": pa.repeat(how, len(changes)),
        }
    )


def ended(engine: Engine, keys: list[str], now: datetime) -> pa.Table:
    """Rows by which everybody leaves segments that are no longer kept."""
    found = told_inside(engine)
    found = found.filter(pc.is_in(found["segment"], pa.array(keys, pa.string())))
    count = found.num_rows
    return pa.table(
        {
            "segment": found["segment"],
            "node_key": found["node_key"],
            "ts": pa.repeat(pa.scalar(naive_utc(now), TIMESTAMP), count),
            "known_at": pa.repeat(pa.scalar(naive_utc(now), TIMESTAMP), count),
            "entered": pa.repeat(False, count),
            "how": pa.repeat("edited", count),
        }
    )


_INSIDE = (
    "SELECT c.segment, c.node_key, max(epoch_us(c.ts)) AS at FROM segment_changes AS c GROUP BY c.segment, c.node_key "
    "HAVING sum(CASE WHEN c.entered THEN 1 ELSE -1 END) > 0"
)


def told_inside(engine: Engine) -> pa.Table:
    """Who is in which segment by what was told: ``segment node_key at``."""
    return engine.analytics.query(_INSIDE)


def recall(engine: Engine, people: People, segments: list[Kept]) -> None:
    """Let people be where they were told to be; of whom anything was told gets a place, also who is nobody now."""
    last = engine.analytics.query("SELECT node_key, max(epoch_us(ts)) AS at FROM segment_changes GROUP BY node_key")
    people.add(integers(last["node_key"]))
    places = people.places(integers(last["node_key"]))
    people.told_at[places[places >= 0]] = integers(last["at"])[places >= 0]
    found = told_inside(engine)
    names = pa.array([kept.key for kept in segments], pa.string())
    segment = pc.fill_null(pc.index_in(found["segment"], names), -1).to_numpy()
    place = people.places(integers(found["node_key"]))
    there = (segment >= 0) & (place >= 0)
    people.inside[:] = 0
    np.bitwise_or.at(
        people.inside, (place[there], segment[there] // 8), np.left_shift(1, segment[there] % 8).astype(np.uint8)
    )


def events_of(changes: Changes, people: People, segments: list[Kept], now: datetime) -> pa.Table:
    """The own events that tell of changes."""
    rows = rows_of(changes, people, segments, now, "event")
    titles = pa.array([kept.title for kept in segments], pa.string())
    way = pc.if_else(rows["entered"], "in", "out")
    at = pa.array(changes.at).cast(pa.string())
    ids = pc.binary_join_element_wise("segment", rows["segment"], rows["node_key"].cast(pa.string()), way, at, "-")
    return pa.table(
        {
            "message_id": ids,
            "event": pc.if_else(rows["entered"], ENTERED, EXITED),
            "ts": rows["ts"],
            "node_key": rows["node_key"],
            "known_at": rows["known_at"],
            "segment": rows["segment"],
            "title": titles.take(pa.array(changes.segment)),
        }
    )
