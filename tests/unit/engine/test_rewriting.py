"""Writing stores and arrivals anew: what is left out is gone, the rest is as it was, whoever reads goes on."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from foretell.engine import AnalyticsTable, Frame, Without, day_of
from foretell.engine.borrowing import Borrowing
from foretell.engine.embedded_analytics import EmbeddedAnalytics
from foretell.engine.embedded_ops import EmbeddedOps
from foretell.engine.framing import pack, read_frames
from foretell.engine.spool import Spool
from foretell.engine.spool_rewriting import rewrite_segments
from foretell.errors import ForetellError

NOTES = AnalyticsTable("notes", {"seq": "BIGINT", "text": "VARCHAR"}, order=("seq",), packed=("text",))


def store(folder: Path) -> EmbeddedAnalytics:
    made = EmbeddedAnalytics(folder / "analytics.duckdb", memory_mb=64, threads=1)
    made.declare([NOTES], [], create=True)
    return made


def filled(folder: Path) -> EmbeddedAnalytics:
    made = store(folder)
    made.apply(1, {"notes": pa.table({"seq": list(range(100)), "text": [f"secret-{n}" for n in range(100)]})})
    return made


def test_rows_that_are_left_out_lie_nowhere_in_the_files(tmp_path: Path) -> None:
    analytics = filled(tmp_path)
    told: list[tuple[str, int]] = []
    analytics.rewrite(
        [Without("notes", "seq", pa.array([7, 8]))],
        {"notes": pa.table({"seq": [-1], "text": ["nobody"]})},
        lambda table, rows: told.append((table, rows)),
    )
    assert ("notes", 98) in told
    assert analytics.query("SELECT count(*) AS n, min(seq) AS low FROM notes").to_pylist() == [{"n": 99, "low": -1}]
    assert analytics.last_batch() == 1
    assert analytics.is_current()
    analytics.apply(2, {"notes": pa.table({"seq": [500], "text": ["after"]})})
    analytics.close()
    assert [path.name for path in tmp_path.iterdir()] == ["analytics.duckdb"]
    again = store(tmp_path)
    assert again.query("SELECT text FROM notes WHERE seq IN (7, 8)").num_rows == 0
    again.close()


def test_what_cannot_be_written_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analytics = filled(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("foretell.engine.embedded_analytics.put_in_place", full)
    with pytest.raises((ForetellError, OSError)):
        analytics.rewrite([Without("notes", "seq", pa.array([7]))], {})
    assert analytics.query("SELECT count(*) AS n FROM notes")["n"][0].as_py() == 100
    assert not list(tmp_path.glob("*.new*"))
    analytics.close()


def test_who_reads_meanwhile_reads_on(tmp_path: Path) -> None:
    analytics = filled(tmp_path)
    stopped, failures = threading.Event(), []

    def read() -> None:
        while not stopped.is_set():
            try:
                found = analytics.query("SELECT count(*) AS n FROM notes")["n"][0].as_py()
                assert found in (100, 99, 98, 97)
            except Exception as error:  # noqa: BLE001 - told below
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for seq in (1, 2, 3):
        analytics.rewrite([Without("notes", "seq", pa.array([seq]))], {})
    stopped.set()
    for reader in readers:
        reader.join()
    assert failures == []
    analytics.close()


def test_whoever_has_borrowed_may_borrow_more_while_somebody_waits() -> None:
    lent = Borrowing()
    alone, began = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        with lent.nobody():
            alone.set()

    waiter = threading.Thread(target=wait)
    with lent.one():
        waiter.start()
        began.wait()
        with lent.one():
            assert not alone.wait(0.05)
    waiter.join()
    assert alone.is_set()


def test_a_compacted_store_holds_no_old_values(tmp_path: Path) -> None:
    ops = EmbeddedOps(tmp_path / "operations.sqlite")
    with ops.write() as tx:
        tx.execute("CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT)")
        tx.executemany("INSERT INTO notes VALUES (?, ?)", ((n, f"secret-{n:04}" * 20) for n in range(500)))
    with ops.write() as tx:
        tx.execute("UPDATE notes SET text = 'plain' WHERE id < 250")
        tx.execute("DELETE FROM notes WHERE id >= 250")
    ops.compact()
    assert ops.query("SELECT count(*), max(text) FROM notes") == [(250, "plain")]
    assert not any(b"secret-" in path.read_bytes() for path in tmp_path.iterdir())
    ops.close()


def test_frames_that_stay_keep_their_bytes(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    frames = [Frame("lines", {"n": n}, f"body {n} ".encode() * 200) for n in range(5)]
    spool.append(frames)
    begin = spool.turn_over()
    spool.append([Frame("lines", {"n": 9}, b"later")])
    path = spool.path(1)

    def change(frame: Frame) -> list[Frame] | None:
        if frame.meta["n"] == 1:
            return []
        return (
            [Frame("lines", {"n": 3}, b"other"), Frame("lines", {"n": 33}, b"more")] if frame.meta["n"] == 3 else None
        )

    done = rewrite_segments([path], change)
    assert (done.segments, done.frames, begin.segment) == (1, 2, 2)
    assert [frame.meta["n"] for frame, _ in read_frames(path)] == [0, 2, 3, 33, 4]
    content = path.read_bytes()
    assert all(pack(frames[n]) in content for n in (0, 2, 4))
    assert pack(frames[1]) not in content
    assert [frame.body for frame, _ in spool.read(begin)] == [b"later"]
    spool.close()


def test_a_damaged_segment_is_left_as_it_is(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([Frame("lines", {}, b"one"), Frame("lines", {}, b"two")])
    spool.turn_over()
    spool.close()
    path = tmp_path / "0000000001.seg"
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(bytes(damaged))
    with pytest.raises(ForetellError) as told:
        rewrite_segments([path], lambda _: [])
    assert told.value.code == "SPOOL_DAMAGED"
    assert path.read_bytes() == bytes(damaged)
    assert not list(tmp_path.glob("*.rewriting"))


MIDNIGHT_MOVES = ((3, 8), (4, 24), (11, 1))
"""In Havana and Cairo the clock is changed at midnight: it is not there in spring, and twice in Havana's autumn."""


@pytest.mark.parametrize(
    "zone",
    [
        "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "America/Havana",
        "Africa/Cairo",
    ],
)  # fmt: skip
def test_a_day_is_the_same_in_utc_and_in_the_zone(zone: str) -> None:
    dates = [(month, day) for month in (1, 3, 7, 10) for day in (1, 28, 29)] + [*MIDNIGHT_MOVES]
    hours = [datetime(2026, month, day, hour, 37) for month, day in dates for hour in range(24)]
    found = day_of(pa.array(hours, pa.timestamp("us")), zone).to_pylist()
    utc, local = ZoneInfo("UTC"), ZoneInfo(zone)

    def days(instant: datetime) -> tuple[object, object]:
        return instant.date(), instant.replace(tzinfo=utc).astimezone(local).date()

    assert [days(one) for one in found] == [days(one) for one in hours]
    assert len(set(found)) <= 2 * len(dates) + 12
