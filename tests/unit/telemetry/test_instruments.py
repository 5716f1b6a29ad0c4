"""Counters and distributions, the timing of stores, and that counting is right from many threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from foretell.errors import ForetellError
from foretell.telemetry import (
    ERRORS,
    QUERY_SECONDS,
    Counter,
    Distribution,
    asking,
    count_error,
    timed,
    timed_block,
)


def test_a_counter_counts_by_labels_from_many_threads() -> None:
    counted = Counter("foretell_test", "For this test.", ("door",))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: counted.add("even" if place % 2 == 0 else "odd", amount=2), range(4_000)))
    assert [(sample.labels, sample.value) for sample in counted.samples()] == [(("even",), 4_000), (("odd",), 4_000)]


def test_a_distribution_puts_bounds_into_their_own_bucket() -> None:
    seen = Distribution("foretell_test_seconds", "For this test.", bounds=(1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 2.5):
        seen.observe(value)
    (sample,) = seen.samples()
    assert (sample.counts, sample.value, seen.count()) == ((2, 2, 1), 7.5, 5)


def test_errors_are_counted_where_they_are_told_by_codes_alone() -> None:
    before = ERRORS.value("v1", "SPOOL_FULL"), ERRORS.value("elsewhere", "OTHER")
    with asking("v1"):
        count_error(ForetellError("SPOOL_FULL", "too much waits"))
    count_error(ForetellError("anna@example.com", "a code that is none"))
    assert (ERRORS.value("v1", "SPOOL_FULL"), ERRORS.value("elsewhere", "OTHER")) == (before[0] + 1, before[1] + 1)
    assert not any("anna" in label for sample in ERRORS.samples() for label in sample.labels)


class Store:
    """A store with two measured doors."""

    @timed("operational", "read")
    def query(self, sql: str) -> str:
        """Give the text back; an empty one is wrong."""
        if not sql:
            raise ValueError
        return sql

    @timed_block("operational", "write")
    @contextmanager
    def write(self) -> Iterator[int]:
        """Open a block."""
        yield 7


def ask_as(room: str, code: str) -> object:
    """Run ``code`` as if it stood in a room."""
    place: dict[str, object] = {"__name__": f"foretell.{room}.somewhere", "store": Store()}
    exec(compile(code, "<room>", "exec"), place)
    return place.get("found")


def test_the_room_that_asks_is_found_and_the_text_is_not_kept() -> None:
    before = QUERY_SECONDS.count("operational", "read", "deliver")
    assert ask_as("deliver", "found = store.query('SELECT 1')") == "SELECT 1"
    assert QUERY_SECONDS.count("operational", "read", "deliver") == before + 1
    assert not any("SELECT" in label for sample in QUERY_SECONDS.samples() for label in sample.labels)


def test_the_stores_asking_themselves_are_the_engine() -> None:
    before = QUERY_SECONDS.count("operational", "read", "engine")
    ask_as("engine", "store.query('SELECT 1')")
    assert QUERY_SECONDS.count("operational", "read", "engine") == before + 1


def test_a_block_is_measured_for_the_room_that_opened_it_and_failures_are_too() -> None:
    before = QUERY_SECONDS.count("operational", "write", "care"), QUERY_SECONDS.count("operational", "read", "care")
    assert ask_as("care", "with store.write() as found: pass") == 7
    with pytest.raises(ValueError):  # noqa: PT011 - what the store raised comes through
        ask_as("care", "store.query('')")
    after = QUERY_SECONDS.count("operational", "write", "care"), QUERY_SECONDS.count("operational", "read", "care")
    assert after == (before[0] + 1, before[1] + 1)
