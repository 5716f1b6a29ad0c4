"""The plan on the page about scale is what its figures say, and its arithmetic is right."""

from __future__ import annotations

import json

from tools import scale_plan

EVEN = {
    "people_small": 100_000.0, "people_middle": 1_000_000.0, "people_large": 3_000_000.0,
    **{f"{stage}_large_cpu_us": 36.0 for stage in scale_plan.STAGES},
    **{f"{stage}_slope": 1.0 for stage in scale_plan.STAGES},
    **{f"{stage}_large_peak_mb": 100.0 for stage in scale_plan.STAGES},
    **{f"{stage}_large_units": 3_000_000.0 for stage in scale_plan.STAGES},
}  # fmt: skip


def test_the_page_is_up_to_date() -> None:
    told = json.loads(scale_plan.FIGURES.read_text("utf-8"))
    assert told["name"] == "scale"
    written = scale_plan.PAGE.read_text("utf-8")
    hint = "run: .venv/bin/python -m tools.scale_plan --write"
    assert written == scale_plan.page(written, told), hint


def test_hours_grow_with_the_units_and_by_the_slope_of_each_doubling() -> None:
    even = scale_plan.costs(EVEN)["score"]
    assert even.at(100_000_000) == 1.0
    steep = scale_plan.costs(EVEN | {"score_slope": 1.1})["score"]
    assert round(steep.at(12_000_000) / even.at(12_000_000), 6) == 1.21
    assert scale_plan.costs(EVEN | {"score_slope": 0.8})["score"].at(12_000_000) == even.at(12_000_000)


def test_a_smaller_job_than_measured_is_not_made_cheaper() -> None:
    steep = scale_plan.costs(EVEN | {"score_slope": 1.5})["score"]
    assert steep.at(300_000) == 36.0 * 300_000 / 3.6e9


def test_doublings_are_counted_from_the_units_that_were_measured() -> None:
    found = scale_plan.costs(EVEN | {"import_large_units": 30_000_000.0, "import_slope": 1.1})
    assert round(found["import"].at(60_000_000) / found["import"].at(30_000_000), 6) == 2.2
