"""Assignment: right shares, the same in any order, batch and repeat; first one kept through merges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell import decide
from foretell.errors import ForetellError
from tests.unit.decide.shop import AT, acting, opened, send

SHARES = {"treated": 0.7, "held_out": 0.3}
IDS = [f"p_{number:05d}" for number in range(20_000)]


def test_shares_are_kept_and_experiments_are_independent() -> None:
    first = np.array(decide.arms("journey:a", pa.array(IDS), SHARES).to_pylist()) == "held_out"
    second = np.array(decide.arms("journey:b", pa.array(IDS), SHARES).to_pylist()) == "held_out"
    assert abs(first.mean() - 0.3) < 4 * (0.21 / len(IDS)) ** 0.5
    assert abs((first & second).mean() - 0.09) < 4 * (0.09 * 0.91 / len(IDS)) ** 0.5


@given(st.permutations(range(60)), st.integers(1, 59))
def test_an_arm_depends_on_nobody_else(order: list[int], cut: int) -> None:
    whole = dict(zip(IDS[:60], decide.arms("x", pa.array(IDS[:60]), SHARES).to_pylist(), strict=True))
    shuffled = [IDS[place] for place in order]
    parts = [shuffled[:cut], shuffled[cut:]]
    again = {
        one: arm
        for part in parts
        for one, arm in zip(part, decide.arms("x", pa.array(part), SHARES).to_pylist(), strict=True)
    }
    assert again == whole


def test_a_wider_holdout_keeps_those_held_out_before() -> None:
    ids = pa.array(IDS[:2_000])
    narrow = decide.arms("x", ids, {"treated": 0.9, "held_out": 0.1}).to_pylist()
    wide = decide.arms("x", ids, {"treated": 0.6, "held_out": 0.4}).to_pylist()
    assert all(after == "held_out" for before, after in zip(narrow, wide, strict=True) if before == "held_out")


def test_shares_that_are_none_are_refused() -> None:
    for wrong in ({}, {"a": 0.5}, {"a": 1.5, "b": -0.5}):
        with pytest.raises(ForetellError, match="add up to 1"):
            decide.arms("x", pa.array(["p"]), wrong)


def people(*keys: int) -> pa.Table:
    return pa.table(
        {
            "profile_key": pa.array(keys, pa.int64()),
            "node_key": pa.array(keys, pa.int64()),
            "profile_id": [f"p{key}" for key in keys],
            "at": pa.array([AT] * len(keys), pa.timestamp("us")),
        }
    )


def line(user: str, **more: str) -> str:
    import json

    return json.dumps({"type": "track", "event": "Seen", "userId": user, "timestamp": "2026-02-01T00:00:00Z", **more})


def test_who_was_assigned_stays_there_and_the_held_out_are_told(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        send(engine, *(line(f"u{n}") for n in range(1, 41)))
        first = acting(engine, lambda tx, batch: decide.assign(tx, batch, "x", people(*range(1, 31)), SHARES))
        again = acting(engine, lambda tx, batch: decide.assign(tx, batch, "x", people(*range(40, 0, -1)), {"a": 1.0}))
        arms = dict(zip(*first.to_pydict().values(), strict=True))  # type: ignore[attr-defined]
        later = dict(zip(*again.to_pydict().values(), strict=True))  # type: ignore[attr-defined]
        assert list(later) == list(range(40, 0, -1))
        assert later == {**dict.fromkeys(range(31, 41), "a"), **arms}
        held = sorted(key for key, arm in arms.items() if arm == "held_out")
        told = engine.analytics.query("SELECT profile_key FROM log_events WHERE event = 'Held Out' ORDER BY 1")
        assert told["profile_key"].to_pylist() == held
        shown = engine.analytics.query("SELECT count(*) AS n FROM experiment_exposures WHERE arm = 'held_out'")
        assert shown["n"][0].as_py() == len(held)


def test_a_merge_of_two_arms_keeps_the_first_and_marks_it(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        send(
            engine,
            *(
                f'{{"type":"track","event":"Seen","anonymousId":"a{n}","timestamp":"2026-02-01T00:00:00Z"}}'
                for n in (1, 2, 3)
            ),
        )
        acting(engine, lambda tx, batch: decide.assign(tx, batch, "x", people(1, 3), {"treated": 1.0}))
        acting(engine, lambda tx, batch: decide.assign(tx, batch, "x", people(2), {"held_out": 1.0}))
        send(engine, line("u", anonymousId="a1"), line("u", anonymousId="a2"), line("v", anonymousId="a3"))
        again = acting(engine, lambda tx, batch: decide.assign(tx, batch, "x", people(1, 3), {"held_out": 1.0}))
        assert again["arm"].to_pylist() == ["treated", "treated"]  # type: ignore[index]
        marked = acting(engine, lambda tx, _: decide.contaminated(tx, "x", pa.array([1, 2, 3])))
        assert len(marked) == 1  # type: ignore[arg-type]
        view = engine.analytics.query(
            "SELECT contaminated, count(*) AS n FROM experiment_exposures GROUP BY 1 ORDER BY 1"
        )
        assert view.to_pylist() == [{"contaminated": False, "n": 1}, {"contaminated": True, "n": 1}]
