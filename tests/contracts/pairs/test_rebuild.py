"""What bodies tell is derived again beside the live stores, seen, and put in place, on every pair that offers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foretell import app, collect, profile
from foretell.app import Workspace
from foretell.clock import FixedClock
from foretell.collect import Scope
from foretell.engine import observe_crash_points, promise_swap, remove_rests
from foretell.engine.swapping import BESIDE
from foretell.errors import ForetellError
from tests.stories.test_rebuild import FILES, NOW, ORDERS, RIGHT, WRONG, with_cases
from tests.support.small_workspace import write

CASES = "SELECT c.case_id, p.user_id FROM cases c JOIN profiles p USING (profile_id) ORDER BY 1"
BEFORE = [("r1", 0, None), ("r2", 0, None), ("r4", 0, None)]
AFTER = [("r1", 1000, "u1"), ("r2", 2050, "u1"), ("r3", 500, "u2"), ("r4", 700, "u2")]


class Crash(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def shop(tmp_path: Path, pair: str) -> Iterator[Path]:
    """Imported under a wrong mapping, with cases that people have to work on; then the mapping was mended."""
    write(tmp_path, {**FILES, "sources/till.yaml": WRONG})
    with opened(tmp_path) as place:
        for name, source in (("till.csv", "till"), ("site.jsonl", None)):
            files = [tmp_path / name]
            collect.import_files(place.engine, place.catalog, files, source, now=NOW, reader=place.frames)
    with_cases(tmp_path)
    write(tmp_path, {"sources/till.yaml": RIGHT})
    yield tmp_path
    observe_crash_points(None)


@contextmanager
def opened(folder: Path) -> Iterator[Workspace]:
    with app.open_workspace(folder, clock=FixedClock(NOW)) as place:
        yield place


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with opened(folder) as place:
        return [tuple(row.values()) for row in place.engine.analytics.query(sql).to_pylist()]


def promised(folder: Path) -> profile.Differences:
    """Read anew; the next opening puts it in place."""
    with opened(folder) as place:
        with app.rebuild(place, Scope()) as beside:
            found = profile.differences(place.engine, beside)
        promise_swap(place.engine.data)
    return found


def test_in_place_or_refused_before_it_begins(pair: str, shop: Path) -> None:
    if pair.endswith("+spark"):
        with opened(shop) as place:
            with pytest.raises(ForetellError) as told:
                app.rebuild(place, Scope())
            assert told.value.code == "NOT_ON_SPARK"
            assert not (place.engine.data / BESIDE).exists()
        return
    assert rows(shop, ORDERS) == BEFORE
    found = promised(shop)
    assert (found.totals["orders"], found.totals["revenue_minor"], found.people_joined) == ((3, 4), (0, 4250), 1)
    assert rows(shop, ORDERS) == AFTER
    assert rows(shop, CASES) == [("case-k1", "u1"), ("case-k2", "u1"), ("case-k4", "u2")], "kept, with their people"
    with opened(shop) as place:
        files = [shop / "till.csv"]
        (again,) = collect.import_files(place.engine, place.catalog, files, "till", now=NOW, reader=place.frames)
        assert (again.events, again.duplicates) == (0, 4), "what was read anew is still known"
        assert place.engine.spool_waiting_bytes() == 0
    assert promised(shop).none, "read anew once more, everything is as it is"
    assert rows(shop, ORDERS) == AFTER
    with opened(shop) as place:
        left = remove_rests(place.engine.data, place.engine.settings.postgres)
        schema = [] if place.engine.settings.postgres is None else [f"schema {place.engine.settings.postgres.schema}"]
        assert [name for name in left if "before" in name] == [
            "before-rebuild",
            *(f"{name}_before_rebuild" for name in schema),
        ]
        assert remove_rests(place.engine.data, place.engine.settings.postgres) == []


def test_where_the_process_ends_while_it_is_put_in_place_the_next_goes_on(pair: str, shop: Path) -> None:
    if pair != "postgresql+duckdb":  # files alone: tests/unit/engine/test_swapping.py
        return
    promised(shop)
    for point in ("swap.before_schemas", "swap.schemas", "swap.moved_in"):
        seen: list[str] = []

        def crash(name: str, wanted: str = point, seen: list[str] = seen) -> None:
            seen.append(name)
            if name == wanted:
                raise Crash

        observe_crash_points(crash)
        with pytest.raises(Crash), opened(shop):
            raise AssertionError("it was opened")
        assert seen[-1] == point
        observe_crash_points(None)
    assert rows(shop, ORDERS) == AFTER


def test_a_workspace_that_was_changed_meanwhile_stays_as_it_is(pair: str, shop: Path) -> None:
    if pair != "postgresql+duckdb":  # one process at a time has the others
        return
    with opened(shop) as place:
        app.rebuild(place, Scope()).close()
        promise_swap(place.engine.data)
        with place.engine.ops.write() as tx:
            tx.execute("UPDATE cases SET title = 'Write' WHERE case_id = 'case-k1'")
    with pytest.raises(ForetellError) as told, opened(shop):
        raise AssertionError("it was opened")
    assert told.value.code == "REBUILD_STALE"
    assert rows(shop, ORDERS) == BEFORE
    with opened(shop) as place:
        assert place.engine.ops.query("SELECT title FROM cases WHERE case_id = 'case-k1'") == [("Write",)]
        assert not (place.engine.data / BESIDE).exists()
