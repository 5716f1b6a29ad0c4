"""What conditions read, brought from the store once: events, values, scores, words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import Duration, from_micros, naive_utc
from foretell.condition import (
    Condition,
    Consent,
    Prediction,
    Reader,
    Scope,
    Trait,
    hit_value_sql,
    hits_sql,
    score_hits_sql,
    trait_hits_sql,
)
from foretell.engine import TIMESTAMP, integers, scratch
from foretell.segment.live.arena import Places
from foretell.segment.live.formula import KNOWN
from foretell.segment.live.plan import Atom
from foretell.segment.live.windows import Instants, Window
from foretell.segment.past.consenting import changes, consented, words
from foretell.segment.past.crowd import Crowd
from foretell.segment.past.happened import Happened
from foretell.segment.past.latest import Asked, Latest, Since
from foretell.segment.past.reading import Kept, Leaf, Source, is_latest
from foretell.segment.past.rows import Rows

Scores: TypeAlias = pa.Table
"""``profile_key t score``: scores by person and instant (microseconds), each once."""
OWN_AGE = Duration(1, "w")
"""Scores that are handed in count for so long at least, whatever the schedule of those that are stored."""
_UNTIL = "{alias}.ts <= $until AND {alias}.known_at <= $until"
_EVENTS = (
    "SELECT e.profile_key, epoch_us(e.ts) AS t, epoch_us(e.known_at) AS known_at, {value} AS v "
    f"FROM log_events AS e WHERE {{test}} AND {_UNTIL.format(alias='e')}"
)
_TRAITS = (
    "SELECT t.profile_key, epoch_us(t.ts) AS t, epoch_us(t.known_at) AS known_at, t.seq AS tie, "
    f"CASE WHEN {{test}} THEN 1 ELSE 0 END AS v FROM log_traits AS t WHERE t.trait = $trait AND "
    f"{_UNTIL.format(alias='t')}"
)
# Of people who were merged, the score that was made for today's profile comes last and counts.
_SCORES = (
    "SELECT coalesce(m.profile_key, p.node_key) AS profile_key, epoch_us(p.as_of) AS t, epoch_us(p.as_of) AS known_at, "
    "CASE WHEN m.profile_key IS NULL THEN 9223372036854775807 ELSE -p.node_key END AS tie, "
    "CASE WHEN {test} THEN 1 ELSE 0 END AS v FROM score_rows AS p LEFT JOIN merged AS m ON m.node_key = p.node_key "
    "WHERE p.prediction = $prediction AND p.horizon = $horizon AND p.as_of <= $until"
)
_ALL_SCORES = (
    "SELECT s.profile_key, s.t, s.score FROM (SELECT coalesce(m.profile_key, p.node_key) AS profile_key, "
    "epoch_us(p.as_of) AS t, p.score, row_number() OVER (PARTITION BY coalesce(m.profile_key, p.node_key), p.as_of "
    "ORDER BY CASE WHEN m.profile_key IS NULL THEN 0 ELSE 1 END, p.node_key) AS place "
    "FROM score_rows AS p LEFT JOIN merged AS m ON m.node_key = p.node_key WHERE p.prediction = $prediction "
    "AND p.horizon = $horizon AND p.as_of <= $until) AS s WHERE s.place = 1"
)
_OWN_SCORES = (
    "SELECT p.profile_key, p.t, p.t AS known_at, CASE WHEN {test} THEN 1 ELSE 0 END AS v FROM p WHERE p.t <= $until"
)


class Loading:
    """Brings what parts read.

    Args:
        until: nothing that happened or arrived later is read (microseconds).
        scores: instead of the stored ones, by prediction and horizon.
    """

    def __init__(
        self,
        reader: Reader,
        until: int,
        scores: Mapping[tuple[str, str], Scores],
    ) -> None:
        self.reader, self.references, self.until = reader, reader.references, until
        self.own_scores = scores
        self._events: dict[str, Rows] = {}
        self._words: dict[tuple[str, str], tuple[Places, Instants, Places]] = {}
        self._consents: dict[tuple[str, str, str], Latest] = {}
        self.scope: Scope = reader.scope(from_micros(until))
        self.crowd: Crowd

    def seen(self, place: int) -> Since:
        """The part that there is such a person, with a known identifier or at all."""
        return Since(self.crowd.known if place == KNOWN else self.crowd.seen)

    def source(self, part: Leaf | Kept) -> Source:
        """What answers a part."""
        if isinstance(part, Kept):
            return Happened(self._hits(part.atom), part.part, part.since)
        if is_latest(part.tree, self.scope):
            return self._latest(part.tree)
        return self._asked(part)

    def consent(self, channel: str, purpose: str, state: str) -> Latest:
        """The part that the word on a purpose which counts is ``state``."""
        key = (channel, purpose, state)
        if key not in self._consents:
            if (channel, purpose) not in self._words:
                length = self.references.consent(channel, purpose)
                window = None if length is None else Window(length, self.scope.frame.zone)
                found = words(self.reader.analytics, channel, purpose, self.until)
                self._words[channel, purpose] = changes(found, self.crowd, window)
            self._consents[key] = consented(self._words[channel, purpose], self.crowd, state)
        return self._consents[key]

    def _hits(self, atom: Atom) -> Rows:
        test, value = hits_sql(atom.selection, self.scope), "CAST(0 AS BIGINT)"
        if atom.value is not None:
            value = hit_value_sql(atom.selection, atom.value, self.scope, signed=atom.signed) or value
            test = f"{test} AND ({value}) IS NOT NULL"
        sql = _EVENTS.format(test=test, value=value)
        if sql not in self._events:
            found = self.reader.analytics.query(sql, {"until": self._end})
            self._events[sql] = Rows.of(found, self.crowd)
        return self._events[sql]

    def _latest(self, tree: Condition) -> Latest:
        if isinstance(tree, Trait):
            test = trait_hits_sql(tree, self.scope)
            assert test is not None
            sql, told = _TRAITS.format(test=test), {"trait": tree.name, "until": self._end}
            rows = Rows.of(self.reader.analytics.query(sql, told), self.crowd)
            return Latest(rows, all(check.negated for check in tree.test))
        if isinstance(tree, Consent):
            return self.consent(tree.channel, tree.purpose, "granted")
        assert isinstance(tree, Prediction)
        return self._scored(tree)

    def _scored(self, tree: Prediction) -> Latest:
        horizon, max_age = self.references.prediction(tree.key, tree.horizon)
        other, test = self.own_scores.get((tree.key, horizon)), score_hits_sql(tree)
        if other is None:
            told = {"prediction": tree.key, "horizon": horizon, "until": self._end}
            found = self.reader.analytics.query(_SCORES.format(test=test), told)
        else:
            found = scratch(_OWN_SCORES.format(test=test), {"p": other}, {"until": self.until})
        if other is not None and max_age is not None:
            max_age = max(max_age, OWN_AGE, key=lambda one: one.days)
        fresh = None if max_age is None else Window(max_age, self.scope.frame.zone)
        objecting = self.consent("", "profiling", "denied")
        barred = objecting if len(objecting.rows.t) else None
        return Latest(Rows.of(found, self.crowd), all(check.negated for check in tree.test), fresh, barred)

    def scores(self, prediction: str, horizon: str | None) -> tuple[Places, Instants, npt.NDArray[np.float64]]:
        """See :meth:`~foretell.segment.past.past.Past.scores`."""
        meant, _ = self.references.prediction(prediction, horizon)
        found = self.own_scores.get((prediction, meant))
        if found is None:
            told = {"prediction": prediction, "horizon": meant, "until": self._end}
            found = self.reader.analytics.query(_ALL_SCORES, told)
        place, t = self.crowd.places(integers(found["profile_key"])), integers(found["t"])
        score: npt.NDArray[np.float64] = found["score"].to_numpy().astype(np.float64)
        there = (place >= 0) & (t <= self.until)
        order = np.lexsort((t[there], place[there]))
        return place[there][order], t[there][order], score[there][order]

    def _asked(self, part: Leaf) -> Asked:
        def ask(at: int, keys: Places | None, since: Instants | None) -> Places:
            instant = from_micros(at)
            people = None
            if keys is not None:
                columns = {"profile_key": pa.array(keys)}
                if since is not None:
                    columns["since"] = pa.array(since).cast(TIMESTAMP)
                people = pa.table(columns)
            found = self.reader.members(part.tree, as_of=instant, known_at=instant, of=part.of, people=people)
            return np.sort(integers(found["profile_key"]))

        return Asked(self.crowd.keys, ask, part.since)

    @property
    def _end(self) -> object:
        return naive_utc(from_micros(self.until))
