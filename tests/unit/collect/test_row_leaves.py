"""Properties straight from a file's columns are those that reading the events' JSON would give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.collect.row_events import decode_rows
from foretell.collect.row_plan import row_plan
from foretell.collect.source_model import SourceSpec
from foretell.collect.told import Origin
from foretell.engine import Decoded
from tests.unit.collect.decoding import NOW

TEXTS = st.one_of(
    st.none(),
    st.text(alphabet=st.characters(blacklist_characters="\x00", blacklist_categories=("Cs",)), min_size=1, max_size=8),
    st.sampled_from(
        ["1", "1.0", "1.50", "-0", "007", "1e5", "true", "null", '{"a":1}', "[1]", '"q"', "a\\b", "é\n",
         "12345678901234567", "0.1234567", " 5 ", "5.", "🙂"]
    ),
)  # fmt: skip
NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.1 + 0.2, 1e18, 1e-9, -0.0, 2.5e-7, 12345.678]),
)
WHOLE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
MAPPINGS: list[dict[str, Any]] = [
    {"name": "one", "when": "flag", "track": "One", "identifiers": {"user_id": "'u'"},
     "properties": {"t": "text", "n": "num", "w": "whole", "b": "flag", "in": {"n": "number(text)", "x.y": "num + 1"}}},
    {"name": "two", "when": "empty(text)", "track": "Two", "identifiers": {"user_id": "'u'"},
     "properties": {"w": "text(whole)", "c": 7, "z": "missing", "t": "num"}},
    {"name": "rest", "identify": True, "identifiers": {"user_id": "'v'"}, "traits": {"t": "text", "l": {"n": "num"}}},
]  # fmt: skip


def decoded(rows: pa.Table, mappings: list[dict[str, Any]], *, plain: bool) -> Decoded:
    spec = SourceSpec.model_validate({"format": "parquet", "mappings": mappings})
    plan = row_plan(spec, pa.schema(list(rows.schema)[2:]), source="s", zone="UTC")
    if not plain:
        plan = replace(plan, mappings=tuple(replace(mapping, leaves=None) for mapping in plan.mappings))
    return decode_rows(rows, plan, Origin("s", "f", NOW), None)[0]


def by_name(columns: pa.Table) -> dict[str, tuple[pa.DataType, list[Any]]]:
    return {name: (columns[name].type, columns[name].to_pylist()) for name in columns.column_names}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(TEXTS, NUMBERS, WHOLE, st.booleans()), min_size=1, max_size=12))
def test_both_ways_give_the_same(values: list[tuple[str | None, float | None, int | None, bool]]) -> None:
    text, num, whole, flag = (list(column) for column in zip(*values, strict=True))
    count = len(values)
    rows = pa.table(
        {
            "line": pa.array(range(1, count + 1), pa.int64()),
            "nth": pa.array([0] * count, pa.int64()),
            "text": pa.array(text, pa.string()),
            "num": pa.array(num, pa.float64()),
            "whole": pa.array(whole, pa.int64()),
            "flag": pa.array(flag, pa.bool_()),
        }
    )
    left, right = decoded(rows, MAPPINGS, plain=True), decoded(rows, MAPPINGS, plain=False)
    assert by_name(left.properties) == by_name(right.properties)
    for name in ("events", "identifiers", "elements", "traits", "problems"):
        assert getattr(left, name).equals(getattr(right, name)), name


@pytest.mark.parametrize(
    ("mapping", "plain"),
    [
        ({"properties": {"a": "text"}}, True),
        ({}, True),
        ({"properties": {"a": "list(text, text)"}}, False),
        ({"properties": {"a.b": "text", "a": {"b": "text"}}}, False),
        ({"properties": {"a": "text"}, "consents": {"email.marketing": "text"}}, False),
        ({"properties": {f"p{place}": "text" for place in range(201)}}, False),
    ],
)
def test_what_is_not_one_value_each_is_read_from_the_json(mapping: dict[str, Any], plain: bool) -> None:
    told = {"name": "a", "track": "A", "identifiers": {"user_id": "text"}, **mapping}
    spec = SourceSpec.model_validate({"format": "csv", "mappings": [told]})
    plan = row_plan(spec, pa.schema([("text", pa.string())]), source="s", zone="UTC")
    assert (plan.mappings[0].leaves is not None) is plain
