"""Answers worked out by hand for what speaks of order, change, rank, the person's clock and place.

Five people at noon UTC of 2024-03-31 in Europe/London, Ida (1) also under a second identity (6), and
one of whom nothing is known (7). A number after an event is how many days before noon it happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from tests.properties.naive import Asked, At, Event, History

NOON = datetime(2024, 3, 31, 12, tzinfo=UTC)
IDA, JON, KIM, LEO, MIA, NED, OLA = 1, 2, 3, 4, 5, 6, 7
ALL = {IDA, JON, KIM, LEO, MIA}
VIEWED, BOUGHT, LOOKED = "Product Viewed", "Order Completed", "Looked"


def _order(revenue: float, product: str, category: str) -> dict[str, Any]:
    return {"revenue": revenue, "products": [{"product_id": product, "category": category}]}


_told: list[tuple[int, str, list[float], dict[str, Any]]] = [
    (IDA, VIEWED, [20], {"product_id": "p1"}),
    (JON, VIEWED, [20], {"product_id": "p1"}),
    (KIM, VIEWED, [3], {"product_id": "p1"}),
    (LEO, VIEWED, [20], {"product_id": "p1"}),
    (IDA, BOUGHT, [15], _order(100, "p1", "shoes")),
    (NED, BOUGHT, [300], _order(50, "p9", "hats")),
    (JON, BOUGHT, [15], _order(150, "p2", "socks")),
    (LEO, BOUGHT, [10], _order(20, "p1", "shoes")),
    (MIA, BOUGHT, [25], _order(150, "p1", "shoes")), (OLA, BOUGHT, [15], _order(999, "p1", "shoes")),
    (MIA, "A", [10], {}), (MIA, "C", [8], {}),
    (LEO, "A", [10], {}), (LEO, "B", [9], {}), (LEO, "C", [8], {}),
    (JON, "A", [10, 5], {}), (JON, "B", [4], {}), (JON, "C", [1], {}),
    (KIM, "C", [2], {}), (KIM, "A", [2], {}),  # message ids fall
    (IDA, "A", [2], {}), (IDA, "C", [2], {}),
    (IDA, "D", [60], {}), (IDA, "E", [31], {}),
    (KIM, "D", [163 + 12.5 / 24], {}), (KIM, "E", [132.5], {}),
    (JON, "D", [60], {}), (JON, "E", [31 - 1e-9], {}),
    (IDA, "Session Ended", [59, 50, 40, 30, 10, 5], {}),
    (JON, "Session Ended", [60, 59, 50, 40, 30], {}),
    (KIM, "Session Ended", [50, 40, 31], {}),
    (LEO, "Session Ended", [59, 50, 40, 31, 12, 10, 2], {}),
    (MIA, "Session Ended", [5, 4, 3, 2, 1], {}),
    (IDA, "Email Delivered", [55, 50, 45, 40, 35, 20, 15, 10, 5], {}), (IDA, "Email Opened", [50, 45, 40, 10], {}),
    (JON, "Email Delivered", [55, 50, 45, 40, 35, 20, 15, 10, 5], {}), (JON, "Email Opened", [55, 50, 20, 15], {}),
    (KIM, "Email Delivered", [50, 45, 40, 35, 20, 15, 10, 5], {}), (KIM, "Email Opened", [50, 45, 40, 35, 20], {}),
    (LEO, "Email Delivered", [55, 50, 45, 40, 35], {}), (LEO, "Email Opened", [55, 50, 45, 40, 35], {}),
    (MIA, "Email Opened", [3], {}),
    (IDA, "Page Viewed", [100, 97, 94], {"path": "/support"}),
    (JON, "Page Viewed", [100, 97, 93], {"path": "/support"}),
    (KIM, "Page Viewed", [100, 97], {"path": "/support"}), (KIM, "Page Viewed", [95], {"path": "/"}),
    (IDA, "Ping", [9.5 / 24], {}), (JON, "Ping", [9.5 / 24], {}), (KIM, "Ping", [9.5 / 24], {}),
    (LEO, "Ping", [11.5 / 24], {}),
    (IDA, LOOKED, [9, 8, 7], {"category": "shoes"}),
    (JON, LOOKED, [9, 8, 7], {"category": "shoes"}),
    (KIM, LOOKED, [9, 8], {"category": "shoes"}), (KIM, LOOKED, [7], {"category": "socks"}), (KIM, LOOKED, [6], {}),
    (LEO, LOOKED, [9, 8, 7], {"category": "shoes"}), (LEO, LOOKED, [6, 5, 4], {"category": "socks"}),
    (IDA, "Ticket Opened", [9], {"ticket": "t1", "shop": "s"}),
    (IDA, "Ticket Solved", [8], {"ticket": "t1", "by": "bot", "shop": "z"}),
    (JON, "Ticket Opened", [9], {"ticket": "t1"}), (JON, "Ticket Solved", [8], {"ticket": "t2", "by": "Pia"}),
    (KIM, "Ticket Solved", [9], {"ticket": "t1"}), (KIM, "Ticket Opened", [8], {"ticket": "t1"}),
    (LEO, "Ticket Opened", [9], {}), (LEO, "Ticket Solved", [8], {}),
]  # fmt: skip


def _events() -> Iterator[Event]:
    seq = 0
    for node, event, days, properties in _told:
        for one in days:
            seq += 1
            ts = NOON - timedelta(microseconds=round(one * 86_400_000_000))
            yield {
                "seq": seq, "node": node, "event": event, "ts": ts, "known_at": ts, "known": node != OLA,
                "properties": properties, "message_id": f"m{9999 - seq}",
            }  # fmt: skip


_TRAITS: list[tuple[int, str, Any]] = [
    (IDA, "timezone", "America/New_York"),
    (KIM, "timezone", "Mars/Phobos"), (KIM, "zone", "Asia/Kolkata"),
    (IDA, "shipping.postal_code", "01234"), (JON, "shipping.postal_code", "30301"),
    (KIM, "shipping.postal_code", "1234"),
    (MIA, "shipping.postal_code", 98765),
    (IDA, "born", "1990-04-06"), (JON, "born", "1990-04-07"), (KIM, "born", "2000-02-29"), (LEO, "born", "1980-03-31"),
    (MIA, "born", "2024-04-02"),
    (IDA, "address.latitude", 33.749), (IDA, "address.longitude", -84.388),
    (JON, "address.lat", "33.9"), (JON, "address.lng", "-84.4"),
    (KIM, "address.latitude", 34), (KIM, "address.lon", -84.4), (LEO, "address.latitude", 33.7),
    (MIA, "isle.lat", 0), (MIA, "isle.lon", -179.95),
    (MIA, "cabin.lat", 60), (MIA, "cabin.lon", 0),
]  # fmt: skip


def _persona(node: int, persona: str, as_of: datetime, known_at: datetime | None = None) -> Event:
    return {"node": node, "persona": persona, "as_of": as_of, "known_at": known_at or as_of}


_DAY = timedelta(days=1)
HISTORY = History(
    events=list(_events()),
    traits=[
        {"seq": seq, "node": node, "ts": NOON - 99 * _DAY, "known_at": NOON - 99 * _DAY, "trait": name, "value": value}
        for seq, (node, name, value) in enumerate(_TRAITS)
    ],
    owners={NED: IDA},
    personas=[
        _persona(IDA, "loyal", NOON - 20 * _DAY), _persona(NED, "saver", NOON - 5 * _DAY),
        _persona(JON, "saver", NOON - 9 * _DAY), _persona(JON, "loyal", NOON - 5 * _DAY),
        _persona(KIM, "loyal", NOON + timedelta(microseconds=1)), _persona(LEO, "loyal", NOON, known_at=NOON + _DAY),
    ],
)  # fmt: skip
HISTORY.lists = {
    "hiking": [
        (NOON - 9 * _DAY, frozenset({"01234", "30301"})),
        (NOON, frozenset({"01234", "98765"})),
        (NOON + timedelta(microseconds=1), frozenset({"30301"})),
    ]
}
HERE = At(NOON, ZoneInfo("Europe/London"), lists=HISTORY.lists, predictions={"churn": (("90d",), Duration(7, "d"))})

_BUYING = {"sequence": [{"did": VIEWED}, {"did_not": BOUGHT, "within": "7d"}]}
_LOOKED = {"did": LOOKED, "times": {"gte": 3}, "per": "category", "as": "c", "within": "14d"}
_OPENS = {"ratio": [{"did": "Email Opened"}, {"did": "Email Delivered"}], "within": "30d"}
_VISITS = {"did": "Session Ended", "within": "30d"}
_TICKET = {"did": "Ticket Opened", "without": "Ticket Solved"}
_BORN = {"trait": "born"}
_PLACE = {"lat": 33.7, "lon": -84.4}


def _steps(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"sequence": list(steps), **more}


SEQUENCES: list[tuple[dict[str, Any], set[int]]] = [
    ({**_BUYING, "same": "product_id"}, {JON, LEO}),  # Kim's seven days are not over
    ({**_BUYING, "same": "product_id", "open": True}, {JON, KIM, LEO}),
    (_BUYING, {LEO}),
    (_steps({"did": VIEWED}, {"did_not": BOUGHT, "within": "5d"}, same="product_id"), {JON, LEO}),  # the end counts
    (_steps({"did": VIEWED}, {"did_not": BOUGHT, "within": "119h"}, same="product_id"), {IDA, JON, LEO}),
    (_steps({"did": VIEWED}, {"did_not": BOUGHT, "within": "3d"}), {IDA, JON, KIM, LEO}),  # Kim's end now
    (_steps({"did": VIEWED}, {"did_not": BOUGHT, "within": "73h"}), {IDA, JON, LEO}),
    (_steps({"did": VIEWED}, {"did_not": BOUGHT}, open=True), {KIM}),
    (_steps({"did": VIEWED}, {"did": BOUGHT, "within": "5d"}), {IDA, JON}),
    (_steps({"did": VIEWED}, {"did": BOUGHT, "within": "5d"}, same="product_id"), {IDA}),
    (_steps({"did": VIEWED}, {"did": BOUGHT, "within": "119h"}), set()),
    (_steps({"did": VIEWED}, {"did": BOUGHT}, within="20d"), set()),  # all views are older, or on the edge
    (_steps({"did": VIEWED}, {"did": BOUGHT}, within="21d"), {IDA, JON, LEO}),
    (_steps({"did": VIEWED, "within": "21d"}, {"did": BOUGHT, "where": {"revenue": {"lt": 100}}}), {LEO}),
    (_steps({"did": BOUGHT}, {"did": VIEWED}), {IDA}),  # as Ned
    (_steps({"did": "A"}, {"did_not": "B"}, {"did": "C"}), {KIM, MIA}),
    # Jon's first A was long over when he did B, his second was not
    (_steps({"did": "A"}, {"did_not": "B", "within": "2d"}, {"did": "C"}), {JON, KIM, MIA}),
    (_steps({"did": "A"}, {"did_not": "B", "within": "2d"}, {"did": "C", "within": "8d"}), {KIM, MIA}),
    (_steps({"did": "A"}, {"did": "C"}), {JON, KIM, LEO, MIA}),  # of Ida's, at one instant, C comes first
    (_steps({"did": "C"}, {"did": "A"}), {IDA}),
    (_steps({"did": "A"}, {"did": "A"}), {JON}),
    (_steps({"did": "Ticket Opened"}, {"did": "Ticket Solved"}, same="ticket"), {IDA}),  # Leo's have none
    # Jan 31 to Feb 29, Jon's is a moment later; Kim from Oct 20 00:30 (summer time) to Nov 20 00:00
    (_steps({"did": "D"}, {"did": "E", "within": "1mo"}), {IDA, KIM}),
    (_steps({"did": "A"}, {"did": "B"}, {"did": "C"}, {"did_not": "C", "within": "7d"}), {LEO}),
]

EVENTS: list[tuple[dict[str, Any], set[int]]] = [
    ({**_OPENS, "gte": 0.5}, {JON}),
    ({**_OPENS, "lt": 0.5}, {IDA, KIM}),  # of Leo's there is none, of Mia's none delivered
    ({**_OPENS, "is_not": 0.5}, {IDA, KIM, LEO, MIA}),
    ({**_OPENS, "change": {"lte": "-30%", "base": {"gte": 5}}}, {IDA}),
    ({**_OPENS, "change": {"lte": "-75%"}}, {KIM}),
    ({**_OPENS, "change": {"is": "25%"}}, {JON}),  # from 2 in 5 to 2 in 4
    ({**_VISITS, "change": {"lte": "-50%", "base": {"gte": 4}}}, {IDA, JON}),
    ({**_VISITS, "change": {"lte": "-50%", "base": 4}}, {IDA, JON}),  # Jon's first lies on the edge
    ({**_VISITS, "change": {"lte": "-50%"}}, {IDA, JON, KIM}),
    ({**_VISITS, "change": {"is": "-25%"}}, {LEO}),
    ({**_VISITS, "times": {"gte": 1}, "change": {"lte": "-50%"}}, {IDA}),
    ({**_VISITS, "change": {"gt": "-100%"}}, {IDA, LEO}),  # Mia came from nothing
    ({"did": "Session Ended", "times": {"gte": 2}, "since": {"last": BOUGHT}}, {IDA, MIA}),
    ({"did": "Session Ended", "times": {"lt": 2}, "since": {"last": BOUGHT}}, {JON, KIM, LEO}),
    ({"did": "Session Ended", "times": {"gte": 6}, "since": {"first": BOUGHT}}, {IDA}),  # as Ned, long ago
    ({"did": "Session Ended", "since": {"last": BOUGHT, "where": {"revenue": 20}}, "times": 1}, {LEO}),
    ({"did": VIEWED, "since": "2024-03-11"}, {IDA, JON, KIM, LEO}),
    ({"did": VIEWED, "since": "2024-03-11T12:00:00Z"}, {KIM}),
    ({"did": "Page Viewed", "times": {"gt": 2}, "in_any": "7d"}, {IDA, KIM}),  # Jon's are on the edge
    ({"did": "Page Viewed", "where": {"path": "/support"}, "times": {"gt": 2}, "in_any": "7d"}, {IDA}),
    ({"did_not": "Page Viewed", "times": {"gte": 3}, "in_any": "7d"}, {JON, LEO, MIA}),
    ({"did": "Page Viewed", "times": {"gt": 2}, "in_any": "8d", "within": "98d"}, set()),
    ({"did": "Page Viewed", "distinct": {"path": {"gt": 1}}, "in_any": "7d"}, {KIM}),
    ({"did": "Ping", "local_hour": {"between": [22, 23]}}, {IDA}),
    ({"did": "Ping", "local_hour": 3}, {JON}),
    ({"did": "Ping", "local_hour": 8}, {KIM}),
    ({"did": "Ping", "local_hour": {"lt": 1}}, {LEO}),  # before the clocks went forward
    ({"did": "Ping", "weekday": "sat"}, {IDA}),
    ({"did": "Ping", "weekday": {"in": ["sat", "sun"]}}, {IDA, JON, KIM, LEO}),
    ({"did_not": "Ping", "weekday": "sun"}, {IDA, MIA}),
    ({key: value for key, value in _LOOKED.items() if key != "as"}, {IDA, JON, LEO}),
    ({"all": [_LOOKED, {"did_not": BOUGHT, "where": {"products.category": "$c"}}]}, {JON, LEO}),
    ({"all": [_LOOKED, {"not": {"did": BOUGHT, "where": {"products.category": "$c"}}}]}, {JON, LEO}),
    ({"all": [_LOOKED, {"did": BOUGHT, "where": {"products.category": "$c"}}]}, {IDA, LEO}),
    ({"all": [_LOOKED, {"did": BOUGHT, "within": "30d", "where": {"products.category": {"is_not": "$c"}}}]},
     {JON, LEO}),
    ({"did": BOUGHT, "per": "product_id", "times": 2}, set()),
    ({"did": BOUGHT, "per": "product_id", "sum": "revenue", "gte": 100}, {IDA, JON, MIA}),
    ({"did": BOUGHT, "sum": "revenue", "top": 1}, {IDA, JON, MIA}),  # ties
    ({"did": BOUGHT, "sum": "revenue", "top": 3}, {IDA, JON, MIA}),
    ({"did": BOUGHT, "sum": "revenue", "top": 4}, {IDA, JON, LEO, MIA}),
    ({"did": BOUGHT, "sum": "revenue", "top": "60%"}, {IDA, JON, MIA}),
    ({"did": BOUGHT, "sum": "revenue", "top": "61%"}, {IDA, JON, LEO, MIA}),
    ({"did": BOUGHT, "top": 1}, {IDA}),
    ({"did": BOUGHT, "top": "100%", "within": "21d"}, {IDA, JON, LEO}),
    ({"did": BOUGHT, "sum": "revenue", "top": 1, "within": "21d"}, {JON}),
    (_TICKET, {KIM}),
    ({**_TICKET, "same": "ticket"}, {JON, KIM, LEO}),  # what is missing is not equal
    ({**_TICKET, "same": ["ticket", "shop"]}, {IDA, JON, KIM, LEO}),
    ({"did": "Ticket Opened", "without": {"did": "Ticket Solved", "where": {"by": "Pia"}}}, {IDA, KIM, LEO}),
    ({"did": "C", "without": "A"}, {JON, KIM, LEO, MIA}),  # Kim's A came before, though at the same instant
    ({"did_not": "Ticket Opened", "without": "Ticket Solved", "same": "ticket"}, {IDA, MIA}),
]  # fmt: skip

PLACES: list[tuple[dict[str, Any], set[int]]] = [
    ({"trait": "shipping.postal_code", "in_list": "hiking"}, {IDA, MIA}),
    ({"not": {"trait": "shipping.postal_code", "in_list": "hiking"}}, ALL - {IDA, MIA}),
    ({**_BORN, "anniversary_in": "7d"}, {IDA, LEO}),
    ({**_BORN, "anniversary_in": "1d"}, {LEO}),
    ({**_BORN, "anniversary_in": "8d"}, {IDA, JON, LEO}),
    ({"persona": "loyal"}, {JON, LEO}),
    ({"persona": "saver"}, {IDA}),
    ({"not": {"persona": "loyal"}}, {IDA, KIM, MIA}),
    ({"near": {"trait": "address", **_PLACE, "km": 25}}, {IDA, JON}),
    ({"near": {"trait": "address", **_PLACE, "km": 22.2}}, {IDA}),  # 0.2 degrees are 22.24 km
    ({"near": {"trait": "address", **_PLACE, "km": 34}}, {IDA, JON, KIM}),
    ({"near": {"trait": "isle", "lat": 0, "lon": 179.95, "km": 12}}, {MIA}),  # over the date line
    ({"near": {"trait": "isle", "lat": 0, "lon": 179.95, "km": 11}}, set()),
    ({"near": {"trait": "cabin", "lat": 60, "lon": 0.3, "km": 20}}, {MIA}),  # 16.7 km: degrees are short there
    ({"bucket": "spring26", "lt": "50%"}, {IDA}),  # of .4736 .7311 .6479 .5334 .6670
    ({"bucket": "spring26", "between": ["60%", "70%"]}, {KIM, MIA}),
    ({"bucket": "autumn", "lt": "40%"}, {IDA, MIA}),  # of .3957 .6131 .4264 .5893 .2088
]

PEOPLE = {
    IDA: Asked(context={"page.path": "/category/shoes", "cart.total": 120}),
    JON: Asked(context={"page.path": "/"}),
    KIM: Asked(),
}
CONTEXT: list[tuple[dict[str, Any], set[int]]] = [
    ({"context": "page.path", "contains": "/category/shoes"}, {IDA}),
    ({"context": "page.path", "not_contains": "/category/shoes"}, {JON, KIM}),
    ({"context": "page.path", "exists": True}, {IDA, JON}),
    ({"context": "cart.total", "gte": 100}, {IDA}),
    ({"context": "cart.total", "exists": True}, {IDA}),
    ({"all": [{"context": "page.path", "is": "/"}, {"did": BOUGHT}]}, {JON}),
]
"""Of decisions, with what is known at their moment."""

_HIKES, _SOON = {"trait": "shipping.postal_code", "in_list": "hiking"}, {**_BORN, "anniversary_in": "7d"}
OTHERS: list[tuple[dict[str, Any], datetime, set[int]]] = [
    (_HIKES, NOON - 9 * _DAY, {IDA, JON}),
    (_HIKES, NOON - 10 * _DAY, set()),
    (_SOON, NOON.replace(year=2025, month=2, day=22), {KIM}),
    (_SOON, NOON.replace(month=2, day=22), set()),
    (_SOON, NOON.replace(month=2, day=23), {KIM}),
    ({**_BORN, "anniversary_in": "14d"}, NOON.replace(year=2025, day=30), ALL - {KIM}),
    # in New York the day has not begun
    ({**_BORN, "anniversary_in": "1d"}, NOON.replace(year=2025, month=4, day=6, hour=3), set()),
    ({**_BORN, "anniversary_in": "1d"}, NOON.replace(year=2025, month=4, day=6, hour=4), {IDA}),
]
"""From other instants."""

KNOWN: list[tuple[dict[str, Any], set[int]]] = [({"persona": "loyal"}, {JON}), ({"did": BOUGHT}, {IDA, JON, LEO, MIA})]
"""As it was known at noon."""
