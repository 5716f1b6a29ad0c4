"""Stores built beside the live ones take their place whole, wherever a crash interrupts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell.engine import observe_crash_points, promise_swap
from foretell.engine.swapping import BEFORE, BESIDE, finish_swap, is_swap_promised

LIVE = {"operations.sqlite": "old", "operations.sqlite-wal": "old log", "analytics.duckdb": "old"}
NEW = {"operations.sqlite": "new", "analytics.duckdb": "new", "analytics.duckdb.wal": "new log"}


class Crash(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    for folder, files in ((tmp_path, LIVE), (tmp_path / BESIDE, NEW)):
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        (folder / "batches").mkdir()
    (tmp_path / "spool").mkdir()
    yield tmp_path
    observe_crash_points(None)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_nothing_happens_without_a_promise(data: Path) -> None:
    assert not finish_swap(data)
    assert texts(data) == LIVE


def test_the_new_stores_take_the_place_of_the_live_ones(data: Path) -> None:
    promise_swap(data)
    assert is_swap_promised(data)
    assert finish_swap(data)
    assert texts(data) == NEW, "the old store's log must not lie beside the new store"
    assert texts(data / BEFORE) == LIVE
    assert not (data / BESIDE).exists()
    assert (data / "spool").is_dir()
    assert not finish_swap(data)


@pytest.mark.parametrize("place", range(1, 9))
def test_a_crash_at_any_point_is_made_good_at_the_next_opening(data: Path, place: int) -> None:
    promise_swap(data)
    count = 0

    def crash(_: str) -> None:
        nonlocal count
        count += 1
        if count == place:
            raise Crash

    observe_crash_points(crash)
    with pytest.raises(Crash):
        finish_swap(data)
    observe_crash_points(None)
    assert finish_swap(data)
    assert texts(data) == NEW
    assert texts(data / BEFORE) == LIVE


def test_the_stores_of_an_earlier_rebuild_make_room(data: Path) -> None:
    (data / BEFORE).mkdir()
    (data / BEFORE / "operations.sqlite").write_text("of last year")
    promise_swap(data)
    assert finish_swap(data)
    assert texts(data / BEFORE) == LIVE
