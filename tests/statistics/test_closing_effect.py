"""What went with closing cases: a known effect is found again, none is none, the interval keeps its word."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from foretell.listen import loop
from foretell.stats import expit

PEOPLE, RUNS = 600, 300
EFFECT = -0.12


def world(seed: int, effect: float) -> pa.Table:
    """Cases of people who are the likelier to leave, and the less likely to be closed in time, the lower they scored
    and the longer they had not bought; closing changes the chance to leave by ``effect`` for everybody."""
    draw = np.random.default_rng(seed)
    score = draw.integers(0, 7, PEOPLE).astype(float)
    worth, often = draw.normal(5, 1.2, PEOPLE), draw.exponential(1.0, PEOPLE)
    recency = draw.normal(3.5, 0.8, PEOPLE)
    month = draw.integers(0, 5, PEOPLE)
    in_time = draw.random(PEOPLE) < expit(
        0.35 * (score - 3) + 0.5 * (worth - 5) - 0.4 * (recency - 3.5) + 0.2 * month - 0.4
    )
    chance = 0.5 - 0.04 * (score - 3) - 0.05 * (worth - 5) + 0.08 * (recency - 3.5) + 0.01 * month
    chance = np.clip(chance, 0.16, 0.9) + np.where(in_time, effect, 0.0)
    return pa.table(
        {
            "score": score, "worth": worth, "often": often, "recency": recency,
            "month": pa.array([f"2026-0{one + 1}" for one in month]), "in_time": in_time,
            "has_left": draw.random(PEOPLE) < chance,
        }
    )  # fmt: skip


def naive(rows: pa.Table) -> float:
    left, closed = (np.array(rows[name].to_pylist(), dtype=bool) for name in ("has_left", "in_time"))
    return float(left[closed].mean() - left[~closed].mean())


@pytest.mark.parametrize("effect", [EFFECT, 0.0])
def test_the_effect_is_found_and_the_interval_keeps_its_word(effect: float) -> None:
    found = [(loop.compare(rows), naive(rows)) for rows in (world(seed, effect) for seed in range(RUNS))]
    values = np.array([one.difference.value for one, _ in found])
    held = np.array([one.difference.low <= effect <= one.difference.high for one, _ in found])
    assert not [one for one, _ in found if one.verdict]
    assert values.mean() == pytest.approx(effect, abs=0.01), "on average it is the truth"
    assert np.mean([raw for _, raw in found]) < effect - 0.05, "and without comparing like with like it is not"
    assert 0.85 <= held.mean() <= 0.95
    if not effect:
        assert np.mean([one.difference.low <= 0 <= one.difference.high for one, _ in found]) >= 0.85


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (lambda rows: rows.slice(0, 60), "each group needs"),
        (lambda rows: _sure(rows), "hardly overlap"),
    ],
)
def test_where_it_cannot_be_said_it_is_not_said(kept: Callable[[pa.Table], pa.Table], why: str) -> None:
    found = loop.compare(kept(world(1, EFFECT)))
    assert (found.verdict, why in found.why) == (loop.NOT_YET, True)
    assert found.difference.value != found.difference.value


def _sure(rows: pa.Table) -> pa.Table:
    """Closed in time is exactly who scored high."""
    high = np.array(rows["score"].to_pylist()) > 3
    return rows.set_column(rows.schema.get_field_index("in_time"), "in_time", pa.array(high))
