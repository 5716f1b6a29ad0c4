"""Other journeys: people who would have been in both, and messages that compete for the same caps."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.engine import Engine, scratch
from foretell.journey import states
from foretell.journey.backtest.asking import Asking
from foretell.journey.backtest.counting import Guess, joined
from foretell.journey.backtest.mailing import Mail, Mailing
from foretell.journey.backtest.report import Conflict
from foretell.journey.backtest.spans import NEVER, Places, Span, per_draw
from foretell.journey.backtest.told import Record
from foretell.journey.document import spec_of

_MICRO = timedelta(microseconds=1)
_RUNS = """
SELECT r.profile_key, r.journey, epoch_us(r.entered_at) AS begin_us,
  CASE WHEN r.ended_at <= $until THEN epoch_us(r.ended_at) END AS end_us
FROM log_journey_runs r WHERE r.journey <> $journey AND r.arm <> 'held_out' AND r.entered_at <= $until
  AND (r.ended_at IS NULL OR r.ended_at >= $begin) AND r.profile_key IN (SELECT a.profile_key FROM asked AS a)"""
_BOTH = """
SELECT o.journey, count(DISTINCT o.profile_key) AS people FROM o JOIN m ON m.profile_key = o.profile_key
WHERE o.begin_us <= m.end_us AND coalesce(o.end_us, $forever) >= m.begin_us GROUP BY o.journey ORDER BY o.journey"""


def conflicts(
    engine: Engine, catalog: Catalog, key: str, span: Span, asking: Asking, mailing: Mailing, record: Record
) -> tuple[Conflict, ...]:
    """Every other journey that met people of this one, or ran when it was asked, by key."""
    people = _in_both(engine, key, span, asking, record)
    before, after = _before_ours(asking, mailing, record), _after_ours(mailing, record)
    running = {one.journey: one.state for one in states.states(engine)}
    known = {one for one, state in running.items() if state == "live"} | set(people) | set(before) | set(after)
    found = []
    for journey in sorted(known - {key, ""}):
        title = journey
        if catalog.has("journey", journey):
            title = spec_of(catalog.get("journey", journey)).title or journey
        none = Guess.none()
        state = running.get(journey, "draft")
        both = people.get(journey, 0)
        found.append(Conflict(journey, title, state, both, before.get(journey, none), after.get(journey, none)))
    return tuple(found)


def _in_both(engine: Engine, key: str, span: Span, asking: Asking, record: Record) -> dict[str, int]:
    """Journey → people who were in it by history while they would have been in this one."""
    entered = asking.entered
    if not len(entered):
        return {}
    over = np.full(len(entered), int(entered.at.min()), np.int64)
    for one in record.rested:
        np.maximum.at(over, one.run, np.where(one.at == NEVER, micros(span.end), one.at))
    treated = ~entered.held_out
    keys = asking.past.crowd.keys[entered.person]
    mine = {"profile_key": keys[treated], "begin_us": entered.at[treated], "end_us": over[treated]}
    told = {"journey": key, "begin": naive_utc(span.begin), "until": naive_utc(span.end)}
    theirs = engine.analytics.query(_RUNS, told, {"asked": pa.table({"profile_key": np.unique(keys)})})
    both = scratch(_BOTH, {"o": theirs, "m": pa.table(mine)}, {"forever": int(NEVER)})
    return dict(zip(both["journey"].to_pylist(), both["people"].to_pylist(), strict=True))


def _before_ours(asking: Asking, mailing: Mailing, record: Record) -> dict[str, Guess]:
    """Journey → messages of this one that a cap stopped, with messages of that one in the cap's longest span."""
    longest = max((cap.longest for cap in mailing.rules.caps), default=timedelta(0)) // _MICRO
    reasons = [record.words.code(word) for word in ("frequency_cap", "outbid")]
    stopped = [(one, np.isin(one.reason, reasons)) for one in record.asked]
    person = joined([asking.entered.person[one.run[which]] for one, which in stopped], np.int64)
    at = joined([one.at[which] for one, which in stopped], np.int64)
    draws = joined([one.draws[which] for one, which in stopped], np.uint64)
    owner, rows = _near(mailing.history, person, at, longest)
    found = {}
    for journey in sorted(set(mailing.journeys.tolist())):
        mine = np.unique(owner[mailing.journeys[rows] == journey])
        if len(mine):
            found[str(journey)] = Guess.of(per_draw(draws[mine], record.draws))
    return found


def _after_ours(mailing: Mailing, record: Record) -> dict[str, Guess]:
    """Journey → its messages that a cap would have stopped with this one's messages counted, and not without them."""
    theirs, own = mailing.history, _together(mailing.own)
    if not len(theirs.person) or not len(own.person):
        return {}
    capped = mailing.is_capped(theirs.purpose)
    extra = np.zeros((len(theirs.person), record.draws), bool)
    for cap in mailing.rules.caps:
        asked = np.flatnonzero(capped & mailing.counts(cap, theirs))
        span = cap.longest // _MICRO
        person, at = theirs.person[asked], theirs.at[asked] - 1
        owner, rows = _near(theirs, person, at, span)
        had = np.bincount(owner[mailing.counts(cap, theirs)[rows]], minlength=len(asked))
        owner, rows = _near(own, person, at, span)
        kept = mailing.counts(cap, own)[rows]
        owner, rows = owner[kept], rows[kept]
        for draw in range(record.draws):
            there = (own.draws[rows] >> np.uint64(draw)) & np.uint64(1) == 1
            ours = np.bincount(owner[there], minlength=len(asked))
            extra[asked, draw] |= (had < cap.messages) & (had + ours >= cap.messages)
    found = {}
    for journey in sorted(set(mailing.journeys.tolist())):
        counts = extra[mailing.journeys == journey].sum(axis=0)
        if counts.any():
            found[str(journey)] = Guess.of(counts)
    return found


def _near(mail: Mail, person: Places, at: Places, span: int) -> tuple[Places, Places]:
    """Pairs of those asked about and messages of theirs in the span up to an instant."""
    begin = np.searchsorted(mail.person, person, side="left")
    counts = np.searchsorted(mail.person, person, side="right") - begin
    owner = np.repeat(np.arange(len(person), dtype=np.int64), counts)
    rows = np.arange(len(owner), dtype=np.int64) + np.repeat(begin - (np.cumsum(counts) - counts), counts)
    near = (mail.at[rows] <= at[owner]) & (mail.at[rows] > at[owner] - span)
    return owner[near], rows[near]


def _together(parts: list[Mail]) -> Mail:
    names = (("person", np.int64), ("at", np.int64), ("draws", np.uint64), ("medium", np.int64), ("purpose", np.int64))
    return Mail(*(joined([getattr(one, name) for one in parts], kind) for name, kind in names)).by_person()
