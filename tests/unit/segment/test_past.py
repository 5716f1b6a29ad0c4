"""What is said of many instants of the past at once is what is said of each alone, as known then."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from foretell import condition as language
from foretell.clock import from_micros, micros
from foretell.condition import Condition, Of, Reader, parse
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine, integers
from foretell.segment.past import Intervals, Pairs, Past
from tests.properties import condition_world as worlds
from tests.properties.condition_check import Case, cases, further_cases
from tests.properties.condition_store import Known, stored

Keys = set[int]


class _Settings:
    def __init__(self, zone: ZoneInfo) -> None:
        self.zone_info = zone


class _Catalog:
    def __init__(self, zone: ZoneInfo) -> None:
        self.settings = _Settings(zone)


def reader_of(engine: Engine, made: worlds.World, case: Case) -> Reader:
    segments = {key: (parse(raw), of) for key, (raw, of) in case.segments.items()}
    known = Known(segments, worlds.PREDICTIONS, made.rules)
    return Reader(engine, cast(Catalog, _Catalog(made.zone)), cast(Any, known))


def grid_of(made: worlds.World) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Uneven instants around the edges of a world, some a microsecond apart."""
    first, last = min(made.instants), max(made.instants)
    steps = [first - timedelta(days=50) + timedelta(days=9, hours=7) * place for place in range(12)]
    edges = [one + timedelta(microseconds=shift) for one in made.instants for shift in (-1, 0, 1)]
    return np.unique(np.array([micros(one) for one in (*steps, *edges, last)], np.int64))


def inside(found: Intervals, keys: np.ndarray[Any, np.dtype[np.int64]], place: int) -> Keys:
    there = (found.begin <= place) & (found.end > place)
    return set(keys[found.person[there]].tolist())


@pytest.mark.parametrize("seed", [5, 12])
def test_as_asked_one_by_one(seed: int) -> None:
    made = worlds.world(seed)
    grid = grid_of(made)
    with tempfile.TemporaryDirectory() as folder, stored(made.history, Path(folder)) as engine:
        asked = [*cases(seed, made, 16), *further_cases(seed, made, 3)]
        asked = [one for one in asked if one.future is None and not one.people and not one.decision]
        told = 0
        for case in asked:
            reader, of = reader_of(engine, made, case), cast(Of, case.of)
            tree = case.tree(language)
            past = Past(reader, until=from_micros(int(grid[-1])))
            watched = past.watch(tree, of)
            found = watched.intervals(grid)
            for place in range(seed % 3, len(grid), 9):
                at = from_micros(int(grid[place]))
                truth = alone(reader, tree, of, at)
                assert inside(found, past.crowd.keys, place) == truth, (case.raw, at)
                told += len(truth)
            people = np.arange(len(past.crowd), dtype=np.int64)
            column = np.arange(len(people)) % len(grid)
            held = watched.holds(Pairs(people, grid[column]))
            for one in people.tolist():
                expected = bool(
                    ((found.person == one) & (found.begin <= column[one]) & (found.end > column[one])).any()
                )
                assert held[one] == expected, (case.raw, one)
        assert told > 150


def alone(reader: Reader, tree: Condition, of: Of, at: Any) -> Keys:
    found = reader.members(tree, as_of=at, known_at=at, of=of)
    return {key for key in integers(found["profile_key"]).tolist() if key > 0}


SINCE: tuple[dict[str, Any], ...] = (
    {"did": "Order Completed"},
    {"did": "Page Viewed", "times": {"gte": 2}, "within": "2w"},
    {"did_not": "Page Viewed", "within": "7d"},
    {"did": "Order Completed", "sum": {"revenue": {"gte": 5}}},
    {"any": [{"did": "Order Completed"}, {"did": "Page Viewed"}]},
    {"last": "Order Completed", "ago": {"lt": "7d"}},
    {"sequence": [{"did": "Page Viewed"}, {"did": "Order Completed", "within": "2w"}]},
)


@pytest.mark.parametrize("seed", [3])
def test_since_an_instant(seed: int) -> None:
    made = worlds.world(seed)
    at = max(made.instants)
    with tempfile.TemporaryDirectory() as folder, stored(made.history, Path(folder)) as engine:
        reader = Reader(engine, cast(Catalog, _Catalog(made.zone)), cast(Any, Known({}, worlds.PREDICTIONS)))
        past = Past(reader, until=at)
        people = np.tile(np.arange(len(past.crowd), dtype=np.int64), 2)
        since = np.repeat(np.array([micros(at - timedelta(days=days)) for days in (6, 33)]), len(past.crowd))
        pairs = Pairs(people, np.full(len(people), micros(at)), since)
        for raw in SINCE:
            tree = parse(raw)
            watched = past.watch(tree, "all")
            held = watched.holds(pairs)
            for half in range(2):
                these = slice(half * len(past.crowd), (half + 1) * len(past.crowd))
                asked = pa.table({"profile_key": past.crowd.keys, "since": pa.array(since[these]).cast(TIMESTAMP)})
                found = reader.members(tree, as_of=at, known_at=at, of="all", people=asked)
                assert set(past.crowd.keys[held[these]].tolist()) == set(integers(found["profile_key"]).tolist()), raw
                firsts = reader.first_instants(tree, as_of=at, known_at=at, people=asked)
                assert watched.lasts == (firsts is not None), raw
                if firsts is not None:
                    came = watched.first(Pairs(people[these], pairs.at[these], since[these]), pairs.at[these])
                    told = dict(zip(integers(firsts["profile_key"]).tolist(), firsts["first_at"].cast(TIMESTAMP)
                                    .cast(pa.int64()).to_pylist(), strict=True))  # fmt: skip
                    mine = {int(key): int(one) for key, one in zip(past.crowd.keys, came, strict=True) if one < 2**61}
                    assert mine == {key: told[key] for key in mine}
                    assert set(told) - set(mine) <= {key for key in told if key not in past.crowd.keys}, raw
