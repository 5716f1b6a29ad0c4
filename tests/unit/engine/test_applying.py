"""Batches: duplicates, order of the stages, catching up, one writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell.clock import FixedClock
from foretell.engine import Batch, EngineSettings, Frame, Stage, Tx, open_engine
from foretell.errors import ForetellError
from tests.support.small_events import NOW, event, frame, open_small

ANN = {"user_id": "ann"}


def ids(engine: object) -> list[str]:
    return engine.analytics.query("SELECT message_id FROM events ORDER BY 1")["message_id"].to_pylist()  # type: ignore[attr-defined]


def test_a_message_counts_once_in_a_batch_and_between_batches(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN), event("Seen", "a", ids=ANN)])])
        first = engine.apply_pending()
        engine.spool_append([frame([event("Seen", "b", ids=ANN), event("Seen", "a", ids=ANN)])])
        second = engine.apply_pending()
        assert (first.events, first.duplicates) == (1, 1)
        assert (second.events, second.duplicates) == (1, 1)
        assert ids(engine) == ["a", "b"]


def test_small_frames_are_applied_together(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", f"m{n}", ids=ANN, traits={"n": n})]) for n in range(30)])
        report = engine.apply_pending()
        assert (report.batches, report.events) == (1, 30)
        assert engine.ops.query("SELECT n FROM node_traits") == [(29_000_000,)]


def test_what_was_spooled_before_a_restart_is_applied_after_it(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
    with open_small(tmp_path) as engine:
        assert ids(engine) == []
        engine.apply_pending()
        assert ids(engine) == ["a"]
        assert engine.apply_pending().events == 0


def test_properties_keep_text_and_numbers_apart(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN, properties={"plan": "pro", "seats": 2})])])
        engine.apply_pending()
        engine.spool_append([frame([event("Seen", "b", ids=ANN, properties={"plan": 7, 'odd "name': "x"})])])
        engine.apply_pending()
        plan = engine.log.properties().of("plan")
        assert plan is not None
        assert plan.array is None
        found = engine.analytics.query(f"SELECT {plan.text} AS t, {plan.number} AS n FROM log_events ORDER BY seq")
        assert found.to_pylist() == [{"t": "pro", "n": None}, {"t": None, "n": 7_000_000}]
        assert engine.log.properties().of("never") is None
        assert 'odd "name' in engine.log.properties().paths()


def test_a_lagging_analytics_store_is_caught_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])

        def fail(number: int, rows: object) -> None:
            raise ForetellError("DISK_FULL", "the disk is full", transient=True)

        with monkeypatch.context() as patch:
            patch.setattr(engine.analytics, "apply", fail)
            with pytest.raises(ForetellError, match="disk is full"):
                engine.apply_pending()
        assert ids(engine) == []
    with open_small(tmp_path, "read") as engine:
        assert ids(engine) == ["a"]
    assert list((tmp_path / "batches").iterdir()) == []


def test_a_stage_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    class Failing(Stage):
        room = "test"
        broken = True

        def apply(self, tx: Tx, batch: Batch) -> None:
            tx.execute("INSERT INTO counters VALUES ('left behind', 1)")
            if self.broken:
                raise ForetellError("TEST", "the stage failed")

    from foretell import identify
    from tests.support.small_events import decode

    failing = Failing()
    with open_engine(
        EngineSettings(tmp_path),
        [identify.PARTS],
        [identify.IdentifyStage(), failing],
        {"small": decode},
        FixedClock(NOW),
    ) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN)])])
        with pytest.raises(ForetellError, match="stage failed"):
            engine.apply_pending()
        assert engine.ops.query("SELECT count(*) FROM identifiers") == [(0,)]
        assert engine.ops.query("SELECT name FROM counters WHERE name = 'left behind'") == []
        failing.broken = False
        assert engine.apply_pending().events == 1
        assert ids(engine) == ["a"]


def test_a_second_writer_is_refused_and_readers_share(tmp_path: Path) -> None:
    with open_small(tmp_path), pytest.raises(ForetellError) as caught:
        open_small(tmp_path)
    assert (caught.value.code, caught.value.transient) == ("WORKSPACE_BUSY", True)
    with open_small(tmp_path, "read") as one, open_small(tmp_path, "read") as two:
        assert ids(one) == ids(two) == []
        with pytest.raises(ForetellError, match="opened for reading"):
            one.apply_pending()


def test_an_unknown_format_is_said(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([Frame("from the future")])
        with pytest.raises(ForetellError, match="from the future") as caught:
            engine.apply_pending()
        assert caught.value.code == "FORMAT_UNKNOWN"


def test_a_store_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine, engine.ops.write() as tx:
        tx.execute("INSERT INTO migrations VALUES ('identify', 99)")
    with pytest.raises(ForetellError) as caught:
        open_small(tmp_path)
    assert caught.value.code == "WORKSPACE_TOO_NEW"
    assert "identify migration 99" in caught.value.headline


def test_a_damaged_store_is_said(tmp_path: Path) -> None:
    open_small(tmp_path).close()
    for name in ("operations.sqlite", "operations.sqlite-wal"):
        (tmp_path / name).write_bytes(b"this is no database, it is a text of some length" * 100)
    with pytest.raises(ForetellError) as caught:
        open_small(tmp_path)
    assert caught.value.code == "STORE_DAMAGED"


def test_a_property_has_both_columns_from_the_first_time_on(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", "a", ids=ANN, properties={"seats": 2})])])
        engine.apply_pending()
        seats = engine.log.properties().of("seats")
        assert seats is not None
        found = engine.analytics.query(f"SELECT {seats.text} AS t, {seats.number} AS n FROM log_events")
        assert found.to_pylist() == [{"t": None, "n": 2_000_000}]
