"""Compiled queries stay within the SQL that is carried to other engines."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from foretell.condition import Asked, Frame, Scope, compile_members, parse
from foretell.engine import PropertyColumns
from tests.properties.condition_by_hand import CASES, HERE, JOURNEY_CASES, NOON
from tests.properties.condition_store import Known
from tests.unit.condition.test_event_heads import CASES as EVENT_CASES

COLUMNS = PropertyColumns(
    [
        (1, None, "revenue"), (2, "products", "category"), (3, "products", "price"), (4, None, "n"), (5, None, "note"),
        (6, None, "category"), (7, None, "product_id"), (8, "products", "product_id"), (9, "items", "product_id"),
    ]
)  # fmt: skip
BANNED = (exp.Div, exp.JSONExtract, exp.ApproxDistinct, exp.ArrayAgg, exp.GroupConcat, exp.CurrentTimestamp)


@pytest.mark.parametrize("raw", [raw for raw, _ in [*CASES, *JOURNEY_CASES]])
def test_no_banned_construct_and_carried_to_spark(raw: dict[str, Any]) -> None:
    known, asked = Known(HERE.segments, HERE.predictions), Asked(since=True, run=True, entry=True)
    scope = Scope(Frame(NOON, HERE.zone), COLUMNS, known, known_at=NOON, asked=asked)
    _carried(compile_members(parse(raw, journey=True), scope, "known"))


STEPS = {"sequence": [{"did": "A"}, {"did_not": "B", "within": "1mo"}, {"did": "C", "within": "1y"}]}


@pytest.mark.parametrize("raw", [*(raw for raw, _ in EVENT_CASES), STEPS])
def test_event_heads_are_carried_to_spark(raw: dict[str, Any]) -> None:
    scope = Scope(Frame(NOON, HERE.zone), COLUMNS, Known(HERE.segments, HERE.predictions), known_at=NOON)
    _carried(compile_members(parse(raw), scope, "known"))


def _carried(query: str) -> None:
    tree = sqlglot.parse_one(query, read="duckdb")
    assert not list(tree.find_all(*BANNED))
    carried = tree.sql("spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert sqlglot.parse_one(carried, read="spark").find(exp.Select) is not None
