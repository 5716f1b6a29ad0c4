from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.collect.values import values_of
from foretell.money import to_micro


@pytest.mark.parametrize(
    ("token", "s", "n"),
    [
        ('"text"', "text", None),
        ('"12.5"', "12.5", 12_500_000),
        ('"007"', "007", 7_000_000),
        ('"-0"', "-0", 0),
        ('"1.1234567"', "1.1234567", None),
        ('"1234567890123"', "1234567890123", None),
        ('"1e3"', "1e3", None),
        ('" 5"', " 5", None),
        ('"5."', "5.", None),
        ('"١"', "١", None),
        ("true", "true", None),
        ("false", "false", None),
        ("null", None, None),
        ("{}", None, None),
        ("[1]", None, None),
        ("12", None, 12_000_000),
        ("-0.0", None, 0),
        ("5e-7", None, 0),
        ("5.000000000000001e-07", None, 1),
        ("1.5e-6", None, 2),
        ("2.5e-6", None, 2),
        ("-2.5e-6", None, -2),
        ("-3.5e-6", None, -4),
        ("1E3", None, 1_000_000_000),
        ("9199999999999.999999", None, 9_199_999_999_999_999_999),
        ("9200000000000", None, None),
        ("-9200000000000", None, None),
        ("1e400", None, None),
        ("123456789012345678901234567890", None, None),
        ("0.30000000000000004", None, 300_000),
        ('"a\\"b\\\\c\\u00e9\\n"', 'a"b\\cé\n', None),
        ('"\\u0000"', "\u0000", None),
        ('""', "", None),
    ],
)
def test_the_value_rule(token: str, s: str | None, n: int | None) -> None:
    texts, numbers = values_of(pa.array([token]))
    assert (texts.to_pylist(), numbers.to_pylist()) == ([s], [n])


@given(st.lists(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**70), 2**70)), max_size=50))
def test_numbers_round_as_money_does(values: list[float]) -> None:
    """The naive way, one number after the other with decimals, is the oracle."""
    tokens = pa.array([json.dumps(value) for value in values], pa.string())
    assert values_of(tokens)[1].to_pylist() == [to_micro(value) for value in values]


@given(st.lists(st.tuples(st.integers(-(10**15), 10**15), st.integers(0, 12)), max_size=50))
def test_ties_go_to_the_even_neighbour(parts: list[tuple[int, int]]) -> None:
    values = [digits / 10**places for digits, places in parts]
    tokens = pa.array([json.dumps(value) for value in values], pa.string())
    assert values_of(tokens)[1].to_pylist() == [to_micro(value) for value in values]
