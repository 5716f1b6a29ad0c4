"""The shop's world: the same whatever the steps, and believable."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from foretell.collect import decode_segment
from foretell.demo.shop import ShopSettings, ShopWorld, WorldStep
from foretell.errors import UsageError
from tests.unit.demo.worlds import BEGIN, named, run, world_of

YEAR = 365


@pytest.fixture(scope="module")
def year() -> WorldStep:
    return world_of(400).step(BEGIN + timedelta(days=YEAR))


@pytest.fixture(scope="module")
def told(year: WorldStep) -> list[dict[str, object]]:
    return [json.loads(line) for line in year.lines().splitlines()]


def test_equal_settings_give_equal_lines_and_other_seeds_do_not() -> None:
    def lines(seed: int) -> bytes:
        return world_of(60, seed=seed).step(BEGIN + timedelta(days=60)).lines()

    assert lines(3) == lines(3)
    assert lines(3) != lines(4)


def test_the_size_of_steps_changes_nothing() -> None:
    hours = 24 * 60
    steps = [run(world_of(250), hours=hours, step_hours=size) for size in (6, 24, 30, hours)]
    lines = {step.lines() for step in steps}
    assert len(lines) == 1
    assert len(lines.pop().splitlines()) > 1500


def test_a_person_does_not_depend_on_how_many_others_there_are() -> None:
    def of_first(people: int) -> pa.Table:
        events = world_of(people).step(BEGIN + timedelta(days=120)).events
        return events.filter(pc.less(events["person"], 50))

    assert of_first(50).equals(of_first(400))


def test_a_fork_goes_on_as_the_world_would_have() -> None:
    world = world_of(80, days=40)
    fork = world.fork()
    until = world.now + timedelta(days=40)
    assert world.step(until).lines() == fork.step(until).lines()
    assert fork.now == world.now


def test_steps_are_whole_slots_forwards() -> None:
    world = world_of(5, days=2)
    for hours in (5, -24):
        with pytest.raises(UsageError, match="cannot step"):
            world.step(world.now + timedelta(hours=hours))
    assert world.step(world.now).events.num_rows == 0
    assert world.now == BEGIN + timedelta(days=2)


@pytest.mark.parametrize(
    "settings",
    [
        {"people": 0},
        {"people": 10, "begin": datetime(2024, 1, 1, 5, tzinfo=UTC)},
        {"people": 10, "begin": datetime(2024, 1, 1)},
        {"people": 10, "zone": "Mars/Olympus"},
    ],
)
def test_settings_that_make_no_world_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ShopSettings(**settings)  # type: ignore[arg-type]


def test_collect_reads_every_line_without_a_problem(year: WorldStep) -> None:
    lines = pa.array(year.lines().decode().splitlines(), pa.large_string())
    decoded = decode_segment(lines, source="shop", received_at=BEGIN + timedelta(days=YEAR))
    assert decoded.problems.num_rows == 0
    assert decoded.events["event"].to_pylist() == year.events["event"].to_pylist()
    assert decoded.events["ts"].to_pylist() == year.events["ts"].to_pylist()
    assert decoded.events["message_id"].to_pylist() == year.events["message_id"].to_pylist()
    assert len(set(decoded.events["message_id"].to_pylist())) == len(lines)


def test_lines_do_not_depend_on_how_many_are_made_at_once(year: WorldStep, monkeypatch: pytest.MonkeyPatch) -> None:
    part = WorldStep(year.events.slice(1000, 2500), year.engagements, year.wording)
    at_once = part.lines()
    monkeypatch.setattr("foretell.demo.shop.lines._SLICE_ROWS", 700)
    assert part.lines() == at_once
    assert at_once == b"".join(year.lines().splitlines(keepends=True)[1000:3500])


def test_events_come_in_order_and_within_the_step(year: WorldStep) -> None:
    ts = year.events["ts"].to_numpy()
    assert (np.diff(ts) >= np.timedelta64(0)).all()
    assert ts[0] >= np.datetime64("2024-01-01")
    assert ts[-1] < np.datetime64("2024-12-31")
    assert 60 < year.events.num_rows / 400 < 120


def test_nobody_orders_before_being_seen(year: WorldStep) -> None:
    def first(event: str) -> dict[int, object]:
        found = named(year, event).group_by("person").aggregate([("ts", "min")])
        return dict(zip(found["person"].to_pylist(), found["ts_min"].to_pylist(), strict=True))

    seen, identified, ordered = first("Page Viewed"), first("Identify"), first("Order Completed")
    assert len(ordered) > 150
    assert all(seen[person] < ts for person, ts in ordered.items())
    assert all(identified[person] < ts for person, ts in ordered.items())


def test_money_and_parcels_add_up(told: list[dict[str, object]]) -> None:
    orders = {line["properties"]["order_id"]: line for line in told if line.get("event") == "Order Completed"}
    refunds = [line for line in told if line.get("event") == "Order Refunded"]
    delivered = [line for line in told if line.get("event") == "Order Delivered"]
    assert len(orders) == sum(line.get("event") == "Order Completed" for line in told) > 800
    for line in orders.values():
        properties = line["properties"]
        total = sum(product["price"] * product["quantity"] for product in properties["products"])
        assert properties["revenue"] > 0
        assert properties["revenue"] == pytest.approx(total - properties.get("discount", 0.0))
    assert refunds
    for line in refunds:
        order = orders[line["properties"]["order_id"]]
        assert 0 < line["properties"]["total"] <= order["properties"]["revenue"] + 1e-9
        assert line["timestamp"] > order["timestamp"]
    assert all(line["timestamp"] > orders[line["properties"]["order_id"]]["timestamp"] for line in delivered)
    late = np.mean([line["properties"]["delay_days"] > 0 for line in delivered])
    assert 0.05 < late < 0.2


def test_people_are_known_by_well_formed_identifiers(told: list[dict[str, object]]) -> None:
    accounts = [line for line in told if line["type"] == "identify" and "phone" in line["traits"]]
    assert len(accounts) > 200
    for line in accounts:
        assert re.fullmatch(r"[a-z0-9.]+@customers\.example", line["traits"]["email"])
        assert re.fullmatch(r"\+49150\d{8}", line["traits"]["phone"])
        assert re.fullmatch(r"U\d{7,8}", line["userId"])
    for name in ("email", "phone"):
        assert len({line["traits"][name] for line in accounts}) == len(accounts)
    assert len({line["userId"] for line in accounts}) == len(accounts)


def test_the_till_knows_cards_and_misspells_some(told: list[dict[str, object]]) -> None:
    till = [line for line in told if line.get("event") == "Order Completed" and "userId" not in line]
    accounts = [line for line in told if line["type"] == "identify" and "userId" in line]
    cards = {line["context"]["externalIds"][0]["id"] for line in accounts if "externalIds" in line["context"]}
    read = [line["context"]["externalIds"][0]["id"] in cards for line in till]
    assert len(till) > 20
    assert 0.8 < np.mean(read) < 1.0
    misspelt = [line for line in till if "traits" in line["context"]]
    emails = {line["traits"]["email"] for line in accounts}
    assert misspelt
    assert not {line["context"]["traits"]["email"] for line in misspelt} & emails
    forms = [line for line in told if line["type"] == "identify" and "userId" not in line]
    assert len(forms) == len(read) - sum(read)
    assert not {line["context"]["externalIds"][0]["id"] for line in forms} & cards
    assert all({"last_name", "address"} <= line["traits"].keys() for line in forms)


def test_households_share_a_device() -> None:
    identities = world_of(2000).shop.identities
    shared = identities["anonymous_1"].to_pylist()
    pairs = sum(left == right for left, right in zip(shared[::2], shared[1::2], strict=True))
    assert 30 < pairs < 100
    everything = {text for device in range(3) for text in identities[f"anonymous_{device}"].to_pylist()}
    assert len(everything) == 3 * 2000 - pairs


def test_consent_has_dates_and_some_withdraw(told: list[dict[str, object]]) -> None:
    states: dict[tuple[str, str], list[str]] = {}
    for line in told:
        if line.get("event") == "Consent Updated" and line["properties"]["purpose"] == "marketing":
            key = (line["userId"], line["properties"]["channel"])
            states.setdefault(key, []).append(line["properties"]["state"])

    def granted(channel: str) -> float:
        return sum(found[0] == "granted" for key, found in states.items() if key[1] == channel)

    assert granted("email") > granted("sms") > 0
    assert granted("email") > granted("ads") > 0
    assert any(
        pairwise_states == ("granted", "denied") for found in states.values() for pairwise_states in pairwise(found)
    )


def test_the_catalogue_is_plausible() -> None:
    table = ShopWorld(ShopSettings(people=1)).shop.catalogue.table
    prices = table["price_minor"].to_numpy()
    assert table.num_rows == 300
    assert len(set(table["category"].to_pylist())) == 10
    assert len(set(table["url"].to_pylist())) == 300
    assert len(set(table["name"].to_pylist())) > 250
    assert prices.min() >= 290
    assert prices.max() < 100_000
