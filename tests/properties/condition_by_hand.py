"""A history with answers worked out by hand.

Five people at noon of 2024-03-31, Europe/London (summer time began that morning). Ann (1) bought
three times and had a refund, Bob (2) bought once exactly 30 days ago, Cleo (3) only looked, Dan (4)
is anonymous, Eve (5) was merged into Ann (1) and bought there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.condition import parse
from tests.properties.naive import Asked, At, History

NOON = datetime(2024, 3, 31, 12, tzinfo=UTC)
ANN, BOB, CLEO, DAN, EVE = 1, 2, 3, 4, 5
_rows = [
    (ANN, "Order Completed", NOON - timedelta(days=40), {"revenue": 50, "products": [
        {"category": "shoes", "price": 40}, {"category": "socks", "price": 10, "brand": "A"}]}),
    (ANN, "Order Completed", NOON - timedelta(days=3), {"revenue": "25.50", "coupon": None, "products": []}),
    (ANN, "Order Refunded", NOON - timedelta(days=2), {"revenue": 10}),
    (EVE, "Order Completed", NOON, {"revenue": 24.5, "first": True}),
    (BOB, "Order Completed", NOON - timedelta(days=30), {"revenue": 5, "note": "it's"}),
    (CLEO, "Page Viewed", datetime(2024, 2, 29, 12, 30, tzinfo=UTC), {"path": "/support/a", "n": 7}),
    (CLEO, "Page Viewed", NOON - timedelta(days=1), {"path": "/support/b", "n": "7"}),
    (DAN, "Page Viewed", NOON - timedelta(hours=1), {"path": "/"}),
    (BOB, "Order Completed", NOON + timedelta(days=7), {"revenue": 1}),
    (ANN, "Email Sent", NOON - timedelta(days=2), {"run": "a", "step": "hello"}),
    (ANN, "Email Opened", NOON - timedelta(hours=2), {"run": "a", "step": "hello", "machine": True}),
    (EVE, "SMS Link Clicked", NOON, {"run": "a", "step": "text"}),
    (BOB, "Email Sent", NOON - timedelta(days=29), {"run": "b", "step": "hello"}),
    (BOB, "Email Opened", NOON - timedelta(days=28), {"run": "b", "step": "hello", "machine": False}),
    (BOB, "Push Replied", NOON + timedelta(microseconds=1), {"run": "b", "step": "text"}),
    (CLEO, "Email Sent", NOON, {"run": "a", "step": "hello"}),
    (CLEO, "Case Opened", NOON, {"run": "c", "step": "hello"}),
]  # fmt: skip
HISTORY = History(
    events=[
        {"seq": seq, "node": node, "event": event, "ts": ts, "properties": properties, "message_id": f"m{seq}",
         "known_at": ts + timedelta(days=5 if event == "Order Refunded" else 0), "known": node != DAN}
        for seq, (node, event, ts, properties) in enumerate(_rows)
    ],
    traits=[
        {"seq": 1, "node": ANN, "ts": NOON - timedelta(days=9), "known_at": NOON, "trait": "plan", "value": "free"},
        {"seq": 2, "node": EVE, "ts": NOON - timedelta(days=9), "known_at": NOON, "trait": "plan", "value": "pro"},
        {"seq": 3, "node": BOB, "ts": NOON, "known_at": NOON, "trait": "plan", "value": "pro"},
        {"seq": 4, "node": BOB, "ts": NOON + timedelta(1), "known_at": NOON, "trait": "plan", "value": None},
        {"seq": 5, "node": CLEO, "ts": NOON, "known_at": NOON, "trait": "born", "value": "1994-04-01"},
        {"seq": 6, "node": BOB, "ts": NOON, "known_at": NOON, "trait": "born", "value": "1992-02-29"},
    ],
    scores=[
        {"prediction": "churn", "horizon": "90d", "node": ANN, "as_of": NOON - timedelta(days=7), "score": 0.7},
        {"prediction": "churn", "horizon": "90d", "node": BOB, "as_of": NOON - timedelta(days=8), "score": 0.9},
    ],
    owners={EVE: ANN},
    consents=[
        {"seq": seq, "node": node, "ts": ts, "known_at": ts, "channel": "email", "purpose": purpose, "state": state}
        for seq, (node, ts, purpose, state) in enumerate(
            [
                (ANN, NOON - timedelta(days=9), "marketing", "granted"),
                (EVE, NOON - timedelta(days=9), "marketing", "denied"),
                (ANN, NOON - timedelta(days=9), "marketing", "granted"),
                (BOB, NOON - timedelta(days=9), "marketing", "denied"),
                (BOB, NOON, "marketing", "granted"),
                (BOB, NOON, "marketing", "unknown"),
                (BOB, NOON + timedelta(days=1), "marketing", "denied"),
                (CLEO, NOON, "service", "granted"),
            ]
        )
    ],
)  # fmt: skip
HERE = At(
    NOON,
    ZoneInfo("Europe/London"),
    segments={"buyers": (parse({"did": "Order Completed"}), "known")},
    predictions={"churn": (("90d",), Duration(7, "d"))},
)

CASES: list[tuple[dict[str, Any], set[int]]] = [
    ({"did": "Order Completed"}, {ANN, BOB}),
    ({"did_not": "Order Completed"}, {CLEO}),
    ({"did": "Order Completed", "within": "30d"}, {ANN}),  # Bob's stands on the edge, which is outside
    ({"did": "Order Completed", "within": "31d"}, {ANN, BOB}),
    ({"did": "Page Viewed", "within": "1mo", "times": 1}, {CLEO}),  # from Feb 29 13:00, as noon UTC is 13:00 there
    ({"did": "Order Completed", "times": 3}, {ANN}),
    ({"did": "Order Completed", "times": {"lt": 3}}, {BOB, CLEO}),
    ({"did": "Order Completed", "sum": "revenue", "is": 100}, {ANN}),
    ({"did": {"in": ["Order Completed", "Order Refunded"]}, "sum": "revenue", "is": 90}, {ANN}),
    ({"did": "Order Refunded", "sum": "revenue", "is": 10}, {ANN}),
    ({"did": "Order Completed", "sum": "revenue", "lt": 6}, {BOB, CLEO}),
    ({"did": "Order Completed", "avg": "revenue", "lt": 6}, {BOB}),
    ({"did": "Order Completed", "avg": "revenue", "is_not": 5}, {ANN, CLEO}),
    ({"did": "Order Completed", "min": "revenue", "is": 24.5}, {ANN}),
    ({"did": "Page Viewed", "distinct": "n", "is": 2}, {CLEO}),
    ({"did": "Page Viewed", "where": {"n": 7}, "times": 2}, {CLEO}),
    ({"did": "Page Viewed", "where": {"n": "7"}, "times": 1}, {CLEO}),
    ({"did": "Order Completed", "where": {"note": "it's"}}, {BOB}),
    ({"did": "Order Completed", "where": {"first": True}}, {ANN}),
    ({"did": "Order Completed", "where": {"coupon": {"is_not": "X"}}, "times": 3}, {ANN}),
    ({"did": "Order Completed", "where": {"products.category": "shoes", "products.price": 10}}, set()),
    ({"did": "Order Completed", "where": {"products.category": "socks", "products.price": 10}}, {ANN}),
    ({"did": "Order Completed", "where": {"products.category": {"is_not": "shoes"}}, "times": 2}, {ANN}),
    ({"did": "Order Completed", "sum": "products.price", "is": 50}, {ANN}),
    ({"did": "Order Completed", "where": {"products.category": "socks"}, "sum": "products.price", "is": 10}, {ANN}),
    ({"last": "Order Completed", "ago": {"gte": "30d"}}, {BOB}),
    ({"last": "Order Completed", "ago": {"gt": "30d"}}, set()),
    ({"last": "Order Completed", "is": {"revenue": {"lt": 25}}}, {ANN, BOB}),
    ({"first": "Order Completed", "is": {"revenue": 50}}, {ANN}),
    ({"last": "Order Completed", "is": {"revenue": {"is_not": 5}}}, {ANN, CLEO}),
    ({"trait": "plan", "is": "pro"}, {ANN, BOB}),  # of two values at one instant the later row counts
    ({"trait": "plan", "is_not": "pro"}, {CLEO}),
    ({"trait": "born", "age": {"is": 29}}, {CLEO}),
    ({"trait": "born", "age": {"gte": 32}}, {BOB}),
    ({"trait": "born", "before": "1992-03-01"}, {BOB}),
    ({"prediction": "churn", "gte": 0.7}, {ANN}),
    ({"prediction": "churn", "exists": False}, {BOB, CLEO}),
    ({"not": {"segment": "buyers"}}, {CLEO}),
    ({"consent": "email.marketing"}, {BOB}),  # Ann's two words of one instant: the stricter counts
    ({"consent": "email.service"}, {CLEO}),
    ({"not": {"consent": "sms.marketing"}}, {ANN, BOB, CLEO}),
    ({"all": [{"did": "Order Completed"}, {"not": {"did": "Order Refunded"}}]}, {BOB}),
    ({"any": [{"did": "Order Refunded"}, {"did": "Page Viewed"}]}, {ANN, CLEO}),
]  # fmt: skip

PEOPLE = {
    ANN: Asked(NOON - timedelta(days=3), "a", "m0"),
    BOB: Asked(None, "b", "m4"),
    CLEO: Asked(NOON, "c", None),
    DAN: Asked(NOON, None, "m8"),
}
"""Ann began with her first order and counts events since her second, Bob with his order and counts all."""

JOURNEY_CASES: list[tuple[dict[str, Any], set[int]]] = [
    ({"message": "hello", "is": "sent"}, {ANN, BOB}),  # Cleo's was sent in Ann's run
    ({"message": "hello", "is": "opened"}, {BOB}),  # a machine opened Ann's; Cleo's was a case
    ({"message": "text", "is": "opened"}, {ANN}),  # a click is an open; Bob's reply is to come
    ({"message": "text", "is": "clicked"}, {ANN}),
    ({"message": "hello", "is_not": "clicked"}, {ANN, BOB, CLEO}),
    ({"message": "never", "is": "sent"}, set()),
    ({"message": "never", "is_not": "sent"}, {ANN, BOB, CLEO}),
    ({"event": "revenue", "gte": 50}, {ANN}),
    ({"event": "revenue", "lt": 50}, {BOB}),
    ({"event": "revenue", "is_not": 50}, {BOB, CLEO}),
    ({"event": "products.category", "is": "socks"}, {ANN}),
    ({"event": "note", "exists": True}, {BOB}),
    ({"event": "nowhere", "exists": False}, {ANN, BOB, CLEO}),
    ({"did": "Order Completed"}, {ANN, BOB}),
    ({"did": "Order Completed", "times": 1}, {ANN, BOB}),  # Ann's second is not after itself, Eve's counts
    ({"did_not": "Page Viewed"}, {ANN, BOB, CLEO}),
    ({"first": "Order Completed", "is": {"revenue": 24.5}}, {ANN}),
    ({"segment": "buyers"}, {ANN, BOB}),
    ({"all": [{"segment": "buyers"}, {"did": "Order Refunded"}]}, {ANN}),
]
