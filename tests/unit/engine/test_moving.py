"""A workspace goes to other stores and back: the same rows, proven, however often it is cut off on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foretell import identify, profile
from foretell.clock import FixedClock
from foretell.engine import (
    AnalyticsTable,
    Engine,
    EngineSettings,
    LakePlace,
    PostgresPlace,
    crash_points,
    event_log,
    open_engine,
)
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.lake import Lake, open_place
from foretell.engine.moving import MoveReport, move
from foretell.engine.moving.analytics import DuckSide, LakeSide, carry
from foretell.engine.moving.proof import Proof
from foretell.errors import ForetellError
from tests.support.pairs import schemas
from tests.support.small_events import NOW, decode, event, frame

ROOMS = [identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS]
TABLES: dict[str, AnalyticsTable] = {table.name: table for part in (event_log.PARTS, *ROOMS) for table in part.tables}
EVENTS = [
    event(
        "Seen", f"m{number}", number * 30, ids={"user_id": f"u{number % 7}", "email": f"{number % 5}@shop.example"},
        traits={"plan": "ä" if number % 2 else None}, properties={"n": number / 4, "word": "x" * (number % 3)},
    )
    for number in range(40)
]  # fmt: skip


def opened(settings: EngineSettings) -> Engine:
    stages = [identify.IdentifyStage(), profile.ProfileStage()]
    return open_engine(settings, ROOMS, stages, {"small": decode}, FixedClock(NOW))


def held(engine: Engine) -> dict[str, object]:
    """What the stores hold, and whether something waits."""
    events = engine.analytics.query("SELECT count(*) AS n, sum(seq) AS s, count(DISTINCT node_key) AS p FROM event_log")
    links = engine.ops.query("SELECT kind, value, node_key FROM identifiers ORDER BY kind, value")
    waits = engine.spool_waiting_bytes() > 0
    return {"events": events.to_pylist(), "links": links, "last": engine.analytics.last_batch(), "waits": waits}


def carried(source: EngineSettings, target: EngineSettings) -> MoveReport:
    with opened(source) as engine:
        return move(engine, target, ROOMS)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[PostgresPlace]:
    with schemas() as made:
        yield made.place(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> EngineSettings:
    """A workspace in files: batches that were applied, and a frame that waits."""
    settings = EngineSettings(tmp_path / "data", memory_mb=128)
    with opened(settings) as engine:
        for start in range(0, 30, 10):
            engine.spool_append([frame(EVENTS[start : start + 10])])
            engine.apply_pending()
        engine.spool_append([frame(EVENTS[30:])])
    return settings


@pytest.fixture
def cut() -> Iterator[Callable[[str], None]]:
    """Dies at the next such point."""

    def at(point: str) -> None:
        def die(name: str) -> None:
            if name == point:
                crash_points.observe(None)
                raise KeyboardInterrupt

        crash_points.observe(die)

    yield at
    crash_points.observe(None)


def test_to_postgresql_and_back_what_waits_is_applied_once(
    here: EngineSettings, place: PostgresPlace, tmp_path: Path
) -> None:
    with opened(here) as engine:
        before = held(engine)
    there = replace(here, postgres=place)
    report = carried(here, there)
    assert (report.to, report.bodies, report.gone_on_with) == ("postgresql", 4, 0)
    assert report.tables["identifiers"].rows == 12
    with opened(there) as engine:
        assert held(engine) == before
        assert engine.apply_pending().events == 10
        after = held(engine)
    back = replace(here, data=tmp_path / "back")
    back.data.mkdir()
    (here.data / "analytics.duckdb").rename(back.data / "analytics.duckdb")
    assert carried(replace(there, data=back.data), back).to == "sqlite"
    with opened(back) as engine:
        assert held(engine) == after
        engine.spool_append([frame(EVENTS[:10])])
        assert (engine.apply_pending().duplicates, held(engine)["events"]) == (10, after["events"])


@pytest.mark.parametrize("point", ["move.table", "move.after_table", "move.bodies"])
def test_a_move_to_postgresql_that_is_cut_off_goes_on(
    point: str, here: EngineSettings, place: PostgresPlace, cut: Callable[[str], None]
) -> None:
    with opened(here) as engine:
        before = held(engine)
    there = replace(here, postgres=place)
    for _ in range(2):
        cut(point)
        with pytest.raises(KeyboardInterrupt):
            carried(here, there)
        with opened(here) as engine:  # the source is as it was
            assert held(engine) == before
    whole = len(carried(here, replace(there, postgres=place)).tables)
    assert whole > 5
    with opened(there) as engine:
        assert held(engine) == before


def test_what_arrived_before_the_cut_is_not_carried_twice_but_where_the_source_went_on(
    here: EngineSettings, place: PostgresPlace, cut: Callable[[str], None]
) -> None:
    there = replace(here, postgres=place)
    cut("move.bodies")
    with pytest.raises(KeyboardInterrupt):
        carried(here, there)
    with opened(here) as engine:
        engine.apply_pending()
        after = held(engine)
    report = carried(here, there)
    assert report.gone_on_with == 0
    with opened(there) as engine:
        assert held(engine) == after


def test_another_workspace_there_is_left_alone(here: EngineSettings, place: PostgresPlace) -> None:
    other = replace(here, postgres=place, data=here.data.with_name("other"))
    with opened(other) as engine:
        engine.spool_append([frame(EVENTS[:3])])
        engine.apply_pending()
        before = held(engine)
    with pytest.raises(ForetellError) as told:
        carried(here, replace(here, postgres=place))
    assert told.value.code == "NOT_EMPTY"
    with opened(other) as engine:
        assert held(engine) == before


def test_a_workspace_that_is_there_already_is_told_so(here: EngineSettings) -> None:
    with pytest.raises(ForetellError) as told:
        carried(here, here)
    assert told.value.code == "ALREADY_THERE"


def test_a_lake_gets_every_row_and_gives_it_back(here: EngineSettings, tmp_path: Path) -> None:
    with opened(here) as engine:
        before = held(engine)
    there = replace(here, lake=LakePlace(str(tmp_path / "lake")))
    report = carried(here, there)
    assert (report.to, report.tables["event_log"].rows) == ("spark", 30)
    lake = Lake(open_place(str(tmp_path / "lake")), writing=False)
    lake.declare(list(TABLES.values()), create=False)
    assert lake.last_batch() == before["last"]
    views = [view for part in (event_log.PARTS, *ROOMS) for view in part.views]
    fresh = EmbeddedAnalytics(tmp_path / "fresh.duckdb", memory_mb=128, threads=1)
    fresh.declare(list(TABLES.values()), views, create=True)
    proofs, _ = carry(LakeSide(lake), DuckSide(fresh, TABLES), TABLES, lake.last_batch(), "fresh", lambda *_: None)
    fresh.close()
    assert proofs == report.tables
    (tmp_path / "fresh.duckdb").rename(here.data / "analytics.duckdb")
    with opened(here) as engine:
        assert held(engine) == before
        assert engine.apply_pending().events == 10


@pytest.mark.parametrize("point", ["lake.file", "move.table", "move.before_settled"])
def test_a_move_to_a_lake_that_is_cut_off_goes_on(
    point: str, here: EngineSettings, tmp_path: Path, cut: Callable[[str], None]
) -> None:
    there = replace(here, lake=LakePlace(str(tmp_path / "lake")))
    cut(point)
    with pytest.raises(KeyboardInterrupt):
        carried(here, there)
    unfinished = Lake(open_place(str(tmp_path / "lake")), writing=False)
    assert unfinished.last_batch() == 0
    report = carried(here, there)
    assert report.gone_on_with == {"lake.file": 0, "move.table": 1}.get(point, report.gone_on_with)
    lake = Lake(open_place(str(tmp_path / "lake")), writing=False)
    lake.declare(list(TABLES.values()), create=False)
    assert {name: Proof.of(LakeSide(lake).parts(name)) for name in TABLES} == report.tables
    with pytest.raises(ForetellError) as told:
        carried(here, there)
    assert told.value.code == "NOT_EMPTY"
