"""A demo shop for ``bench horizons``: its past as rows of the log, and many futures, which tell the true hazards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import micros
from foretell.demo import ShopSettings, ShopWorld
from foretell.engine import Engine

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
PAST = timedelta(days=480)
_STEP = timedelta(days=60)
_BOUGHT = "Order Completed"
_DONE = (
    "Page Viewed", "Products Searched", "Product Viewed", "Product Added", "Checkout Started", _BOUGHT,
    "Order Refunded", "Ticket Opened", "Ticket Solved", "Survey Answered", "Subscription Started", "Consent Updated",
)  # fmt: skip
_SOURCE, _CURRENCY = "shop", "EUR"
_MICRO_PER_MINOR = 10_000
_FIRST_SEED = 1_000


def world_of(people: int, seed: int) -> ShopWorld:
    """A shop at its beginning."""
    return ShopWorld(ShopSettings(people=people, seed=seed))


def live(world: ShopWorld, engine: Engine, *, now: datetime) -> int:
    """Let :data:`PAST` go by and put what people do into the log and the orders; returns the number of events.

    A person's key is their number in the world plus one: who is who is not what is measured here.
    """
    until, done = world.now + PAST, 0
    while world.now < until:
        events = world.step(min(world.now + _STEP, until)).events
        events = events.filter(pc.is_in(events["event"].cast(pa.string()), pa.array(_DONE)))
        engine.publish("bench", _rows(events, done + 1), now=now)
        done += events.num_rows
    engine.publish("bench", _people(world.settings.people, world.settings.begin), now=now)
    return done


@dataclass(frozen=True)
class Futures:
    """What comes after an instant.

    Args:
        happened: 1.0 where a person orders nothing within each horizon, in the world's own future; (people, horizons).
        chance: how often in other futures of the same people; same shape.
    """

    happened: Floats
    chance: Floats


def futures(world: ShopWorld, days: Sequence[int], count: int) -> Futures:
    """The world's own future, and ``count`` others with new draws from now on: the true hazards, by Monte Carlo."""
    drawn = [_silent(world.fork(_FIRST_SEED + number), days) for number in range(count)]
    return Futures(_silent(world.fork(), days), np.mean(drawn, axis=0))


def _silent(world: ShopWorld, days: Sequence[int]) -> Floats:
    """1.0 where a person (by number) orders nothing within each of ``days`` from now on."""
    begin, people = micros(world.now), world.settings.people
    events = world.step(world.now + timedelta(days=max(days))).events
    bought = events.filter(pc.equal(events["event"], _BOUGHT))
    first = np.full(people, np.iinfo(np.int64).max)
    ts = np.asarray(bought["ts"].cast(pa.int64()).to_numpy(), dtype=np.int64)
    np.minimum.at(first, np.asarray(bought["person"].to_numpy(), dtype=np.int64), ts)
    ends = np.array([begin + int(timedelta(days=one) / timedelta(microseconds=1)) for one in days])
    return (first[:, None] > ends).astype(np.float64)


def _rows(events: pa.Table, first_seq: int) -> dict[str, pa.Table]:
    """Rows of the log, and of orders."""
    n = events.num_rows
    seq = np.arange(first_seq, first_seq + n)
    key = pc.add(events["person"].cast(pa.int64()), 1)
    common = {"seq": pa.array(seq), "node_key": key, "ts": events["ts"], "known_at": events["ts"]}
    log = pa.table(
        {
            **common, "batch": np.zeros(n, np.int64), "received_at": events["ts"], "message_id": events["message_id"],
            "event": events["event"].cast(pa.string()), "type": events["type"].cast(pa.string()),
            "source": _same(_SOURCE, n),
        }
    )  # fmt: skip
    bought = pc.equal(events["event"], _BOUGHT)
    orders = pa.table({**common, "order_id": events["message_id"], "amount_minor": events["amount_minor"]})
    orders = orders.filter(bought)
    height = orders.num_rows
    made = {"kind": _same("completed", height), "currency": _same(_CURRENCY, height), "source": _same(_SOURCE, height)}
    for name, column in made.items():
        orders = orders.append_column(name, column)
    amount = orders.schema.get_field_index("amount_minor")
    orders = orders.set_column(amount, "amount_minor", orders["amount_minor"].cast(pa.int64()))
    return {"event_log": log, "order_rows": orders, "order_item_rows": pa.concat_tables(_items(events.filter(bought)))}


def _items(bought: pa.Table) -> Iterator[pa.Table]:
    """The lines of orders: products by number, ten of them a category."""
    for suffix in ("", "_2", "_3"):
        rows = bought.filter(pc.greater_equal(bought["product" + suffix], 0))
        product = np.asarray(rows["product" + suffix].to_numpy(), dtype=np.int64)
        yield pa.table(
            {
                "node_key": pc.add(rows["person"].cast(pa.int64()), 1),
                "ts": rows["ts"],
                "known_at": rows["ts"],
                "order_id": rows["message_id"],
                "ordinal": pa.array(np.full(product.size, int(suffix[1:] or 1), np.int32)),
                "product_id": pa.array(product.astype(str)),
                "category": pa.array((product // 10).astype(str)),
                "quantity_micro": pa.array(
                    np.asarray(rows["quantity" + suffix].to_numpy(), dtype=np.int64) * 1_000_000
                ),
            }
        )


def _people(count: int, begin: datetime) -> dict[str, pa.Table]:
    """Everybody known from the beginning."""
    keys = np.arange(1, count + 1)
    ts = pa.array(np.full(count, micros(begin))).cast(pa.timestamp("us"))
    names = pa.array(np.char.add("p_", keys.astype(str)))
    sightings = {"node_key": keys, "ts": ts, "known_at": ts, "known": np.ones(count, bool)}
    return {"nodes": pa.table({"node_key": keys, "profile_id": names}), "sightings": pa.table(sightings)}


def _same(value: str, n: int) -> pa.Array:
    return pa.array([value]).take(pa.array(np.zeros(n, np.int32)))
