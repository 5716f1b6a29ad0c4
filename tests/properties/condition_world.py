"""Random histories, instants and conditions that crowd around the edges of the language's meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from foretell.clock import Duration
from foretell.identify import BySource, Survival
from foretell.profile import USUAL_SURVIVORSHIP, Survivorship
from tests.properties.condition_world_more import tell_more, with_context
from tests.properties.naive import Asked, History, moved

ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")
EVENTS = ("Order Completed", "Order Refunded", "Page Viewed", "add_to_cart", 'O\'Brien "said" $x', "Überraschung 🎁")
WINDOWS = ("24h", "7d", "2w", "1mo", "3mo", "1y")
CATEGORIES = ("shoes", "socks", "trail's", "schöne")
TEXTS = (
    "mobile", "desktop", "Mobile", "", "%", "_", "a'b", "ünï", "/support/1", "/support", "go/support", "true",
    "a\nb", "\\d",
)  # fmt: skip
TIMES: tuple[Any, ...] = (
    0, 1, 2, {"gte": 2}, {"gt": 1}, {"lt": 3}, {"lte": 1}, {"between": [1, 2]}, {"is_not": 1}, {"in": [0, 2]},
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (0, 1, 5, 5, -3, 9.99, 100, 0.000001, 5.5, 1e13)
MIXED: tuple[Any, ...] = (*TEXTS[:4], "7", "007", "7.0", "-3", "1e3", 7, 5, True, False, None, 7.0, "٣")
MOMENTS = (
    "1990-02-28", "1992-02-29", "1994-03-31", "1993-04-30", "2023-12-31", "2023-12-31T08:00", "2024-02-29",
    "2024-02-29T09:00Z", "2024-03-31T01:30", "2024-03-31 12:00:00", "2024-03-31T12:00:00Z", "2024-03-31T01:30+00:00",
    "2024-03-24T12:00:00Z", "2024-03-24T17:30+05:30", "2024-02-29T12:00:00-00:00",
    "2024-03-30T23:59:59.999999+05:30", "2024-01-31T00:00:00.5-08:00", "2024-04-01T02:00:00+14:00", "2031-01-01",
    "31/12/2023", "2024-02-30", "2024-1-1", "yesterday",
)  # fmt: skip
PATTERNS = ("^/support", "o.i", "[a-m]+$", "(desk|mob)", "\\d", "^$", "é|ü", "b$")
CONSENTS = ("email.marketing", "email.marketing", "email.service", "sms.marketing")
MESSAGES = (
    *("Email Sent", "Email Delivered", "Email Opened", "Email Opened", "SMS Link Clicked", "Push Opened"),
    *("Message Replied", "SMS Bounced", "Survey Sent", "Case Opened", "Email Marked as Spam"),
)
RUNS, STEPS = ("r1", "r2"), ("hello", "text")
PREDICTIONS: dict[str, tuple[tuple[str, ...], Duration | None]] = {
    "churn": (("30d", "90d"), Duration(7, "d")),
    "clv": (("39w",), None),
}


@dataclass
class World:
    """A history, the instants worth looking from, a zone, and people in the middle of runs."""

    history: History
    zone: ZoneInfo
    instants: list[datetime] = field(default_factory=list)
    people: dict[int, Asked] = field(default_factory=dict)
    rules: Survivorship = USUAL_SURVIVORSHIP


def world(seed: int) -> World:
    """A small history of two dozen nodes, some merged."""
    rng = Random(seed)
    zone = ZoneInfo(rng.choice(ZONES))
    anchor = datetime(2024, 3, 31, 12, tzinfo=UTC) + timedelta(days=rng.choice((0, 0, 30, 61, 150, -31)))
    if rng.random() < 0.3:
        anchor += timedelta(hours=rng.randrange(24), microseconds=rng.randrange(10**6))
    edges = [anchor, anchor - timedelta(days=7)]
    instants = [anchor, anchor, anchor, anchor - timedelta(days=7), anchor + timedelta(days=rng.randrange(40))]
    for text in WINDOWS:
        edges.append(moved(anchor, Duration.parse(text), -1, zone))
    edges = [anchor, edges[1], edges[-3], *rng.sample(edges[2:], 2)]
    edges += [moved(anchor, Duration.parse(rng.choice(("7d", "1mo"))), 1, zone)]
    history = History(owners={3: 1, 6: 7, 8: 1, 15: 14, 16: 20} if rng.random() < 0.7 else {})
    known = {node: rng.random() ** 0.5 for node in range(1, 25)}
    for seq in range(1, 260):
        ts = _instant(rng, edges)
        node = rng.choice((1, 1, rng.randrange(1, 9), rng.randrange(1, 25)))
        history.events.append(
            {
                "seq": seq, "ts": ts, "known_at": _arrival(rng, ts, anchor),
                "event": rng.choice(EVENTS[: rng.randrange(1, 7)]),
                "message_id": f"{rng.choice('amzé')}{rng.randrange(100)}-{seq}", "node": node,
                "known": rng.random() < known[node], "properties": _properties(rng),
            }
        )  # fmt: skip
        if rng.random() < 0.5:
            name = rng.choice(("plan", "birth_date", "address.city"))
            value = rng.choice(MOMENTS) if name == "birth_date" else rng.choice((*MIXED, "pro"))
            history.traits.append({**history.events[-1], "trait": name, "value": value})
    history.scores = _scores(rng, edges)
    rng = Random(-seed - 1)
    _tell_messages(rng, history, edges, anchor)
    history.consents = _consents(rng, edges, anchor)
    people = _people(rng, history, edges)
    rng = Random(seed + 2 * 10**6)
    tell_more(rng, history, edges, anchor)
    people = with_context(rng, people)
    return World(history, zone, instants, people, survivorship(Random(seed + 10**6), history))


def survivorship(rng: Random, history: History) -> Survivorship:
    """Rules for the traits of ``history``, whose rows are given sources and words that verify others."""
    for row in history.traits:
        row["source"] = rng.choice(("crm", "shop", "shop", "web", None))
    told = [row for row in history.traits if row["trait"] == "plan" and rng.random() < 0.4]
    for row in told:
        ts = row["ts"] + timedelta(microseconds=rng.choice((0, 0, 1, -1)))
        value = rng.choice((True, True, "true", False, None))
        history.traits.append({**row, "ts": ts, "trait": "plan_verified", "value": value})
    rules: tuple[Survival | BySource, ...] = (
        "latest", "most_frequent", "longest", "verified_first", BySource(by_source=("web", "crm")),
    )  # fmt: skip
    if rng.random() < 0.4:
        return USUAL_SURVIVORSHIP
    named = {trait: rng.choice(rules) for trait in ("plan", "birth_date") if rng.random() < 0.8}
    return Survivorship(rng.choice(rules), named)


def _instant(rng: Random, edges: list[datetime]) -> datetime:
    edge = rng.choice(edges)
    if rng.random() < 0.6:
        return edge + timedelta(microseconds=rng.choice((-1, 0, 0, 1)))
    return edge - timedelta(seconds=rng.randrange(40 * 86400))


def _arrival(rng: Random, ts: datetime, anchor: datetime) -> datetime:
    late = rng.choice((timedelta(0), timedelta(0), timedelta(hours=1), timedelta(days=9)))
    return anchor + timedelta(microseconds=rng.choice((0, 1))) if rng.random() < 0.2 else ts + late


def _properties(rng: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rng.random() < 0.8:
        found["revenue"] = rng.choice(NUMBERS)
    if rng.random() < 0.7:
        found["score"] = rng.choice(MIXED)
    if rng.random() < 0.6:
        found["path"] = rng.choice(TEXTS)
    if rng.random() < 0.5:
        found["device"] = {"category": rng.choice(TEXTS), "deep": {"x": rng.choice(MIXED)}}
    if rng.random() < 0.4:
        found["when"] = rng.choice(MOMENTS)
    if rng.random() < 0.7:
        found["products"] = [_product(rng) for _ in range(rng.randrange(4))]
    return found


def _product(rng: Random) -> dict[str, Any]:
    found: dict[str, Any] = {"category": rng.choice(CATEGORIES), "price": rng.choice(NUMBERS)}
    if rng.random() < 0.6:
        found["brand"] = {"name": rng.choice(("A", "B", 7, None))}
    return found


def _scores(rng: Random, edges: list[datetime]) -> list[dict[str, Any]]:
    found = {}
    for _ in range(90):
        key, horizon = rng.choice((("churn", "30d"), ("churn", "90d"), ("clv", "39w")))
        as_of = rng.choice(edges) + timedelta(days=rng.choice((0, 0, -1, -8)))
        node = rng.randrange(1, 26)
        found[key, horizon, node, as_of] = {
            "prediction": key, "horizon": horizon, "node": node, "as_of": as_of,
            "score": rng.choice((0.1, 0.3, 0.7, 0.9, 12.5)),
        }  # fmt: skip
    return list(found.values())


def _tell_messages(rng: Random, history: History, edges: list[datetime], anchor: datetime) -> None:
    for seq in range(1_000, 1_000 + 110):
        ts, node = _instant(rng, edges), rng.choice((1, 3, 8, rng.randrange(1, 25)))
        properties = {"run": rng.choice(RUNS), "step": rng.choice(STEPS), "total": rng.choice(NUMBERS)}
        if rng.random() < 0.5:
            properties["machine"] = rng.choice((True, True, False, "true", None))
        history.events.append(
            {
                "seq": seq, "ts": ts, "known_at": _arrival(rng, ts, anchor), "event": rng.choice(MESSAGES),
                "message_id": f"b{seq}", "node": node, "known": rng.random() < 0.8, "properties": properties,
            }
        )  # fmt: skip


def _consents(rng: Random, edges: list[datetime], anchor: datetime) -> list[dict[str, Any]]:
    found = []
    for seq in range(160):
        ts = _instant(rng, edges)
        channel, _, purpose = rng.choice(CONSENTS).partition(".")
        found.append(
            {
                "seq": rng.randrange(1_000), "ts": ts, "known_at": _arrival(rng, ts, anchor),
                "node": rng.choice((1, 3, seq % 27)), "channel": channel, "purpose": purpose,
                "state": rng.choice(("granted", "granted", "denied", "unknown")),
            }
        )  # fmt: skip
    return found


def _people(rng: Random, history: History, edges: list[datetime]) -> dict[int, Asked]:
    """Some of the profiles with their runs; two may share a run, an entry may be another's event."""
    found = {}
    for key in rng.sample([key for key in range(1, 27) if key not in history.owners], 15):
        own = history.by_person.get(key, history.events)
        entry = rng.choice((None, rng.choice(own)["message_id"], rng.choice(own)["message_id"], "b1001"))
        since = rng.choice((None, rng.choice(own)["ts"], _instant(rng, edges)))
        found[key] = Asked(since, rng.choice((*RUNS, *RUNS, None)), entry)
    return found


# ---- conditions, as written

Raw = dict[str, Any]


def condition(
    rng: Random,
    *,
    future: bool = False,
    consent: bool = False,
    journey: bool = False,
    segments: tuple[str, ...] = (),
    depth: int = 2,
) -> Raw:
    """A condition; in an outcome only what is allowed there."""
    if depth and rng.random() < 0.25:
        head = rng.choice(("all", "any", "not"))
        parts = [
            condition(rng, future=future, consent=consent, journey=journey, segments=segments, depth=depth - 1)
            for _ in range(rng.randrange(1, 4))
        ]
        return {head: parts[0] if head == "not" else parts}
    kinds = [_times, _aggregate, _aggregate, _elements, _when]
    if not future:
        kinds += [_pick, _pick, _trait, _birth, _prediction, *[_segment(segments) for _ in segments[:1]]]
    if journey:
        kinds = [*kinds, _consent, _message, _message, _message, _entry, _entry]
    elif consent:
        kinds = [*kinds, _consent, _consent, _consent]
    return rng.choice(kinds)(rng, future)


def measure(rng: Random, *, future: bool = False) -> Raw:
    """A number a person."""
    found = _selection(rng, "did", future)
    if rng.random() < 0.8:
        found[rng.choice(("sum", "min", "max", "distinct"))] = rng.choice(("revenue", "score", "products.price"))
    return found


def _times(rng: Random, future: bool) -> Raw:
    found = _selection(rng, rng.choice(("did", "did", "did_not")), future)
    if rng.random() < 0.6:
        found["times"] = rng.choice(TIMES)
    return found


def _aggregate(rng: Random, future: bool) -> Raw:
    found = _selection(rng, rng.choice(("did", "did", "did_not")), future)
    function = rng.choice(("sum", "sum", "avg", "min", "max", "distinct"))
    if function == "sum" and rng.random() < 0.5:
        found["did" if "did" in found else "did_not"] = {"in": ["Order Completed", "Order Refunded"]}
    name = rng.choice(("revenue", "revenue", "revenue", "products.price", "score", "nowhere"))
    return {**found, **_aggregated(rng, function, name)}


def _aggregated(rng: Random, function: str, name: str) -> Raw:
    tests = _number_tests(rng, (0, 1, 2, 3) if function == "distinct" else (0, 1, 2, 2.5, 3, 3.5, 5, 7, 9.99, 50, 100))
    return {function: name, **tests} if rng.random() < 0.6 else {function: {name: tests}}


def _elements(rng: Random, future: bool) -> Raw:
    where: Raw = {"products.category": rng.choice((rng.choice(CATEGORIES), {"is_not": rng.choice(CATEGORIES)}))}
    if rng.random() < 0.7:
        where["products.price"] = rng.choice(({"gte": 5}, {"lt": 5}, {"is_not": 0}, {"exists": False}))
    if rng.random() < 0.3:
        where["products.brand.name"] = rng.choice(("A", 7, {"is_not": "B"}, {"exists": True}))
    found: Raw = {"did": rng.choice(EVENTS[:2]), "where": where}
    if rng.random() < 0.5:
        name = rng.choice(("products.price", "products.brand.name"))
        found.update(_aggregated(rng, rng.choice(("sum", "avg", "min", "max", "distinct")), name))
    return found


def _when(rng: Random, future: bool) -> Raw:
    return {"did": rng.choice(EVENTS[:3]), "where": {"when": _moment_test(rng)}}


def _pick(rng: Random, future: bool) -> Raw:
    found = _selection(rng, rng.choice(("last", "first")), future)
    if rng.random() < 0.3:
        found["where"] = {"when": {"exists": False}}
    elif rng.random() < 0.4:
        found[next(iter(found))] = rng.choice(EVENTS[3:])
    if rng.random() < 0.6:
        found["ago"] = _ago(rng)
    if "ago" not in found or rng.random() < 0.4:
        found["is"] = rng.choice((_where, _simple))(rng)
    return found


def _trait(rng: Random, future: bool) -> Raw:
    name = rng.choice(("plan", "plan", "address.city", "nobody_has_it"))
    test = _value_test(rng, "score")
    return {"trait": name, **(test if isinstance(test, dict) else {"is": test})}


def _birth(rng: Random, future: bool) -> Raw:
    test = _moment_test(rng)
    return {"trait": "birth_date", **(test if isinstance(test, dict) else {"is": test})}


def _prediction(rng: Random, future: bool) -> Raw:
    key = rng.choice(("churn", "clv"))
    horizon = {"horizon": rng.choice(("30d", "90d"))} if key == "churn" else {}
    tests = _number_tests(rng, (0.1, 0.3, 0.7, 0.9, 12.5, 0.5))
    return {"prediction": key, **horizon, **rng.choice((tests, tests, {"exists": rng.random() < 0.5}))}


def _consent(rng: Random, future: bool) -> Raw:
    return {"consent": rng.choice((*CONSENTS, "email.never"))}


def _message(rng: Random, future: bool) -> Raw:
    states = ("sent", "delivered", "opened", "opened", "clicked", "replied", "bounced")
    return {"message": rng.choice(STEPS), rng.choice(("is", "is", "is_not")): rng.choice(states)}


def _entry(rng: Random, future: bool) -> Raw:
    name = rng.choice(("revenue", "total", "score", "path", "products.price", "nowhere"))
    test = _value_test(rng, "revenue" if name == "total" else name)
    return {"event": name, **(test if isinstance(test, dict) else {"is": test})}


def _segment(segments: tuple[str, ...]) -> Callable[[Random, bool], Raw]:
    return lambda rng, _: {"segment": rng.choice(segments)}


def _selection(rng: Random, head: str, future: bool) -> Raw:
    name: Any = rng.choice((*EVENTS[:2], *EVENTS[:2], *EVENTS, "Never Seen"))
    if rng.random() < 0.25:
        name = rng.choice((
            {"contains": "Order"}, {"in": ["Order Completed", "Page Viewed"]}, {"not_contains": "Order"},
            {"is_not": "Page Viewed"}, {"starts_with": "Ü"}, {"ends_with": "ed"}, {"matches": "^[a-z_]+$"},
        ))  # fmt: skip
    found: Raw = {head: name}
    if not future and rng.random() < 0.5:
        found["within"] = rng.choice(WINDOWS)
    if rng.random() < 0.35:
        found["where"] = _where(rng)
    return found


def _where(rng: Random) -> Raw:
    names = (
        "revenue", "score", "score", "path", "path", "device.category", "device.deep.x", "when",
        "products.category", "products.price", "products.brand.name", "products", "nowhere",
    )  # fmt: skip
    return {name: _value_test(rng, name) for name in rng.sample(names, rng.choice((1, 1, 2)))}


def _simple(rng: Random) -> Raw:
    name = rng.choice(("revenue", "score", "path"))
    return {name: {rng.choice(("gt", "lte", "is_not")): 5} if name == "revenue" else {"exists": rng.random() < 0.5}}


def _value_test(rng: Random, name: str) -> Any:
    if name == "when":
        return _moment_test(rng)
    if name in ("revenue", "products.price") and rng.random() < 0.8:
        return _number_tests(rng, NUMBERS[:-1])
    texts = CATEGORIES if name == "products.category" else ("A", "B", 7) if name.startswith("products.b") else TEXTS
    values = tuple(value for value in MIXED if value is not None) if name == "score" else texts
    pieces = ("o", "s", "/supp", "'", "%", "ü", "", "7", "1")
    return rng.choice((
        lambda: rng.choice(values),
        lambda: {"is": rng.choice(values)},
        lambda: {"is_not": rng.choice(values)},
        lambda: {"in": rng.sample(values, 2)},
        lambda: {"not_in": rng.sample(values, 2)},
        lambda: {"exists": rng.random() < 0.5},
        lambda: {rng.choice(("contains", "not_contains", "starts_with", "ends_with")): rng.choice(pieces)},
        lambda: {rng.choice(("starts_with", "ends_with")): rng.choice(pieces)},
        lambda: {rng.choice(("starts_with", "ends_with")): rng.choice(("/support", "o", "s"))},
        lambda: {"matches": rng.choice(PATTERNS)},
        lambda: {rng.choice(("gt", "gte", "lt", "lte")): rng.choice(("m", "shoes", "7", 7, 5))},
        lambda: {"between": ["a", "m"], "is_not": rng.choice(values)},
    ))()  # fmt: skip


def _number_tests(rng: Random, numbers: tuple[Any, ...]) -> Raw:
    low, high = sorted(rng.sample(numbers, 2))
    return rng.choice((
        *({name: low} for name in ("gt", "gte", "lt", "lte", "is", "is_not")),
        {"gte": low, "lt": high}, {"between": [low, high]}, {"in": [low, high]}, {"not_in": [low, high]},
    ))  # fmt: skip


def _ago(rng: Random) -> Raw:
    near, far = sorted(rng.sample(range(len(WINDOWS)), 2))
    if rng.random() < 0.2:
        return {"between": [WINDOWS[near], WINDOWS[far]]}
    return {rng.choice(("gt", "gte", "lt", "lte")): rng.choice(("7d", "7d", "1mo", WINDOWS[near]))}


def _moment_test(rng: Random) -> Raw:
    literals = ("2024-03-31", "2024-02-29", "2024-03-31T12:00:00Z", "2024-03-31T01:30", "2023-12-31")
    years = rng.choice((18, 30, 30, 31, 32, 34))
    return rng.choice((
        lambda: {rng.choice(("before", "after")): rng.choice(literals)},
        lambda: {"ago": _ago(rng)},
        lambda: {"age": rng.choice(({rng.choice(("gt", "gte", "lt", "lte", "is")): years}, {"between": [30, 32]}))},
        lambda: {rng.choice(("is", "is_not")): "2024-02-29"},
    ))()  # fmt: skip
