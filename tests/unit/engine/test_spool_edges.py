"""The spool where it is easily got wrong: torn and damaged tails, threads, failed cuts, durable ends."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foretell.engine import framing, spool
from foretell.engine.framing import Frame, Position, pack
from foretell.engine.spool import START, Spool
from foretell.errors import ForetellError


def frame(text: str) -> Frame:
    return Frame("a", {}, text.encode())


def bodies(opened: Spool, start: Position = START) -> list[str]:
    return [found.body.decode() for found, _ in opened.read(start)]


class Held:
    """Stands in for a call that is held until it is let go."""

    def __init__(self, real: Callable[..., object]) -> None:
        self.real, self.entered, self.go = real, threading.Event(), threading.Event()

    def __call__(self, *arguments: object) -> object:
        self.entered.set()
        assert self.go.wait(30)
        return self.real(*arguments)


def test_a_frame_that_could_not_be_read_back_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_FRAME_BYTES", 100)
    opened = Spool(tmp_path)
    with pytest.raises(ForetellError) as caught:
        opened.append([frame("x" * 200)])
    assert caught.value.code == "FRAME_TOO_LARGE"
    opened.append([frame("small")])
    assert bodies(opened) == ["small"]
    opened.close()


@pytest.mark.parametrize("zeros", [1, 8, 9, 4096])
def test_zeros_behind_a_power_cut_are_no_frames(tmp_path: Path, zeros: int) -> None:
    first = Spool(tmp_path)
    first.append([frame("kept")])
    first.close()
    (segment,) = tmp_path.glob("*.seg")
    with segment.open("ab") as file:
        file.write(bytes(zeros))
    again = Spool(tmp_path)
    again.append([frame("next")])
    assert bodies(again) == ["kept", "next"]
    again.close()


def test_of_what_is_submitted_a_frame_that_could_not_be_read_back_is_refused_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "MAX_FRAME_BYTES", 100)
    opened = Spool(tmp_path)
    waiting = [opened.submit([frame(text)]) for text in ("first", "x" * 200, "last")]
    assert waiting[1].exception(30) is not None
    assert waiting[0].result(30) < waiting[2].result(30)
    assert bodies(opened) == ["first", "last"]
    opened.close()


def test_the_next_group_is_packed_while_the_disk_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, packed = Spool(tmp_path), threading.Event()
    held = Held(getattr(os, "fdatasync", os.fsync))

    def telling(given: Frame) -> bytes:
        if given.body == b"second":
            packed.set()
        return pack(given)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", held, raising=False)
        patch.setattr(spool, "pack", telling)
        first = opened.submit([frame("first")])
        assert held.entered.wait(30)
        second = opened.submit([frame("second")])
        assert packed.wait(30)
        assert not first.done()
        held.go.set()
        assert first.result(30) < second.result(30)
    opened.close()
    assert bodies(Spool(tmp_path)) == ["first", "second"]


def test_a_new_segment_begins_behind_all_that_waited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, held = Spool(tmp_path), Held(getattr(os, "fdatasync", os.fsync))
    with ThreadPoolExecutor() as callers, monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", held, raising=False)
        callers.submit(opened.append, [frame("first")])
        assert held.entered.wait(30)
        second = callers.submit(opened.append, [frame("second")])
        _until_waiting(opened, 1)
        turned = callers.submit(opened.turn_over)
        _until_waiting(opened, 2)
        held.go.set()
        assert (second.result(30).segment, turned.result(30)) == (1, Position(2, 0))
    opened.append([frame("third")])
    assert (bodies(opened), bodies(opened, Position(2, 0))) == (["first", "second", "third"], ["third"])
    assert opened.turn_over() == Position(3, 0)
    assert opened.turn_over() == Position(3, 0)
    opened.close()
    again = Spool(tmp_path, applied=Position(3, 0))
    assert again.append([frame("fourth")]).segment >= 3
    assert bodies(again, Position(3, 0)) == ["fourth"]
    again.close()


def _until_waiting(opened: Spool, count: int) -> None:
    while opened._waiting.qsize() < count:
        time.sleep(0.001)


def test_closing_waits_for_what_is_still_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, held = Spool(tmp_path), Held(pack)
    monkeypatch.setattr(spool, "pack", held)
    future = opened.submit([frame("late")])
    assert held.entered.wait(30)
    closing = threading.Thread(target=opened.close)
    closing.start()
    held.go.set()
    closing.join(30)
    assert future.result(0) > START
    assert bodies(Spool(tmp_path)) == ["late"]


def test_callers_that_come_at_once_start_one_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    real = threading.Thread

    class Slow(real):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, **named)
            if named.get("name") == "spool":
                started.append(self)
                time.sleep(0.05)

    opened = Spool(tmp_path)
    barrier = threading.Barrier(8)

    def append(number: int) -> Position:
        barrier.wait(30)
        return opened.append([frame(str(number))])

    monkeypatch.setattr(threading, "Thread", Slow)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(8)))
    opened.close()
    assert len(started) == 1
    assert sorted(bodies(Spool(tmp_path))) == [str(number) for number in range(8)]


def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    opened = Spool(tmp_path)
    waiting = [opened.submit([frame(str(number))]) for number in range(50)]
    opened.close()
    assert all(future.done() for future in waiting)
    with pytest.raises(ForetellError) as caught:
        opened.submit([frame("late")])
    assert caught.value.code == "SPOOL_CLOSED"
    opened.close()
    assert len(bodies(Spool(tmp_path))) == 50


def test_a_caller_that_gives_up_does_not_stop_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(os.write)
    opened = Spool(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", held)
        future = opened.submit([frame("first")])
        assert held.entered.wait(30)
        assert not future.cancel(), "what is being written cannot be taken back"
        held.go.set()
        future.result(30)
    assert opened.submit([frame("second")]).result(30) > START
    opened.close()


@pytest.mark.parametrize("before", [[], ["kept"]])
def test_a_write_that_cannot_be_cut_back_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: list[str]
) -> None:
    opened = Spool(tmp_path)
    for text in before:
        opened.append([frame(text)])
    real = os.write

    def half(handle: int, data: bytes) -> int:
        real(handle, bytes(data)[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        patch.setattr(os, "ftruncate", fail)
        for text in ("refused", "refused again"):
            with pytest.raises(ForetellError):
                opened.append([frame(text)])
        assert bodies(opened) == before
    opened.append([frame("after")])
    assert bodies(opened) == [*before, "after"]
    opened.close()
    assert bodies(Spool(tmp_path)) == [*before, "after"]


def test_a_refused_frame_does_not_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Spool(tmp_path)
    opened.append([frame("kept")])

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail, raising=False)
        with pytest.raises(ForetellError):
            opened.append([frame("refused")])
    opened.close()
    assert bodies(Spool(tmp_path)) == ["kept"]


def test_readers_see_what_is_durable_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Spool(tmp_path)
    opened.append([frame("durable")])
    held = Held(getattr(os, "fdatasync", os.fsync))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", held, raising=False)
        future = opened.submit([frame("on its way")])
        assert held.entered.wait(30)
        assert bodies(opened) == ["durable"]
        held.go.set()
        future.result(30)
    assert bodies(opened) == ["durable", "on its way"]
    opened.close()


def test_each_caller_gets_its_own_position(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Spool(tmp_path)
    held = Held(getattr(os, "fdatasync", os.fsync))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", held, raising=False)
        first = opened.submit([frame("0")])
        assert held.entered.wait(30)
        rest = [opened.submit([frame(str(number)), frame(f"{number}b")]) for number in (1, 2, 3)]
        held.go.set()
        positions = [future.result(30) for future in [first, *rest]]
    assert [bodies(opened, position)[:1] for position in positions] == [["1"], ["2"], ["3"], []]
    opened.close()


def test_a_new_segment_is_in_its_folder_before_anything_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    opened = Spool(tmp_path, segment_bytes=1)
    monkeypatch.setattr(spool, "sync_folder", lambda folder: told.append(folder.name))
    monkeypatch.setattr(spool, "sync_file", lambda _: told.append("file"))
    opened.append([frame("first")])
    opened.append([frame("second")])
    opened.close()
    assert told == [tmp_path.name, "file", tmp_path.name, "file"]


def test_a_folder_that_cannot_be_synced_acknowledges_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Spool(tmp_path)
    calls = 0

    def once(folder: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(spool, "sync_folder", once)
    with pytest.raises(ForetellError):
        opened.append([frame("refused")])
    opened.append([frame("taken")])
    assert (calls, bodies(opened)) == (2, ["taken"])
    opened.close()


def test_writing_goes_on_behind_what_was_applied(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    first.append([frame("old")] * 3)
    applied = first.append([frame("old")])
    first.close()
    for segment in tmp_path.glob("*.seg"):
        segment.unlink()
    again = Spool(tmp_path, applied=applied)
    again.append([frame("new")])
    assert bodies(again, applied) == ["new"]
    again.close()


def test_a_segment_shorter_than_what_was_applied_is_left_alone(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    first.append([frame("old")])
    applied = first.append([frame("old")])
    first.close()
    (segment,) = tmp_path.glob("*.seg")
    os.truncate(segment, applied.offset - 1)
    again = Spool(tmp_path, applied=applied)
    again.append([frame("new")])
    assert bodies(again, applied) == ["new"]
    again.close()


def test_damage_in_what_was_applied_costs_nothing_that_was_not(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    applied = first.append([frame("applied")])
    first.append([frame("waits")])
    first.close()
    (segment,) = tmp_path.glob("*.seg")
    content = bytearray(segment.read_bytes())
    content[len(pack(frame("applied"))) - 1] ^= 1
    segment.write_bytes(content)
    assert bodies(Spool(tmp_path, applied=applied), applied) == ["waits"]


def test_other_files_in_the_folder_are_no_segments(tmp_path: Path) -> None:
    (tmp_path / "copy of 1.seg").write_bytes(b"whatever")
    opened = Spool(tmp_path)
    opened.append([frame("one")])
    assert opened.segments() == [1]
    opened.close()


def test_a_missing_folder_is_made_durably(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from foretell.engine import folders

    synced: list[Path] = []
    monkeypatch.setattr(folders, "sync_folder", synced.append)
    Spool(tmp_path / "a" / "b")
    assert set(synced) == {tmp_path, tmp_path / "a"}
    synced.clear()
    Spool(tmp_path / "a" / "b")
    assert synced == []
