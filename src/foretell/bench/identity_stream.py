"""The stream that ``bench identity`` takes in.

People are skewed (some come often), with three devices each. Of the events 45 % name a device alone, 40 % a device
and a user, 10 % an address besides, 5 % a phone besides. In 0.5 % the user is ``unknown``, in 0.5 % the device is a
borrowed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import EVENTS, IDENTIFIERS

Ints = npt.NDArray[np.int64]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("user_id", "email", "phone", "anonymous_id")
"""The strongest first."""


@dataclass(frozen=True)
class Stream:
    """Events as they name people: for each of :data:`KINDS` a value an event, null where it names none."""

    values: dict[str, pa.Array]

    def __len__(self) -> int:
        return len(self.values["anonymous_id"])

    def part(self, start: int, height: int) -> Stream:
        """``height`` events from ``start`` on."""
        return Stream({kind: values.slice(start, height) for kind, values in self.values.items()})

    def parts(self, height: int) -> Iterator[Stream]:
        """All events, ``height`` at a time."""
        for start in range(0, len(self), height):
            yield self.part(start, height)

    def identifiers(self) -> pa.Table:
        """Columns of ``IDENTIFIERS``."""
        named = []
        for strength, (kind, values) in enumerate(self.values.items()):
            rows = pa.array(np.flatnonzero(values.is_valid().to_numpy(zero_copy_only=False)))
            kinds, strengths = (pa.repeat(pa.scalar(value), len(rows)) for value in (kind, np.int32(strength)))
            named.append(pa.table([rows, kinds, values.take(rows), strengths], schema=IDENTIFIERS))
        return pa.concat_tables(named)

    def events(self, first: int) -> pa.Table:
        """Columns of ``EVENTS`` and ``seq``, the first of them ``first``."""
        height = len(self)
        number = np.arange(height)
        at = pa.array(np.full(height, np.datetime64("2026-01-01T00:00:00", "us")))
        texts = {"type": "track", "event": "Seen", "source": "bench", "properties": "{}", "context": "{}"}
        columns = {
            "row": number, "line": number + 1, "message_id": pa.array(first + number).cast(pa.string()),
            "ts": at, "known_at": at, "received_at": at,
            **{name: pa.repeat(pa.scalar(text), height) for name, text in texts.items()},
        }  # fmt: skip
        events = pa.table([columns[name] for name in EVENTS.names], schema=EVENTS)
        return events.append_column("seq", pa.array(first + number + 1))

    def rows(self) -> Iterator[list[tuple[str, str]]]:
        """What each event names, the strongest first, as Python values."""
        for row in zip(*(values.to_pylist() for values in self.values.values()), strict=True):
            yield [(kind, value) for kind, value in zip(KINDS, row, strict=True) if value is not None]


def made(height: int, people: int, seed: int) -> Stream:
    """A stream of ``height`` events: some people come often, most hardly ever."""
    chance = np.random.default_rng(seed)
    person = (chance.random(height) ** 3 * people).astype(np.int64)
    return _named(person, chance.integers(0, 3, height), chance.random(height), chance)


def everybody(people: int) -> Stream:
    """A stream in which everybody comes once, with their first device."""
    return _usual(np.arange(people), np.random.default_rng(2))


def half_new(height: int, people: int) -> Stream:
    """A stream after :func:`everybody`: half of the events are of people who are there, and name themselves as they
    did before; half are of others."""
    chance = np.random.default_rng(3)
    there = chance.random(height) < 0.5
    return _usual(np.where(there, chance.integers(0, people, height), people + np.arange(height)), chance)


def _usual(person: Ints, chance: np.random.Generator) -> Stream:
    sort = (person * 0.6180339887498949 % 1).astype(np.float64)  # spread evenly, the same whenever they come
    return _named(person, np.zeros(len(person), np.int64), sort, chance)


def _named(person: Ints, device: Ints, sort: npt.NDArray[np.float64], chance: np.random.Generator) -> Stream:
    odd = chance.random(len(person))
    owner = np.where(odd < 0.005, np.roll(person, 1), person)
    users = _texts("user-", person, sort >= 0.45)
    return Stream(
        {
            "user_id": pc.if_else(pa.array((odd > 0.995) & (sort >= 0.45)), "unknown", users),
            "email": _texts("", person, (sort >= 0.85) & (sort < 0.95), "@customers.example"),
            "phone": _texts("+49151", person + 10_000_000, sort >= 0.95),
            "anonymous_id": _texts("device-", owner * 3 + device, np.ones(len(person), dtype=bool)),
        }
    )


def _texts(before: str, numbers: Ints, wanted: npt.NDArray[np.bool_], after: str = "") -> pa.Array:
    texts = pc.binary_join_element_wise(before, pa.array(numbers).cast(pa.string()), after, "")
    return pc.if_else(pa.array(wanted), texts, None)
