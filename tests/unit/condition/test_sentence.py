"""Conditions in plain English."""

from __future__ import annotations

from typing import Any

import pytest

from foretell.condition import measure_sentence, parse, parse_measure, sentence


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"did": "Order Completed"}, "People who did Order Completed at least once."),
        ({"did_not": "Order Completed", "within": "1mo"}, "People who did not do Order Completed in the last 1 month."),
        (
            {"did": "Page Viewed", "where": {"path": {"starts_with": "/support"}}, "times": {"gt": 2}, "within": "7d"},
            "People who did more than 2 times: Page Viewed in the last 7 days where path starts with “/support”.",
        ),
        (
            {"all": [{"trait": "plan", "in": ["pro", "team"]}, {"any": [{"segment": "a"}, {"not": {"segment": "b"}}]}]},
            (
                "People whose plan is “pro” or “team”, and (who are in segment a, "
                "or who are none of those who are in segment b)."
            ),
        ),
        (
            {"did": {"in": ["Order Completed", "Order Refunded"]}, "sum": "revenue", "gte": 99.5},
            "People whose sum of revenue over Order Completed or Order Refunded is at least 99.5.",
        ),
        (
            {"last": "Survey Answered", "where": {"survey": "nps"}, "is": {"score": {"lte": 6}}},
            "People whose last Survey Answered where survey is “nps” says that score is at most 6.",
        ),
        (
            {"last": "Order Completed", "ago": {"gt": "60d"}},
            "People whose last Order Completed was more than 60 days ago.",
        ),
        (
            {"prediction": "churn", "horizon": "90d", "between": [0.5, 0.7]},
            "People whose latest churn score over 90d is between 0.5 and 0.7.",
        ),
        (
            {"trait": "birth_date", "age": {"between": [30, 45]}},
            "People whose birth_date makes the person between 30 and 45 years old.",
        ),
        ({"trait": "email", "exists": False}, "People whose email is missing."),
        ({"trait": "since", "ago": {"lt": "1y"}}, "People whose since was less than 1 year ago."),
        ({"trait": "since", "after": "2026-01-31"}, "People whose since is after 2026-01-31."),
        (
            {"did_not": {"contains": "purchase"}, "times": 3},
            "People who are none of those who did any event whose name contains “purchase” exactly 3 times.",
        ),
    ],
)  # fmt: skip
def test_sentences(raw: dict[str, Any], words: str) -> None:
    assert sentence(parse(raw)) == words


def test_measures() -> None:
    assert measure_sentence(parse_measure({"did": "Order Completed", "sum": "revenue"})) == (
        "The sum of revenue over Order Completed."
    )
    assert measure_sentence(parse_measure({"did": "Login"})) == "The number of events over Login."
