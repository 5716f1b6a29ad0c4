"""What can be written, and what is said about what cannot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from foretell.clock import Duration
from foretell.condition import (
    Aggregate,
    All,
    AnyOf,
    Check,
    Did,
    Measure,
    Not,
    Pick,
    Prediction,
    Property,
    Segment,
    Selection,
    Trait,
    parse,
    parse_measure,
    parse_problems,
)
from foretell.errors import DefinitionErrors

BOUGHT = (Check("is", ("Order Completed",)),)
ONCE = (Check("gte", (Decimal(1),)),)


@pytest.mark.parametrize(
    ("raw", "tree"),
    [
        ({"did": "Order Completed"}, Did(Selection(BOUGHT), ONCE)),
        (
            {"did_not": "Order Completed", "within": "30d"},
            Did(Selection(BOUGHT, (), Duration(30, "d")), ONCE, negated=True),
        ),
        (
            {"did": {"contains": "cart"}, "where": {"device.category": "mobile"}},
            Did(
                Selection(
                    (Check("contains", ("cart",)),), (Property("device.category", (Check("is", ("mobile",)),)),)
                ),
                ONCE,
            ),
        ),
        (
            {"did": "Order Completed", "sum": "revenue", "gte": 99.5},
            Did(Selection(BOUGHT), None, (Aggregate("sum", "revenue", (Check("gte", (Decimal("99.5"),)),)),)),
        ),
        (
            {"did": "Order Completed", "times": 2, "avg": {"revenue": {"lt": 3}}, "distinct": {"sku": {"gt": 1}}},
            Did(
                Selection(BOUGHT),
                (Check("is", (Decimal(2),)),),
                (
                    Aggregate("avg", "revenue", (Check("lt", (Decimal(3),)),)),
                    Aggregate("distinct", "sku", (Check("gt", (Decimal(1),)),)),
                ),
            ),
        ),
        (
            {"last": "Order Completed", "ago": {"gt": "60d"}, "is": {"total": {"not_in": [1, "x"]}}},
            Pick(
                "last",
                Selection(BOUGHT),
                (Check("ago_gt", (Duration(60, "d"),)),),
                (Property("total", (Check("in", (Decimal(1), "x"), negated=True),)),),
            ),
        ),
        ({"trait": "age", "exists": False}, Trait("age", (Check("exists", (), negated=True),))),
        (
            {"trait": "birth_date", "age": {"between": [30, 45]}},
            Trait("birth_date", (Check("age_between", (Decimal(30), Decimal(45))),)),
        ),
        (
            {"prediction": "churn", "horizon": "90d", "gte": 0.7},
            Prediction("churn", "90d", (Check("gte", (Decimal("0.7"),)),)),
        ),
        ({"segment": "loyal"}, Segment("loyal")),
        (
            {"any": [{"not": {"segment": "a"}}, {"all": [{"segment": "b"}]}]},
            AnyOf((Not(Segment("a")), All((Segment("b"),)))),
        ),
        ({"trait": "zip", "is": "01234"}, Trait("zip", (Check("is", ("01234",)),))),
    ],
)  # fmt: skip
def test_reads(raw: dict[str, Any], tree: object) -> None:
    assert parse(raw) == tree


@pytest.mark.parametrize(
    ("raw", "where", "code", "words"),
    [
        ({"didnt": "X"}, "didnt", "UNKNOWN_KEY", "Did you mean 'did_not'?"),
        ({"did": "X", "wihtin": "7d"}, "wihtin", "UNKNOWN_KEY", "Did you mean 'within'?"),
        ({"did": "X", "where": {"a": {"gtee": 1}}}, "where.a", "UNKNOWN_KEY", "a.gtee"),
        ({"did": "X", "where": {"a": {"gte": 1, "ltt": 2}}}, "where.a.ltt", "UNKNOWN_KEY", "Did you mean 'lt"),
        ({}, "", "NO_HEAD", "Begin with one of"),
        ({"within": "7d"}, "", "NO_HEAD", "Begin with one of"),
        ("bought", "", "BAD_CONDITION", "the text 'bought' is no condition"),
        ({"did": "X", "last": "Y", "ago": {"gt": "1d"}}, "last", "SEVERAL_HEADS", "'did' and 'last'"),
        ({"all": []}, "all", "BAD_CONDITION", "list"),
        ({"not": [{"did": "X"}]}, "not", "BAD_CONDITION", "a list is no condition"),
        ({"did": "X", "within": "7 days"}, "within", "BAD_DURATION", "'7 days' is no duration"),
        ({"did": "X", "within": "0d"}, "within", "BAD_DURATION", "0d"),
        ({"did": "X", "times": 1.5}, "times", "BAD_NUMBER", "whole"),
        ({"did": "X", "times": -1}, "times", "BAD_NUMBER", "whole"),
        ({"did": "X", "sum": "revenue"}, "sum", "MISSING_TEST", "held against nothing"),
        ({"did": "X", "sum": "a", "avg": "b", "gt": 1}, "sum", "MISSING_TEST", "held against nothing"),
        ({"did": "X", "gte": 3}, "gte", "UNKNOWN_KEY", "times"),
        ({"did": ["X", "Y"]}, "did", "BAD_VALUE", "{in: [...]}"),
        ({"did": 7}, "did", "BAD_VALUE", "the number 7"),
        ({"trait": "plan"}, "trait", "MISSING_TEST", "exists: true"),
        ({"trait": "plan", "is": None}, "is", "BAD_VALUE", "exists: false"),
        ({"trait": "plan", "is": ["a"]}, "is", "BAD_VALUE", "{in: "),
        ({"trait": "plan", "in": []}, "in", "BAD_VALUE", "list"),
        ({"trait": "plan", "gt": True}, "gt", "BAD_VALUE", "no order"),
        ({"trait": "n", "between": [5, 1]}, "between", "BAD_VALUE", "lower"),
        ({"trait": "n", "between": [1, "5"]}, "between", "BAD_VALUE", "lower"),
        ({"trait": "n", "is": 0.1234567}, "is", "BAD_NUMBER", "six decimals"),
        ({"trait": "n", "is": 1e13}, "is", "BAD_NUMBER", "9.2 trillion"),
        ({"trait": "n", "is": float("nan")}, "is", "BAD_NUMBER", "exactly"),
        ({"trait": "p", "matches": "a(?=b)"}, "matches", "BAD_PATTERN", "read differently"),
        ({"trait": "p", "matches": "a("}, "matches", "BAD_PATTERN", "no regular expression"),
        ({"trait": "p", "matches": "a{2000}"}, "matches", "BAD_PATTERN", "1,000"),
        ({"trait": "p", "contains": "a\0"}, "contains", "BAD_VALUE", "no text"),
        ({"trait": "d", "before": "soon"}, "before", "BAD_INSTANT", "2011-12-09"),
        ({"trait": "d", "ago": "60d"}, "ago", "BAD_VALUE", "{gt: 60d}"),
        ({"trait": "d", "age": {"gt": "1y"}}, "age.gt", "BAD_NUMBER", "whole"),
        ({"last": "X"}, "last", "MISSING_TEST", "did"),
        ({"last": "X", "times": 2, "ago": {"gt": "1d"}}, "times", "UNKNOWN_KEY", "'times'"),
        ({"prediction": "churn"}, "prediction", "MISSING_TEST", "gte"),
        ({"prediction": "churn", "gte": "high"}, "gte", "BAD_NUMBER", "high"),
        ({"segment": 3}, "segment", "BAD_VALUE", "the number 3"),
    ],
)
def test_refuses(raw: object, where: str, code: str, words: str) -> None:
    problems = parse_problems(raw)
    first = problems[0]
    assert (first.where, first.code) == (where, code)
    assert words in f"{first.message}. {first.next_step}"


def test_finds_everything_at_once_with_file_and_line() -> None:
    raw = {"all": [{"did": "X", "within": "soon"}, {"trait": "plan"}, {"oops": 1}]}
    with pytest.raises(DefinitionErrors) as caught:
        parse(raw, at=lambda path: f"segments/a.yaml:{len(path)}", thing="segment a")
    found = [(error.where, error.thing, error.code) for error in caught.value.errors]
    assert found == [
        ("segments/a.yaml:3", "segment a", "BAD_DURATION"),
        ("segments/a.yaml:3", "segment a", "MISSING_TEST"),
        ("segments/a.yaml:3", "segment a", "UNKNOWN_KEY"),
    ]


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ({"any": [{"did_not": "X"}, {"last": "X", "ago": {"gt": "1d"}}]}, "any.1.last"),
        ({"not": {"trait": "plan", "is": "pro"}}, "not.trait"),
        ({"segment": "loyal"}, "segment"),
        ({"prediction": "churn", "gt": 0.5}, "prediction"),
        ({"did": "X", "within": "7d"}, "within"),
    ],
)
def test_an_outcome_reads_only_what_comes(raw: dict[str, Any], where: str) -> None:
    assert [(one.where, one.code) for one in parse_problems(raw, future=True)] == [(where, "NOT_IN_OUTCOME")]
    assert not parse_problems({"any": [{"did_not": "X"}, {"did": "Y", "times": 2}]}, future=True)


def test_a_measure_is_one_number() -> None:
    assert parse_measure({"did": "Order Completed", "sum": "revenue"}) == Measure(Selection(BOUGHT), "sum", "revenue")
    assert parse_measure({"did": "Order Completed"}) == Measure(Selection(BOUGHT))
    for raw in ({"sum": "revenue"}, {"did": "X", "sum": "a", "max": "b"}, {"did": "X", "sum": {"a": {"gt": 1}}}, 3):
        with pytest.raises(DefinitionErrors):
            parse_measure(raw)
