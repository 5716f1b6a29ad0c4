"""Looking for cases that rules open: by a condition, and by events that have come to pass since the last look.

Events open their cases as they arrive; a look makes up for those that were dated ahead, as when history is played
through, and for those that Foretell tells itself. Conditions are kept from event to event as segments are, so that a
look costs what has changed. Doing it again at the same instant changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from foretell import segment
from foretell.care.answers import found_sql, shaped
from foretell.care.at_once import ALL_ANSWERS, add_words, open_answered
from foretell.care.holding import note_opened, room
from foretell.care.opening import open_some
from foretell.care.openings import ANSWERED, Opening, ways
from foretell.care.restrictions import allowed
from foretell.care.rule_document import rules_of
from foretell.clock import Duration, from_micros, micros, naive_utc
from foretell.condition import Reader, Selection
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Batch, Engine, Tx
from foretell.ids import stable_id

_LOOKS = "SELECT opening, batch, looked_at, since FROM case_rule_looks"
_LOOKED = (
    "INSERT INTO case_rule_looks (opening, batch, looked_at, since) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (opening) DO UPDATE SET batch = excluded.batch, looked_at = excluded.looked_at"
)
_CAME = (
    "SELECT DISTINCT e.event FROM log_events AS e WHERE e.ts <= $now AND e.ts > $oldest "
    "AND (e.batch > $batch OR e.ts > $looked)"
)
_NOTED_EVERY_US = 600_000_000
"""So far a look that finds nothing may be noted late: the next one only looks at as much again."""
_COVERED = (
    "SELECT profile_key FROM cases WHERE rule = ? AND state <> 'closed' UNION "
    "SELECT profile_key FROM cases WHERE rule = ? AND opened_at > ?"
)


def open_by_rules(engine: Engine, catalog: Catalog, reader: Reader, *, now: datetime) -> int:
    """Open the cases that rules open as of ``now``; returns how many. An instant before that of the last look at
    conditions opens none by them."""
    openings = [one for rule, spec in sorted(rules_of(catalog).items()) for one in ways(spec.opens, rule)]
    by_event = [one for one in openings if one.spec.condition is None]
    by_condition = [one for one in openings if one.spec.condition is not None]
    opened = _by_events(engine, catalog, reader, by_event, now) if by_event else 0
    if not by_condition:
        return opened
    if not segment.live.is_current(engine, now):
        segment.live.refresh(engine, catalog, reader, now=now)
    if segment.live.looked_at(engine) != now:
        return opened
    return opened + sum(_by_condition(engine, catalog, one, now) for one in by_condition)


@dataclass(frozen=True)
class _Look:
    """Up to where a way of opening was looked at, by arrival and by time, and since when it is in force."""

    batch: int
    looked_at: int
    since: int

    def oldest(self, opening: Opening, zone: ZoneInfo) -> datetime:
        """Events before it open nothing any more."""
        return max(from_micros(self.since), opening.fresh.before(from_micros(self.looked_at), zone))


def _by_events(engine: Engine, catalog: Catalog, reader: Reader, openings: Sequence[Opening], now: datetime) -> int:
    seen, at = engine.analytics.last_batch(), micros(now)
    known = {name: _Look(int(batch), looked, since) for name, batch, looked, since in engine.ops.query(_LOOKS)}
    due = [(one, known[one.name]) for one in openings if one.name in known]
    due = [(one, look) for one, look in due if seen > look.batch or at > look.looked_at]
    came = _came(engine, catalog.settings.zone_info, due, now)
    opened = 0
    for opening, look in due:
        if opening.names is None or came & {ANSWERED, *opening.names}:
            opened += _by_event(engine, catalog, reader, opening, look, now)
    late = any(at - look.looked_at >= _NOTED_EVERY_US for _, look in due)
    if came or late or len(known.keys() & {one.name for one in openings}) < len(openings):
        rows = [(one.name, seen, max(at, known[one.name].looked_at if one.name in known else at), at)
                for one in openings]  # fmt: skip
        with engine.ops.write() as tx:
            tx.executemany(_LOOKED, rows)
    return opened


def _came(engine: Engine, zone: ZoneInfo, due: Iterable[tuple[Opening, _Look]], now: datetime) -> frozenset[str]:
    """Names of the events that arrived, or came to pass, since the last look."""
    looks = list(due)
    if not looks:
        return frozenset()
    told = {
        "now": naive_utc(now),
        "oldest": naive_utc(min(look.oldest(opening, zone) for opening, look in looks)),
        "batch": min(look.batch for _, look in looks),
        "looked": naive_utc(from_micros(min(look.looked_at for _, look in looks))),
    }
    return frozenset(engine.analytics.query(_CAME, told)["event"].to_pylist())


def _by_event(engine: Engine, catalog: Catalog, reader: Reader, opening: Opening, look: _Look, now: datetime) -> int:
    answers = _happened(engine, reader, opening, opening.selection, look, now)
    said = _happened(engine, reader, opening, ALL_ANSWERS, look, now) if answers.num_rows else answers
    opened = 0
    if not answers.num_rows:
        return opened

    def work(tx: Tx, inside: Batch) -> None:
        nonlocal opened
        opened = open_answered(tx, inside, catalog, opening, answers)
        add_words(tx, inside, catalog, said, [opening.rule])

    engine.act("care", work, now=now)
    return opened


def _happened(
    engine: Engine, reader: Reader, opening: Opening, selection: Selection, look: _Look, now: datetime
) -> pa.Table:
    """The events selected that arrived, or came to pass, since the last look."""
    scope = reader.scope(now)
    sql = f"{found_sql(selection, scope)} AND e.ts <= $now AND e.ts > $oldest AND (e.batch > $batch OR e.ts > $looked)"
    told = {
        "now": naive_utc(now), "oldest": naive_utc(look.oldest(opening, scope.frame.zone)), "batch": look.batch,
        "looked": naive_utc(from_micros(look.looked_at)),
    }  # fmt: skip
    return shaped(engine.analytics.query(sql, told))


def _by_condition(engine: Engine, catalog: Catalog, opening: Opening, now: datetime) -> int:
    people = segment.live.inside(engine, segment.live.watched_key(catalog.get("case_rule", opening.rule), opening.at))
    if not len(people):
        return 0
    again = micros(Duration.parse(opening.spec.again_after).before(now, catalog.settings.zone_info))
    covered = engine.ops.query(_COVERED, (opening.rule, opening.rule, again))
    fresh = np.sort(people[~np.isin(people, np.array([key for (key,) in covered], np.int64))])
    left = allowed(engine.ops, pa.table({"profile_key": fresh}), now)
    if not left.num_rows or not room(engine.ops, catalog, opening.rule, now):
        return 0
    rows = _rows(engine, opening, left, now)
    opened = 0

    def work(tx: Tx, batch: Batch) -> None:
        nonlocal opened
        opened, _ = open_some(tx, batch, rows, catalog, most=room(tx, catalog, opening.rule, now))
        note_opened(tx, catalog, opening.rule, opened, now)

    engine.act("care", work, now=now)
    return opened


def _rows(engine: Engine, opening: Opening, people: pa.Table, now: datetime) -> pa.Table:
    named = engine.analytics.query(
        "SELECT p.profile_key, n.profile_id FROM p JOIN nodes n ON n.node_key = p.profile_key ORDER BY 1",
        tables={"p": people.select(["profile_key"])},
    )
    count = named.num_rows
    ids = [stable_id("case", "opens", opening.rule, one, str(micros(now))) for one in named["profile_id"].to_pylist()]
    told = {name: pa.nulls(count, pa.string()) for name in ("title", "priority", "owner", "journey", "run", "step")}
    return pa.table(
        {
            "case_id": pa.array(ids, pa.string()),
            "profile_key": named["profile_key"],
            "node_key": named["profile_key"],
            "opened_at": pa.array([naive_utc(now)] * count, TIMESTAMP),
            "due_at": pa.nulls(count, TIMESTAMP),
            "rule": pa.array([opening.rule] * count, pa.string()),
            "reason": pa.array([f"rule {opening.rule}"] * count, pa.string()),
            **told,
        }
    )
