"""Fingerprints, differences and schemas."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.definitions import differences, fingerprint, schema

WORDS = st.text("abcdé", min_size=1, max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=10,
)


def document(spec, **more):
    return {"kind": "segment", "key": "a", "spec": spec, **more}


def turned(value):
    """The same with the keys of every mapping in opposite order and whole numbers as floats."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [turned(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def plain(value):
    """What JSON says of a value whose meaning is compared, independent of the code under test."""
    return json.dumps(turned(value), sort_keys=True)


@given(VALUES, VALUES)
def test_the_fingerprint_follows_the_meaning(one, other):
    first = fingerprint(document(one))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first == fingerprint({"ui": {"x": 1}, **turned(document(one))})
    assert (first == fingerprint(document(other))) == (plain(one) == plain(other))


def test_the_order_of_lists_true_and_one_differ():
    seen = {fingerprint(document(spec)) for spec in ([1, 2], [2, 1], [True, 2], ["1", 2], {"a": None}, {})}
    assert len(seen) == 6


def test_fingerprints_stay_the_same_for_ever():
    assert fingerprint(document({"condition": {"did": "X"}})) == "bb6d0ecd6ef9022d67fcdfac4deec87e"


@given(VALUES, VALUES)
def test_differences_are_empty_exactly_where_the_meaning_is_the_same(one, other):
    same = fingerprint(document(one)) == fingerprint(document(other))
    assert (differences(document(one, ui=1), document(other)) == []) == same


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({"a": 1}, {"a": 2}, ["spec.a: 1 → 2"]),
        ({"a": 1}, {"a": 1, "b": None}, ["spec.b: — → null"]),
        ({"a": {"b": [1]}}, {}, ['spec.a: {"b":[1]} → —']),
        ([1, 2, 3], [0, 1, 2, 3], ["spec[0]: — → 0"]),
        ([1, 2, 3], [1, 3], ["spec[1]: 2 → —"]),
        ({"all": [{"did": "X", "within": "7d"}, 2]}, {"all": [{"did": "X", "within": "9d"}, 2]},
         ['spec.all[0].within: "7d" → "9d"']),
        ({"a": [1]}, {"a": {"b": 1}}, ['spec.a: [1] → {"b":1}']),
    ],
)  # fmt: skip
def test_differences_name_the_field(before, after, lines):
    assert [str(change) for change in differences(document(before), document(after))] == lines


def test_a_schema_is_of_the_whole_document(kinds):
    found = schema(kinds[1])
    assert found["required"] == ["kind", "key", "spec"]
    assert found["properties"]["kind"] == {"const": "source"}
    assert found["additionalProperties"] is False
    assert found["properties"]["spec"]["properties"]["lag"]["pattern"] == r"^\d{1,6}(mo|[smhdwy])$"
    text = json.dumps(found)
    named = set(re.findall(r'"\$ref": "#/\$defs/(\w+)"', text))
    assert named == set(found["$defs"]) == {"Column"}
