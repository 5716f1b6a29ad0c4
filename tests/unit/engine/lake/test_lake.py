"""A lake: states that are whole, files that are few, rows that are gone when they are to be."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell.engine import AnalyticsTable, Without, crash_points
from foretell.engine.lake import BATCH, Lake, open_place
from foretell.engine.lake.merging import TOGETHER
from foretell.errors import ForetellError

LOG = AnalyticsTable(
    "log", {"seq": "BIGINT", "node_key": "BIGINT", "ts": "TIMESTAMP", "event": "VARCHAR"}, "node_key",
    order=("event", "ts"), open=True,
)  # fmt: skip
SCORES = AnalyticsTable("scores", {"node_key": "BIGINT", "kind": "VARCHAR", "v": "DOUBLE"}, "node_key",
                        key=("node_key", "kind"))  # fmt: skip
FIRST = datetime(2026, 1, 20)
Row = dict[str, Any]


def opened(folder: Path | str, *, writing: bool = True) -> Lake:
    lake = Lake(open_place(str(folder)), writing=writing)
    lake.declare([LOG, SCORES], create=writing)
    return lake


def events(seqs: range | list[int], **more: list[Any]) -> pa.Table:
    days = [FIRST + timedelta(days=seq % 50) for seq in seqs]
    held = {"seq": list(seqs), "node_key": [seq % 7 for seq in seqs], "ts": days, "event": ["Seen"] * len(seqs), **more}
    return pa.table(held, schema=pa.schema([*_TYPES, *((name, pa.array(held[name]).type) for name in more)]))


_TYPES = [("seq", pa.int64()), ("node_key", pa.int64()), ("ts", pa.timestamp("us")), ("event", pa.string())]


def scores(rows: list[tuple[int, str | None, float]]) -> pa.Table:
    nodes, kinds, values = zip(*rows, strict=True)
    kinds_told = pa.array(kinds, pa.string())
    return pa.table({"node_key": pa.array(nodes, pa.int64()), "kind": kinds_told, "v": pa.array(values, pa.float64())})


def held(lake: Lake, table: str) -> list[Row]:
    rows: list[Row] = lake.rows(table).to_pylist()
    return sorted(rows, key=repr)


def test_a_state_is_read_by_others_as_soon_as_it_is_published(tmp_path: Path) -> None:
    lake, reader = opened(tmp_path), Lake(open_place(str(tmp_path)), writing=False)
    before = reader.version()
    lake.apply(1, {"log": events(range(100)), "scores": scores([(1, "a", 0.5)])})
    assert (reader.version(), reader.last_batch()) == (before + 1, 1)
    assert {Path(name).parent.name for name in reader.files("log")} == {"2026-01", "2026-02", "2026-03"}
    lake.apply(1, {"log": events(range(100))})
    assert reader.version() == before + 1
    assert opened(tmp_path).last_batch() == 1


def test_rows_of_a_file_go_by_person_and_time(tmp_path: Path) -> None:
    lake = opened(tmp_path)
    lake.apply(1, {"log": events(list(reversed(range(0, 500, 50))))})
    (name,) = lake.files("log")
    rows = pa.parquet.read_table(name).to_pylist()
    assert [(row["node_key"], row["ts"]) for row in rows] == sorted((row["node_key"], row["ts"]) for row in rows)


def test_columns_that_come_later_are_missing_before(tmp_path: Path) -> None:
    lake = opened(tmp_path)
    lake.apply(1, {"log": events([1])})
    lake.apply(2, {"log": events([2], p1s=["red"], p1n=[7])})
    assert lake.columns()["log"] == {**LOG.columns, "p1s": "VARCHAR", "p1n": "BIGINT"}
    assert [(row["seq"], row["p1s"], row["p1n"]) for row in held(opened(tmp_path), "log")] == [
        (1, None, None), (2, "red", 7),
    ]  # fmt: skip


def test_of_one_key_the_newest_row_counts_also_where_a_part_of_it_is_missing(tmp_path: Path) -> None:
    lake = opened(tmp_path)
    lake.apply(1, {"scores": scores([(1, "a", 0.1), (1, None, 0.2), (1, "a", 0.3)])})
    assert lake.newest_by("scores") is None
    lake.apply(2, {"scores": scores([(1, None, 0.9), (2, "a", 0.4)])})
    assert lake.newest_by("scores") == BATCH
    assert BATCH not in lake.columns()["scores"]
    lake.compact()
    assert lake.newest_by("scores") is None
    told = {(row["node_key"], row["kind"]): row["v"] for row in held(lake, "scores")}
    assert told == {(1, "a"): 0.3, (1, None): 0.9, (2, "a"): 0.4}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_brought_together_nothing_else_is_read(seed: int, tmp_path: Path) -> None:
    """Against a list of rows and a dictionary by key."""
    draw, lake = random.Random(seed), opened(tmp_path)
    log: dict[int, Row] = {}
    latest: dict[tuple[int, str | None], float] = {}
    last = 0
    for number in range(1, 24):
        seqs = range(last, last + draw.randint(1, 30))
        last = seqs.stop
        arriving = events(seqs)
        told = [(draw.randint(0, 5), draw.choice(["a", "b", None]), draw.random()) for _ in range(draw.randint(1, 9))]
        lake.apply(number, {"log": arriving, "scores": scores(told)})
        log.update({row["seq"]: row for row in arriving.to_pylist()})
        latest.update({(node, kind): value for node, kind, value in told})
        chance = draw.random()
        if chance < 0.1:
            lake.compact()
        elif chance < 0.2:
            gone = draw.randint(0, 6)
            keys = pa.array([gone], pa.int64())
            lake.rewrite([Without("log", "node_key", keys), Without("scores", "node_key", keys)], {})
            log = {seq: row for seq, row in log.items() if row["node_key"] != gone}
            latest = {key: value for key, value in latest.items() if key[0] != gone}
        else:
            lake = opened(tmp_path) if chance < 0.4 else lake
        assert held(lake, "log") == sorted(log.values(), key=repr)
        assert {(row["node_key"], row["kind"]): row["v"] for row in held(lake, "scores")} == latest
    most = sum(1 for _ in {row["ts"].strftime("%Y-%m") for row in log.values()}) * TOGETHER
    assert len(lake.files("log")) < most
    assert len(lake.files("scores")) < TOGETHER


def test_an_erasure_writes_only_files_anew_that_hold_the_person_and_leaves_no_byte(tmp_path: Path) -> None:
    lake = opened(tmp_path)
    lake.apply(1, {"log": events([7], p1s=["Unmistakable"])})
    lake.apply(2, {"log": events([8])})
    lake.apply(3, {"log": events([14, 16])})
    first, second, third = lake.files("log")
    lake.rewrite([Without("log", "node_key", pa.array([0], pa.int64()))], {"log": events([1_000_007])})
    assert second in lake.files("log")
    assert not Path(first).exists()
    assert not Path(third).exists()
    assert sorted(row["seq"] for row in held(lake, "log")) == [8, 16, 1_000_007]
    everything = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len([path for path in everything if path.suffix == ".json"]) == 1
    assert not any(b"Unmistakable" in path.read_bytes() for path in everything)


POINTS = (
    "lake.file",
    "lake.before_publish",
    "lake.after_publish",
    "rewrite.table",
    "rewrite.after_replace",
    "lake.vacuum",
)


@pytest.mark.parametrize("point", POINTS)
def test_a_lake_that_is_cut_off_anywhere_goes_on_as_if_nothing_had_been(
    point: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    steps: list[Callable[[Lake], object]] = [
        lambda lake: lake.apply(1, {"log": events(range(40)), "scores": scores([(1, "a", 0.1)])}),
        lambda lake: lake.apply(2, {"log": events(range(40, 60)), "scores": scores([(1, "a", 0.2)])}),
        lambda lake: lake.rewrite([Without("log", "node_key", pa.array([3], pa.int64()))], {}),
        lambda lake: lake.apply(3, {"log": events(range(60, 80))}),
        lambda lake: lake.compact(),
    ]
    quiet = opened(tmp_path / "quiet")
    for step in steps:
        step(quiet)
    request.addfinalizer(lambda: crash_points.observe(None))
    met = 0

    def cut(name: str) -> None:
        nonlocal met
        met += name == point
        if name == point:
            crash_points.observe(None)
            raise KeyboardInterrupt

    lake = opened(tmp_path / "cut")
    for step in steps:
        crash_points.observe(cut)
        try:
            step(lake)
        except KeyboardInterrupt:
            lake = opened(tmp_path / "cut")
            step(lake)
        crash_points.observe(None)
    assert met
    assert [held(lake, name) for name in ("log", "scores")] == [held(quiet, name) for name in ("log", "scores")]
    lake.vacuum()
    named = {*lake.files("log"), *lake.files("scores")}
    assert {str(path) for path in (tmp_path / "cut").rglob("*.parquet")} == named


def test_two_who_write_notice_each_other(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    one.apply(1, {"log": events([1])})
    with pytest.raises(ForetellError) as told:
        other.apply(1, {"log": events([1])})
    assert (told.value.code, told.value.transient) == ("LAKE_TAKEN", True)
    assert [row["seq"] for row in held(opened(tmp_path), "log")] == [1]


@pytest.mark.parametrize("spoil", [lambda path: path.write_bytes(path.read_bytes()[:-9]), lambda path: path.unlink()])
def test_a_damaged_file_is_named(spoil: Callable[[Path], object], tmp_path: Path) -> None:
    lake = opened(tmp_path)
    lake.apply(1, {"log": events([1])})
    (name,) = lake.files("log")
    spoil(Path(name))
    with pytest.raises(ForetellError) as told:
        lake.rows("log")
    assert (told.value.code, told.value.where) == ("LAKE_DAMAGED", name)


def test_a_manifest_that_was_changed_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).apply(1, {"log": events([1])})
    newest = sorted((tmp_path / "manifests").iterdir())[-1]
    newest.write_text(newest.read_text().replace('rows\\":1', 'rows\\":2'))
    with pytest.raises(ForetellError) as told:
        opened(tmp_path)
    assert (told.value.code, told.value.where) == ("LAKE_DAMAGED", str(newest))


def test_a_lake_lies_in_any_store_of_fsspec(request: pytest.FixtureRequest) -> None:
    url = f"memory://{request.node.name}"
    lake = opened(url)
    lake.apply(1, {"log": events(range(10)), "scores": scores([(1, "a", 0.5)])})
    lake.rewrite([Without("log", "node_key", pa.array([1], pa.int64()))], {})
    other = Lake(open_place(url), writing=False)
    other.declare([LOG, SCORES], create=False)
    assert held(other, "log") == held(lake, "log")
    assert len(held(other, "log")) == 8
    assert all(name.startswith("memory://") for name in lake.files("log"))
    with pytest.raises(ForetellError) as told:
        open_place("nowhere://x")
    assert told.value.code == "LAKE_UNREACHABLE"


def test_a_copy_is_a_lake(tmp_path: Path) -> None:
    lake = opened(tmp_path / "lake")
    lake.apply(1, {"log": events(range(90)), "scores": scores([(1, "a", 0.5)])})
    lake.copy_to(open_place(str(tmp_path / "copy")))
    copy = opened(tmp_path / "copy")
    assert (held(copy, "log"), copy.version(), copy.last_batch()) == (held(lake, "log"), lake.version(), 1)
