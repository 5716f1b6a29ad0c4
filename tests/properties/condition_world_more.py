"""What random histories and conditions say of order, change, rank, the person's clock and place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.properties.naive import Asked, History

Raw = dict[str, Any]
Kind = Callable[[Random, bool], Raw]

PRODUCTS: tuple[Any, ...] = ("p1", "p1", "p2", "p2", "p3", "7", 7, None)
TOPICS = ("shoes", "socks", "trail's")
CLOCKS = (
    "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Europe/London", "UTC",
    "Mars/Phobos", "europe/london", "", 7, None,
)  # fmt: skip
BORN = (
    "1992-02-29", "1988-03-02", "1988-03-31", "1990-04-03", "1990-04-07", "1991-04-30", "1990-05-02", "1991-05-31",
    "1985-06-03", "1985-08-28", "1985-09-02", "1990-03-31T01:30Z", "1990-04-07T00:30+10:00", "2024-04-02", "2031-05-01",
    "soon", None,
)  # fmt: skip
ZIPS: tuple[Any, ...] = ("01234", "30301", "30301", "1234", 30301, "", "a'b", None)
LATITUDES: tuple[Any, ...] = (33.749, 33.9, "34.1", 34, -12.5, 90.5, "north", None)
LONGITUDES: tuple[Any, ...] = (-84.4, "-84.388", -84, 179.98, -179.98, True, None)
PERSONAS = ("loyal", "saver", "curious")
ACCOUNTS = ("acme", "beta", "gamma", "o'neil")
PAGES: tuple[Any, ...] = ("/category/shoes", "/category/socks", "/", "", None)
NAMES: tuple[Any, ...] = (
    "Page Viewed", "add_to_cart", "Order Completed", "Order Refunded", "Order Completed",
    {"in": ["Order Completed", "add_to_cart"]}, {"in": ["Page Viewed", "Order Refunded"]}, {"starts_with": "Order"},
    {"is_not": "Page Viewed"}, {"matches": "^[A-Z]"},
)  # fmt: skip
LENGTHS = ("24h", "7d", "7d", "2w", "1mo", "1mo", "3mo", "1y")
STEPS = ("24h", "7d", "7d", "2w", "1mo", "1mo", "3mo")
"""Between the steps of a sequence."""


def tell_more(rng: Random, history: History, edges: list[datetime], anchor: datetime) -> None:
    """Products and topics of events, places, birthdays and zones of people, personas and lists."""
    for event in history.events:
        properties = event["properties"]
        if rng.random() < 0.5:
            properties["product_id"] = rng.choice(PRODUCTS)
        if rng.random() < 0.4:
            properties["topic"] = rng.choice((*TOPICS, None))
        for product in properties.get("products", []):
            if rng.random() < 0.8:
                product["product_id"] = rng.choice(PRODUCTS)
    told = [
        (name, values)
        for names, values in (
            (("timezone", "timezone", "zone"), CLOCKS), (("born",), BORN), (("zip",), ZIPS),
            (("home.latitude", "home.lat"), LATITUDES), (("home.longitude", "home.lon", "home.lng"), LONGITUDES),
        )
        for name in names
    ]  # fmt: skip
    for seq in range(2_000, 2_000 + 150):
        name, values = rng.choice(told)
        event = rng.choice(history.events)  # who tells a trait is seen
        told_at = {key: event[key] for key in ("ts", "known_at", "node")}
        history.traits.append({**told_at, "seq": seq, "trait": name, "value": rng.choice(values), "source": None})
    personas = {}
    for _ in range(60):
        node, as_of = rng.randrange(1, 26), rng.choice(edges) - timedelta(days=rng.choice((0, 0, 1, 8)))
        known_at = as_of + timedelta(days=rng.choice((0, 0, 2)))
        personas[node, as_of] = {
            "node": node, "persona": rng.choice((*PERSONAS, None)), "as_of": as_of, "known_at": known_at,
        }  # fmt: skip
    history.personas = list(personas.values())
    _tell_accounts(rng, history)
    known = sorted({anchor - timedelta(days=30), anchor - timedelta(days=7), anchor, anchor + timedelta(days=9)})
    texts = [one for one in ZIPS if isinstance(one, str) and one]
    history.lists = {
        "zips": [(at, frozenset(rng.sample(sorted({*texts, "nowhere"}), 3))) for at in known[rng.randrange(3) :]]
    }


def _tell_accounts(rng: Random, history: History) -> None:
    for seq in range(3_000, 3_000 + 60):
        event = rng.choice(history.events)  # who tells of an account is seen
        told = {key: event[key] for key in ("ts", "known_at", "node")}
        account = {**told, "seq": seq, "account": rng.choice(ACCOUNTS)}
        history.members.append({**account, "ended": rng.random() < 0.25})
        name, values = rng.choice((("plan", ("gold", "free", 7, None)), ("timezone", CLOCKS)))
        history.account_traits.append({**account, "trait": name, "value": rng.choice(values)})


def with_context(rng: Random, people: dict[int, Asked]) -> dict[int, Asked]:
    """The people asked about, with what is known at the moment of a decision."""
    return {
        key: replace(asked, context={
            name: value
            for name, value in (("page.path", rng.choice(PAGES)), ("cart.total", rng.choice((0, 5, "7", 100.5, None))))
            if value is not None
        })
        for key, asked in people.items()
    }  # fmt: skip


# ---- conditions, as written


def _name(rng: Random) -> Any:
    return rng.choice(NAMES)


def _did(rng: Random, future: bool, *, windows: bool = True) -> Raw:
    found: Raw = {rng.choice(("did", "did", "did", "did_not")): _name(rng)}
    if windows and not future and rng.random() < 0.4:
        found["within"] = rng.choice(LENGTHS)
    if rng.random() < 0.2:
        found["where"] = _where(rng)
    return found


def _where(rng: Random) -> Raw:
    return rng.choice((
        {"products.category": rng.choice(("shoes", {"is_not": "shoes"}))}, {"revenue": {"gte": 5}},
        {"path": {"exists": True}}, {"products.price": {"gte": 5}}, {"product_id": rng.choice(("p1", 7))},
    ))  # fmt: skip


def _at_least(rng: Random) -> Any:
    return rng.choice(({"gte": 2}, {"gt": 1}, {"gte": 3}, {"gte": 1}))


def _times(rng: Random) -> Any:
    return rng.choice((_at_least(rng), _at_least(rng), 1, {"lt": 2}, {"between": [1, 2]}))


def sequence(rng: Random, future: bool) -> Raw:
    """Two to four steps, the last of them often a ``did_not`` with its window."""
    steps: list[Raw] = [{"did": _name(rng)}]
    for _ in range(rng.choice((1, 1, 2, 3))):
        step: Raw = {rng.choice(("did", "did", "did_not")): _name(rng)}
        if rng.random() < 0.5:
            step["within"] = rng.choice(STEPS)
        if rng.random() < 0.15:
            step["where"] = _where(rng)
        steps.append(step)
    found: Raw = {"sequence": steps}
    if "did_not" in steps[-1]:
        if rng.random() < 0.3:
            found["open"] = True
        closing = len(steps)
        while not found.get("open") and "did_not" in steps[closing - 1]:
            closing -= 1
            steps[closing].setdefault("within", rng.choice(STEPS))
    if rng.random() < 0.5:
        found["same"] = rng.choice(("product_id", "product_id", "topic", "products.category", ["product_id", "topic"]))
    if not future and rng.random() < 0.25:
        found["within"] = rng.choice(LENGTHS)
    return found


def ratio(rng: Random, future: bool) -> Raw:
    """Of numbers that are often there."""
    parts = [{"did": _name(rng)}, {"did": _name(rng)}]
    if rng.random() < 0.3:
        parts[0]["where"] = _where(rng)
    found: Raw = {"ratio": parts}
    if not future:
        found["within"] = rng.choice(LENGTHS)
        if rng.random() < 0.5:
            found["change"] = _change(rng)
    if "change" not in found or rng.random() < 0.2:
        number = rng.choice((0, 0.5, 1, 1.5, "50%"))
        found[rng.choice(("gt", "gte", "lt", "lte", "is", "is_not"))] = number
    return found


def _change(rng: Random) -> Raw:
    number = rng.choice(("-50%", "-30%", "0%", "25%", "100%", -1, 0.5))
    found: Raw = {rng.choice(("lt", "lte", "gt", "gte", "is", "is_not")): number}
    if rng.random() < 0.5:
        found["base"] = rng.choice(({"gte": 1}, {"gte": 2}, {"lt": 3}, 0))
    return found


def change(rng: Random, future: bool) -> Raw:
    """Of a count or of what a property comes to."""
    found = _did(rng, future, windows=False)
    found |= {"within": rng.choice(LENGTHS), "change": _change(rng)}
    if rng.random() < 0.4:
        found[rng.choice(("sum", "avg", "min", "max", "distinct"))] = rng.choice(("revenue", "products.price"))
    elif rng.random() < 0.25:
        found["times"] = _times(rng)
    return found


def since(rng: Random, future: bool) -> Raw:
    """After an event of the person's, or after a moment."""
    found = {**_did(rng, future), "times": _times(rng)}
    anchor = {rng.choice(("last", "last", "first")): _name(rng)}
    if rng.random() < 0.3:
        anchor["where"] = _where(rng)
    dates = ("2024-03-24", "2024-02-29", "2024-03-31T12:00:00Z", "2024-03-24T12:00:00Z", "2024-03-31T01:30")
    return {**found, "since": anchor if rng.random() < 0.7 else rng.choice(dates)}


def in_any(rng: Random, future: bool) -> Raw:
    """Somewhere, often enough."""
    found = {**_did(rng, future), "in_any": rng.choice(("24h", "7d", "2w", "30d"))}
    if rng.random() < 0.25:
        found["distinct"] = {"product_id": _at_least(rng)}
    else:
        found["times"] = _at_least(rng)
    return found


def hours(rng: Random, future: bool) -> Raw:
    """On the person's clock."""
    found = _did(rng, future)
    if rng.random() < 0.6:
        found["local_hour"] = rng.choice((
            {"between": [9, 17]}, {"gte": 18}, {"lt": 8}, 12, {"in": [0, 8, 17, 22, 23]}, {"is_not": 12},
        ))  # fmt: skip
    if "local_hour" not in found or rng.random() < 0.3:
        found["weekday"] = rng.choice(({"in": ["sat", "sun"]}, "sun", {"not_in": ["sun"]}, {"is_not": "sun"}, "mon"))
    return found


def per(rng: Random, future: bool) -> Raw:
    """Of the events of some value."""
    found = {**_did(rng, future), "per": rng.choice(("product_id", "product_id", "topic", "products.category", "path"))}
    kind = rng.random()
    if kind < 0.25:
        found[rng.choice(("sum", "max", "avg"))] = {rng.choice(("revenue", "products.price")): {"gte": 5}}
    elif kind < 0.35:
        found["in_any"], found["times"] = "7d", _at_least(rng)
    else:
        found["times"] = _times(rng)
    return found


def bound(rng: Random, future: bool) -> Raw:
    """Two parts that speak of the same value."""
    first = {**per(rng, future), "as": "c"}
    if "did_not" in first:
        first = {"did": first.pop("did_not"), **first}
    name = "products.category" if first["per"] in ("topic", "products.category") else rng.choice((
        "product_id", "products.product_id", first["per"],
    ))  # fmt: skip
    second = _did(rng, future)
    second["where"] = {name: rng.choice(("$c", "$c", {"is_not": "$c"}))}
    if rng.random() < 0.3:
        second["times"] = _times(rng)
    parts = [first, rng.choice((second, second, {"not": second}))]
    if rng.random() < 0.2:
        parts.append({"any": [{**_did(rng, future), "where": {"product_id": "$c"}}, _did(rng, future)]})
    rng.shuffle(parts)
    return {"all": parts}


def top(rng: Random, future: bool) -> Raw:
    """By number or by what a property comes to."""
    found = _did(rng, future)
    found["top"] = rng.choice(("10%", "25%", "50%", "100%", 1, 2, 5))
    if rng.random() < 0.6:
        found[rng.choice(("sum", "sum", "avg", "min", "max", "distinct"))] = rng.choice(("revenue", "products.price"))
    elif rng.random() < 0.2:
        found["times"] = _times(rng)
    return found


def without(rng: Random, future: bool) -> Raw:
    """Unless something follows."""
    found = _did(rng, future)
    other: Any = _name(rng)
    found["without"] = other if isinstance(other, str) else {"did": other}
    if rng.random() < 0.3:
        found["without"] = {"did": other, "where": _where(rng)}
    if rng.random() < 0.7:
        found["same"] = rng.choice(("product_id", "product_id", "topic", "products.category", ["product_id", "topic"]))
    if rng.random() < 0.4:
        found["times"] = _times(rng)
    return found


def in_list(rng: Random, future: bool) -> Raw:
    """A trait or a property that stands in a list."""
    if rng.random() < 0.2:
        return {"did": _name(rng), "where": {"path": {"in_list": "zips"}}}
    return {"trait": "zip", "in_list": "zips"}


def anniversary(rng: Random, future: bool) -> Raw:
    """Soon."""
    return {
        "trait": rng.choice(("born", "born", "birth_date")),
        "anniversary_in": rng.choice(("1d", "7d", "2w", "1mo")),
    }


def persona(rng: Random, future: bool) -> Raw:
    """One of three."""
    return {"persona": rng.choice(PERSONAS)}


def near(rng: Random, future: bool) -> Raw:
    """A shop, or an island on the date line."""
    lat, lon = rng.choice(((33.7, -84.4), (33.7, -84.4), (-12.5, 179.99), (34, -84)))
    return {"near": {"trait": "home", "lat": lat, "lon": lon, "km": rng.choice((1, 10, 25, 60, 5000))}}


def bucket(rng: Random, future: bool) -> Raw:
    """A share of everybody."""
    test = rng.choice(({"lt": "20%"}, {"gte": 0.5}, {"between": ["20%", "60%"]}, {"gt": "80%"}))
    return {"bucket": rng.choice(("spring26", "x'y", "ü")), **test}


def context(rng: Random, future: bool) -> Raw:
    """What is looked at."""
    if rng.random() < 0.4:
        return {"context": "cart.total", rng.choice(("gte", "lt", "is_not", "is")): rng.choice((5, 7, 100.5))}
    test = rng.choice((
        {"contains": "/category/"}, {"is": "/"}, {"is_not": "/"}, {"exists": rng.random() < 0.5},
        {"ends_with": "socks"},
    ))  # fmt: skip
    return {"context": rng.choice(("page.path", "page.path", "page.title")), **test}


def account(rng: Random, future: bool) -> Raw:
    """Of what members of an account did, or of its own traits."""
    kinds = (per, without, hours, since, change, in_any, _did, bound, _trait)
    part = rng.choice(kinds)(rng, future)
    if rng.random() < 0.3:
        part = rng.choice(({"not": part}, {"any": [part, _trait(rng, future)]}))
    return {"account": part}


def _trait(rng: Random, future: bool) -> Raw:
    return {"trait": "plan", **rng.choice(({"is": "gold"}, {"is_not": "free"}, {"exists": True}, {"gte": 5}))}


KINDS: tuple[Kind, ...] = (
    sequence, sequence, ratio, change, since, in_any, hours, per, bound, bound, top, without, in_list, anniversary,
    persona, near, bucket, account,
)  # fmt: skip
OF_OUTCOMES: tuple[Kind, ...] = (sequence, ratio, in_any, hours, per, bound, without)


def condition(rng: Random, *, future: bool = False, decision: bool = False, depth: int = 1) -> Raw:
    """A condition of the heads and qualifiers of this file."""
    if depth and rng.random() < 0.2:
        head = rng.choice(("all", "any", "not"))
        parts = [condition(rng, future=future, decision=decision, depth=depth - 1) for _ in range(2)]
        return {head: parts[0] if head == "not" else parts}
    if decision and rng.random() < 0.5:
        return context(rng, future)
    if decision:  # a run, and `top` ranks everybody
        return rng.choice([kind for kind in KINDS if kind is not top])(rng, future)
    return rng.choice(OF_OUTCOMES if future else KINDS)(rng, future)
