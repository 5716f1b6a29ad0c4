"""Candidates of a back-test at the send gate: each with what was so at its instant, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import deliver
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine, integers, scratch
from foretell.journey.backtest.permitting import Permitting
from foretell.journey.backtest.spans import NEVER, Draws, Instants, Places, Span, Truth, Words
from foretell.journey.backtest.surveying import Surveying, Turn, earlier
from foretell.journey.backtest.told import Vocabulary
from foretell.profile import purposes_of
from foretell.segment import Pairs, Past

_MICRO = timedelta(microseconds=1)


_ASKED = ("message_id", "medium", "purpose", "fault", "priority")


@dataclass(frozen=True)
class Mail:
    """Messages, by their candidates.

    Args:
        person: place in the crowd; ``draws``: in which draws.
        medium, purpose: words by number.
    """

    person: Places
    at: Instants
    draws: Draws
    medium: Places
    purpose: Places

    def by_person(self) -> Mail:
        """The same by person and time."""
        order = np.lexsort((self.at, self.person))
        return Mail(*(getattr(self, name)[order] for name in ("person", "at", "draws", "medium", "purpose")))


class Mailing:
    """The gate as it would have been.

    Args:
        people: places of everybody who may become a candidate, ascending.
        key: of the journey, whose own messages of history do not count.
    """

    def __init__(self, engine: Engine, catalog: Catalog, past: Past, span: Span, people: Places, key: str,
                 words: Vocabulary) -> None:  # fmt: skip
        self._catalog, self._past, self._words = catalog, past, words
        self.rules = deliver.rules_of(catalog.settings)
        self._permitting = Permitting(engine, past, purposes_of(catalog))
        keys = pa.array(past.crowd.keys[people])
        self._reachable = deliver.reachable_then(engine.analytics, keys, span.end)
        self._addresses = _addressed(self._reachable.addresses, past)
        listed = deliver.suppressed_since(engine, _media(self._reachable.addresses))
        self._listed = {f"{row['medium']}\n{row['address']}": row for row in listed.to_pylist()}
        longest = max((cap.longest for cap in self.rules.caps), default=timedelta(0))
        found = deliver.messages_then(engine.analytics, keys, span.begin - longest, span.end, key)
        self.history = _mail(found, past, words)
        self.journeys = np.array(found["journey"].to_pylist(), dtype=object)
        self._longest = longest // _MICRO
        self.own: list[Mail] = []
        self._surveying = Surveying(engine, past, keys, span, key, words, self.rules.survey_gap)

    def zones(self, person: Places, at: Instants) -> Words:
        """Each person's zone as of the instant; None where it was not known."""
        zones = self._reachable.zones
        found = np.full(len(person), None, dtype=object)
        for trait in ("zone", "timezone"):
            rows = zones.filter(pc.equal(zones["trait"], trait))
            if not rows.num_rows:
                continue
            names = np.array(rows["zone"].to_pylist(), dtype=object)
            place = self._past.newest(rows["profile_key"], rows["since"], Pairs(person, at))
            found[place >= 0] = names[place[place >= 0]]
        return found

    def decide(self, asked: pa.Table, person: Places, at: Instants, draws: Draws) -> pa.Table:
        """The gate's answer to candidates, in their order: ``decision reason until``.

        Args:
            asked: columns message_id, channel, template, purpose; priority where there is one, medium where the channel
                has no document.
        """
        turns = _turns(person, at)
        if not turns.any():
            return self._decide(asked, Turn(person, at, draws))
        parts, places = [], []
        for number in range(int(turns.max()) + 1):
            which = np.flatnonzero(turns == number)
            turn = Turn(person[which], at[which], draws[which])
            parts.append(self._decide(asked.take(pa.array(which)), turn))
            places.append(which)
        return pa.concat_tables(parts).take(pa.array(np.argsort(np.concatenate(places), kind="stable")))

    def _decide(self, asked: pa.Table, turn: Turn) -> pa.Table:
        """The same for candidates of whom nobody comes twice at different instants."""
        count = asked.num_rows
        person, at, draws = turn.person, turn.at, turn.draws
        told = _with_medium(asked, self._catalog)
        medium, purpose = (self._words.codes(told[name]) for name in ("medium", "purpose"))
        pairs = Pairs(person, at)
        address, suppressed = self._address(medium, person, at)
        candidates = told.select([name for name in _ASKED if name in told.column_names])
        surveys = self._surveying.asked(told)
        columns = {
            "profile_key": pa.array(np.arange(count)),
            "at": pa.array(at).cast(TIMESTAMP),
            "address": address,
            "zone": pa.array(self.zones(person, at), pa.string()),
            "thread": surveys.threads,
        }
        for name, column in columns.items():
            candidates = candidates.append_column(name, column)
        answer = deliver.gate(
            candidates,
            consents=self._consents(pairs, medium, purpose),
            suppressed=suppressed,
            history=self._seen(person, at, draws),
            rules=self.rules,
            surveys=surveys.rows,
            surveyed=self._surveying.seen(surveys, turn),
        )
        sent = pc.equal(answer["decision"], "send").to_numpy()
        self._surveying.note(surveys, turn, sent)
        timed = sent & (medium != self._words.code("ads")) & self.is_capped(purpose)
        mine = Mail(person[timed], at[timed], draws[timed], medium[timed], purpose[timed])
        self.own.append(mine.by_person())
        return answer.select(["decision", "reason", "until"]).append_column("medium", told["medium"])

    def is_capped(self, purpose: Places) -> Truth:
        """Whether caps count messages of these purposes."""
        return ~np.isin(purpose, [self._words.code(one) for one in self.rules.uncapped])

    def counts(self, cap: deliver.Cap, mail: Mail) -> Truth:
        """Which messages a cap counts."""
        found = self.is_capped(mail.purpose)
        for name in ("medium", "purpose"):
            wanted = getattr(cap, name)
            if wanted is not None:
                found &= getattr(mail, name) == self._words.code(wanted)
        return found

    def _consents(self, pairs: Pairs, medium: Places, purpose: Places) -> pa.Table:
        parts = [deliver.CONSENTS.empty_table()]
        for code, other in np.unique(np.column_stack([medium, purpose]), axis=0):
            these = np.flatnonzero((medium == code) & (purpose == other))
            one, what = self._words.known[code], self._words.known[other]
            allowed, reason = self._permitting.ask(pairs.take(these), one, what)
            columns = {
                "profile_key": pa.array(these),
                "channel": pa.repeat(pa.scalar(one, pa.string()), len(these)),
                "purpose": pa.repeat(pa.scalar(what, pa.string()), len(these)),
                "allowed": pa.array(allowed),
                "found": reason,
            }
            parts.append(pa.table(columns).cast(deliver.CONSENTS))
        return pa.concat_tables(parts)

    def _address(self, medium: Places, person: Places, at: Instants) -> tuple[pa.Array, pa.Table]:
        """Where each would have been sent to, null where there was no address yet; and which of these were listed.

        Whether an address is listed depends on the instant, so that a listed one is made the candidate's own.
        """
        found = np.full(len(person), None, dtype=object)
        stopped: list[tuple[str, str, str]] = []
        for code in np.unique(medium):
            one, these = self._words.known[code], np.flatnonzero(medium == code)
            field = {"email": "email", "ads": "email", "sms": "phone"}.get(one)
            if field is None:
                keys = self._past.crowd.keys[person[these]]
                found[these] = [f"person:{key}" for key in keys.tolist()]
                continue
            value, since = self._addresses[field]
            there = these[since[person[these]] <= at[these]]
            found[there] = value[person[there]]
            if self._listed:
                stopped += self._stopped(one, there, at, found)
        columns = list(zip(*stopped, strict=True)) or [(), (), ()]
        arrays = [pa.array(values, pa.string()) for values in columns]
        return pa.array(found, pa.string()), pa.table(arrays, schema=deliver.SUPPRESSED)

    def _stopped(self, medium: str, there: Places, at: Instants, found: Words) -> list[tuple[str, str, str]]:
        stopped = []
        for place in there.tolist():
            row = self._listed.get(f"{medium}\n{found[place]}")
            if row is not None and row["since"] <= at[place]:
                found[place] = f"{found[place]} {place}"
                stopped.append((medium, str(found[place]), str(row["reason"])))
        return stopped

    def _seen(self, person: Places, at: Instants, draws: Draws) -> pa.Table:
        """The messages that each candidate's person had had or been promised by then, by the candidate's number."""
        if not self.rules.caps:
            return deliver.HISTORY.empty_table()
        parts = [_before(mail, person, at, draws, self._longest, self._words) for mail in (self.history, *self.own)]
        return pa.concat_tables(parts)


def _turns(person: Places, at: Instants) -> Places:
    """Of each candidate how many earlier instants its person has among them: what was decided then counts for it."""
    turns = np.zeros(len(person), np.int64)
    if len(person) < 2:
        return turns
    order = np.lexsort((at, person))
    same = person[order][1:] == person[order][:-1]
    later = same & (at[order][1:] > at[order][:-1])
    counts = np.concatenate([[0], np.cumsum(later)])
    first = np.concatenate([[True], ~same])
    turns[order] = counts - np.maximum.accumulate(np.where(first, counts, 0))
    return turns


def _with_medium(asked: pa.Table, catalog: Catalog) -> pa.Table:
    """Candidates with medium and fault, each pair of channel and template looked up once."""
    if "medium" in asked.column_names:
        return asked.append_column("fault", pa.nulls(asked.num_rows, pa.string()))
    pairs = asked.select(["channel", "template"]).group_by(["channel", "template"]).aggregate([]).to_pylist()
    known = []
    for pair in pairs:
        medium, fault = deliver.obstacle(catalog, pair["channel"], pair["template"])
        known.append({**pair, "medium": medium, "fault": fault})
    numbered = asked.append_column("i", pa.array(np.arange(asked.num_rows)))
    told = pa.Table.from_pylist(known, schema=_KNOWN)
    return scratch(
        "SELECT a.* EXCLUDE (i), k.medium, k.fault FROM a JOIN k ON k.channel = a.channel AND k.template = a.template "
        "ORDER BY a.i",
        {"a": numbered, "k": told},
    )


_KNOWN = pa.schema([(name, pa.string()) for name in ("channel", "template", "medium", "fault")])


def _addressed(addresses: pa.Table, past: Past) -> dict[str, tuple[Words, Instants]]:
    """By field: the address of everybody by place, and since when there was one."""
    found = {}
    for field in ("email", "phone"):
        rows = addresses.filter(pc.equal(addresses["field"], field))
        place = past.crowd.places(integers(rows["profile_key"]))
        value = np.full(len(past.crowd), None, dtype=object)
        since = np.full(len(past.crowd), NEVER, np.int64)
        there = place >= 0
        value[place[there]] = np.array(rows["value"].to_pylist(), dtype=object)[there]
        since[place[there]] = integers(rows["since"])[there]
        found[field] = (value, since)
    return found


def _media(addresses: pa.Table) -> pa.Table:
    return scratch(
        "SELECT CASE field WHEN 'email' THEN 'email' ELSE 'sms' END AS medium, value AS address FROM a "
        "UNION ALL SELECT 'ads', value FROM a WHERE field = 'email'",
        {"a": addresses},
    )


def _mail(found: pa.Table, past: Past, words: Vocabulary) -> Mail:
    place = past.crowd.places(integers(found["profile_key"]))
    texts = [words.codes(found[name]) for name in ("medium", "purpose")]
    every = np.full(len(place), np.iinfo(np.uint64).max, np.uint64)
    return Mail(place, integers(found["at_us"]), every, *texts)


def _before(mail: Mail, person: Places, at: Instants, draws: Draws, longest: int, words: Vocabulary) -> pa.Table:
    """Of each candidate the messages of ``mail`` that lie before it, as far back as caps look."""
    owner, rows = earlier(mail, Turn(person, at, draws), longest)
    count = len(owner)
    columns = {
        "profile_key": pa.array(owner),
        "medium": words.words(mail.medium[rows]),
        "at": pa.array(mail.at[rows]).cast(TIMESTAMP),
        "purpose": words.words(mail.purpose[rows]),
        "message_id": pa.nulls(count, pa.string()),
        "priority": pa.repeat(pa.scalar(0, pa.int64()), count),
        "queued": pa.repeat(pa.scalar(False), count),
    }
    return pa.table(columns).cast(deliver.HISTORY)
