"""Recorded batches as files: what was written comes back, or it is said that it does not."""

from __future__ import annotations

import errno
import os
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from foretell.engine import records
from foretell.engine.records import Records
from foretell.errors import ForetellError

ROWS = {
    "event_log": pa.table({"seq": [1, 2], "ts": [datetime(2026, 1, 1), None], "text": ["é \x00 😀", None]}),
    "empty": pa.table({"x": pa.array([], pa.float64())}),
    'odd "name': pa.table({"a b": [True]}),
}


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    kept = Records(tmp_path / "batches")
    size = kept.write(7, ROWS)
    assert size == (tmp_path / "batches" / "000000000007.batch").stat().st_size
    found = kept.read(7)
    assert list(found) == list(ROWS)
    assert all(found[name].equals(table) for name, table in ROWS.items())


def test_a_batch_without_rows_is_a_record_too(tmp_path: Path) -> None:
    kept = Records(tmp_path)
    kept.write(1, {})
    assert kept.read(1) == {}


def test_a_record_is_durable_with_its_entry_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(records, "sync_file", lambda _: told.append("file"))
    monkeypatch.setattr(records, "sync_folder", lambda folder: told.append(str(folder)))
    Records(tmp_path).write(1, ROWS)
    assert told == ["file", str(tmp_path)]


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    kept = Records(tmp_path)
    kept.write(1, {"t": pa.table({"x": [1]})})
    path = tmp_path / "000000000001.batch"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :])
        with pytest.raises(ForetellError) as caught:
            kept.read(1)
        assert caught.value.code == "RECORD_DAMAGED", f"byte {place}"
    path.write_bytes(whole[:-1])
    with pytest.raises(ForetellError, match="recorded batch 1 is damaged"):
        kept.read(1)


def test_a_missing_record_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ForetellError, match="recorded batch 3 is gone") as caught:
        Records(tmp_path).read(3)
    assert caught.value.code == "RECORD_MISSING"
    assert "backup" in caught.value.next_step


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(records, "sync_file", full)
    with pytest.raises(ForetellError) as caught:
        Records(tmp_path).write(1, ROWS)
    assert (caught.value.code, caught.value.transient) == ("DISK_FULL", True)


def test_only_rests_of_crashes_are_removed(tmp_path: Path) -> None:
    kept = Records(tmp_path)
    for number in (1, 2, 3):
        kept.write(number, {})
    (tmp_path / "notes.batch").write_text("not ours")
    kept.remove_except(1, 2)
    assert kept.numbers() == [2]
    assert (tmp_path / "notes.batch").exists()
    kept.remove(2)
    kept.remove(2)
    assert kept.numbers() == []
