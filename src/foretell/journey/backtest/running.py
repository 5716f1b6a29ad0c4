"""``backtest``: a journey on history, from its document to the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa

from foretell import deliver
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.journey.backtest.admitting import Admitting
from foretell.journey.backtest.asking import Asking
from foretell.journey.backtest.doors import Door, door_of
from foretell.journey.backtest.mailing import Mailing
from foretell.journey.backtest.playing import Playing
from foretell.journey.backtest.replies import Rates, Replies, Sender
from foretell.journey.backtest.report import Backtest
from foretell.journey.backtest.rescoring import rescored
from foretell.journey.backtest.spans import DAY, MOST_DRAWS, Span
from foretell.journey.backtest.told import Record
from foretell.journey.backtest.writing import Found, written
from foretell.journey.document import spec_of
from foretell.journey.published import Published
from foretell.journey.steps import kind_of

Rescore = Literal["never", "weekly"]
USUAL_DRAWS = 20


@dataclass(frozen=True)
class Question:
    """What is asked of history.

    Args:
        every: from one tick to the next.
        draws: so often replies are drawn, where anything hangs on them.
        rescore: ``weekly``: predictions are trained and scored anew each week, by what was complete then.
    """

    begin: datetime
    end: datetime
    every: timedelta = DAY
    draws: int = USUAL_DRAWS
    rescore: Rescore = "never"


def backtest(engine: Engine, catalog: Catalog, reader: Reader, key: str, question: Question) -> Backtest:
    """Play journey ``key``, as its document stands, on history; nothing is written and nothing is sent.

    Whoever would have entered is let in by the entry's condition or trigger as of each tick, known then, with
    re-entry, caps and holdout; runs go through the steps at their own instants, and messages through the send gate.
    Equal data, documents and questions give the same report, byte for byte.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``BAD_SPAN``, ``BAD_DRAWS``.
    """
    published = published_of(catalog, key)
    span = check(question)
    scores = rescored(engine, catalog, reader, published, span) if question.rescore == "weekly" else {}
    found = found_in(engine, catalog, reader, published, span, question.draws, scores)
    return replace(written(engine, catalog, published, question.rescore, found), meaning=meaning_of(catalog, key))


def check(question: Question) -> Span:
    """The span that is asked about; raises UsageError ``BAD_SPAN``, ``BAD_DRAWS``."""
    if not 1 <= question.draws <= MOST_DRAWS:
        raise UsageError("BAD_DRAWS", f"--draws is not from 1 to {MOST_DRAWS}", next_step="The usual number is 20.")
    return Span.of(question.begin, question.end, question.every)


def published_of(catalog: Catalog, key: str) -> Published:
    """A journey as its document says now, whether it is applied or not."""
    return Published(key, 0, spec_of(catalog.get("journey", key)))


def meaning_of(catalog: Catalog, key: str) -> str:
    """The same as long as a journey's document says the same."""
    raw = catalog.get("journey", key).raw.get("spec")
    return stable_id("spec", json.dumps(raw, sort_keys=True, default=str))


def doorway(
    reader: Reader, catalog: Catalog, published: Published, span: Span, replies: Replies,
    scores: Mapping[tuple[str, str], pa.Table],
) -> tuple[Asking, Door]:  # fmt: skip
    """Who may enter when, and what answers conditions from then on."""
    asking = Asking(reader, span, replies, scores)
    return asking, door_of(catalog, published, span, asking)


def senders_of(published: Published) -> dict[str, Sender]:
    """The steps that send, by key."""
    sending = [step for step in published.spec.steps if kind_of(step).sends]
    return {
        step.key: Sender(place, step.key, str(getattr(step, "channel", "")), str(getattr(step, "topic", None) or ""))
        for place, step in enumerate(sending)
    }


def found_in(
    engine: Engine, catalog: Catalog, reader: Reader, published: Published, span: Span, draws: int,
    scores: Mapping[tuple[str, str], pa.Table],
) -> Found:  # fmt: skip
    """Everything that would have happened, run by run, before it is counted."""
    senders = senders_of(published)
    media = {one.channel: deliver.obstacle(catalog, one.channel, "")[0] for one in senders.values()}
    told = deliver.answers_then(engine.analytics, span.end) if senders else None
    rates = Rates(told, media, span.begin, span.end)
    replies = Replies(rates, senders)
    asking, door = doorway(reader, catalog, published, span, replies, scores)
    record = Record(draws)
    people = np.unique(door.person[_may_enter(door)])
    mailing = Mailing(engine, catalog, asking.past, span, people, published.key, record.words)
    playing = Playing(engine, catalog, published, span, asking, mailing, replies, record)
    admitting = Admitting(published, span, door, asking, playing, draws)
    admitting.everybody()
    return Found(span, asking, mailing, replies, rates, record, admitting.kept)


def _may_enter(door: Door) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The subjects that are let in at some tick."""
    subject = np.arange(len(door.person), dtype=np.int64)
    found = door.next(subject, np.zeros(len(subject), np.int64))
    return subject[found < door.ticks]
