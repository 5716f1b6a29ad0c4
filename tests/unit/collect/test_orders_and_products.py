from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.collect.orders import half_even
from foretell.engine import scratch
from tests.unit.collect.decoding import track
from tests.unit.collect.workspace import Shop, shop


def order(event: str, number: int, **properties: Any) -> dict[str, Any]:
    return track(event=event, messageId=f"m{number}", properties={"order_id": f"o{number}", **properties})


def load(it: Shop, *messages: dict[str, Any], name: str = "events.jsonl") -> None:
    it.load(name, "\n".join(json.dumps(message) for message in messages) + "\n")


@pytest.mark.parametrize(
    ("event", "properties", "kind", "minor", "currency"),
    [
        ("Order Completed", {"revenue": 10.5, "total": 12}, "completed", 1050, "GBP"),
        ("Order Completed", {"total": "12.00", "currency": "usd"}, "completed", 1200, "USD"),
        ("Order Completed", {"value": 3}, "completed", 300, "GBP"),
        ("Order Completed", {"revenue": 0, "total": 12}, "completed", 0, "GBP"),
        ("Order Completed", {"revenue": 1000, "currency": "JPY"}, "completed", 1000, "JPY"),
        ("Order Completed", {"revenue": 1.2345, "currency": "KWD"}, "completed", 1234, "KWD"),
        ("Order Completed", {"revenue": 0.125}, "completed", 12, "GBP"),
        ("Order Completed", {"revenue": 0.135}, "completed", 14, "GBP"),
        ("Order Completed", {}, "completed", 0, "GBP"),
        (
            "Order Completed",
            {"products": [{"price": 0.001, "quantity": 5}, {"price": 2, "quantity": 3}, {"price": 1}, {"sku": "x"}]},
            "completed",
            700,
            "GBP",
        ),
        ("Order Refunded", {"total": 9.99}, "refunded", -999, "GBP"),
        ("Order Refunded", {"total": -9.99}, "refunded", -999, "GBP"),
        ("Order Refunded", {"products": [{"price": 2, "quantity": 3}]}, "refunded", -600, "GBP"),
        ("Order Cancelled", {"total": 9.99}, "cancelled", 0, "GBP"),
        ("Order Adjusted", {"total": -11062.06}, "adjusted", -1106206, "GBP"),
    ],
)
def test_amounts(tmp_path: Path, event: str, properties: dict[str, Any], kind: str, minor: int, currency: str) -> None:
    with shop(tmp_path) as it:
        load(it, order(event, 1, **properties), track(messageId="other"))
        assert it.query("SELECT order_id, kind, amount_minor, currency FROM orders") == [
            {"order_id": "o1", "kind": kind, "amount_minor": minor, "currency": currency}
        ]


def test_an_order_is_rounded_once_and_not_by_line(tmp_path: Path) -> None:
    with shop(tmp_path) as it:
        load(it, order("Order Completed", 1, products=[{"product_id": "p", "price": 0.004, "quantity": 1}] * 10))
        assert it.query("SELECT amount_minor FROM orders") == [{"amount_minor": 4}]
        assert it.query("SELECT sum(amount) AS s FROM order_items")[0]["s"] == pytest.approx(0.04)


def test_items_of_refunds_are_negative_and_other_arrays_are_no_items(tmp_path: Path) -> None:
    lines = [{"product_id": 7, "sku": "s", "name": "Shoe", "category": "c", "price": 2.5, "quantity": 2}]
    with shop(tmp_path) as it:
        load(
            it,
            order("Order Completed", 1, revenue=5, products=lines, gifts=[{"product_id": "g"}]),
            order("Order Refunded", 2, total=5, products=lines),
            track(messageId="m3", event="Product List Viewed", properties={"products": [{"product_id": "seen"}]}),
        )
        found = it.query("SELECT order_id, product_id, sku, name, category, quantity, price, amount FROM order_items")
        same = {"product_id": "7", "sku": "s", "name": "Shoe", "category": "c", "price": 2.5}
        assert sorted(found, key=lambda row: str(row["order_id"])) == [
            {**same, "order_id": "o1", "quantity": 2.0, "amount": 5.0},
            {**same, "order_id": "o2", "quantity": -2.0, "amount": -5.0},
        ]
        people = it.query("SELECT DISTINCT profile_id FROM orders")
        assert len(people) == 1
        assert people[0]["profile_id"].startswith("p_")


def test_the_catalogue_keeps_the_latest_and_what_nobody_told_anew(tmp_path: Path) -> None:
    def seen(number: int, day: int, event: str = "Product Viewed", **properties: Any) -> dict[str, Any]:
        return track(event=event, messageId=f"v{number}", timestamp=f"2024-05-0{day}T00:00:00Z", properties=properties)

    with shop(tmp_path) as it:
        load(it, seen(1, 2, product_id="a", name="Old", brand="Acme", price=1), name="1.jsonl")
        load(it, seen(2, 3, product_id="a", name="New"), name="2.jsonl")
        load(it, seen(3, 1, product_id="a", name="Older", url="/a"), name="3.jsonl")
        row = {"product_id": "a", "name": "New", "brand": "Acme", "url": "/a", "price": 1.0}
        assert it.query("SELECT product_id, name, brand, url, price FROM products") == [row]
        load(it, order("Order Completed", 9, products=[{"product_id": "a", "name": "In the order", "sku": "s"}]))
        assert it.query("SELECT name, sku FROM products") == [{"name": "New", "sku": "s"}]
        before = it.query("SELECT count(*) AS n FROM product_rows")
        load(it, seen(4, 4, product_id="a", name="New"), name="4.jsonl")
        assert it.query("SELECT count(*) AS n FROM product_rows") == before, "what says nothing new adds no row"


def test_events_without_a_person_are_kept_and_belong_to_nobody(tmp_path: Path) -> None:
    source = "format: csv\nmappings: [{name: lost, track: Stock Written Off, properties: {sku: sku}}]"
    with shop(tmp_path, stock=source) as it:
        it.load("stock.csv", "sku\nA\nB\n", "stock")
        assert it.query("SELECT event, profile_id FROM events") == [
            {"event": "Stock Written Off", "profile_id": ""},
            {"event": "Stock Written Off", "profile_id": ""},
        ]
        assert it.query("SELECT count(*) AS n FROM nodes") == [{"n": 0}]


@given(st.lists(st.tuples(st.integers(-(10**17), 10**17), st.sampled_from([1000, 10_000, 1_000_000])), min_size=1))
def test_half_even_is_that_of_decimals(pairs: list[tuple[int, int]]) -> None:
    values, divisors = zip(*pairs, strict=True)
    table = pa.table({"v": pa.array(values, pa.int64()), "d": pa.array(divisors, pa.int64())})
    found = scratch(f"SELECT {half_even('v', 'd')} AS r FROM t", {"t": table})["r"].to_pylist()
    assert found == [int((Decimal(v) / d).to_integral_value(ROUND_HALF_EVEN)) for v, d in pairs]
