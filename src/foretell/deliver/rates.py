"""How fast messages go: token buckets of providers and of recipients' domains, shared by all processes.

A bucket holds as many messages as its rate names, and fills evenly. What finds it empty is put off to the instant at
which its turn comes, one behind the other; nothing is refused or lost. Of every rate a part is the transactional
lane's alone, and what that lane needs beyond its part it takes out of the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from foretell.clock import micros
from foretell.definitions import EVERY_DOMAIN, Catalog, RateSection
from foretell.deliver import channel_document
from foretell.deliver.gate import TRANSACTIONAL
from foretell.deliver.outbox import Queued
from foretell.engine import Engine, Tx
from foretell.ids import stable_id

LONGEST = timedelta(minutes=10)
"""Whoever waits longer for a turn is looked at again by then: rates may have changed."""
_MICRO = timedelta(microseconds=1)
_KEYS_A_QUERY = 500
_FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True)
class Bucket:
    """So many messages, refilled evenly.

    Args:
        name: key of its row; of a domain it cannot be read back.
        size: how many it holds.
        interval: microseconds between two of them, rounded up, so that a rate is never passed.
    """

    name: str
    size: int
    interval: int

    @property
    def depth(self) -> int:
        """How far in the future it may be full again."""
        return self.size * self.interval


@dataclass(frozen=True)
class Rate:
    """The buckets of one rate: the bulk lane's, and the transactional lane's own, where it has one."""

    bulk: Bucket
    transactional: Bucket | None

    @classmethod
    def of(cls, name: str, section: RateSection) -> Rate:
        """The buckets that ``section`` describes."""
        micros_each = section.length // _MICRO
        sizes = {name: section.messages - section.kept, f"{name}/{TRANSACTIONAL}": section.kept}
        bulk, own = (Bucket(key, size, -(-micros_each // size)) if size else None for key, size in sizes.items())
        assert bulk is not None
        return cls(bulk, own)

    def choices(self, purpose: str) -> tuple[Bucket, ...]:
        """The buckets out of which a message may be taken, the first that holds one."""
        return (
            (self.bulk,) if purpose != TRANSACTIONAL or self.transactional is None else (self.transactional, self.bulk)
        )


@dataclass(frozen=True)
class Admitted:
    """What may go now, and how many wait for their turn."""

    going: list[Queued]
    put_off: int = 0


def admit(engine: Engine, catalog: Catalog, messages: Sequence[tuple[Queued, str]], now: datetime) -> Admitted:
    """Take a token for each message that may go now; put the others off, durably.

    Args:
        messages: in the order in which they go, each with the key of the channel that carries it.
    """
    known: dict[tuple[str, str], tuple[Rate, ...]] = {}
    asked = []
    for message, channel in messages:
        domain = message.address.rpartition("@")[2].lower() if message.medium == "email" else ""
        if (channel, domain) not in known:
            known[channel, domain] = tuple(_rates(catalog, channel, domain))
        asked.append((message, known[channel, domain]))
    if not any(known.values()):
        return Admitted([message for message, _ in asked])
    with engine.ops.write() as tx:
        standing = _Standing(tx, {rate for rates in known.values() for rate in rates}, micros(now))
        going, waiting = [], []
        for message, rates in asked:
            until = standing.take(rates, message.purpose)
            if until is None:
                going.append(message)
            else:
                waiting.append((min(until, micros(now + LONGEST)), message.message_id))
        standing.keep(tx)
        _put_off(tx, waiting)
    return Admitted(going, len(waiting))


def in_turns(messages: Iterable[Queued]) -> list[Queued]:
    """The transactional lane first; of the others the first of every journey, then the second, and so on."""
    before: Counter[str] = Counter()
    placed: list[tuple[int, int, Queued]] = []
    for message in messages:
        turn = 0
        if message.purpose != TRANSACTIONAL:
            before[message.journey or ""] += 1
            turn = before[message.journey or ""]
        placed.append((turn, len(placed), message))
    return [message for _, _, message in sorted(placed, key=lambda one: one[:2])]


def forget_full(engine: Engine, now: datetime) -> None:
    """Let go of buckets that have been full for a day."""
    at = micros(now - _FORGOTTEN)
    where = "full_at < ? AND planned_at < ?"
    if engine.ops.look_up(f"SELECT 1 FROM send_rates WHERE {where} LIMIT 1", (at, at)):
        with engine.ops.write() as tx:
            tx.execute(f"DELETE FROM send_rates WHERE {where}", (at, at))


def _rates(catalog: Catalog, channel: str, domain: str) -> Iterator[Rate]:
    document = catalog.documents.get(("channel", channel))
    own = channel_document.spec_of(document).rate if document is not None else None
    if own is not None:
        yield Rate.of(f"channel/{channel}", own)
    sections: Mapping[str, RateSection] = catalog.settings.sending.domain_rates
    section = sections.get(domain) or sections.get(EVERY_DOMAIN)
    if domain and section is not None:
        yield Rate.of(stable_id("d", domain), section)


class _Standing:
    """What the buckets hold, while messages are taken out of them."""

    def __init__(self, tx: Tx, rates: Iterable[Rate], now: int) -> None:
        self._now = now
        names = sorted({one.name for rate in rates for one in (rate.bulk, rate.transactional) if one is not None})
        self._full: dict[str, int] = dict.fromkeys(names, now)
        self._planned: dict[str, int] = dict.fromkeys(names, now)
        for start in range(0, len(names), _KEYS_A_QUERY):
            part = names[start : start + _KEYS_A_QUERY]
            found = tx.query(
                f"SELECT bucket, full_at, planned_at FROM send_rates WHERE bucket IN ({', '.join('?' * len(part))})",
                part,
            )
            for name, full, planned in found:
                self._full[name], self._planned[name] = max(full, now), max(planned, now)

    def take(self, rates: Sequence[Rate], purpose: str) -> int | None:
        """Take a message out of a bucket of each rate; where one is empty nothing is taken: when its turn comes."""
        chosen, until = [], 0
        for rate in rates:
            choices = rate.choices(purpose)
            held = next((one for one in choices if self._full[one.name] + one.interval <= self._now + one.depth), None)
            if held is None:
                until = max(until, self._plan(choices[0]))
            else:
                chosen.append(held)
        if until:
            return until
        for one in chosen:
            self._full[one.name] += one.interval
        return None

    def _plan(self, bucket: Bucket) -> int:
        name = bucket.name
        self._planned[name] = max(self._planned[name], self._full[name]) + bucket.interval
        return max(self._planned[name] - bucket.depth, self._now + 1)

    def keep(self, tx: Tx) -> None:
        """Write what is left."""
        tx.executemany(
            "INSERT INTO send_rates (bucket, full_at, planned_at) VALUES (?, ?, ?) ON CONFLICT (bucket) DO UPDATE SET "
            "full_at = excluded.full_at, planned_at = excluded.planned_at",
            [(name, self._full[name], self._planned[name]) for name in sorted(self._full)],
        )


def _put_off(tx: Tx, waiting: Sequence[tuple[int, str]]) -> None:
    """What another process claimed is given back: nothing was handed over."""
    tx.executemany(
        "UPDATE messages SET next_at = ?, attempts = CASE WHEN state = 'claimed' THEN attempts - 1 ELSE attempts END, "
        "state = 'queued', claimed_by = NULL WHERE message_id = ? AND state IN ('queued', 'claimed')",
        waiting,
    )
