"""The event log: duplicates, property columns, elements of arrays, reports."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from foretell import identify, profile
from foretell.clock import FixedClock
from foretell.engine import (
    ELEMENTS,
    ApplyReport,
    Column,
    Decoded,
    Engine,
    EngineSettings,
    Frame,
    PropertyColumns,
    event_log,
    open_engine,
)
from tests.support.small_events import NOW, decode, event, frame, open_small

ANN = {"user_id": "ann"}


def apply(engine: Engine, *frames: Frame) -> ApplyReport:
    engine.spool_append(frames)
    return engine.apply_pending()


def told(engine: Engine, path: str) -> list[tuple[object, object]]:
    column = engine.log.properties().of(path)
    assert column is not None
    found = engine.analytics.query(f"SELECT {column.text} AS s, {column.number} AS n FROM log_events ORDER BY seq")
    return [(row["s"], row["n"]) for row in found.to_pylist()]


def test_duplicates_over_many_batches(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        for start in range(0, 200, 10):
            batch = [event("Seen", f"m{number}", number, ids=ANN) for number in range(start, start + 30)]
            report = apply(engine, frame(batch))
            assert (report.events, report.duplicates) == ((30, 0) if start == 0 else (10, 20))
        found = engine.analytics.query(
            "SELECT count(*) AS n, count(DISTINCT message_id) AS d, max(seq) AS s FROM event_log"
        )
        assert found.to_pylist() == [{"n": 220, "d": 220, "s": 220}]
        assert engine.ops.query("SELECT sum(events) FROM node_seen") == [(220,)]
        assert engine.ops.query("SELECT sum(rows), sum(duplicates) FROM batches") == [(220, 380)]


def test_what_comes_twice_with_other_content_counts_as_it_came_first(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        first = [event("Seen", "m", ids=ANN, properties={"p": 1}), event("Seen", "m", ids=ANN, properties={"p": 2})]
        apply(engine, frame(first))
        apply(engine, frame([event("Other", "m", ids={"user_id": "bob"}, properties={"p": 3}, traits={"t": 1})]))
        assert told(engine, "p") == [(None, 1_000_000)]
        assert engine.ops.query("SELECT kind, value FROM identifiers") == [("user_id", "ann")]
        assert engine.ops.query("SELECT count(*) FROM node_traits") == [(0,)]


def test_message_ids_are_kept_apart_to_the_letter(tmp_path: Path) -> None:
    names = ["a", "A", "a ", " a", "á", "a\u0301", "a\x00", "1", "1.0", "😀"]
    with open_small(tmp_path) as engine:
        assert apply(engine, frame([event("Seen", name, ids=ANN) for name in names])).events == len(names)
        assert apply(engine, frame([event("Seen", name, ids=ANN) for name in names])).duplicates == len(names)


def test_names_that_differ_in_case_are_two_properties(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        apply(engine, frame([event("Seen", "a", ids=ANN, properties={"Plan": "upper", "plan": "lower", "PLAN": 3})]))
        assert told(engine, "Plan") == [("upper", None)]
        assert told(engine, "plan") == [("lower", None)]
        assert told(engine, "PLAN") == [(None, 3_000_000)]


def test_any_text_is_a_name_of_a_property(tmp_path: Path) -> None:
    odd = ["row", "seq", "ts", 'a "b"', "x'; DROP TABLE event_log; --", "ünïcode 😀", "a.b.c", "%s $1 ?", " "]
    with open_small(tmp_path) as engine:
        apply(engine, frame([event("Seen", "m", ids=ANN, properties={name: name for name in odd})]))
        assert [told(engine, name) for name in odd] == [[(name, None)] for name in odd]


def test_beyond_the_limit_properties_stay_in_the_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "PROPERTY_LIMIT", 3)
    with open_small(tmp_path) as engine:
        apply(engine, frame([event("Seen", "a", ids=ANN, properties={"a": 1, "b": 2})]))
        apply(engine, frame([event("Seen", "b", ids=ANN, properties={"b": 3, "c": 4, "d": 5, "e": 6})]))
        assert engine.log.properties().paths() == ["a", "b", "c"]
        assert told(engine, "b") == [(None, 2_000_000), (None, 3_000_000)]
        stored = engine.analytics.query("SELECT properties FROM events WHERE message_id = 'b'")
        assert '"e": 6' in stored["properties"][0].as_py()


def test_a_frame_of_problems_alone_is_a_batch(tmp_path: Path) -> None:
    def only_problems(arrived: Frame) -> Decoded:
        found = decode(arrived)
        return Decoded(found.events.slice(0, 0), problems=found.problems)

    with open_engine(
        EngineSettings(tmp_path),
        [identify.PARTS, profile.PARTS],
        [identify.IdentifyStage(), profile.ProfileStage()],
        {"small": only_problems},
        FixedClock(NOW),
    ) as engine:
        report = apply(engine, frame([event("Seen", "a", broken=True)]))
        assert report == ApplyReport(1, 0, 0, 1)
        assert engine.ops.query("SELECT batch, rows, problems FROM batches") == [(1, 0, 1)]
        assert engine.apply_pending() == ApplyReport()


def test_reports_add_up_and_progress_is_told_batch_by_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from foretell.engine import claims

    monkeypatch.setattr(claims, "BATCH_FRAMES", 2)
    with open_small(tmp_path) as engine:
        engine.spool_append([frame([event("Seen", f"m{n // 2}", ids=ANN, broken=n == 3)]) for n in range(5)])
        told_parts: list[ApplyReport] = []
        total = engine.apply_pending(told_parts.append)
    assert told_parts == [ApplyReport(1, 1, 1, 0), ApplyReport(1, 1, 1, 1), ApplyReport(1, 1, 0, 0)]
    assert total == ApplyReport(3, 3, 2, 1) == told_parts[0].plus(told_parts[1]).plus(told_parts[2])


def test_the_range_in_the_spool_is_recorded(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        apply(engine, frame([event("Seen", "a", ids=ANN)]))
        apply(engine, frame([event("Seen", "b", ids=ANN)]))
        ranges = engine.ops.query("SELECT segment, first_byte, end_byte FROM batches ORDER BY batch")
    assert [row[0] for row in ranges] == [1, 1]
    assert ranges[0][1] == 0 < ranges[0][2] == ranges[1][1] < ranges[1][2]


def with_elements(arrived: Frame) -> Decoded:
    found = decode(arrived)
    height = found.events.num_rows
    elements = pa.table(
        {
            "array": pa.array(["products", "products", "tags"] * height, pa.string()),
            "row": pa.array([row for row in range(height) for _ in range(3)], pa.int64()),
            "ordinal": pa.array([0, 1, 0] * height, pa.int32()),
            "s:Sku": pa.array(["A", "B", None] * height),
            "s:sku": pa.array(["a", None, None] * height),
            "n:price": pa.array([1_500_000, 2, None] * height, pa.int64()),
            "s:": pa.array([None, None, "new"] * height),
        }
    )
    return Decoded(found.events, found.identifiers, found.properties, elements)


def test_elements_of_arrays_lie_beside_the_events(tmp_path: Path) -> None:
    with open_engine(
        EngineSettings(tmp_path),
        [identify.PARTS, profile.PARTS],
        [identify.IdentifyStage(), profile.ProfileStage()],
        {"small": with_elements},
        FixedClock(NOW),
    ) as engine:
        apply(engine, frame([event("Bought", "a", ids=ANN), event("Bought", "b", ids=ANN)]))
        apply(engine, frame([event("Bought", "b", ids=ANN)]))
        columns = engine.log.properties()
        assert columns.paths() == ["products.Sku", "products.price", "products.sku", "tags"]
        wanted = ("products.Sku", "products.sku", "products.price", "tags")
        upper, lower, price, tags = [found for path in wanted if (found := columns.of(path))]
        assert (upper.array, tags.array) == ("products", "tags")
        found = engine.analytics.query(
            f"SELECT seq, ordinal, {upper.text} AS u, {lower.text} AS l, {price.number} AS p FROM event_elements "
            "WHERE \"array\" = 'products' ORDER BY seq, ordinal"
        )
        once = [(0, "A", "a", 1_500_000), (1, "B", None, 2)]
        assert [tuple(row.values()) for row in found.to_pylist()] == [(seq, *row) for seq in (1, 2) for row in once]
        tagged = engine.analytics.query(f"SELECT {tags.text} AS t FROM event_elements e WHERE e.array = 'tags'")
        assert tagged["t"].to_pylist() == ["new", "new"]
        assert ELEMENTS.names[0] == "array"


def test_paths_are_found_in_the_innermost_array() -> None:
    columns = PropertyColumns(
        [(1, None, "plan"), (2, "items", "sku"), (3, "items", "parts.sku"), (4, "items.parts", "sku"), (5, "tags", "")]
    )
    assert columns.of("plan") == Column(None, "p1s", "p1n")
    assert columns.of("items.sku") == Column("items", "p2s", "p2n")
    assert columns.of("items.parts.sku") == Column("items.parts", "p4s", "p4n")
    assert columns.of("tags") == Column("tags", "p5s", "p5n")
    assert [columns.of(path) for path in ("items", "itemsx.sku", "plan.sku", "tags.x", "")] == [None] * 5
    assert columns.number("items", "sku") == 2
    assert columns.paths() == sorted(columns.paths())


def test_duplicates_alone_bring_no_property(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        apply(engine, frame([event("Seen", "m", ids=ANN)]))
        apply(engine, frame([event("Seen", "m", ids=ANN, properties={"p": 1})]))
        assert engine.log.properties().of("p") is None
        apply(engine, frame([event("Seen", "n", ids=ANN, properties={"p": 2})]))
        assert told(engine, "p") == [(None, None), (None, 2_000_000)]
