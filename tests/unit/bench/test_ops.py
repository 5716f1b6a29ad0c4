"""``bench ops`` on few events: both stores come to the same, and the server's processor time is seen."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from foretell.bench.beside import VARIABLE, Beside, postgres_beside
from foretell.bench.ops_identity import identity
from foretell.bench.ops_tick import DUE, small_tick

BURN = "SELECT count(*) FROM generate_series(1, 2000000)"


@pytest.fixture(scope="module")
def beside() -> Iterator[Beside]:
    with postgres_beside() as found:
        yield found


def test_the_servers_work_is_counted_and_stays_counted_when_a_session_ends(beside: Beside) -> None:
    before = beside.cpu_s()
    with psycopg.connect(beside.url) as connection:
        connection.execute(BURN)
        during = beside.cpu_s()
    assert during > before
    assert beside.cpu_s() >= during


def test_both_stores_part_the_events_among_the_same_people(beside: Beside) -> None:
    _, figures = identity(beside, events=2_000, report=lambda _: None)
    assert figures["identity_pg_cpu_us"] >= figures["identity_pg_server_cpu_us"]


def test_both_ticks_bring_all_that_is_due_to_its_end(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, beside.url)
    _, figures = small_tick(beside, waiting=DUE * 4, ticks=1, report=lambda _: None)
    assert figures["small_tick_server_cpu_ms"] > 0
