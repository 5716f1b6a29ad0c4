"""``lake_format: delta``: the Delta library reads from each table's log what the lake's newest state holds."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from foretell.engine import Without, crash_points
from foretell.engine.lake import BATCH, Lake, open_place
from foretell.engine.lake.delta import CHECKPOINT_EVERY, LOG
from tests.unit.engine.lake.test_lake import LOG as EVENTS
from tests.unit.engine.lake.test_lake import SCORES, events, held, scores


def opened(folder: Path | str, *, delta: bool = True) -> Lake:
    lake = Lake(open_place(str(folder)), writing=True, delta=delta)
    lake.declare([EVENTS, SCORES], create=True)
    return lake


def by_delta(folder: Path, table: str) -> list[dict[str, object]]:
    """All rows, as the Delta library reads them."""
    read: pa.Table = pa.table(DeltaTable(str(folder / "tables" / table)).to_pyarrow_table())
    rows: list[dict[str, object]] = read.to_pylist()
    return sorted(rows, key=repr)


def test_the_log_follows_every_state(tmp_path: Path) -> None:
    lake = opened(tmp_path)
    assert by_delta(tmp_path, "log") == []
    lake.apply(1, {"log": events(range(100)), "scores": scores([(1, "a", 0.5), (2, None, 0.1)])})
    lake.apply(2, {"log": events([200], p1s=["red"]), "scores": scores([(1, "a", 0.7)])})
    assert by_delta(tmp_path, "log") == held(lake, "log")
    assert {(row["node_key"], row["v"]): row[BATCH] for row in by_delta(tmp_path, "scores")} == {
        (1, 0.5): 1, (2, 0.1): 1, (1, 0.7): 2,
    }  # fmt: skip
    lake.compact()
    told = [{name: row[name] for name in row if name != BATCH} for row in by_delta(tmp_path, "scores")]
    assert sorted(told, key=repr) == held(lake, "scores")


def test_an_erasure_is_one_in_the_log_and_no_log_is_lost_with_old_files(tmp_path: Path) -> None:
    lake = opened(tmp_path)
    lake.apply(1, {"log": events([7], p1s=["Unmistakable"])})
    lake.apply(2, {"log": events([8, 14])})
    lake.rewrite([Without("log", "node_key", pa.array([0], pa.int64()))], {})
    assert [row["seq"] for row in by_delta(tmp_path, "log")] == [8]
    assert not any(b"Unmistakable" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_long_log_is_cut_and_goes_on(tmp_path: Path) -> None:
    lake, most = opened(tmp_path), 2 * CHECKPOINT_EVERY + 7
    for number in range(1, most):
        lake.apply(number, {"log": events([number])})
    log = tmp_path / "tables" / "log" / LOG
    assert json.loads((log / "_last_checkpoint").read_bytes())["version"] == 2 * CHECKPOINT_EVERY
    assert len(list(log.iterdir())) < 2 * CHECKPOINT_EVERY
    assert by_delta(tmp_path, "log") == held(lake, "log")
    opened(tmp_path).apply(most, {"log": events([most])})
    assert len(by_delta(tmp_path, "log")) == most


def test_a_log_that_was_cut_off_is_brought_up_when_the_lake_is_opened(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def cut(name: str) -> None:
        if name == "lake.before_delta":
            raise KeyboardInterrupt

    request.addfinalizer(lambda: crash_points.observe(None))
    lake = opened(tmp_path)
    crash_points.observe(cut)
    with pytest.raises(KeyboardInterrupt):
        lake.apply(1, {"log": events([1])})
    crash_points.observe(None)
    assert by_delta(tmp_path, "log") == []
    assert held(opened(tmp_path), "log") == by_delta(tmp_path, "log")


def test_a_lake_that_was_kept_without_gets_logs(tmp_path: Path) -> None:
    opened(tmp_path, delta=False).apply(1, {"log": events(range(9))})
    assert len(held(opened(tmp_path), "log")) == len(by_delta(tmp_path, "log")) == 9


def test_what_others_wrote_to_the_log_does_not_stay(tmp_path: Path) -> None:
    lake = opened(tmp_path)
    lake.apply(1, {"log": events([1])})
    table = DeltaTable(str(tmp_path / "tables" / "log"))
    table.delete("seq = 1")
    assert by_delta(tmp_path, "log") == []
    lake.apply(2, {"log": events([2])})
    assert [row["seq"] for row in by_delta(tmp_path, "log")] == [1, 2]


def test_logs_lie_in_any_store_of_fsspec(request: pytest.FixtureRequest) -> None:
    url = f"memory://{request.node.name}"
    opened(url).apply(1, {"log": events([1])})
    logs = [name for name in open_place(url).names("tables/log") if f"/{LOG}/" in name]
    assert [name.rsplit("/", 1)[-1] for name in logs] == [f"{number:020d}.json" for number in range(2)]
