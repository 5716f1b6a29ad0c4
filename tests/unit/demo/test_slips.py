"""What arrives broken from the demo's shop is put aside, and changes nothing of what is taken in."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import app, definitions
from foretell.collect import CompiledPlan, decode_segment
from foretell.demo import slips
from foretell.demo.datasets import DATASETS
from foretell.demo.shop import ShopSettings, ShopWorld, WorldStep
from foretell.engine import Decoded

BEGIN = datetime(2024, 6, 3, tzinfo=UTC)
END = BEGIN + timedelta(days=90)


@pytest.fixture(scope="module")
def step() -> WorldStep:
    return ShopWorld(ShopSettings(1_200, 7, BEGIN, "Europe/Berlin")).step(END)


def taken(lines: bytes) -> Decoded:
    """Lines under the tracking plan of the shop."""
    catalog, problems = definitions.load(Path(DATASETS["shop"].root) / "workspace", app.KINDS)
    assert problems == []
    texts = pa.array(lines.decode().split("\n")[:-1], pa.large_string())
    return decode_segment(texts, source="shop", received_at=END, rules=CompiledPlan(catalog).of("shop"))


def test_every_broken_copy_is_put_aside_and_nothing_else(step: WorldStep) -> None:
    whole, slipped = step.lines(), slips.lines_of(step)
    assert slipped.startswith(whole)
    alone, together = taken(whole), taken(slipped)
    assert alone.problems.num_rows == 0
    assert together.events.drop_columns(["line"]).equals(alone.events.drop_columns(["line"]))
    assert together.identifiers.equals(alone.identifiers)
    assert together.problems.num_rows == slipped.count(b"\n") - whole.count(b"\n") > 10
    assert 0.0005 < together.problems.num_rows / whole.count(b"\n") < 0.01
    reasons = Counter(together.problems["message"].to_pylist())
    assert {reason.partition(":")[0] for reason in reasons} >= {"Product Viewed", "Order Completed", "Identify"}


def test_what_breaches_the_plan_is_told_with_its_owner(step: WorldStep) -> None:
    rows = taken(slips.lines_of(step)).remarks.to_pylist()
    told = {(row["event"], row["field"], row["action"], row["owner"]) for row in rows}
    assert told == {
        ("Product Viewed", "price", "quarantine", "Web shop"),
        ("Order Completed", "order_id", "quarantine", "till@shop.example"),
        ("Identify", "traits.email", "quarantine", "Customer data"),
        ("Order Delivered", "delay_days", "allow", "Logistics"),
    }


def test_a_new_property_comes_in_the_last_hours(step: WorldStep) -> None:
    plain = [json.loads(line) for line in step.lines().split(b"\n")[:-1]]
    changed = [json.loads(line) for line in slips.lines_of(step, END).split(b"\n")[: len(plain)]]
    new = [(one["timestamp"], one["event"]) for one in changed if one.get("properties", {}).pop("app_version", None)]
    assert changed == plain
    viewed = [one for one in plain if one.get("event") == "Product Viewed"]
    late = [one for one in viewed if datetime.fromisoformat(one["timestamp"]) > END - slips.NEW_SINCE]
    assert len(new) == len(late) > 10
    assert {event for _, event in new} == {"Product Viewed"}
