"""A lake as files and back: the state of now and nothing of before, on folders and on what fsspec opens."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from foretell.engine import AnalyticsTable, LakePlace, Without
from foretell.engine.lake import Lake, open_place
from foretell.engine.lake.copies import copy_lake, place_lake, remove_lake
from foretell.errors import UsageError

LOG = AnalyticsTable("log", {"seq": "BIGINT", "node_key": "BIGINT"}, "node_key", order=("seq",))


def opened(url: str, *, writing: bool) -> Lake:
    lake = Lake(open_place(url), writing=writing)
    lake.declare([LOG], create=writing)
    return lake


def filled(url: str) -> Lake:
    """A lake with three batches, of which the person 2 was left out again."""
    lake = opened(url, writing=True)
    for number in range(1, 4):
        lake.apply(number, {"log": pa.table({"seq": [number * 10, number * 10 + 1], "node_key": [1, 2]})})
    lake.rewrite([Without("log", "node_key", pa.array([2]))], {})
    return lake


@pytest.mark.parametrize("scheme", ["", "memory://"])
def test_a_lake_stands_again_elsewhere(tmp_path: Path, scheme: str) -> None:
    url, other = ((scheme or f"{tmp_path}/") + name for name in (f"full{tmp_path.name}", f"other{tmp_path.name}"))
    before = filled(url)
    files = copy_lake(LakePlace(url), tmp_path / "copy")
    assert len([path for path in files if path.suffix == ".parquet"]) == len(before.files("log"))
    place_lake(tmp_path / "copy", LakePlace(other))
    after = opened(other, writing=False)
    assert (after.last_batch(), after.columns()) == (before.last_batch(), before.columns())
    assert after.rows("log").to_pydict() == before.rows("log").to_pydict() == {"seq": [10, 20, 30], "node_key": [1] * 3}
    before.apply(4, {"log": pa.table({"seq": [40], "node_key": [1]})})
    assert opened(other, writing=True).last_batch() == 3
    remove_lake(LakePlace(other))
    assert open_place(other).names("") == []


def test_delta_logs_of_a_copy_begin_anew(tmp_path: Path) -> None:
    with_logs = Lake(open_place(f"{tmp_path}/full"), writing=True, delta=True)
    with_logs.declare([LOG], create=True)
    with_logs.apply(1, {"log": pa.table({"seq": [10], "node_key": [1]})})
    files = copy_lake(LakePlace(f"{tmp_path}/full", "delta"), tmp_path / "copy")
    assert not [path for path in files if "_delta_log" in path.parts]
    place_lake(tmp_path / "copy", LakePlace(f"{tmp_path}/other", "delta"))
    Lake(open_place(f"{tmp_path}/other"), writing=True, delta=True).declare([LOG], create=True)
    assert DeltaTable(f"{tmp_path}/other/tables/log").to_pyarrow_table().to_pydict() == {"seq": [10], "node_key": [1]}


def test_a_lake_in_which_something_lies_is_refused(tmp_path: Path) -> None:
    before = filled(f"{tmp_path}/full").rows("log")
    copy_lake(LakePlace(f"{tmp_path}/full"), tmp_path / "copy")
    with pytest.raises(UsageError) as caught:
        place_lake(tmp_path / "copy", LakePlace(f"{tmp_path}/full"))
    assert caught.value.code == "NOT_EMPTY"
    assert opened(f"{tmp_path}/full", writing=False).rows("log").to_pydict() == before.to_pydict()
