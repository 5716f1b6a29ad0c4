"""Counts of past instants that are kept, and which of them late events have made wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import from_micros, micros, utc
from foretell.engine import Engine

Place = tuple[datetime, datetime | None]
"""An instant and the one before it."""


@dataclass(frozen=True)
class Counted:
    """How many people were in at an instant, and how many of them were not in at the one before."""

    people: int
    joined: int


def kept_points(engine: Engine, segment: str, meaning: str) -> dict[Place, Counted]:
    """The counts that still hold: no event that came since lies at or before their instant."""
    rows = engine.ops.query(
        "SELECT at, before_at, people, joined, seen_seq FROM segment_points WHERE segment = ? AND meaning = ?",
        (segment, meaning),
    )
    late = {seq: _earliest_since(engine, seq) for seq in {row[4] for row in rows}}
    return {
        (from_micros(at), from_micros(before) if before else None): Counted(people, joined)
        for at, before, people, joined, seq in rows
        if (earliest := late[seq]) is None or from_micros(at) < earliest
    }


def keep_points(
    engine: Engine, segment: str, meaning: str, points: Iterable[tuple[Place, Counted]], *, seq: int, now: datetime
) -> None:
    """Keep counts, and let go of those of other meanings of the segment.

    Args:
        seq: the newest event when counting began.
    """
    rows = [
        (
            segment,
            meaning,
            micros(at),
            0 if before is None else micros(before),
            one.people,
            one.joined,
            seq,
            micros(now),
        )
        for (at, before), one in points
    ]
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM segment_points WHERE segment = ? AND meaning <> ?", (segment, meaning))
        tx.executemany("DELETE FROM segment_points WHERE segment = ? AND meaning = ? AND at = ? AND before_at = ?",
                       [row[:4] for row in rows])  # fmt: skip
        tx.executemany("INSERT INTO segment_points VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def newest_event(engine: Engine) -> int:
    """Number of the event that came last; 0 where there is none."""
    return int(engine.analytics.query("SELECT coalesce(max(seq), 0) AS seq FROM event_log")["seq"][0].as_py())


def _earliest_since(engine: Engine, seq: int) -> datetime | None:
    """When the earliest of the events happened that came after event ``seq``."""
    found = engine.analytics.query("SELECT min(ts) AS ts FROM event_log WHERE seq > $seq", {"seq": seq})
    ts = found["ts"][0].as_py()
    return None if ts is None else utc(ts)
