"""segment-analytics-python, rudder-sdk-python and @segment/analytics-node, unmodified."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from tests.sdk.conftest import FAILURES, Run
from tests.support.sdk_server import CALLS, SOURCE, Failure, SdkShop

HERE = Path(__file__).parent
LIBRARIES = ["calls_segment.py", "calls_rudder.py", "calls_node.mjs"]
ORDER_MS = 1_740_823_200_000
"""1 March 2025, 10:00 UTC."""


@pytest.mark.parametrize("program", LIBRARIES)
def test_all_calls_arrive_once_through_errors(shop: SdkShop, run: Run, node: Path, program: str) -> None:
    shop.failing.failures = list(FAILURES)
    told = run(shop, [node if program.endswith(".mjs") else sys.executable, HERE / program])
    assert "dropped" not in told
    assert shop.failing.asked[:4] == [500, 500, 429, 200]
    assert shop.failing.sent[0]
    assert set(shop.failing.sent[1:4]) == {shop.failing.sent[0]}, "the same ids come again"
    assert set(shop.failing.packed) == {program.endswith(".py")}
    events = shop.events()
    assert set(events) == CALLS
    assert {event["source"] for event in events.values()} == {SOURCE}
    assert shop.quarantined() == []
    order = events["Order Completed"]
    assert order["properties"] == {"order_id": "o1", "revenue": 49.9}
    assert abs(order["ms"] - ORDER_MS) < 60_000, "only how far the clocks are apart moves it"
    assert events["Page Viewed"]["properties"]["url"] == "https://shop.example/"
    assert events["Page Viewed"]["properties"]["name"] == "Home"
    assert events["Screen Viewed"]["properties"]["tab"] == "first"
    assert events["Group"]["properties"]["group_id"] == "g1"
    assert events["Alias"]["properties"]["previous_id"] == "a0"
    known = {("user_id", "u1"), ("anonymous_id", "a1"), ("anonymous_id", "a0"), ("email", "ada@shop.example")}
    assert known <= shop.identifiers()
    assert shop.traits()["plan"] == "gold"
    assert len({event["profile_id"] for event in events.values()}) == 1


@pytest.mark.parametrize("program", LIBRARIES)
def test_what_is_answered_with_400_is_dropped_and_told(shop: SdkShop, run: Run, node: Path, program: str) -> None:
    shop.failing.failures = [Failure(400)]
    told = run(shop, [node if program.endswith(".mjs") else sys.executable, HERE / program])
    assert "dropped" in told
    assert shop.failing.asked[0] == 400
    refused = shop.failing.sent[0]
    assert refused
    assert not any(refused & later for later in shop.failing.sent[1:])
    arrived = {row["message_id"] for row in shop.rows("SELECT message_id FROM events")}
    assert refused.isdisjoint(arrived)
    assert len(refused | arrived) == len(CALLS)


def test_what_is_refused_for_good_is_not_sent_again(shop: SdkShop, run: Run) -> None:
    shop.environment["WRITE_KEY"] = "wk_unknown"
    run(shop, [sys.executable, HERE / "calls_segment.py"])
    assert shop.failing.asked == [401]
    assert shop.rows("SELECT 1 FROM events") == []


@pytest.mark.parametrize("kind", ["python", "rudder", "curl", "node"])
def test_snippets_run_as_they_are_copied(shop: SdkShop, run: Run, node: Path, tmp_path: Path, kind: str) -> None:
    answer = httpx.get(f"{shop.address}/api/sources/{SOURCE}/snippet", params={"kind": kind})
    program = tmp_path / "snippet.mjs"
    program.write_text(answer.json()["text"])
    command: list[str | Path] = ["sh" if kind == "curl" else sys.executable, program]
    if kind == "node":  # packages are looked for where a program lies
        command = [node, "--input-type=module", "-e", program.read_text()]
    run(shop, command)
    assert shop.events()["Order Completed"]["properties"]["order_id"] == "o1"
