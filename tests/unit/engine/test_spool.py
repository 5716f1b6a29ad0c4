"""The spool keeps what it acknowledged, whatever happens around it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foretell.engine.framing import Frame, Position, pack
from foretell.engine.spool import Spool
from foretell.errors import ForetellError

START = Position(0, 0)


def made(name: str) -> Iterator[Frame]:
    """A frame that is made when it is asked for."""
    if name == "broken":
        raise ZeroDivisionError
    yield Frame("a", {}, name.encode())


def bodies(folder: Path) -> list[bytes]:
    spool = Spool(folder)
    return [frame.body for frame, _ in spool.read(START)]


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([Frame("jsonl", {"source": "shop", "line": 7}, b"\x00\xffbody"), Frame("x")])
    spool.close()
    found = [frame for frame, _ in Spool(tmp_path).read(START)]
    assert found == [Frame("jsonl", {"source": "shop", "line": 7}, b"\x00\xffbody"), Frame("x")]


def test_frames_that_cannot_be_made_are_told_to_whoever_gave_them(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    given = [spool.submit(made(name)) for name in ("one", "broken", "two")]
    assert isinstance(given[1].exception(), ZeroDivisionError)
    assert [given[place].exception() for place in (0, 2)] == [None, None]
    spool.close()
    assert bodies(tmp_path) == [b"one", b"two"]


@pytest.mark.parametrize("body", [b"a" * 100_000, bytes(range(256)) * 8, b"x" * 511, b""])
def test_bodies_come_back_whether_packed_or_not(tmp_path: Path, body: bytes) -> None:
    spool = Spool(tmp_path)
    spool.append([Frame("a", {}, body)])
    spool.close()
    assert bodies(tmp_path) == [body]


def test_reading_goes_on_from_a_position(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    middle = spool.append([Frame("a", {}, b"1")])
    spool.append([Frame("a", {}, b"2")])
    assert [frame.body for frame, _ in spool.read(middle)] == [b"2"]
    spool.close()


@pytest.mark.parametrize("cut", range(1, len(pack(Frame("a", {}, b"torn")))))
def test_a_torn_tail_is_cut_off_wherever_it_tore(tmp_path: Path, cut: int) -> None:
    spool = Spool(tmp_path)
    spool.append([Frame("a", {}, b"whole")])
    spool.close()
    (segment,) = tmp_path.glob("*.seg")
    torn = pack(Frame("a", {}, b"torn"))[:cut]
    with segment.open("ab") as file:
        file.write(torn)
    again = Spool(tmp_path)
    again.append([Frame("a", {}, b"next")])
    again.close()
    assert bodies(tmp_path) == [b"whole", b"next"]
    (kept,) = tmp_path.glob("*.torn")
    assert kept.read_bytes() == torn


def test_a_damaged_frame_inside_is_an_error_and_not_skipped(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=1)
    spool.append([Frame("a", {}, b"first")])
    spool.append([Frame("a", {}, b"second")])
    spool.close()
    first = sorted(tmp_path.glob("*.seg"))[0]
    content = bytearray(first.read_bytes())
    content[-1] ^= 1
    first.write_bytes(content)
    with pytest.raises(ForetellError, match="damaged") as caught:
        bodies(tmp_path)
    assert caught.value.code == "SPOOL_DAMAGED"
    assert first.name in caught.value.where


def test_segments_rotate_and_are_read_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=200)
    for number in range(20):
        spool.append([Frame("a", {}, str(number).encode() * 20)])
    spool.close()
    assert len(list(tmp_path.glob("*.seg"))) > 3
    assert bodies(tmp_path) == [str(number).encode() * 20 for number in range(20)]


def test_many_callers_share_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs = 0
    real = os.fsync

    def slow_sync(handle: int) -> None:
        nonlocal syncs
        syncs += 1
        real(handle)

    monkeypatch.setattr(os, "fdatasync", slow_sync, raising=False)
    spool = Spool(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        waiting = [spool.submit([Frame("a", {}, b"%d" % number)]) for number in range(400)]
        list(pool.map(lambda future: future.result(), waiting))
    spool.close()
    assert sorted(map(int, bodies(tmp_path))) == list(range(400))
    assert 1 <= syncs < 400


@pytest.mark.parametrize("fails", ["write", "sync"])
def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    spool = Spool(tmp_path)
    spool.append([Frame("a", {}, b"kept")])

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write" if fails == "write" else "fdatasync", full, raising=False)
        with pytest.raises(ForetellError) as caught:
            spool.append([Frame("a", {}, b"refused")])
    assert (caught.value.code, caught.value.transient) == ("DISK_FULL", True)
    spool.append([Frame("a", {}, b"after")])
    spool.close()
    assert bodies(tmp_path) == [b"kept", b"after"]


def test_a_short_write_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data)[:3]))
    spool = Spool(tmp_path)
    spool.append([Frame("a", {}, b"in small pieces")])
    spool.close()
    monkeypatch.undo()
    assert bodies(tmp_path) == [b"in small pieces"]


def test_what_was_just_written_is_not_fetched_from_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: object) -> None:
        raise AssertionError("the segment was read")

    spool = Spool(tmp_path, segment_bytes=1_000)
    monkeypatch.setattr("foretell.engine.spool.read_frames", fetched)
    start = START
    for number in range(3):  # at the very beginning, and each in a segment of its own
        frame = Frame("a", {"number": number}, os.urandom(2**20))
        spool.append([frame])
        ((found, start),) = spool.read(start)
        assert found is frame
    assert spool.segments() == [1, 2, 3]


def test_what_waits_before_the_last_frame_is_read_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=1_000)
    frames = [Frame("a", {"number": number}, bytes([number]) * 2**20) for number in range(3)]
    for frame in frames:
        spool.append([frame])
    assert [frame for frame, _ in spool.read(START)] == frames
