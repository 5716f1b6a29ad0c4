"""Who is at which stage, since when, and where they went from there: one query over people and stages.

A row is a person at a stage. Of a stage that one event brings people to for good the row says when it came; of any
other the stage is looked at day by day, and the row says at which look somebody was there first. Looks lie a day
apart, or further in a long window, so what happened between two looks has happened at the later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.condition import Condition, Reader
from foretell.engine import integers
from foretell.measure.maps.model import Span

MOST_LOOKS = 30
"""How often a stage is looked at in a window."""
MINUTE_US = 60_000_000
_DAY = timedelta(days=1)
# Rows run from the last stage to the first: what comes before a row in this order is later in the map.
_LATER = "OVER (PARTITION BY e.profile_key ORDER BY e.stage DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
_NEXT = "OVER (PARTITION BY e.profile_key ORDER BY e.stage DESC)"


@dataclass(frozen=True)
class Standing:
    """The query.

    Args:
        stages: SQL with ``profile_key``, ``stage`` (its place), ``t`` (since when, microseconds) and ``held`` (1 where
            the condition holds at the window's end).
        tables: what it reads beside the store.
        slack: stage → microseconds by which ``t`` may be late.
        people: SQL of the people who count, ``profile_key``.
    """

    span: Span
    stages: str
    people: str
    slack: tuple[int, ...]
    tables: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def entries(self) -> str:
        """SQL of ``stages``, cut to the people who count."""
        return (
            f"SELECT s.profile_key, s.stage, s.t, s.held FROM ({self.stages}) AS s "
            f"WHERE EXISTS (SELECT 1 FROM ({self.people}) AS u WHERE u.profile_key = s.profile_key)"
        )

    @property
    def told(self) -> str:
        """SQL: ``profile_key stage t held furthest went minutes``.

        ``went`` is ``before`` (came before the window), ``ahead`` (had been further before), ``next``, ``skipped``, or
        ``waiting`` (has not gone on); ``minutes`` until they went, or for how long they have been there.
        """
        since, until = micros(self.span.since), micros(self.span.until)
        late = " ".join(f"WHEN {place} THEN {us}" for place, us in enumerate(self.slack) if us)
        slack = f"CASE r.stage {late} ELSE 0 END" if late else "0"
        rows = (
            f"SELECT e.profile_key, e.stage, e.t, e.held, min(e.t) {_LATER} AS later_t, "
            f"max(e.held) {_LATER} AS later_held, "
            f"lag(e.stage) {_NEXT} AS next_stage, lag(e.t) {_NEXT} AS next_t FROM ({self.entries}) AS e"
        )
        return (
            "SELECT r.profile_key, r.stage, r.t, r.held, "
            "CASE WHEN r.held = 1 AND coalesce(r.later_held, 0) = 0 THEN 1 ELSE 0 END AS furthest, "
            f"CASE WHEN r.t <= {since} THEN 'before' WHEN r.later_t IS NULL THEN 'waiting' "
            f"WHEN r.later_t < r.t - {slack} THEN 'ahead' "
            "WHEN r.next_stage = r.stage + 1 AND r.next_t <= r.later_t THEN 'next' ELSE 'skipped' END AS went, "
            f"CASE WHEN r.t <= {since} THEN 0 WHEN r.later_t IS NULL THEN {until} - r.t "
            f"WHEN r.later_t <= r.t THEN 0 ELSE r.later_t - r.t END // {MINUTE_US} AS minutes "
            f"FROM ({rows}) AS r"
        )


def standing(
    reader: Reader, trees: Sequence[Condition], span: Span, *, of: str, limits: Sequence[str] = ()
) -> tuple[Standing, tuple[bool, ...]]:
    """The query of a window, and which stages are read from events.

    Args:
        of: ``known`` people (with a known identifier by the window's end) or ``all``.
        limits: SQL that yields ``profile_key``; a person must be in all of them.
    """
    parts, tables, slack = [], {}, []
    for place, tree in enumerate(trees):
        lasting = reader.lasting_sql(tree, as_of=span.until)
        if lasting is not None:
            parts.append(
                f"SELECT f.profile_key, {place} AS stage, epoch_us(f.first_at) AS t, 1 AS held FROM ({lasting}) AS f"
            )
            slack.append(0)
            continue
        name = f"map_stage_{place}"
        tables[name], step = _looked(reader, tree, span)
        parts.append(f"SELECT f.profile_key, {place} AS stage, f.t, f.held FROM {name} AS f")
        slack.append(step - 1)
    exact = tuple(us == 0 for us in slack)
    stages = " UNION ALL ".join(parts)
    return Standing(span, stages, _people(of, span.until, limits), tuple(slack), tables), exact


def _people(of: str, at: datetime, limits: Sequence[str]) -> str:
    """SQL of the universe at an instant, cut by ``limits``."""
    known = "s.known AND " if of == "known" else ""
    instant = naive_utc(at).isoformat(" ", "microseconds")
    tests = "".join(f" AND s.profile_key IN (SELECT l.profile_key FROM ({limit}) AS l)" for limit in limits)
    return f"SELECT DISTINCT s.profile_key FROM log_sightings AS s WHERE {known}s.ts <= TIMESTAMP '{instant}'{tests}"


def looks(span: Span) -> tuple[list[datetime], int]:
    """The instants at which a stage is looked at, from ``since`` to ``until``, and how far they lie apart (µs)."""
    length = span.until - span.since
    step = max(_DAY, timedelta(days=-(-length // (_DAY * MOST_LOOKS))))
    count = -(-length // step)
    return [span.since, *(span.until - step * back for back in range(count - 1, -1, -1))], step // timedelta(
        microseconds=1
    )


def _looked(reader: Reader, tree: Condition, span: Span) -> tuple[pa.Table, int]:
    """``profile_key t held`` of everybody for whom a condition held at a look, and how far the looks lie apart."""
    instants, step = looks(span)
    keys, since = np.zeros(0, np.int64), np.zeros(0, np.int64)
    now = keys
    for at in instants:
        now = np.sort(integers(reader.members(tree, as_of=at, of="all")["profile_key"]))
        fresh = np.setdiff1d(now, keys, assume_unique=True)
        keys = np.concatenate([keys, fresh])
        since = np.concatenate([since, np.full(len(fresh), micros(at), np.int64)])
    held = np.isin(keys, now, assume_unique=True).astype(np.int64)
    return pa.table({"profile_key": keys, "t": since, "held": held}), step
