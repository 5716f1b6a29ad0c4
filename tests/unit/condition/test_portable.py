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

COLUMNS = PropertyColumns(
    [(1, None, "revenue"), (2, "products", "category"), (3, "products", "price"), (4, None, "n"), (5, None, "note")]
)
BANNED = (exp.Div, exp.JSONExtract, exp.ApproxDistinct, exp.ArrayAgg, exp.GroupConcat, exp.CurrentTimestamp)


@pytest.mark.parametrize("raw", [raw for raw, _ in [*CASES, *JOURNEY_CASES]])
def test_no_banned_construct_and_carried_to_spark(raw: dict[str, Any]) -> None:
    known, asked = Known(HERE.segments, HERE.predictions), Asked(since=True, run=True, entry=True)
    scope = Scope(Frame(NOON, HERE.zone), COLUMNS, known, known_at=NOON, asked=asked)
    query = compile_members(parse(raw, journey=True), scope, "known")
    tree = sqlglot.parse_one(query, read="duckdb")
    assert not list(tree.find_all(*BANNED))
    carried = tree.sql("spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert sqlglot.parse_one(carried, read="spark").find(exp.Select) is not None
