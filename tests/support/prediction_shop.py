"""A small shop for tests of predictions: a real engine, filled straight with rows of the log.

People buy as a Poisson process until they silently leave; whoever is about to leave looks less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from foretell import identify, profile
from foretell.clock import FixedClock, micros
from foretell.condition import Reader
from foretell.definitions import Catalog, Positions, WorkspaceSettings, catalog_of
from foretell.engine import AnalyticsTable, Engine, EngineSettings, RoomParts, open_engine
from foretell.predict import KIND, PARTS

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
BOUGHT = "Order Completed"

_ORDERS = {
    "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "known_at": "TIMESTAMP", "order_id": "VARCHAR",
    "kind": "VARCHAR", "amount_minor": "BIGINT", "currency": "VARCHAR", "source": "VARCHAR",
}  # fmt: skip
_ITEMS = {
    "seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "order_id": "VARCHAR", "ordinal": "INTEGER",
    "product_id": "VARCHAR", "category": "VARCHAR", "quantity_micro": "BIGINT",
}  # fmt: skip
_COLLECTED = RoomParts(
    "collect",
    tables=(
        AnalyticsTable("order_rows", _ORDERS, "node_key"),
        AnalyticsTable("order_item_rows", _ITEMS, "node_key"),
    ),
)


@dataclass
class Shop:
    """An opened shop.

    Args:
        engine: its stores, without stages: rows go in by :func:`add`.
    """

    engine: Engine
    catalog: Catalog
    reader: Reader
    now: datetime

    @property
    def places(self) -> tuple[Engine, Catalog, Reader]:
        """What ``train`` and ``score`` begin with."""
        return self.engine, self.catalog, self.reader


def open_shop(
    folder: Path,
    predictions: Mapping[str, Mapping[str, Any]],
    *,
    zone: str = "UTC",
    settings: EngineSettings | None = None,
) -> Shop:
    """An empty shop with these predictions (key → spec), in the embedded stores unless ``settings`` name others."""
    now = START + timedelta(days=2_000)
    rooms = [_COLLECTED, identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS, PARTS]
    engine = open_engine(settings or EngineSettings(folder), rooms, [], {}, FixedClock(now))
    with engine.ops.write() as tx:
        tx.execute("INSERT INTO property_columns (number, array_path, path) VALUES (1, NULL, 'revenue')")
        tx.execute("INSERT INTO property_columns (number, array_path, path) VALUES (2, NULL, 'category')")
    raws = [
        ({"kind": "prediction", "key": key, "spec": spec}, Positions("test.yaml")) for key, spec in predictions.items()
    ]
    catalog, problems = catalog_of(raws, [KIND], root=folder, settings=WorkspaceSettings(currency="EUR", zone=zone))
    assert not problems, problems
    return Shop(engine, catalog, Reader(engine, catalog), now)


@dataclass(frozen=True)
class Happened:
    """Events as arrays (n,): person, µs since 1970, name, revenue in micro units, arrival, category ("": none)."""

    people: np.ndarray
    ts: np.ndarray
    event: np.ndarray
    micro: np.ndarray
    known_at: np.ndarray | None = None
    category: np.ndarray | None = None

    def where(self, chosen: np.ndarray) -> Happened:
        """The chosen events."""
        known = None if self.known_at is None else self.known_at[chosen]
        category = None if self.category is None else self.category[chosen]
        return Happened(self.people[chosen], self.ts[chosen], self.event[chosen], self.micro[chosen], known, category)


def add(shop: Shop, happened: Happened, first_seq: int = 1) -> None:
    """Put events into the log; purchases become orders of two lines."""
    n = happened.ts.size
    seq = np.arange(first_seq, first_seq + n)
    ts = pa.array(happened.ts.astype(np.int64)).cast(pa.timestamp("us"))
    arrived = happened.ts if happened.known_at is None else happened.known_at
    known_at = pa.array(arrived.astype(np.int64)).cast(pa.timestamp("us"))
    people = pa.array(happened.people.astype(np.int64))
    event = pa.array(happened.event.astype(str))
    bought = happened.event == BOUGHT
    number = pa.array(happened.micro.astype(np.int64), mask=~bought)
    log = pa.table(
        {
            "seq": seq, "batch": np.zeros(n, np.int64), "ts": ts, "known_at": known_at, "received_at": known_at,
            "event": event, "type": pa.array(["track"] * n), "source": pa.array(["test"] * n), "node_key": people,
            "message_id": pa.array(seq.astype(str)), "p1s": pa.nulls(n, pa.string()), "p1n": number,
        }
    )  # fmt: skip
    if happened.category is not None:
        told = pa.array(happened.category.astype(str), mask=happened.category == "")
        log = log.append_column("p2s", told).append_column("p2n", pa.nulls(n, pa.int64()))
    tables = {"event_log": log, "sightings": _sightings(happened, arrived), **_orders(log, bought, happened.micro)}
    tables["nodes"], tables["identifier_links"] = _who(happened.people)
    shop.engine.publish("test", tables, now=shop.now)


def _sightings(happened: Happened, arrived: np.ndarray) -> pa.Table:
    people, first = np.unique(happened.people, return_index=True)
    ts = np.full(people.size, np.iinfo(np.int64).max)
    known = ts.copy()
    place = np.searchsorted(people, happened.people)
    np.minimum.at(ts, place, happened.ts.astype(np.int64))
    np.minimum.at(known, place, arrived.astype(np.int64))
    return pa.table(
        {
            "node_key": people.astype(np.int64),
            "ts": pa.array(ts).cast(pa.timestamp("us")),
            "known_at": pa.array(known).cast(pa.timestamp("us")),
            "known": np.ones(first.size, bool),
        }
    )


def _orders(log: pa.Table, bought: np.ndarray, micro: np.ndarray) -> dict[str, pa.Table]:
    rows = log.filter(pa.array(bought))
    n = rows.num_rows
    orders = pa.table(
        {
            "seq": rows["seq"], "node_key": rows["node_key"], "ts": rows["ts"], "known_at": rows["known_at"],
            "order_id": rows["message_id"], "kind": pa.array(["completed"] * n),
            "amount_minor": (micro[bought] // 10_000).astype(np.int64), "currency": pa.array(["EUR"] * n),
            "source": rows["source"],
        }
    )  # fmt: skip
    products = np.asarray(rows["seq"]) % 7
    items = [
        pa.table(
            {
                "seq": rows["seq"], "node_key": rows["node_key"], "ts": rows["ts"], "order_id": rows["message_id"],
                "ordinal": np.full(n, ordinal, np.int32), "product_id": pa.array((products + ordinal).astype(str)),
                "category": pa.array((products % 3).astype(str)), "quantity_micro": np.full(n, 1_000_000),
            }
        )
        for ordinal in (0, 1)
    ]  # fmt: skip
    return {"order_rows": orders, "order_item_rows": pa.concat_tables(items)}


def _who(people: np.ndarray) -> tuple[pa.Table, pa.Table]:
    keys = np.unique(people).astype(np.int64)
    names = keys.astype(str)
    nodes = pa.table({"node_key": keys, "profile_id": pa.array([f"p_{name}" for name in names])})
    links = pa.table(
        {
            "kind": pa.array(["user_id"] * keys.size), "value": pa.array([f"u{name}" for name in names]),
            "node_key": keys, "first_seen": pa.array(np.zeros(keys.size, np.int64)).cast(pa.timestamp("us")),
        }
    )  # fmt: skip
    return nodes, links


def buyers(count: int, days: int, seed: int, *, season: float = 0.0) -> Happened:
    """Purchases and page views of ``count`` people over ``days`` days from ``START``.

    Args:
        season: how much the rate swells in the last 120 days (1.0 doubles it).
    """
    random = np.random.default_rng(seed)
    rate = random.gamma(1.5, 1 / 40, count)
    begin = random.uniform(0, days * 0.5, count)
    leaves = begin + random.exponential(250, count)
    whole = random.poisson(rate * days * (1 + season))
    people = np.repeat(np.arange(1, count + 1), whole)
    when = random.uniform(0, days, people.size)
    kept = (when > begin[people - 1]) & (when < leaves[people - 1])
    kept &= (when > days - 120) | (random.random(when.size) * (1 + season) < 1)
    people, when = people[kept], when[kept]
    first = np.arange(1, count + 1)
    people, when = np.concatenate([first, people]), np.concatenate([begin, when])
    views = random.poisson(3, people.size)
    seen = np.repeat(people, views)
    seen_at = np.repeat(when, views) - random.exponential(5, views.sum())
    late = (seen_at > 0) & (seen_at < leaves[seen - 1] - 20)
    seen, seen_at = seen[late], seen_at[late]
    everybody = np.concatenate([people, seen])
    ts = micros(START) + (np.concatenate([when, seen_at]) * DAY_US).astype(np.int64)
    event = np.concatenate([np.full(people.size, BOUGHT), np.full(seen.size, "Page Viewed")])
    micro = np.concatenate([random.gamma(4, 10, people.size) * 1e6, np.zeros(seen.size)]).astype(np.int64)
    order = np.argsort(ts, kind="stable")
    return Happened(everybody[order], ts[order], event[order], micro[order])


CHURN: dict[str, Any] = {
    "outcome": {"did_not": BOUGHT},
    "horizon": "60d",
    "population": {"did": BOUGHT, "within": "365d"},
}
VALUE: dict[str, Any] = {"value": {"did": BOUGHT, "sum": "revenue"}, "horizon": "12w", "unit": "1w"}
