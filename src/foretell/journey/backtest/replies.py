"""Replies to messages that were never sent: drawn, seeded by the messages' ids, at rates measured in the past.

Everything here is *assumed*. A rate at an instant is what had come of messages sent at least a week before it; where
too few had been sent over a channel, a rate that is usual is taken, and the report says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import micros, shift_months
from foretell.engine import integers, table_of
from foretell.ids import unit_intervals
from foretell.journey.backtest.spans import NEVER, Draws, Instants, Places, Truth, Words

LEAST_MESSAGES = 100
"""Fewer are no measure."""
SETTLED_US = 7 * 86_400_000_000
"""What comes later than that is no reply any more."""
_HOUR = 3_600_000_000
_AT_ONCE = 100_000
KINDS = ("opened", "clicked")
USUAL: Mapping[str, tuple[float, float]] = {"email": (0.20, 0.025), "sms": (0.05, 0.05), "push": (0.05, 0.03)}
"""Medium → shares that open and click, where nothing was measured; 0 for others."""
_USUAL_HOURS = (0.2, 0.5, 1, 1.5, 2.5, 4, 7, 12, 24, 60)
"""How long after a message replies come, in ten equal parts, where nothing was measured."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rate:
    """How people answer messages over a channel about a topic, from an instant on.

    Args:
        messages: from how many it was measured; 0: it is a usual one.
        bounced: share that did not arrive; ``opened``, ``clicked``: shares of all, clicks among the opened.
        delays: hours to the reply, quantiles at equal steps.
    """

    channel: str
    topic: str
    messages: int
    bounced: float
    opened: float
    clicked: float
    delays: Floats


class Rates:
    """Rates by channel and topic, measured anew each month.

    Args:
        told: see :func:`foretell.deliver.answers_then`; None: nobody was sent anything.
        media: channel → medium.
    """

    def __init__(self, told: pa.Table | None, media: Mapping[str, str], begin: datetime, end: datetime) -> None:
        self._media = media
        told = _NOTHING if told is None else told
        self._channel = np.array(told["channel"].to_pylist(), dtype=object)
        self._topic = np.array(told["topic"].to_pylist(), dtype=object)
        self._sent = integers(told["sent"])
        self._came = {name: integers(told[name].fill_null(int(NEVER))) for name in (*KINDS, "bounced")}
        self.since = np.array([micros(one) for one in _months(begin, end)], np.int64)
        self._made: dict[tuple[str, str, int], Rate] = {}

    def at(self, channel: str, topic: str, month: int) -> Rate:
        """The rate that holds from month number ``month`` on."""
        key = (channel, topic, month)
        if key not in self._made:
            whole = self._channel == channel
            self._made[key] = (
                self._measured(channel, topic, whole & (self._topic == topic), month)
                or self._measured(channel, "", whole, month)
                or self._usual(channel)
            )
        return self._made[key]

    def used(self) -> list[Rate]:
        """Every rate that was asked for, by channel, topic and month."""
        return [self._made[key] for key in sorted(self._made)]

    def _measured(self, channel: str, topic: str, which: npt.NDArray[np.bool_], month: int) -> Rate | None:
        until = self.since[month]
        mine = np.flatnonzero(which & (self._sent <= until - SETTLED_US))
        if len(mine) < LEAST_MESSAGES:
            return None
        sent = self._sent[mine]
        came = {name: (one := self._came[name][mine], (one <= sent + SETTLED_US)) for name in self._came}
        shares = {name: float(there.mean()) for name, (_, there) in came.items()}
        opened, there = came["opened"]
        hours = (opened[there] - sent[there]) / _HOUR
        delays = np.quantile(hours, np.linspace(0.05, 0.95, 10)) if len(hours) >= 20 else np.array(_USUAL_HOURS)
        clicked = min(shares["clicked"], shares["opened"])
        return Rate(channel, topic, len(mine), shares["bounced"], shares["opened"], clicked, delays)

    def _usual(self, channel: str) -> Rate:
        opened, clicked = USUAL.get(self._media.get(channel, channel), (0.0, 0.0))
        return Rate(channel, "", 0, 0.0, opened, clicked, np.array(_USUAL_HOURS))


@dataclass(frozen=True)
class Sender:
    """A step that sends: its place among them, key, channel and topic."""

    place: int
    step: str
    channel: str
    topic: str


class Replies:
    """What people would have done with messages, the same whenever it is asked."""

    def __init__(self, rates: Rates, senders: Mapping[str, Sender]) -> None:
        self._rates, self.senders = rates, senders

    def came(self, step: str, kind: str, numbers: Draws, draw: Places, sent: Instants) -> Instants:
        """When each message was opened (clicked, bounced, delivered, sent), NEVER where it was not.

        Args:
            numbers: of the runs (see :func:`numbers_of`); ``draw``: the draw, -1 in those without a reply.
            sent: when each was sent, NEVER where it was not.
        """
        found = np.full(len(sent), NEVER, np.int64)
        there = np.flatnonzero(sent < NEVER)
        if kind in ("sent", "delivered"):
            found[there] = sent[there]
        if kind in ("sent", "replied") or not len(there):
            return found
        drawn = there[draw[there] >= 0]
        seeded = _seeded(numbers[drawn], draw[drawn].astype(np.uint64))
        lost, opened, clicked, months = self._shares(step, sent[drawn])
        gone = unit_intervals(f"reply:{step}:bounced", seeded) < lost
        if kind in ("bounced", "delivered"):
            found[drawn] = np.where(gone == (kind == "bounced"), sent[drawn], NEVER)
            return found
        came = ~gone & (unit_intervals(f"reply:{step}:opened", seeded) < (opened if kind == "opened" else clicked))
        when = self._when(step, unit_intervals(f"reply:{step}:when", seeded), months)
        found[drawn] = np.where(came, sent[drawn] + when, NEVER)
        return found

    def loud(self, step: str, numbers: Draws, sent: Instants, draws: int) -> Truth:
        """By message and draw, whether there is a reply of any kind."""
        return self._by_draw(step, numbers, sent, draws, lambda gone, drawn, opened, _: gone | (drawn < opened))

    def counted(self, step: str, kind: str, numbers: Draws, sent: Instants, draws: int) -> Truth:
        """By message and draw, whether it was opened (clicked)."""
        if kind == "opened":
            return self._by_draw(step, numbers, sent, draws, lambda gone, drawn, opened, _: ~gone & (drawn < opened))
        return self._by_draw(step, numbers, sent, draws, lambda gone, drawn, _, clicked: ~gone & (drawn < clicked))

    def _by_draw(
        self,
        step: str,
        numbers: Draws,
        sent: Instants,
        draws: int,
        said: Callable[[Truth, Floats, Floats, Floats], Truth],
    ) -> Truth:
        found = np.zeros((len(sent), draws), bool)
        there = np.flatnonzero(sent < NEVER)
        for begin in range(0, len(there), _AT_ONCE):
            part = there[begin : begin + _AT_ONCE]
            seeded = _seeded(numbers[part][:, None], np.arange(draws, dtype=np.uint64)[None, :])
            lost, opened, clicked, _ = self._shares(step, sent[part])
            gone = np.zeros(seeded.shape, bool)
            if lost.any():
                gone = unit_intervals(f"reply:{step}:bounced", seeded) < lost[:, None]
            drawn = unit_intervals(f"reply:{step}:opened", seeded)
            found[part] = said(gone, drawn, opened[:, None], clicked[:, None])
        return found

    def _shares(self, step: str, sent: Instants) -> tuple[Floats, Floats, Floats, Places]:
        """The rates that hold for each message, and the number of the month from which they do."""
        sender = self.senders[step]
        months = np.maximum(np.searchsorted(self._rates.since, sent, side="right") - 1, 0)
        table = np.zeros((len(self._rates.since), 3))
        for month in np.flatnonzero(np.bincount(months, minlength=len(table))):
            rate = self._rates.at(sender.channel, sender.topic, int(month))
            table[month] = rate.bounced, rate.opened, rate.clicked
        shares = table[months]
        return shares[:, 0], shares[:, 1], shares[:, 2], months

    def _when(self, step: str, place: Floats, months: Places) -> Instants:
        sender, hours = self.senders[step], np.zeros(len(place))
        for month in np.flatnonzero(np.bincount(months, minlength=1)):
            rate = self._rates.at(sender.channel, sender.topic, int(month))
            mine = months == month
            hours[mine] = np.interp(place[mine], np.linspace(0.05, 0.95, len(rate.delays)), rate.delays)
        return np.maximum((hours * _HOUR).astype(np.int64), 1)


_Said = Callable[[Truth, Floats, Floats, Floats], Truth]


def numbers_of(ids: Words) -> Draws:
    """A number from each id, which is a hash."""
    if not len(ids):
        return np.zeros(0, np.uint64)
    width = (max(len(one) for one in ids) + 7) // 8 * 8
    parts = np.array(ids, dtype=f"S{width}").view(np.uint64).reshape(len(ids), -1)
    found = np.zeros(len(ids), np.uint64)
    with np.errstate(over="ignore"):
        for column in parts.T:
            found = (found ^ column) * np.uint64(0x9E3779B97F4A7C15)
            found ^= found >> np.uint64(29)
    return found


def _seeded(numbers: Draws, draw: Draws) -> Draws:
    with np.errstate(over="ignore"):
        return numbers ^ ((draw + np.uint64(1)) * np.uint64(0xD1B54A32D192ED03))


def _months(begin: datetime, end: datetime) -> list[datetime]:
    first = begin.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [begin]
    while (first := shift_months(first, 1)) <= end + timedelta(days=0):
        found.append(first)
    return found


_TOLD = {"channel": pa.string(), "topic": pa.string()} | dict.fromkeys(("sent", *KINDS, "bounced"), pa.int64())
_NOTHING = table_of(_TOLD)
