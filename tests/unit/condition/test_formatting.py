"""The one way to write a condition means the same, reads back, and is stable."""

from __future__ import annotations

from typing import Any

import pytest

from foretell.condition import canonical, format_condition, parse
from foretell.definitions import parse_inline
from tests.properties.condition_by_hand import CASES, JOURNEY_CASES
from tests.unit.condition.test_schema import SAID

EVERYWHERE = [(raw, False) for raw in (*SAID, *(raw for raw, _ in CASES))]


@pytest.mark.parametrize(("raw", "journey"), [*EVERYWHERE, *((raw, True) for raw, _ in JOURNEY_CASES)])
def test_it_means_the_same(raw: dict[str, Any], journey: bool) -> None:
    text = format_condition(raw)
    read = parse_inline(text, "text")
    assert parse(read, journey=journey, decision=True) == parse(raw, journey=journey, decision=True)
    assert format_condition(read) == text
    assert canonical(read) == read


def test_the_head_comes_first_and_the_rest_in_order() -> None:
    raw = {"within": "030d", "gte": 100, "sum": "revenue", "where": {"b": {"is": "01"}, "a": 1}, "did": {"is": "Order"}}
    assert format_condition(raw) == "{did: Order, where: {b: '01', a: 1}, gte: 100, sum: revenue, within: 30d}"


def test_parts_stand_on_lines_of_their_own() -> None:
    raw = {"all": [{"is": "DE", "trait": "country"}, {"any": [{"segment": "a"}, {"not": {"all": [{"segment": "b"}]}}]}]}
    assert format_condition(raw) == (
        "all:\n"
        "  - {trait: country, is: DE}\n"
        "  - any:\n"
        "      - {segment: a}\n"
        "      - not:\n"
        "          all:\n"
        "            - {segment: b}"
    )
    indented = format_condition(raw, indent=4)
    assert parse_inline(f"spec:\n  condition:\n    {indented}", "text") == {"spec": {"condition": canonical(raw)}}


def test_percentages_stay_as_written() -> None:
    assert format_condition({"lt": "20.0%", "bucket": "x"}) == "{bucket: x, lt: 20.0%}"


def test_what_is_wrong_stays_as_it_is() -> None:
    raw = {"did": "A", "whithin": "3d", "within": "soon"}
    assert canonical(raw) == raw
    assert canonical({"nothing": 1}) == {"nothing": 1}
