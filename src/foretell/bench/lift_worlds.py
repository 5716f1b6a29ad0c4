"""A shop world played twice, with a churn rescue for everybody who enters it and without: what each person did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.demo import ShopSettings, ShopWorld, WorldStep

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HISTORY, ROUND, DAY, WINDOW = (timedelta(days=days) for days in (540, 7, 1, 30))
ROUNDS = 4
SILENT, RECENT = timedelta(days=60), timedelta(days=180)
PERCENT_OFF = 0.15
_MICRO = timedelta(microseconds=1)
_COMPLETED, _REFUNDED = "Order Completed", "Order Refunded"


@dataclass(frozen=True)
class Outcomes:
    """What those who entered did within 30 days, one value each.

    Args:
        person: their numbers in the world.
        bought: whether they ordered; ``revenue``: completed less refunded, major units.
    """

    person: Ints
    bought: Bools
    revenue: Floats


@dataclass(frozen=True)
class _Orders:
    """Orders and refunds: person, instant (microseconds), signed minor units."""

    person: Ints
    at: Ints
    minor: Ints

    def __add__(self, other: _Orders) -> _Orders:
        pairs = zip((self.person, self.at, self.minor), (other.person, other.at, other.minor), strict=True)
        return _Orders(*(np.concatenate(pair) for pair in pairs))


def with_a_past(seed: int, people: int) -> tuple[ShopWorld, _Orders]:
    """A world after a year and a half of its own, and the orders so far."""
    world = ShopWorld(ShopSettings(people=people, seed=seed))
    return world, _orders(world.step(world.now + HISTORY))


def played(world: ShopWorld, orders: _Orders, treated: Bools) -> Outcomes:
    """Let ``world`` go on, with the rescue for those ``treated`` (people,), and say what became of all who enter.

    Once a week for four weeks everybody enters whose last order lies 60 to 180 days back. The treated get a mail
    with 15 % off at once, and a text message a day later where no person opened it.
    """
    entered = np.zeros(len(treated), np.int64)
    for _ in range(ROUNDS):
        now = micros(world.now)
        new = np.flatnonzero((entered == 0) & _silent(orders, len(treated), now))
        entered[new] = now
        reached = new[treated[new]]
        first = world.step(world.now + DAY, _messages(world, reached, "email", now))
        unread = np.setdiff1d(reached, np.fromiter(_openers(first), np.int64))
        rest = world.step(world.now + ROUND - DAY, _messages(world, unread, "sms", now + DAY // _MICRO))
        orders = orders + _orders(first) + _orders(rest)
    orders = orders + _orders(world.step(world.now + WINDOW))
    return _outcomes(orders, entered)


def _orders(step: WorldStep) -> _Orders:
    names = step.events["event"].cast(pa.string())
    chosen = pc.is_in(names, pa.array([_COMPLETED, _REFUNDED]))
    rows = step.events.filter(chosen)
    signs = np.where(pc.equal(names.filter(chosen), _REFUNDED).to_numpy(), -1, 1)
    at = rows["ts"].cast(pa.int64()).to_numpy()
    return _Orders(rows["person"].to_numpy().astype(np.int64), at, signs * rows["amount_minor"].to_numpy())


def _silent(orders: _Orders, people: int, now: int) -> Bools:
    """Whose last order lies as far back as the rescue asks."""
    last = np.zeros(people, np.int64)
    placed = orders.minor > 0
    np.maximum.at(last, orders.person[placed], orders.at[placed])
    found: Bools = (last <= now - SILENT // _MICRO) & (last > now - RECENT // _MICRO)
    return found


def _messages(world: ShopWorld, people: Ints, channel: str, at: int) -> pa.Table:
    address = world.shop.identities["email" if channel == "email" else "phone"].take(pa.array(people))
    numbers = pa.array(people).cast(pa.string())
    count = len(people)
    return pa.table(
        {
            "message_id": pc.binary_join_element_wise(channel, numbers, " "),
            "address": address,
            "channel": pa.array([channel] * count, pa.string()),
            "sent_at": pa.array(np.full(count, at)).cast(pa.timestamp("us")),
            "kind": pa.array(["winback"] * count, pa.string()),
            "offer_percent": np.full(count, PERCENT_OFF),
            "offer_code": pc.binary_join_element_wise("CODE", numbers, "-"),
        }
    )


def _openers(step: WorldStep) -> Iterator[int]:
    opened = step.engagements.filter(pc.equal(step.engagements["kind"], "open"))
    return (int(message.rpartition(" ")[2]) for message in opened["message_id"].to_pylist())


def _outcomes(orders: _Orders, entered: Ints) -> Outcomes:
    begin = entered[orders.person]
    inside = (begin > 0) & (orders.at > begin) & (orders.at <= begin + WINDOW // _MICRO)
    person, minor = orders.person[inside], orders.minor[inside]
    revenue = np.bincount(person, minor, len(entered)) / 100
    bought = np.bincount(person[minor > 0], minlength=len(entered)) > 0
    who = np.flatnonzero(entered)
    return Outcomes(who, bought[who], revenue[who])
