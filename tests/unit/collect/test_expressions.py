from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from foretell.collect.expressions import Compiled, Scope, as_text, compiled, parsed
from foretell.engine import scratch
from foretell.errors import UsageError

ROWS = pa.table(
    {
        "line": [3, 1, 2],
        "c0": ["7.5", "2", "x"],
        "c1": [1.5, 2.0, None],
        "c2": ["Red", None, "blue"],
    }
)
COLUMNS = {
    "Amount": Compiled("c0", "text"),
    "Number": Compiled("c1", "number"),
    "Colour Name": Compiled("c2", "text"),
    "colour": Compiled("c2", "text"),
}


def over_rows(text: str | float | bool) -> list[Any]:
    sql = as_text(compiled(parsed(text), Scope(COLUMNS)))
    return scratch(f"SELECT {sql} AS v FROM rows ORDER BY line", {"rows": ROWS})["v"].to_pylist()


def over_group(text: str) -> Any:
    sql = as_text(compiled(parsed(text), Scope(COLUMNS, grouped=True)))
    return scratch(f"SELECT {sql} AS v FROM rows", {"rows": ROWS})["v"].to_pylist()[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Amount", ["2", "x", "7.5"]),
        ("Number", ["2", None, "1.5"]),
        ("`Colour Name`", [None, "blue", "Red"]),
        ("column('Colour Name')", [None, "blue", "Red"]),
        ("Number * 2 + 1", ["5", None, "4"]),
        ("1 + 2 * 3 - 4 / 2", ["5", "5", "5"]),
        ("(1 + 2) * -3", ["-9", "-9", "-9"]),
        ("1 / 0", [None, None, None]),
        ("Amount * Number", ["4", None, "11.25"]),
        ("0.1 + 0.2", ["0.3"] * 3),
        (5, ["5"] * 3),
        (True, ["true"] * 3),
        ("'it''s'", ["it's"] * 3),
        ('"say ""hi"""', ['say "hi"'] * 3),
        ("upper(colour)", [None, "BLUE", "RED"]),
        ("concat(colour, '-', Number)", ["-2", "blue-", "Red-1.5"]),
        ("replace(colour, 'e', 'E')", [None, "bluE", "REd"]),
        ("left(colour, 2)", [None, "bl", "Re"]),
        ("right(colour, 2)", [None, "ue", "ed"]),
        ("substring(colour, 2, 2)", [None, "lu", "ed"]),
        ("substring(colour, 2)", [None, "lue", "ed"]),
        ("matches(colour, '^[A-Z]e')", ["false", "false", "true"]),
        ("floor(Number)", ["2", None, "1"]),
        ("floor(-1.5)", ["-2"] * 3),
        ("2.5 * 0.0000002", ["0"] * 3),
        ("1.0000005", ["1"] * 3),
        ("1.0000015", ["1.000002"] * 3),
        ("-1.0000005", ["-1"] * 3),
        ("7131.7649225", ["7131.764922"] * 3),
        ("123456789012345679", ["123456789012345679"] * 3),
        ("whole('123456789012345679')", ["123456789012345679"] * 3),
        ("whole('123456789012345679.0')", ["123456789012345679"] * 3),
        ("whole('007')", ["7"] * 3),
        ("123456789012345679 = 123456789012345678", ["false"] * 3),
        ("coalesce(missing, 123456789012345679)", ["123456789012345679"] * 3),
        ("7 / 2", ["3.5"] * 3),
        ("split('a/b/c', '/', 2)", ["b"] * 3),
        ("split('a', '/', 2)", [None] * 3),
        ("length(trim('  ab '))", ["2"] * 3),
        ("round(Number, 0)", ["2", None, "2"]),
        ("abs(-2.5)", ["2.5"] * 3),
        ("whole('17850.0')", ["17850"] * 3),
        ("whole('none')", [None] * 3),
        ("coalesce(colour, 'none')", ["none", "blue", "Red"]),
        ("if(empty(colour), 'none', lower(colour))", ["none", "blue", "red"]),
        ("if(Number > 1.9, Number)", ["2", None, None]),
        ("Amount = 2", ["true", "false", "false"]),
        ("colour = 'blue'", ["false", "true", "false"]),
        ("colour != 'blue'", ["true", "false", "true"]),
        ("not colour = 'blue'", ["true", "false", "true"]),
        ("colour in ('blue', 'Red')", ["false", "true", "true"]),
        ("colour not in ('blue', 'Red')", ["true", "false", "false"]),
        ("Number in (1.5, 9)", ["false", "false", "true"]),
        ("Number >= 1.5 and Number <= 1.5 or false", ["false", "false", "true"]),
        ("starts_with(colour, 'b') or ends_with(colour, 'd')", ["false", "true", "true"]),
        ("contains(colour, 'lu')", ["false", "true", "false"]),
        ("missing", [None] * 3),
    ],
)
def test_over_a_row(text: str | float | bool, expected: list[Any]) -> None:
    assert over_rows(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(Number)", "3.5"),
        ("sum(Amount * 2)", "19"),
        ("sum(0.1) * 10", "3"),
        ("min(Number)", "1.5"),
        ("max(colour)", "blue"),
        ("count()", "3"),
        ("count(Number > 1.6)", "1"),
        ("first(colour)", "blue"),
        ("last(Amount)", "7.5"),
        ("Amount", "2"),
        ("concat(Amount, '!')", "2!"),
        ("any(colour = 'Red')", "true"),
        ("all(colour = 'Red')", "false"),
        ("if(sum(Number) > 3, 'much', 'little')", "much"),
        ("max(Number) - min(Number)", "0.5"),
        ("'fixed'", "fixed"),
    ],
)
def test_over_a_group(text: str, expected: str) -> None:
    assert over_group(text) == expected


@pytest.mark.parametrize(
    ("text", "grouped", "code", "words"),
    [
        ("Amont", False, "UNKNOWN_COLUMN", "there is no column 'Amont'"),
        ("uper(colour)", False, "UNKNOWN_FUNCTION", "there is no function uper()"),
        ("sum(Number)", False, "BAD_EXPRESSION", "sum() has no meaning where there is no group_by"),
        ("sum(max(Number))", True, "BAD_EXPRESSION", "max() has no meaning inside another aggregate"),
        ("left(colour)", False, "BAD_EXPRESSION", "left() takes 2 arguments, not 1"),
        ("if(Number, 1, 2)", False, "BAD_EXPRESSION", "a value stands where a condition is wanted"),
        ("1 + (2 = 2)", False, "BAD_EXPRESSION", "a condition stands where a number is wanted"),
        ("", False, "BAD_EXPRESSION", "it is empty (character 1)"),
        ("1 +", False, "BAD_EXPRESSION", "it ends too early (character 4)"),
        ("(1", False, "BAD_EXPRESSION", "')' is missing (character 3)"),
        ("1 2", False, "BAD_EXPRESSION", "'2' is not expected (character 3)"),
        ("a ; b", False, "BAD_EXPRESSION", "';' is not understood (character 3)"),
        ("'open", False, "BAD_EXPRESSION", '"\'" is not understood (character 1)'),
        ("(" * 100 + "1" + ")" * 100, False, "BAD_EXPRESSION", "it is nested too deep (character 1)"),
    ],
)
def test_mistakes(text: str, grouped: bool, code: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(parsed(text), Scope(COLUMNS, grouped=grouped))
    assert caught.value.code == code
    assert words in caught.value.what


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(UsageError) as caught:
        compiled(parsed("Amont"), Scope(COLUMNS))
    assert caught.value.next_step == "Did you mean 'Amount'?"


def test_nothing_in_an_expression_reaches_the_engine_as_sql() -> None:
    evil = "'); DROP TABLE rows; --"
    assert over_rows("'" + evil.replace("'", "''") + "'") == [evil] * 3


def test_a_sum_rounds_each_line_half_to_even() -> None:
    assert over_group("sum(2.5 * 0.0000002)") == "0"
    assert over_group("sum(1.5 * 0.000001) * 1000000") == "6"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not " * 5_000 + "true", "nested too deep"),
        ("-" * 5_000 + "1", "nested too deep"),
        ("(" * 5_000 + "1" + ")" * 5_000, "nested too deep"),
        ("1" + " + 1" * 5_000, "too long"),
        ("true" + " or true" * 5_000, "too long"),
        ("number(text(" * 25 + "Number" + "))" * 25, "too large"),
    ],
)
def test_what_is_too_deep_or_too_long_is_an_error(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(parsed(text), Scope(COLUMNS))
    assert caught.value.code == "BAD_EXPRESSION"
    assert words in caught.value.what
    assert len(caught.value.what) < 500


@pytest.mark.parametrize("text", ["-" * 50 + "1", "true" + " or Number = 7" * 197, "(" * 50 + "1" + ")" * 50])
def test_what_is_just_short_enough_works(text: str) -> None:
    assert len(over_rows(text)) == 3


@pytest.mark.parametrize("text", ["matches(colour, '(')", "matches(colour, colour)"])
def test_a_pattern_must_be_a_regular_expression(text: str) -> None:
    with pytest.raises(UsageError, match="pattern"):
        compiled(parsed(text), Scope(COLUMNS))
