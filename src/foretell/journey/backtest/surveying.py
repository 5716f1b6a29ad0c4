"""Surveys in a back-test: what people had been asked by each instant, by history and by the journey itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import deliver
from foretell.engine import TIMESTAMP, Engine, integers
from foretell.journey.backtest.spans import Draws, Instants, Places, Span, Truth
from foretell.journey.backtest.told import Vocabulary
from foretell.segment import Past

_EVERY = np.iinfo(np.uint64).max


class Dated(Protocol):
    """Messages by person and time, each in some draws."""

    @property
    def person(self) -> Places: ...
    @property
    def at(self) -> Instants: ...
    @property
    def draws(self) -> Draws: ...


@dataclass(frozen=True)
class Turn:
    """Candidates: whose, when, in which draws."""

    person: Places
    at: Instants
    draws: Draws


@dataclass(frozen=True)
class Asks:
    """Surveys that people were asked, by person and time; ``survey`` and ``thread`` are words by number."""

    person: Places
    at: Instants
    draws: Draws
    survey: Places
    thread: Places


@dataclass(frozen=True)
class AskedBy:
    """The surveys of candidates: ``rows`` as the gate takes them, ``threads`` one a candidate, null without."""

    rows: pa.Table
    threads: pa.Array


def earlier(mail: Dated, turn: Turn, longest: int) -> tuple[Places, Places]:
    """Pairs of candidates and messages of theirs in the ``longest`` µs up to them, in a draw that both are in."""
    begin = np.searchsorted(mail.person, turn.person, side="left")
    counts = np.searchsorted(mail.person, turn.person, side="right") - begin
    owner = np.repeat(np.arange(len(turn.person), dtype=np.int64), counts)
    rows = np.arange(len(owner), dtype=np.int64) + np.repeat(begin - (np.cumsum(counts) - counts), counts)
    near = (mail.at[rows] <= turn.at[owner]) & (mail.at[rows] > turn.at[owner] - longest)
    near &= (mail.draws[rows] & turn.draws[owner]) != 0
    return owner[near], rows[near]


class Surveying:
    """What the gate has to know of surveys; history is read when the first one asks."""

    def __init__(
        self, engine: Engine, past: Past, keys: pa.Array, span: Span, journey: str, words: Vocabulary, gap: timedelta
    ) -> None:
        self._engine, self._past, self._keys, self._span = engine, past, keys, span
        self._journey, self._words, self._gap = journey, words, gap // timedelta(microseconds=1)
        self._asks: list[Asks] = []
        self._read = False

    def asked(self, candidates: pa.Table) -> AskedBy:
        """The surveys of candidates (column ``variables``, where there is one)."""
        count = candidates.num_rows
        if "variables" not in candidates.column_names:
            return AskedBy(deliver.SURVEYS.empty_table(), pa.nulls(count, pa.string()))
        rows = deliver.surveys_of(candidates)
        place = pc.index_in(pa.array(np.arange(count)), rows["i"].combine_chunks())
        return AskedBy(rows, rows["thread"].combine_chunks().take(place))

    def seen(self, surveys: AskedBy, turn: Turn) -> pa.Table:
        """What the person of each candidate had been asked by then, by the candidate's number."""
        if not surveys.rows.num_rows:
            return deliver.SURVEYED.empty_table()
        if not self._read:
            self._asks.insert(0, self._history())
            self._read = True
        longest = max(int(pc.max(surveys.rows["again_us"]).as_py()), self._gap)
        parts = [deliver.SURVEYED.empty_table()]
        for asks in self._asks:
            owner, rows = earlier(asks, turn, longest)
            columns = {
                "profile_key": pa.array(owner),
                "at": pa.array(asks.at[rows]).cast(TIMESTAMP),
                "survey": self._words.words(asks.survey[rows]),
                "thread": self._words.words(asks.thread[rows]),
            }
            parts.append(pa.table(columns).cast(deliver.SURVEYED))
        return pa.concat_tables(parts)

    def note(self, surveys: AskedBy, turn: Turn, sent: Truth) -> None:
        """Remember what was asked: candidates that ``sent`` says went out."""
        place = integers(surveys.rows["i"])
        kept = sent[place]
        if not kept.any():
            return
        owner, rows = place[kept], surveys.rows.filter(pa.array(kept))
        order = np.lexsort((turn.at[owner], turn.person[owner]))
        survey, thread = (self._words.codes(pc.fill_null(rows[name], "")) for name in ("survey", "thread"))
        whose = owner[order]
        asked = Asks(turn.person[whose], turn.at[whose], turn.draws[whose], survey[order], thread[order])
        self._asks.append(asked)

    def _history(self) -> Asks:
        found = deliver.surveys_then(self._engine.analytics, self._keys, self._span.end, self._journey)
        person = self._past.crowd.places(integers(found["profile_key"]))
        draws = np.full(len(person), _EVERY, np.uint64)
        survey, thread = (self._words.codes(found[name]) for name in ("survey", "thread"))
        return Asks(person, integers(found["at_us"]), draws, survey, thread)
