"""Which events can make a condition true, by their names."""

from __future__ import annotations

import pytest

from foretell.condition import event_kinds, parse

BOUGHT = {"did": "Order Completed"}
OPENED = {"Email Opened", "Email Link Clicked", "Email Replied"}
SPELLED: list[tuple[dict[str, object], set[str]]] = [
    (BOUGHT, {"Order Completed"}),
    ({"did": {"in": ["A", "B"]}, "within": "3d", "times": {"gte": 2}}, {"A", "B"}),
    ({"did": "A", "where": {"price": {"gt": 3}, "sku": {"in": ["x"]}}}, {"A"}),
    ({"did": "A", "since": "2025-01-01"}, {"A"}),
    ({"did": "A", "sum": "price", "gte": 10}, {"A"}),
    ({"any": [BOUGHT, {"all": [{"did": "B"}, {"event": "sku", "is": "x"}]}]}, {"Order Completed", "B"}),
    ({"event": "sku", "is": "x"}, set()),
]
MORE: list[dict[str, object]] = [
    {"did": {"starts_with": "Order"}},
    {"did": {"is_not": "A"}},
    {"did": "A", "since": {"first": "B"}},
    {"did": "A", "where": {"sku": {"in_list": "skus"}}},
    {"did": "A", "where": {"day": {"ago": {"lt": "3d"}}}},
    {"did": "A", "weekday": {"in": ["sat"]}},
    {"did": "A", "without": {"did": "B"}},
    {"trait": "city", "is": "Bonn"},
    {"any": [BOUGHT, {"trait": "city", "is": "Bonn"}]},
    {"message": "mail", "is_not": "opened"},
    {"not": {"did": "A", "within": "7d"}},
    {"did": "A", "within": "7d", "times": {"lte": 2}},
]


@pytest.mark.parametrize(
    ("raw", "kinds"), SPELLED, ids=lambda one: str(sorted(one)) if isinstance(one, set) else str(one)
)
def test_names_that_are_spelled_out_are_all_that_counts(raw: dict[str, object], kinds: set[str]) -> None:
    assert event_kinds(parse(raw, journey=True)) == kinds


@pytest.mark.parametrize("raw", MORE, ids=str)
def test_of_what_else_counts_it_is_not_said(raw: dict[str, object]) -> None:
    assert event_kinds(parse(raw, journey=True)) is None


def test_a_message_is_opened_by_clicks_and_replies_too() -> None:
    found = event_kinds(parse({"message": "mail", "is": "opened"}, journey=True))
    assert found is not None
    assert found >= OPENED
    assert "Email Sent" not in found
