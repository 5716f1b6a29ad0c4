"""The cache: what was computed is given out until the data have moved on, and then renewed behind the scenes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest

from foretell.errors import ForetellError
from foretell.web import Cache
from foretell.web.caching import (
    FRESH_SECONDS,
    LARGE_BYTES,
    LARGE_WANTED_SECONDS,
    REST,
    STALE_SECONDS,
    WANTED_SECONDS,
)


class World:
    """Data that move on and a clock that is set by hand; computing takes a second of it."""

    def __init__(self) -> None:
        self.batch, self.seconds, self.computed = 1, 0.0, 0
        self.cache = Cache(lambda: self.batch, lambda: self.batch, lambda: self.seconds)

    def ask(self) -> int:
        return self.cache.get("k", self._compute)

    def _compute(self) -> int:
        self.computed += 1
        self.seconds += 1
        return self.computed


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.cache.close()


def test_asked_twice_computed_once(world: World) -> None:
    assert [world.ask(), world.ask()] == [1, 1]


def test_new_data_come_behind_the_scenes_and_not_all_the_time(world: World) -> None:
    world.ask()
    world.batch = 2
    world.cache.keep_up()
    assert world.ask() == 1, "what took a second rests"
    world.seconds += REST
    assert world.ask() == 1, "nobody waits"
    world.cache.keep_up()
    assert world.ask() == 2


def test_without_new_data_it_is_renewed_as_time_goes_by(world: World) -> None:
    world.ask()
    world.seconds += FRESH_SECONDS - 1
    world.cache.keep_up()
    assert world.ask() == 1
    world.seconds += 2
    world.cache.keep_up()
    assert world.ask() == 2


def test_what_is_too_old_is_not_given_out(world: World) -> None:
    world.ask()
    world.seconds += STALE_SECONDS + 1
    world.batch = 2
    assert world.ask() == 2


def test_what_nobody_wants_is_dropped_and_not_renewed(world: World) -> None:
    world.ask()
    world.seconds += WANTED_SECONDS + 1
    world.cache.keep_up()
    assert world.computed == 1
    assert world.ask() == 2


def test_a_large_table_is_kept_only_while_somebody_looks(world: World) -> None:
    numbers = np.zeros(LARGE_BYTES // 8, np.int64)
    world.cache.get("at the bound", lambda: pa.table({"n": numbers}))
    world.cache.get("larger", lambda: pa.table({"n": np.append(numbers, 0)}))
    world.ask()
    world.seconds += LARGE_WANTED_SECONDS - 1
    world.cache.keep_up()
    assert world.cache.rows() == {"at the bound": len(numbers), "larger": len(numbers) + 1, "k": 0}
    world.seconds += 1
    world.cache.keep_up()
    assert world.cache.rows() == {"at the bound": len(numbers), "k": 0}


def test_forgotten_values_are_computed_anew(world: World) -> None:
    world.ask()
    world.cache.forget()
    assert world.ask() == 2


def test_a_value_that_cannot_be_renewed_leaves_the_error_to_whoever_asks(world: World) -> None:
    broken = threading.Event()

    def compute() -> int:
        if broken.is_set():
            raise ForetellError("BROKEN", "it is broken")
        return 1

    assert world.cache.get("k", compute) == 1
    broken.set()
    world.batch = 2
    world.cache.keep_up()
    with pytest.raises(ForetellError):
        world.cache.get("k", compute)


def test_many_at_once_compute_it_once(world: World) -> None:
    entered = threading.Barrier(4)
    computed = []

    def ask(_: int) -> str:
        entered.wait(timeout=20)
        return world.cache.get("slow", lambda: computed.append(1) or "value")  # type: ignore[func-returns-value]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == ["value"] * 4
    assert len(computed) == 1
