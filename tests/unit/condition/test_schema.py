"""The JSON schema takes what the language takes, and knows every head and key."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from foretell import app
from foretell.condition import SCHEMAS, condition_schema, measure_schema, parse_problems
from foretell.condition.parse import HEADS
from foretell.definitions import schema
from tests.properties.condition_by_hand import CASES, JOURNEY_CASES

VALID = jsonschema_rs.validator_for(condition_schema())
SAID: list[dict[str, Any]] = [
    {"persona": "loyal"},
    {"near": {"trait": "address", "lat": 33.7, "lon": -84.4, "km": 25}},
    {"bucket": "spring26", "lt": "20%"},
    {"context": "page.path", "contains": "/category/shoes"},
    {"trait": "zip", "in_list": "hiking_zips"},
    {"trait": "birth_date", "anniversary_in": "7d"},
    {"did": "Page Viewed", "local_hour": {"between": [9, 17]}, "weekday": {"in": ["sat", "sun"]}},
    {"sequence": [{"did": "Product Viewed"}, {"did_not": "Order Completed", "within": "7d"}], "same": "product_id"},
    {"ratio": [{"did": "A"}, {"did": "B"}], "within": "30d", "change": {"lte": "-30%", "base": {"gte": 5}}},
    {"did": "A", "times": {"gte": 3}, "since": {"last": "Order Completed"}},
    {"did": "A", "since": "2026-01-01"},
    {"did": "A", "sum": "revenue", "within": "1y", "top": "10%"},
    {"did": "A", "within": "30d", "change": {"lte": "-50%", "base": {"gte": 4}}},
    {"account": {"did": "Ticket Opened", "without": "Ticket Solved", "same": "ticket_id"}},
    {"did": "A", "times": {"gt": 2}, "in_any": "7d"},
    {
        "all": [
            {"did": "Product Viewed", "times": {"gte": 3}, "per": "category", "within": "14d", "as": "c"},
            {"did_not": "Order Completed", "where": {"products.category": "$c"}, "within": "14d"},
        ]
    },
]
REFUSED: list[Any] = [
    {},
    [],
    {"did": "A", "whithin": "30d"},
    {"did": "A", "did_not": "B"},
    {"did": "A", "within": "thirty days"},
    {"did": "A", "times": {"gte": "3"}},
    {"all": []},
    {"all": [{"segment": 7}]},
    {"bucket": "x", "lt": "lots"},
    {"near": {"trait": "a", "lat": 91, "lon": 0, "km": 5}},
    {"did": "A", "weekday": "saturday"},
    {"consent": "email"},
    {"message": "m", "is": "read"},
    {"sequence": [{"did": "A"}]},
    {"trait": "x", "in_list": "Not A Key"},
]


@pytest.mark.parametrize("raw", [*SAID, *(raw for raw, _ in CASES)])
def test_what_can_be_said_is_valid(raw: dict[str, Any]) -> None:
    assert not parse_problems(raw, decision=True)
    assert [error.message for error in VALID.iter_errors(raw)] == []


@pytest.mark.parametrize("raw", [raw for raw, _ in JOURNEY_CASES])
def test_what_journeys_can_say_is_valid(raw: dict[str, Any]) -> None:
    assert [error.message for error in VALID.iter_errors(raw)] == []


@pytest.mark.parametrize("raw", REFUSED)
def test_what_cannot_be_said_is_not(raw: Any) -> None:
    assert parse_problems(raw, journey=True, decision=True)
    assert not VALID.is_valid(raw)


def test_every_head_stands_in_it_with_every_key() -> None:
    parts = condition_schema()["$defs"]
    for head, keys in HEADS.items():
        told = parts[f"head_{head}"]
        assert set(told["properties"]) == {head, *keys}
        assert all(part.get("description") for part in told["properties"].values())
    assert [one["$ref"] for one in parts["condition"]["oneOf"]] == [f"#/$defs/head_{head}" for head in HEADS]


def test_documents_hold_it() -> None:
    kinds = {kind.name: jsonschema_rs.validator_for(schema(kind, SCHEMAS)) for kind in app.KINDS}
    good = {"kind": "segment", "key": "loyal", "spec": {"condition": {"did": "Order Completed", "within": "1y"}}}
    assert kinds["segment"].is_valid(good)
    bad = {**good, "spec": {"condition": {"did": "Order Completed", "whithin": "1y"}}}
    assert not kinds["segment"].is_valid(bad)
    worth = {"value": {"did": "Order Completed", "sum": "revenue"}, "horizon": "30d"}
    assert kinds["prediction"].is_valid({"kind": "prediction", "key": "clv", "spec": worth})
    wrong = {**worth, "value": {"did": "Order Completed", "total": "revenue"}}
    assert not kinds["prediction"].is_valid({"kind": "prediction", "key": "clv", "spec": wrong})
    assert jsonschema_rs.validator_for(measure_schema()).is_valid(worth["value"])
