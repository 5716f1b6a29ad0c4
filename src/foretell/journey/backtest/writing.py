"""The report, from everything that happened in all draws."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.journey.backtest.asking import Asking
from foretell.journey.backtest.conflicts import conflicts
from foretell.journey.backtest.costs import channels, total_cost
from foretell.journey.backtest.counting import Guess, by_words, days_of, joined, tallied
from foretell.journey.backtest.limits import limits, unforeseen
from foretell.journey.backtest.mailing import Mailing
from foretell.journey.backtest.replies import Rates, Replies
from foretell.journey.backtest.report import AssumedRate, Backtest, DayOfEntries, DayOfMessages
from foretell.journey.backtest.scores import scores_used
from foretell.journey.backtest.spans import NEVER, Instants, Span
from foretell.journey.backtest.stepping import assumes, steps
from foretell.journey.backtest.told import Record
from foretell.journey.published import Published


@dataclass(frozen=True)
class Found:
    """What a back-test found, before it is counted."""

    span: Span
    asking: Asking
    mailing: Mailing
    replies: Replies
    rates: Rates
    record: Record
    kept: Instants


def written(engine: Engine, catalog: Catalog, published: Published, rescore: str, found: Found) -> Backtest:
    """The report of a journey."""
    span, record, entered = found.span, found.record, found.asking.entered
    number, spec, settings = record.draws, published.spec, catalog.settings
    counted = channels(catalog, record)
    used = scores_used(engine, published, found.asking)
    arms = {False: entered.draws[~entered.held_out], True: entered.draws[entered.held_out]}
    return Backtest(
        journey=published.key,
        title=spec.title or published.key,
        meaning="",
        begin=span.begin,
        end=span.end,
        every_seconds=int(span.every.total_seconds()),
        zone=settings.zone,
        draws=number,
        assumed=assumes(published),
        rescore=rescore,
        seen=len(found.asking.past.crowd),
        runs=Guess.of(record.spread(entered.draws)),
        people=len(np.unique(entered.person)),
        treated=Guess.of(record.spread(arms[False])),
        held_out=Guess.of(record.spread(arms[True])),
        kept_waiting=Guess.of(found.kept),
        entries=_entries(found, settings.zone_info),
        sent=_asked(record, "send"),
        refused=_reasons(record, "refuse"),
        deferred=_reasons(record, "defer"),
        messages=_messages(found, settings.zone_info),
        channels=counted,
        currency=settings.currency,
        cost=total_cost(catalog, record),
        unpriced=tuple(one.channel for one in counted if one.price is None and one.sent.high),
        steps=steps(published, found.asking, record, found.replies),
        ends=_ends(record),
        goal=_goal(published, found),
        rates=_rates(found),
        conflicts=conflicts(engine, catalog, published.key, span, found.asking, found.mailing, record),
        scores=used,
        unforeseen=unforeseen(published),
        limits=limits(published, span, found, used),
    )  # fmt: skip


def _entries(found: Found, zone: ZoneInfo) -> tuple[DayOfEntries, ...]:
    entered, number = found.asking.entered, found.record.draws
    if not len(entered):
        return ()
    days, place = np.unique(days_of(entered.at, zone), return_inverse=True)
    arms = [
        tallied(place.ravel()[held], len(days), entered.draws[held], number)
        for held in (~entered.held_out, entered.held_out)
    ]
    return tuple(DayOfEntries(str(day), Guess.of(arms[0][i]), Guess.of(arms[1][i])) for i, day in enumerate(days))


def _asked(record: Record, decision: str) -> Guess:
    parts = [one.draws[which] for one, which in record.asked_of(decision)]
    return Guess.of(record.spread(joined(parts, np.uint64)))


def _reasons(record: Record, decision: str) -> dict[str, Guess]:
    asked = record.asked_of(decision)
    codes = joined([one.reason[which] for one, which in asked], np.int64)
    return by_words(codes, joined([one.draws[which] for one, which in asked], np.uint64), record.draws, record.words)


def _messages(found: Found, zone: ZoneInfo) -> tuple[DayOfMessages, ...]:
    record, told = found.record, []
    for channel in sorted({one.channel for one in record.asked}):
        sent = [(one, which) for one, which in record.asked_of("send") if one.channel == channel]
        days = joined([days_of(one.at[which], zone) for one, which in sent], np.int64)
        if not len(days):
            continue
        distinct, place = np.unique(days, return_inverse=True)
        draws = joined([one.draws[which] for one, which in sent], np.uint64)
        counted = tallied(place.ravel(), len(distinct), draws, record.draws)
        told += [DayOfMessages(str(day), channel, Guess.of(row)) for day, row in zip(distinct, counted, strict=True)]
    return tuple(sorted(told, key=lambda one: (one.day, one.channel)))


def _ends(record: Record) -> dict[str, Guess]:
    codes = joined([np.full(len(one.run), record.words.code(one.state)) for one in record.rested], np.int64)
    return by_words(codes, joined([one.draws for one in record.rested], np.uint64), record.draws, record.words)


def _rates(found: Found) -> tuple[AssumedRate, ...]:
    told = [
        AssumedRate(
            one.channel, one.topic, one.messages, round(one.opened, 6), round(one.clicked, 6), round(one.bounced, 6)
        )
        for one in found.rates.used()
    ]
    return tuple(dict.fromkeys(told))


def _goal(published: Published, found: Found) -> dict[str, Guess]:
    """By arm: runs whose goal came, by history, in the time in which it counts."""
    entered = found.asking.entered
    if published.spec.goal is None or not len(entered):
        return {}
    came = found.asking.goals(published.tree("goal"), np.arange(len(entered), dtype=np.int64)) < NEVER
    arms = {"treated": ~entered.held_out, "held_out": entered.held_out}
    return {arm: Guess.of(found.record.spread(entered.draws[came & which])) for arm, which in arms.items()}
