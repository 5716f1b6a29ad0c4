"""What a tick asks of PostgreSQL finds its runs by an index, whatever the planner has been told of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import identify, journey
from foretell.clock import FixedClock
from foretell.engine import Engine, open_engine
from foretell.journey import admitting, claiming, lagging, runs, states
from tests.support.pairs import open_pair

WAITING, TOUCHED = 100_000, 50
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FILL = (
    "INSERT INTO journey_runs (run, journey, revision, profile_key, node_key, profile_id, arm, entered_at, state, "
    "step, arrived_at, waiting, due_at, variables, entry_message_id, contaminated, unsettled) "
    "SELECT 'r' || i, 'k', 1, i, i, 'p' || i, 'treated', 0, 'active', 's', 0, 1, 1000 + i, '{}', '', 0, 0 "
    "FROM generate_series(1, ?) AS made (i)"
)
ASKED = {
    "any due": (runs.ANY_DUE, ("k", 1_020)),
    "oldest due": (lagging.OLDEST_DUE, ("k", 1_020)),
    "due": (runs.DUE, ("k", 1_020, 10_000)),
    "none due": (runs.DUE, ("k", 0, 10_000)),
    "of touched people": (runs.WAITING_OF, ("k", 1)),
    "who has entered": (admitting.BEFORE, ("k",)),
    "revisions": (runs.NEXT_REVISION, ("k", 1)),
    "goals of people": (runs.GOALS_OF, ("k",)),
    "goals that are over": (runs.GOALS_OVER, ("k", 1)),
    "just come": (claiming.JUST_COME.format(left=""), ("k", 1_020, 10_000)),
    "open runs of claimed people": (claiming.OPEN_OF, ()),
    "anybody inside": (states.ANY_INSIDE, ("k",)),
}


@pytest.fixture(scope="module", params=[True, False], ids=["analysed", "not analysed"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Very many who wait, and 50 people whom something happened to, in the midst of them."""
    folder: Path = tmp_path_factory.mktemp("plans")
    with (
        open_pair("postgresql+duckdb") as pair,
        open_engine(pair.settings(folder), [identify.PARTS, journey.PARTS], [], {}, FixedClock(NOW)) as opened,
    ):
        with opened.ops.write() as tx:
            tx.execute("ALTER TABLE journey_runs SET (autovacuum_enabled = false)")
            tx.execute(FILL, (WAITING,))
            if request.param:
                tx.execute("ANALYZE journey_runs")
            # Empty before it is filled, as in a journey's first ticks.
            for table in ("touched_people", "claimed_people", "entering_people"):
                tx.put(table, pa.table({"profile_key": pa.array([], pa.int64())}), key="profile_key")
        yield opened


@pytest.mark.parametrize("name", ASKED)
def test_runs_are_found_by_an_index(engine: Engine, name: str) -> None:
    sql, params = ASKED[name]
    touched = pa.array(range(WAITING // 2, WAITING // 2 + TOUCHED), pa.int64())
    with engine.ops.write() as tx:
        for table in ("touched_people", "claimed_people", "entering_people"):
            tx.put(table, pa.table({"profile_key": touched}), key="profile_key")
        told = [row[0] for row in tx.query(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {sql}", params)]
    plan = "\n".join(told)
    assert "journey_runs" in plan
    assert "Seq Scan on journey_runs" not in plan, plan
    thrown_away = [int(line.split(":")[1]) for line in told if "Rows Removed by Filter" in line]
    assert sum(thrown_away) <= TOUCHED, plan
