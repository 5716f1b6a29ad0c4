"""Instants that lie a length of time after others, row by row; calendar steps on the clock of the workspace's zone.

The clock is read and set by its offsets from UTC, so that no engine needs time zones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

from foretell.clock import Duration, naive_utc
from foretell.condition import sql
from foretell.condition.offsets import FIRST, Offset, offsets
from foretell.condition.scope import Scope

_SECONDS = "* INTERVAL '1' SECOND"


def with_deadlines(rows: str, lengths: Mapping[str, Duration], scope: Scope) -> str:
    """SQL: ``rows`` with a further column for each of ``lengths``: their ``ts`` so much later."""
    exact = {name: length for name, length in lengths.items() if length.exact is not None}
    calendar = {name: length for name, length in lengths.items() if length.exact is None}
    if exact:
        told = ", ".join(f"t.ts + {sql.length(length)} AS {name}" for name, length in exact.items())
        rows = f"SELECT t.*, {told} FROM ({rows}) AS t"
    return _on_the_calendar(rows, calendar, scope) if calendar else rows


def _on_the_calendar(rows: str, lengths: Mapping[str, Duration], scope: Scope) -> str:
    zone = scope.frame.zone
    first = max(scope.clock.zones().first, FIRST)
    last = max(length.after(scope.end, zone) for length in lengths.values())
    clock = offsets(zone.key, first, naive_utc(last))
    rows = f"SELECT t.*, t.ts + {_ahead(clock)} {_SECONDS} AS wall, {_again(clock)} AS again FROM ({rows}) AS t"
    stepped = ", ".join(f"t.wall + INTERVAL '{_months(length)}' MONTH AS wall_{one}" for one, length in lengths.items())
    rows = f"SELECT t.*, {stepped} FROM ({rows}) AS t"
    told = ", ".join(f"t.wall_{name} - {_behind(clock, f't.wall_{name}')} {_SECONDS} AS {name}" for name in lengths)
    return f"SELECT t.*, {told} FROM ({rows}) AS t"


def _months(length: Duration) -> int:
    return length.count * (12 if length.unit == "y" else 1)


def _ahead(clock: list[Offset]) -> str:
    """SQL: how many seconds the clock is ahead of UTC at ``t.ts``."""
    arms = " ".join(f"WHEN t.ts < {sql.wall(one.until)} THEN {one.ahead}" for one in clock[:-1])
    return f"CASE {arms} ELSE {clock[-1].ahead} END" if arms else str(clock[-1].ahead)


def _again(clock: list[Offset]) -> str:
    """SQL: 1 where the clock shows what it has shown before, after it was set back."""
    turns = [
        (one.since, one.since + timedelta(seconds=before.ahead - one.ahead))
        for before, one in pairwise(clock)
        if one.ahead < before.ahead
    ]
    spans = [f"(t.ts >= {sql.wall(begin)} AND t.ts < {sql.wall(end)})" for begin, end in turns]
    return f"CASE WHEN {sql.either(spans)} THEN 1 ELSE 0 END" if spans else "0"


def _behind(clock: list[Offset], wall: str) -> str:
    """SQL: how many seconds the clock is ahead of UTC where it shows ``wall``; set forward, it reads on as before."""
    arms = []
    for before, one in pairwise(clock):
        turns = sorted({one.since + timedelta(seconds=side.ahead) for side in (before, one)})
        until = sql.wall(turns[-1])
        if len(turns) > 1:
            until = f"CASE WHEN t.again = 1 THEN {sql.wall(turns[0])} ELSE {until} END"
        arms.append(f"WHEN {wall} < {until} THEN {before.ahead}")
    return f"CASE {' '.join(arms)} ELSE {clock[-1].ahead} END" if arms else str(clock[-1].ahead)
