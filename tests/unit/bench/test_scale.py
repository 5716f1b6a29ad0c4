"""``bench scale`` on few people: every stage does its work, and the slope is what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from foretell.bench.scale import Told, slope
from foretell.bench.scale_documents import SEGMENTS, segment
from foretell.bench.scale_stages import EVENTS_A_PERSON, STAGES, Meter

PEOPLE = 300


def told(units: int, cpu_s: float) -> Told:
    return Told(cpu_s, 0.0, units, 0.0)


def test_what_costs_the_same_a_unit_has_a_slope_of_one() -> None:
    assert slope([told(10, 1), told(100, 10), told(300, 30)]) == pytest.approx(1)


def test_the_steepest_step_counts_for_each_doubling() -> None:
    # Eight times the work at 1.331 times the cost a unit: 1.1 for each of three doublings.
    assert slope([told(1_000, 4), told(2_000, 4), told(16_000, 4 * 8 * 1.331)]) == pytest.approx(1.1)


def test_no_two_of_the_hundred_segments_are_alike() -> None:
    conditions = {json.dumps(segment(number)["spec"]["condition"], sort_keys=True) for number in range(SEGMENTS)}
    assert len(conditions) == SEGMENTS


def test_every_stage_does_its_work(tmp_path: Path) -> None:
    found = {}
    for name, stage in STAGES.items():
        meter = Meter()
        found[name] = stage(tmp_path, PEOPLE, meter)
        assert meter.cpu_s > 0, name
    events = PEOPLE * EVENTS_A_PERSON
    buyers = found["score"][0]
    assert found["import"] == (events, events)
    assert PEOPLE / 2 < buyers < PEOPLE
    assert found["score"] == found["wave"] == (buyers, buyers)
    assert found["features"][0] == found["train"][0] == buyers
    assert found["segments"][1] > PEOPLE
