"""How a back-test's work compares with finding its entries alone, for the benchmark."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from foretell.clock import from_micros
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, integers
from foretell.errors import ForetellError
from foretell.journey.backtest.replies import Rates, Replies
from foretell.journey.backtest.report import Backtest
from foretell.journey.backtest.running import Question, backtest, doorway, published_of, senders_of
from foretell.journey.backtest.spans import Places, Span


@dataclass(frozen=True)
class Measured:
    """CPU seconds in one process.

    Args:
        entries: of the entry set's series alone: who fulfils ``enter``, asked at each tick as known then.
        series: of the same series as the back-test finds it, all ticks at once.
        whole: of the whole back-test.
        checksum: of everybody's first tick at which they fulfil it, the same for both series.
    """

    entries: float
    series: float
    whole: float
    people: int
    ticks: int
    checksum: str
    report: Backtest

    @property
    def ratio(self) -> float:
        """The back-test's ÷ that of its entry set's series."""
        return self.whole / self.entries


def measure(engine: Engine, catalog: Catalog, reader: Reader, key: str, question: Question) -> Measured:
    """Time the back-test of a journey without a trigger, and the series of its entry set alone.

    Raises:
        ForetellError: ``CHECKSUM_DIFFERS`` where they do not agree on who fulfils it first, and when.
    """
    span = Span.of(question.begin, question.end, question.every)
    (people, asked), entries = _timed(lambda: _asked(catalog, reader, key, span))
    found, series = _timed(lambda: _at_once(catalog, reader, key, span))
    if found != asked:
        raise ForetellError("CHECKSUM_DIFFERS", "two ways to one series do not agree", thing=f"journey {key}")
    report, whole = _timed(lambda: backtest(engine, catalog, reader, key, question))
    return Measured(entries, series, whole, people, len(span.ticks), asked, report)


def _asked(catalog: Catalog, reader: Reader, key: str, span: Span) -> tuple[int, str]:
    """One question a tick."""
    tree = published_of(catalog, key).tree("enter")
    seen, first, at = np.zeros(0, np.int64), [], []
    for tick in span.ticks:
        instant = from_micros(int(tick))
        members = integers(reader.members(tree, as_of=instant, known_at=instant)["profile_key"])
        fresh = np.setdiff1d(members, seen)
        first.append(fresh)
        at.append(np.full(len(fresh), tick))
        seen = np.union1d(seen, fresh)
    return len(seen), _checksum(np.concatenate(first), np.concatenate(at))


def _at_once(catalog: Catalog, reader: Reader, key: str, span: Span) -> str:
    published = published_of(catalog, key)
    replies = Replies(Rates(None, {}, span.begin, span.end), senders_of(published))
    asking, door = doorway(reader, catalog, published, span, replies, {})
    subject = np.arange(len(door.person), dtype=np.int64)
    column = door.next(subject, np.zeros(len(subject), np.int64))
    there = column < door.ticks
    return _checksum(asking.past.crowd.keys[door.person[there]], span.ticks[column[there]])


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begin = time.process_time()
    found = work()
    return found, time.process_time() - begin


def _checksum(keys: Places, at: Places) -> str:
    order = np.argsort(keys, kind="stable")
    return hashlib.blake2b(np.stack([keys[order], at[order]]).tobytes(), digest_size=8).hexdigest()
