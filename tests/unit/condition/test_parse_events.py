"""Event heads and their qualifiers: what can be written, and what is said about what cannot."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from foretell.clock import Duration
from foretell.condition import (
    Aggregate,
    All,
    Anchor,
    Change,
    Check,
    Did,
    Figure,
    Property,
    Ratio,
    Selection,
    Sequence,
    Step,
    Top,
    Variable,
    parse,
    parse_problems,
)

X, Y = (Check("is", ("X",)),), (Check("is", ("Y",)),)
ONCE = (Check("gte", (Decimal(1),)),)
WEEK, MONTH = Duration(7, "d"), Duration(30, "d")


def fall(share: str) -> tuple[Check, ...]:
    return (Check("lte", (Decimal(share),)),)


@pytest.mark.parametrize(
    ("raw", "tree"),
    [
        ({"did": "X", "since": {"last": "Y"}}, Did(Selection(X, since=Anchor("last", Y)), ONCE)),
        ({"did": "X", "since": "2024-03-01"}, Did(Selection(X, since=date(2024, 3, 1)), ONCE)),
        ({"did": "X", "times": {"gte": 1}, "in_any": "7d"}, Did(Selection(X), ONCE, in_any=WEEK)),
        ({"did": "X", "per": "color"}, Did(Selection(X), ONCE, per="color")),
        (
            {"did": "X", "within": "30d", "change": {"lte": "-50%", "base": {"gte": 1}}},
            Did(Selection(X, within=MONTH), None, change=Change(fall("-0.5"), ONCE)),
        ),
        (
            {"did": "X", "within": "30d", "sum": "revenue", "change": {"lte": -0.5}},
            Did(Selection(X, within=MONTH), None, change=Change(fall("-0.5"), (), Figure("sum", "revenue"))),
        ),
        (
            {"did": "X", "sum": "revenue", "top": "10%", "times": {"gte": 1}},
            Did(Selection(X), ONCE, top=Top(None, Decimal("0.1"), Figure("sum", "revenue"))),
        ),
        (
            {"did": "X", "avg": {"revenue": {"lte": -0.5}}, "top": 100},
            Did(Selection(X), None, (Aggregate("avg", "revenue", fall("-0.5")),), top=Top(100, None)),
        ),
        (
            {"did_not": "X", "without": {"did": "Y", "where": {"a": "b"}}, "same": "id"},
            Did(
                Selection(X), ONCE, negated=True, same=("id",),
                without=Selection(Y, (Property("a", (Check("is", ("b",)),)),)),
            ),
        ),
        ({"did": "X", "without": "Y"}, Did(Selection(X), ONCE, without=Selection(Y))),
        (
            {"sequence": [{"did": "X"}, {"did_not": "Y", "within": "7d"}], "same": ["id", "id"], "within": "1mo"},
            Sequence(
                (Step(Selection(X)), Step(Selection(Y, within=WEEK), negated=True)),
                same=("id",), within=Duration(1, "mo"),
            ),
        ),
        ({"sequence": [{"did": "X"}, {"did_not": "Y"}], "open": True},
         Sequence((Step(Selection(X)), Step(Selection(Y), negated=True)), open=True)),
        (
            {"ratio": [{"did": "X"}, {"did": "Y"}], "within": "30d", "lte": "20%"},
            Ratio(Selection(X), Selection(Y), MONTH, fall("0.2")),
        ),
        (
            {"all": [{"did": "X", "per": "color", "as": "c"}, {"did_not": "Y", "where": {"color": "$c"}}]},
            All((
                Did(Selection(X), ONCE, per="color", bind="c"),
                Did(Selection(Y, (Property("color", (Check("is", (Variable("c"),)),)),)), ONCE, negated=True),
            )),
        ),
        ({"did": "X", "where": {"a": {"in": ["$c"]}}},
         Did(Selection(X, (Property("a", (Check("in", ("$c",)),)),)), ONCE)),
    ],
)  # fmt: skip
def test_reads(raw: dict[str, Any], tree: object) -> None:
    assert parse(raw) == tree


BIND = {"did": "X", "per": "color", "as": "c"}
MEANS = {"did": "Y", "where": {"color": "$c"}}


def steps(*told: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"sequence": list(told), **more}


@pytest.mark.parametrize(
    ("raw", "where", "code", "words"),
    [
        ({"did": "X", "since": {"lst": "Y"}}, "since", "BAD_VALUE", "{last: Order Completed}"),
        ({"did": "X", "since": "lately"}, "since", "BAD_INSTANT", "2011-12-09"),
        ({"did": "X", "since": {"last": "Y", "within": "7d"}}, "since.within", "UNKNOWN_KEY", "'within'"),
        ({"did": "X", "in_any": "1mo"}, "in_any", "BAD_DURATION", "30d"),
        ({"did": "X", "in_any": "7d", "times": {"lt": 3}}, "times", "NOT_IN_ANY", "always empty"),
        ({"did": "X", "in_any": "7d", "times": 3}, "times", "NOT_IN_ANY", "gt or gte"),
        ({"did": "X", "in_any": "7d", "times": {"gte": 0}}, "times", "NOT_IN_ANY", "everybody"),
        ({"did": "X", "in_any": "7d", "avg": "a", "gt": 1}, "avg", "NOT_IN_ANY", "sum and distinct"),
        ({"did": "X", "in_any": "7d", "within": "7d", "change": {"lt": 0}}, "change", "NOT_TOGETHER", "all: [...]"),
        ({"did": "X", "per": "a", "top": 5}, "top", "NOT_TOGETHER", "'per'"),
        ({"did": "X", "per": 7}, "per", "BAD_VALUE", "the number 7"),
        ({"did": "X", "change": {"lt": 0}}, "change", "MISSING_KEY", "within: 30d"),
        ({"did": "X", "within": "7d", "change": "-50%"}, "change", "BAD_VALUE", "{lte: -50%}"),
        ({"did": "X", "within": "7d", "change": {"base": 4}}, "change", "BAD_VALUE", "comparison"),
        ({"did": "X", "within": "7d", "change": {"lt": "half"}}, "change.lt", "BAD_NUMBER", "20%"),
        ({"did": "X", "within": "7d", "change": {"lt": 0}, "since": "2024-01-01"}, "since", "UNKNOWN_KEY", "Leave"),
        ({"did": "X", "within": "7d", "change": {"lt": 0}, "sum": "a", "avg": "b"}, "avg", "BAD_VALUE", "second"),
        ({"did": "X", "within": "7d", "change": {"lt": 0}, "sum": "a", "gt": 1}, "gt", "UNKNOWN_KEY", "nothing here"),
        ({"did": "X", "top": "0%"}, "top", "BAD_NUMBER", "top: 10%"),
        ({"did": "X", "top": "101%"}, "top", "BAD_NUMBER", "top: 10%"),
        ({"did": "X", "top": 0}, "top", "BAD_NUMBER", "top: 10%"),
        ({"did": "X", "top": "many"}, "top", "BAD_NUMBER", "percentage"),
        ({"did": "X", "same": "id"}, "same", "UNKNOWN_KEY", "without"),
        ({"did": "X", "without": "Y", "same": []}, "same", "BAD_VALUE", "product_id"),
        ({"did": "X", "without": {"did": "Y", "within": "7d"}}, "without.within", "UNKNOWN_KEY", "'within'"),
        ({"did": "X", "open": True}, "open", "UNKNOWN_KEY", "'did'"),
        ({"did": "X", "as": "c"}, "as", "BAD_VARIABLE", "per: category"),
        ({"all": [{**BIND, "as": "C d"}]}, "all.0.as", "BAD_VARIABLE", "as: c"),
        ({"all": [{"did_not": "X", "per": "a", "as": "c"}]}, "all.0.as", "BAD_VARIABLE", "finds none"),
        (BIND, "as", "BAD_VARIABLE", "directly below all"),
        ({"any": [BIND, MEANS]}, "any.0.as", "BAD_VARIABLE", "directly below all"),
        (MEANS, "where.color", "BAD_VARIABLE", "bound nowhere"),
        ({"all": [{"all": [BIND]}, MEANS]}, "all.1.where.color", "BAD_VARIABLE", "bound nowhere"),
        ({"all": [BIND, BIND, MEANS]}, "all.1.as", "BAD_VARIABLE", "second time"),
        ({"all": [BIND, {"not": {"all": [BIND, MEANS]}}]}, "all.1.not.all.0.as", "BAD_VARIABLE", "second time"),
        ({"all": [BIND, {**BIND, **MEANS, "as": "d"}]}, "all.1.where.color", "BAD_VARIABLE", "binds a value itself"),
        ({"all": [BIND, {**MEANS, "top": 5}]}, "all.1.top", "NOT_TOGETHER", "'top'"),
        ({"all": [BIND, {"account": MEANS}]}, "all.1.account.where.color", "BAD_VARIABLE", "bound nowhere"),
        ({"all": [BIND, {"trait": "color", "is": "$c"}]}, "all.1.is", "BAD_VARIABLE", "did and did_not alone"),
        ({"all": [BIND, {"last": "Y", "is": {"color": "$c"}}]}, "all.1.is.color", "BAD_VARIABLE", "{in: ['$c']}"),
        (
            {"all": [BIND, {**BIND, "as": "d"}, {"any": [MEANS, {"did": "Y", "where": {"color": "$d"}}]}]},
            "all.2", "BAD_VARIABLE", "$c, $d",
        ),
        ({"sequence": [{"did": "X"}]}, "sequence", "BAD_CONDITION", "two steps"),
        (steps({"did": "X"}, {"last": "Y"}), "sequence.1", "BAD_CONDITION", "no step"),
        (steps({"did": "X"}, {"did": "Y", "did_not": "Z"}), "sequence.1", "BAD_CONDITION", "both"),
        (steps({"did": "X"}, {"did": "Y", "times": 2}), "sequence.1.times", "UNKNOWN_KEY", "a step of a sequence"),
        (steps({"did_not": "X"}, {"did": "Y"}), "sequence.0.did_not", "BAD_SEQUENCE", "begins with an event"),
        (steps({"did": "X"}, {"did_not": "Y"}), "sequence.1.did_not", "BAD_SEQUENCE", "open: true"),
        (steps({"did": "X"}, {"did": "Y"}, open=True), "open", "BAD_SEQUENCE", "at the end"),
        (steps({"did": "X"}, {"did": "Y"}, open="yes"), "open", "BAD_VALUE", "true or false"),
        (steps({"did": "X", "within": "7d"}, {"did": "Y"}, within="7d"), "sequence.0.within", "BAD_SEQUENCE", "twice"),
        (steps({"did": "X"}, {"did": "Y", "within": "soon"}), "sequence.1.within", "BAD_DURATION", "7d"),
        (
            steps({"did": "X"}, *[{"did_not": "Y", "within": "7d"}] * 4, {"did": "Z"}),
            "sequence.4", "BAD_SEQUENCE", "{in: [...]}",
        ),
        ({"ratio": [{"did": "X"}], "gt": 1}, "ratio", "BAD_CONDITION", "two parts"),
        ({"ratio": [{"did": "X"}, {"last": "Y"}], "gt": 1}, "ratio.1", "BAD_CONDITION", "counts no events"),
        ({"ratio": [{"did": "X"}, {"did": "Y", "within": "7d"}], "gt": 1}, "ratio.1.within", "UNKNOWN_KEY", "beside"),
        ({"ratio": [{"did": "X"}, {"did": "Y"}]}, "ratio", "MISSING_TEST", "change"),
        ({"ratio": [{"did": "X"}, {"did": "Y"}], "change": {"lt": 0}}, "change", "MISSING_KEY", "within"),
    ],
)  # fmt: skip
def test_refuses(raw: object, where: str, code: str, words: str) -> None:
    first = parse_problems(raw)[0]
    assert (first.where, first.code) == (where, code)
    assert words in f"{first.message}. {first.next_step}"


def test_top_is_refused_in_runs_and_read_elsewhere() -> None:
    ranked = {"did": "X", "top": "10%"}
    assert [one.code for one in parse_problems(ranked, journey=True)] == ["NOT_IN_JOURNEYS"]
    assert not parse_problems(ranked)


@pytest.mark.parametrize(
    ("raw", "places"),
    [
        ({"did": "X", "since": {"last": "Y"}}, ["since"]),
        ({"did": "X", "within": "7d", "change": {"lt": 0}}, ["change", "within"]),
        ({"did": "X", "top": 5}, ["top"]),
        (steps({"did": "X", "within": "7d"}, {"did": "Y", "within": "7d"}), ["sequence.0.within"]),
        (steps({"did": "X"}, {"did": "Y", "since": "2024-01-01"}), ["sequence.1.since"]),
        ({"ratio": [{"did": "X"}, {"did": "Y"}], "within": "7d", "gt": 1}, ["within"]),
        (steps({"did": "X"}, {"did_not": "Y", "within": "7d"}, same="id"), []),
        ({"ratio": [{"did": "X"}, {"did": "Y"}], "gt": 1}, []),
        ({"did": "X", "in_any": "7d", "times": {"gt": 2}, "per": "color", "without": "Y"}, []),
        ({"all": [BIND, MEANS]}, []),
    ],
)
def test_an_outcome_reads_only_what_comes(raw: dict[str, Any], places: list[str]) -> None:
    found = parse_problems(raw, future=True)
    assert sorted(one.where for one in found) == places
    assert {one.code for one in found} <= {"NOT_IN_OUTCOME"}
