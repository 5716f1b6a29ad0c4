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
        (
            {"did": "Session Ended", "times": {"gte": 3}, "since": {"last": "Order Completed", "where": {"n": 1}}},
            "People who did Session Ended since their last Order Completed (where n is 1) at least 3 times.",
        ),
        ({"did": "X", "since": "2024-03-01"}, "People who did X since 2024-03-01 at least once."),
        (
            {"did": "Page Viewed", "times": {"gt": 2}, "in_any": "7d"},
            "People who did Page Viewed more than 2 times, all within some 7 days.",
        ),
        (
            {
                "all": [
                    {"did": "Product Viewed", "times": {"gte": 3}, "per": "category", "as": "c"},
                    {"did_not": "Order Completed", "where": {"products.category": "$c"}},
                ]
            },
            (
                "People who did Product Viewed at least 3 times, all with one and the same category (called $c), "
                "and who did not do Order Completed where products.category is $c."
            ),
        ),
        (
            {"did": "Session Ended", "within": "30d", "change": {"lte": "-50%", "base": {"gte": 4}}},
            (
                "People whose number of events over Session Ended in the last 30 days changed by at most -50% "
                "against the 30 days before (events then: at least 4)."
            ),
        ),
        (
            {"did": "Order Completed", "sum": "revenue", "within": "1y", "top": "10%"},
            "People who are in the top 10% by sum of revenue over Order Completed in the last 1 year.",
        ),
        (
            {"did_not": "Ticket Opened", "without": "Ticket Solved", "same": "ticket_id"},
            "People who did not do Ticket Opened that no Ticket Solved with the same ticket_id followed.",
        ),
        (
            {
                "sequence": [
                    {"did": "Product Viewed"}, {"did_not": "Coupon Used"}, {"did": "Order Completed", "within": "7d"},
                    {"did_not": "Order Refunded", "within": "30d"},
                ],
                "same": "product_id", "within": "1mo",
            },
            (
                "People who did Product Viewed in the last 1 month, no Coupon Used in between, then Order Completed "
                "within 7 days, then no Order Refunded within 30 days, all with the same product_id."
            ),
        ),
        (
            {"sequence": [{"did": "A"}, {"did_not": "B"}], "open": True},
            "People who did A, then no B so far.",
        ),
        (
            {"ratio": [{"did": "Email Opened"}, {"did": "Email Delivered"}], "within": "30d", "lt": "20%",
             "change": {"between": ["-60%", "-30%"], "base": {"gte": 5}}},
            (
                "People who did less than 20% as many Email Opened as Email Delivered in the last 30 days, and whose "
                "share of Email Opened in Email Delivered in the last 30 days changed by between -60% and -30% against "
                "the 30 days before (Email Delivered then: at least 5)."
            ),
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
