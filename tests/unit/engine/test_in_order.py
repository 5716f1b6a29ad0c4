"""Rows in the order in which a store keeps them."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest

from foretell.engine.embedded_ops import explain_store_errors
from foretell.engine.tabular import in_order
from foretell.errors import ForetellError


def test_rows_are_ordered_nulls_last_and_ties_as_they_came() -> None:
    rows = pa.concat_tables(
        [
            pa.table({"event": ["b", None, "a"], "ts": pa.array([3, 1, None], pa.int64()), "what": ["1", "2", "3"]}),
            pa.table({"event": ["a", "b", "Z"], "ts": pa.array([2, 3, 9], pa.int64()), "what": ["4", "5", "6"]}),
        ]
    )
    assert in_order(rows, ["event", "ts"])["what"].to_pylist() == ["6", "4", "3", "1", "5", "2"]
    assert in_order(rows, ["ts"])["what"].to_pylist() == ["2", "4", "1", "5", "6", "3"]
    assert in_order(rows, []) is rows
    assert in_order(rows.slice(0, 0), ["event"]).num_rows == 0


def _fails(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(("free", "told"), [(20 * 1024, "DISK_FULL"), (10**9, "DISK_FAILED")])
def test_an_io_error_on_a_full_disk_is_a_full_disk(
    free: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ForetellError) as raised, explain_store_errors(tmp_path / "operations.sqlite"):
        raise _fails(sqlite3.SQLITE_IOERR | (19 << 8))
    assert raised.value.code == told
    assert raised.value.transient


def test_other_errors_are_told_as_they_are_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(shutil, "disk_usage", broken)
    with pytest.raises(ForetellError) as raised, explain_store_errors(tmp_path / "operations.sqlite"):
        raise _fails(sqlite3.SQLITE_IOERR)
    assert raised.value.code == "DISK_FAILED"
