"""Whom a journey would have let in: by its condition at each tick, or by what its trigger waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
import pyarrow as pa

from foretell.clock import Duration, from_micros, micros, naive_utc
from foretell.condition import Did, Selection, hits_sql, parse
from foretell.definitions import Catalog
from foretell.engine import integers
from foretell.journey.backtest.asking import Asking
from foretell.journey.backtest.crossings import crossed
from foretell.journey.backtest.spans import Places, Span, Truth, Words
from foretell.journey.calendar import last_scheduled
from foretell.journey.entering import asked_for
from foretell.journey.published import Published
from foretell.journey.triggers import (
    ApiTrigger,
    EventTrigger,
    ListTrigger,
    PredictionTrigger,
    ScheduleTrigger,
    SegmentTrigger,
    event_heads,
)
from foretell.segment import Intervals, Pairs


class Door(Protocol):
    """Who may enter at which tick."""

    @property
    def person(self) -> Places:
        """Whose each subject is: a subject is a person, or, where they may have several runs, one of these."""
        ...

    @property
    def ticks(self) -> int:
        """How many ticks there are."""
        ...

    def next(self, subject: Places, column: Places) -> Places:
        """The first tick from ``column`` on at which each subject is let in; the number of ticks where none is."""
        ...

    def message(self, subject: Places, column: Places) -> Words:
        """The event by which each is let in then; empty where it is by none."""
        ...


@dataclass(frozen=True)
class Fulfilling:
    """Whoever fulfils the condition at a tick."""

    held: Intervals
    ticks: int
    people: int
    begun: Callable[[Places, Places], Words]

    @property
    def person(self) -> Places:
        return np.arange(self.people, dtype=np.int64)

    def next(self, subject: Places, column: Places) -> Places:
        # Stretches lie by person and begin; the first that ends behind the column is the one.
        order = self.held.person * (self.ticks + 2) + self.held.end
        place = np.searchsorted(order, subject * (self.ticks + 2) + column, side="right")
        if not len(order):
            return np.full(len(subject), self.ticks, np.int64)
        safe = np.minimum(place, len(order) - 1)
        there = (place < len(order)) & (self.held.person[safe] == subject) & (column < self.ticks)
        return np.where(there, np.maximum(self.held.begin[safe], column), self.ticks)

    def message(self, subject: Places, column: Places) -> Words:
        return self.begun(subject, column)


@dataclass(frozen=True)
class Happening:
    """Whoever something happens to: one turn for each.

    Args:
        subject, column, by: subject, tick and event of each turn, by subject and tick.
    """

    person: Places
    subject: Places
    column: Places
    by: Words
    ticks: int

    def next(self, subject: Places, column: Places) -> Places:
        place = self._place(subject, column)
        safe = np.minimum(place, max(len(self.subject) - 1, 0))
        if not len(self.subject):
            return np.full(len(subject), self.ticks, np.int64)
        return np.where((place < len(self.subject)) & (self.subject[safe] == subject), self.column[safe], self.ticks)

    def message(self, subject: Places, column: Places) -> Words:
        found: Words = self.by[self._place(subject, column)]
        return found

    def _place(self, subject: Places, column: Places) -> Places:
        wide = self.ticks + 1
        return np.searchsorted(self.subject * wide + self.column, subject * wide + column, side="left")


def door_of(catalog: Catalog, published: Published, span: Span, asking: Asking) -> Door:
    """The door of a journey; raises UsageError where its documents do not fit."""
    trigger = published.spec.trigger
    people = len(asking.past.crowd)
    if trigger is None:
        held = asking.past.watch(published.tree("enter")).intervals(span.ticks)
        return Fulfilling(held, len(span.ticks), people, lambda one, at: _latest(published, span, asking, one, at))
    if isinstance(trigger, EventTrigger):
        person, column, by, keys = _events(published, trigger, span, asking)
    elif isinstance(trigger, SegmentTrigger):
        person, column = _segment(trigger, span, asking)
    elif isinstance(trigger, PredictionTrigger):
        person, column = crossed(catalog, trigger, span, asking.past)
    elif isinstance(trigger, ScheduleTrigger):
        person, column = _clock(published, trigger, span, asking)
    else:
        assert isinstance(trigger, ApiTrigger | ListTrigger)
        person = column = np.zeros(0, np.int64)
    if not isinstance(trigger, EventTrigger):
        by, keys = np.full(len(person), "", dtype=object), np.zeros(len(person), np.int64)
    fits = _fulfilled(published, span, asking, person, column, by)
    return _happening(person[fits], keys[fits], column[fits], by[fits], len(span.ticks), people)


def _happening(person: Places, keys: Places, column: Places, by: Words, ticks: int, people: int) -> Happening:
    if keys.any():
        pairs, subject = np.unique(np.column_stack([person, keys]), axis=0, return_inverse=True)
        whose, subject = pairs[:, 0], subject.ravel()
    else:
        whose, subject = np.arange(people, dtype=np.int64), person
    order = np.lexsort((np.arange(len(subject)), column, subject))
    return Happening(whose, subject[order], column[order], by[order], ticks)


def _fulfilled(published: Published, span: Span, asking: Asking, person: Places, column: Places, by: Words) -> Truth:
    """Who of those whom the trigger brings fulfils ``enter`` at the tick."""
    if not len(person):
        return np.zeros(0, bool)
    tree = published.tree("enter") if published.spec.enter is not None else parse(_EVERYBODY)
    watched = asking.past.watch(tree, "known")
    pairs = Pairs(person, span.ticks[column], None, np.arange(len(person), dtype=np.int64))
    with asking.candidates(by):
        return watched.holds(pairs)


_EVERYBODY = {"bucket": "everybody", "gte": 0}


def _events(
    published: Published, trigger: EventTrigger, span: Span, asking: Asking
) -> tuple[Places, Places, Words, Places]:
    """Whose events came by which tick: person, tick, event, number of the re-entry key's value."""
    found = _matching(published, trigger, span, asking)
    person, t = asking.past.crowd.places(integers(found["profile_key"])), integers(found["t"])
    column = span.column(np.maximum(t, integers(found["known_at"])))
    looked = span.ticks[np.clip(column - 1, 0, len(span.ticks) - 1)]
    fresh = Duration.parse(trigger.fresh)
    ticks = {int(one): micros(fresh.before(from_micros(int(one)), asking.zone)) for one in np.unique(looked)}
    oldest = np.maximum(np.array([ticks[int(one)] for one in looked], np.int64), micros(span.begin))
    there = (person >= 0) & (column < len(span.ticks)) & (t > oldest)
    texts = np.array([one or "" for one in found["k"].to_pylist()], dtype=str)
    keys = np.unique(texts, return_inverse=True)[1].ravel().astype(np.int64)
    by = np.array(found["message_id"].to_pylist(), dtype=object)
    return person[there], column[there], by[there], keys[there]


def _matching(published: Published, trigger: EventTrigger, span: Span, asking: Asking) -> pa.Table:
    """The events that arrived in the span: whose, when, and the value of the property that tells runs apart."""
    (head,) = event_heads(trigger)
    tree = parse(head, thing=f"journey {published.key}")
    assert isinstance(tree, Did)
    per, reader = getattr(published.spec.reentry, "per", None), asking.reader
    place = None if per is None else reader.properties().of(per)
    key = "CAST(NULL AS VARCHAR)"
    if place is not None and place.array is None:
        key = f"coalesce(e.{place.text}, CAST(e.{place.number} AS VARCHAR))"
    return reader.analytics.query(
        f"SELECT e.profile_key, e.message_id, epoch_us(e.ts) AS t, epoch_us(e.known_at) AS known_at, {key} AS k "
        f"FROM log_events e WHERE {hits_sql(tree.selection, reader.scope(span.end))} AND e.profile_key > 0 "
        "AND e.ts > $begin AND e.ts <= $until AND e.known_at <= $until ORDER BY e.ts, e.message_id",
        {"until": naive_utc(span.end), "begin": naive_utc(span.begin)},
    )


def _latest(published: Published, span: Span, asking: Asking, person: Places, column: Places) -> Words:
    """Of each person the latest event of a kind that ``enter`` asks for; empty where no condition speaks of it."""
    found = np.full(len(person), "", dtype=object)
    if not len(person) or not any(_speaks(raw) for _, raw in published.spec.conditions()):
        return found
    tests = [hits_sql(Selection(event), asking.reader.scope(span.end)) for event in asked_for(published.tree("enter"))]
    asked = {"i": np.arange(len(person)), "profile_key": asking.past.crowd.keys[person], "moment": span.ticks[column]}
    rows = asking.reader.analytics.query(
        "SELECT f.i, f.message_id FROM (SELECT p.i, e.message_id, row_number() OVER (PARTITION BY p.i "
        "ORDER BY e.ts DESC, e.message_id DESC) AS place FROM p JOIN log_events e ON e.profile_key = p.profile_key "
        f"WHERE ({' OR '.join(tests) or 'FALSE'}) AND epoch_us(e.ts) <= p.moment AND epoch_us(e.known_at) <= p.moment) "
        "AS f WHERE f.place = 1",
        {},
        {"p": pa.table(asked)},
    )
    found[integers(rows["i"])] = np.array(rows["message_id"].to_pylist(), dtype=object)
    return found


def _speaks(raw: object) -> bool:
    """Whether a condition as written speaks of the event that began the run."""
    if isinstance(raw, Mapping):
        return "event" in raw or any(map(_speaks, raw.values()))
    return isinstance(raw, list) and any(map(_speaks, raw))


def _segment(trigger: SegmentTrigger, span: Span, asking: Asking) -> tuple[Places, Places]:
    """Who came into the segment, or out of it, from one tick to the next."""
    tree, of = asking.reader.references.segment(trigger.segment)
    ticks = np.concatenate([[span.ticks[0] - span.every // timedelta(microseconds=1)], span.ticks])
    held = asking.past.watch(tree, of).intervals(ticks)
    if trigger.does == "entered":
        moved = held.begin >= 1
        return held.person[moved], held.begin[moved] - 1
    moved = held.end < len(ticks)
    return held.person[moved], held.end[moved] - 1


def _clock(published: Published, trigger: ScheduleTrigger, span: Span, asking: Asking) -> tuple[Places, Places]:
    """Everybody who fulfils ``enter`` at the ticks by which the schedule's instant has come."""
    due, before = [], span.begin
    for place, tick in enumerate(span.ticks):
        now = from_micros(int(tick))
        instant: datetime | None = last_scheduled(
            trigger.schedule, trigger.at, trigger.weekdays, trigger.day, asking.zone, after=before, until=now
        )
        if instant is not None:
            due.append(place)
        before = now
    columns = np.array(due, np.int64)
    held = asking.past.watch(published.tree("enter")).intervals(span.ticks[columns])
    counts = held.end - held.begin
    owner = np.repeat(np.arange(len(counts)), counts)
    place = np.repeat(held.begin, counts) + np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return held.person[owner], columns[place] if len(columns) else place
