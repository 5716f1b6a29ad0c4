"""A shop with a planted group: a real engine, filled straight with rows of the log.

Everybody looks at pages and may open a ticket. Whoever orders in the time ahead is drawn by a chance that depends
on one thing alone: people from France who opened a ticket in the 90 days before order less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell import definitions, identify, predict, profile, segment
from foretell.clock import FixedClock, micros, naive_utc
from foretell.condition import Reader
from foretell.definitions import Catalog, Positions, WorkspaceSettings, catalog_of
from foretell.engine import Engine, EngineSettings, open_engine

START = datetime(2025, 1, 6, tzinfo=UTC)
DAY_US = 86_400_000_000
HORIZON_DAYS, SEARCH_DAY, CHECK_DAY, LAST_DAY = 60, 280, 340, 400
NOW = START + timedelta(days=LAST_DAY)
USUAL, PLANTED = 0.6, 0.2
"""Chances of an order in a horizon."""
PRICE = 40.0
COUNTRIES = ("France", "Germany", "Spain", "Italy")
CHURN = {"outcome": {"did_not": "Order Completed"}, "horizon": "60d", "population": {"did": "Page Viewed"}}
_ROOMS = (
    definitions.PARTS, identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS, predict.PARTS, segment.PARTS,
    segment.TREND_PARTS,
)  # fmt: skip


@dataclass
class Groups:
    """An opened shop; ``now`` is an instant after everything in it."""

    engine: Engine
    catalog: Catalog
    reader: Reader
    now: datetime = NOW
    seq: int = 0

    @property
    def places(self) -> tuple[Engine, Catalog, Reader]:
        """What the room's doors begin with."""
        return self.engine, self.catalog, self.reader


def open_groups(folder: Path, documents: Mapping[tuple[str, str], Mapping[str, Any]]) -> Groups:
    """An empty shop with these documents ((kind, key) → spec)."""
    engine = open_engine(EngineSettings(folder), list(_ROOMS), [], {}, FixedClock(NOW))
    with engine.ops.write() as tx:
        columns = [(1, None, "revenue"), (2, None, "topic")]
        tx.executemany("INSERT INTO property_columns (number, array_path, path) VALUES (?, ?, ?)", columns)
    return Groups(engine, *documented(engine, folder, documents))


def documented(
    engine: Engine, folder: Path, documents: Mapping[tuple[str, str], Mapping[str, Any]]
) -> tuple[Catalog, Reader]:
    """A catalog of documents, and a reader that goes by it."""
    raws = [
        ({"kind": kind, "key": key, "spec": spec}, Positions("test.yaml")) for (kind, key), spec in documents.items()
    ]
    settings = WorkspaceSettings(currency="EUR", zone="Europe/Berlin")
    catalog, problems = catalog_of(raws, [segment.KIND, predict.KIND], root=folder, settings=settings)
    assert not problems, problems
    return catalog, Reader(engine, catalog)


Numbers = npt.NDArray[Any]


def add_people(shop: Groups, country: Sequence[str], seen_day: float = 0.0) -> None:
    """People 1, 2, … with a country, seen first on ``seen_day``."""
    keys = np.arange(1, len(country) + 1)
    at = _instants(np.full(keys.size, seen_day))
    traits = {
        "seq": keys, "node_key": keys, "ts": at, "known_at": at, "trait": pa.array(["country"] * keys.size),
        "source": pa.array(["test"] * keys.size), "s": pa.array(list(country)),
    }  # fmt: skip
    nodes = {"node_key": keys, "profile_id": pa.array([f"p_{key}" for key in keys])}
    sightings = {"node_key": keys, "ts": at, "known_at": at, "known": np.ones(keys.size, bool)}
    tables = {"trait_values": traits, "nodes": nodes, "sightings": sightings}
    shop.engine.publish("test", {name: pa.table(rows) for name, rows in tables.items()}, now=shop.now)


def add_trait(shop: Groups, trait: str, values: Sequence[str] | Numbers, day: float = 0.0) -> None:
    """A trait of people 1, 2, … with a text or a number each."""
    keys = np.arange(1, len(values) + 1)
    at = _instants(np.full(keys.size, day))
    numbers = isinstance(values, np.ndarray)
    rows = {
        "seq": keys, "node_key": keys, "ts": at, "known_at": at, "trait": pa.array([trait] * keys.size),
        "source": pa.array(["test"] * keys.size),
        "s": pa.nulls(keys.size, pa.string()) if numbers else pa.array(list(values), pa.string()),
        "n": pa.array((np.asarray(values) * 1e6).astype(np.int64)) if numbers else pa.nulls(keys.size, pa.int64()),
    }  # fmt: skip
    shop.engine.publish("test", {"trait_values": pa.table(rows)}, now=shop.now)


def add_events(
    shop: Groups, event: str, people: Numbers, days: Numbers, *, known: Numbers | None = None,
    revenue: float | None = None, topic: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Events of ``people`` (keys, n) on ``days`` (n) after the start, known then or on the days ``known``."""
    n = len(people)
    seq = np.arange(shop.seq + 1, shop.seq + 1 + n)
    shop.seq += n
    ts, known_at = _instants(days), _instants(days if known is None else known)
    rows = {
        "seq": seq, "batch": np.zeros(n, np.int64), "ts": ts, "known_at": known_at, "received_at": known_at,
        "event": pa.array([event] * n), "type": pa.array(["track"] * n), "source": pa.array(["test"] * n),
        "node_key": np.asarray(people, np.int64), "message_id": pa.array([f"m{number}" for number in seq]),
        "p1s": pa.nulls(n, pa.string()),
        "p1n": pa.nulls(n, pa.int64()) if revenue is None else np.full(n, int(revenue * 1e6)),
        "p2s": pa.array([None] * n if topic is None else list(topic), pa.string()), "p2n": pa.nulls(n, pa.int64()),
    }  # fmt: skip
    shop.engine.publish("test", {"event_log": pa.table(rows)}, now=shop.now)


def add_scores(shop: Groups, prediction: str, horizon: str, at: datetime, scores: Numbers) -> None:
    """Scores of people 1, 2, … (n,) that were stored at an instant."""
    n = len(scores)
    rows = {
        "prediction": pa.array([prediction] * n), "horizon": pa.array([horizon] * n), "node_key": np.arange(1, n + 1),
        "as_of": pa.array([naive_utc(at)] * n, pa.timestamp("us")), "score": np.asarray(scores, np.float64),
        "low": np.asarray(scores) - 0.1, "high": np.asarray(scores) + 0.1, "model": pa.array(["m"] * n),
        "reasons": pa.array(["[]"] * n),
    }  # fmt: skip
    shop.engine.publish("test", {"score_rows": pa.table(rows)}, now=shop.now)


def plant(shop: Groups, count: int, seed: int, *, planted: bool = True, lasting: bool = False) -> None:
    """``count`` people over 400 days.

    Args:
        planted: False: everybody orders by the usual chance, or
        lasting: each by one of their own that stays, and has nothing to do with anything that is known.
    """
    random = np.random.default_rng(seed)
    keys = np.arange(1, count + 1)
    country = random.choice(COUNTRIES, count)
    add_people(shop, [str(one) for one in country])
    views = random.poisson(6, count) + 1
    viewers = np.repeat(keys, views)
    topics = [str(one) for one in random.choice(["hiking", "running", "yoga"], viewers.size)]
    add_events(shop, "Page Viewed", viewers, random.uniform(1, CHECK_DAY, viewers.size), topic=topics)
    trouble = {}
    for day in (SEARCH_DAY, CHECK_DAY, LAST_DAY):
        trouble[day] = random.random(count) < 0.4
        troubled = keys[trouble[day]]
        # Between the two instants lie 60 days, so that a ticket of the 30 days before one is not seen at the other.
        add_events(shop, "Ticket Opened", troubled, random.uniform(day - 29, day - 1, troubled.size))
    usual = np.where(random.random(count) < USUAL, 0.95, 0.05) if lasting else np.full(count, USUAL)
    for day in (SEARCH_DAY, CHECK_DAY):
        chance = usual.copy()
        if planted:
            chance[(country == "France") & trouble[day]] = PLANTED
        buyers = keys[random.random(count) < chance]
        add_events(
            shop, "Order Completed", buyers, random.uniform(day + 1, day + HORIZON_DAYS - 1, buyers.size), revenue=40
        )


def _instants(days: Numbers) -> pa.Array:
    at = micros(START) + (np.asarray(days, dtype=np.float64) * DAY_US).astype(np.int64)
    return pa.array(at).cast(pa.timestamp("us"))
