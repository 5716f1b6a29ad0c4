"""Bodies of tracking libraries, changed at random: in their JSON, in their bytes, on their way."""

from __future__ import annotations

import copy
import gzip
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_EVENT = {
    "type": "track", "event": "Order Completed", "messageId": "node-next-1735689600000-5f0e7c1a",
    "timestamp": "2025-03-01T10:00:00.000Z", "userId": "u1", "anonymousId": "a1",
    "properties": {
        "order_id": "o1", "revenue": 49.9, "currency": "EUR", "first": True, "coupon": None,
        "products": [{"product_id": "p1", "price": 19.95, "quantity": 2}, {"product_id": "p2", "price": 10}],
    },
    "context": {
        "ip": "192.0.2.1", "userAgent": "Mozilla/5.0", "library": {"name": "analytics-node", "version": "3.1.0"},
        "page": {"path": "/", "url": "https://shop.example/?utm_source=x"}, "traits": {"email": "ada@people.example"},
        "externalIds": [{"id": "e1", "type": "crm_id", "collection": "users", "encoding": "none"}],
    },
    "integrations": {}, "_metadata": {"nodeVersion": "24.1.0"},
}  # fmt: skip
_IDENTIFY = {
    "type": "identify", "messageId": "m2", "userId": "u1", "timestamp": "2025-03-01T10:00:00Z",
    "traits": {"email": "Ada@People.example", "phone": "+49 30 1234", "age": 36, "address": {"city": "Berlin"}},
}  # fmt: skip
_SINGLES = {
    "p": {"type": "page", "name": "Home", "category": "Shop", "anonymousId": "a1", "properties": {"title": "Home"}},
    "g": {"type": "group", "groupId": "g1", "userId": "u1", "traits": {"name": "Acme", "employees": 12}},
    "a": {"type": "alias", "previousId": "a1", "userId": "u1"},
    "s": {"type": "screen", "name": "Start", "userId": "u1"},
    "t": _EVENT,
    "i": _IDENTIFY,
}
_BATCH = {"batch": [_EVENT, _IDENTIFY, *_SINGLES.values()], "sentAt": "2025-03-01T10:00:05.000Z", "writeKey": "k"}
_TEXTS = (
    "", " ", "\u0000", "a\u0000b", "\ud800", "\udfff\ud800", "\ufeff", "\u202e", "😀", "x" * 40_000, "null", "true",
    "NaN", "1.0", "0000-00-00T00:00:00Z", "9999-12-31T23:59:60Z", "+275760-09-13T00:00:00Z", "2025-02-30T25:61:61Z",
    "2025-03-01T10:00:00.123456789123Z", "1735689600000", "1900-01-01", "'; DROP TABLE events; --", "$.a", "/a/b",
    "a.b", '"', "\\", "a\nb", "\r", "[", "{}", "user_id",
)  # fmt: skip
_NUMBERS = (0, -0.0, -1, 2**63, -(2**63) - 1, 10**400, 1e308, 5e-324, 0.1, 123456789.987654321)
_RAW = (b"1e400", b"-1e999", b"0.0000000000000000000000000000001", b"1E+2", b"-0", b"9" * 5_000)
_Change = Callable[["Mutant", random.Random], None]


@dataclass
class Mutant:
    """A request that may be wrong in many ways."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"


def mutant(number: int) -> Mutant:
    """The ``number``-th request; the same number gives the same."""
    dice = random.Random(number)
    single = dice.random() < 0.4
    path = dice.choice(sorted(_SINGLES)) if single else dice.choice(["batch", "b", "import", "batch/"])
    document: Any = copy.deepcopy(_SINGLES[path] if single else _BATCH)
    for _ in range(dice.choice([0, 1, 1, 2, 5])):
        document = _changed(document, dice)
    made = Mutant(f"/v1/{path}", _text(document, dice), {"authorization": "Basic azo="})
    for _ in range(dice.choice([0, 0, 1, 1, 2])):
        dice.choice(_CHANGES)(made, dice)
    return made


def _changed(document: Any, dice: random.Random) -> Any:
    """With something else in one place."""
    places = list(_places(document))
    if not places:
        return document
    holder, key = dice.choice(places)
    kind = dice.random()
    if kind < 0.15 and isinstance(holder, dict):
        del holder[key]
    elif kind < 0.3 and isinstance(holder, dict):
        holder[dice.choice(_TEXTS)] = _value(dice)
    elif kind < 0.35 and isinstance(holder, dict):
        holder.update({f"k{number}": number for number in range(300)})
    elif kind < 0.4:
        holder[key] = _nested(dice.choice([20, 60, 150]), dice)
    elif kind < 0.45:
        holder[key] = [_value(dice) for _ in range(dice.choice([1, 10, 3_000]))]
    else:
        holder[key] = _value(dice)
    return document


def _places(value: Any) -> Any:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(members):
        yield value, key
        yield from _places(inner)


def _value(dice: random.Random) -> Any:
    return dice.choice([
        dice.choice(_TEXTS), dice.choice(_TEXTS), dice.choice(_NUMBERS), None, True, False, [], {}, [[]], [{}],
        {"": ""}, {"a": [{"b": [1, "x", None]}]}, {"a.b": 1, "a": {"b": 2}}, [1, [2, [3]]],
    ])  # fmt: skip


def _nested(depth: int, dice: random.Random) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if dice.random() < 0.5 else {"n": value}
    return value


def _text(document: Any, dice: random.Random) -> bytes:
    indent = dice.choice([None, None, None, 2])
    text = json.dumps(document, indent=indent, ensure_ascii=dice.random() < 0.7)
    return text.encode("utf-8", "surrogatepass")


def _flip(made: Mutant, dice: random.Random) -> None:
    body = bytearray(made.body)
    for _ in range(dice.choice([1, 3, 20])):
        if body:
            body[dice.randrange(len(body))] = dice.randrange(256)
    made.body = bytes(body)


def _cut(made: Mutant, dice: random.Random) -> None:
    made.body = made.body[: dice.randrange(len(made.body) + 1)]


def _doubled(made: Mutant, dice: random.Random) -> None:
    start = dice.randrange(len(made.body) + 1)
    end = min(start + dice.randrange(1, 400), len(made.body))
    made.body = made.body[:end] + made.body[start:]


def _raw_number(made: Mutant, dice: random.Random) -> None:
    made.body = made.body.replace(b"49.9", dice.choice(_RAW)).replace(b"36", dice.choice(_RAW))


def _double_key(made: Mutant, dice: random.Random) -> None:
    name = dice.choice([b"messageId", b"type", b"batch", b"userId", b"properties", b"timestamp", b"sentAt"])
    made.body = made.body.replace(b'"%s":' % name, b'"%s": %s, "%s":' % (name, dice.choice(_RAW[:4]), name), 2)


def _other_encoding(made: Mutant, dice: random.Random) -> None:
    text = made.body.decode("utf-8", "replace")
    made.body = text.encode(dice.choice(["utf-16", "utf-32", "latin-1", "utf-8-sig"]), "replace")


def _packed(made: Mutant, dice: random.Random) -> None:
    name = dice.choice(["gzip", "deflate", "x-gzip"])
    made.headers["content-encoding"] = name
    made.body = zlib.compress(made.body) if name == "deflate" else gzip.compress(made.body, 1)
    if dice.random() < 0.3:
        dice.choice([_flip, _cut, _doubled])(made, dice)


def _wrongly_packed(made: Mutant, dice: random.Random) -> None:
    made.headers["content-encoding"] = dice.choice(["gzip", "br", "", "gzip, gzip", "\xff", "identity", "zstd"])


def _bomb(made: Mutant, dice: random.Random) -> None:
    made.headers["content-encoding"] = "gzip"
    made.body = BOMBS[dice.randrange(len(BOMBS))]


def _deep(made: Mutant, dice: random.Random) -> None:
    depth = dice.choice([100, 5_000, 120_000])
    opened, closed = dice.choice([(b"[", b"]"), (b'{"a":', b"}")])
    made.body = made.body.replace(b'"EUR"', opened * depth + b"1" + closed * depth, 1)


def _key(made: Mutant, dice: random.Random) -> None:
    made.headers["authorization"] = dice.choice(["", "Basic", "Basic !!", "Bearer x", "Basic " + "A" * 9_999, "\xff"])


def _on_the_way(made: Mutant, dice: random.Random) -> None:
    made.headers["content-type"] = dice.choice(["text/plain", "", "multipart/form-data; boundary=x", "\xe9"])
    made.method = dice.choice(["POST", "POST", "PUT", "GET", "OPTIONS", "HEAD"])
    made.path = dice.choice([made.path, "/v1/", "/v1//", "/v1/%", "/v1/projects//settings", "/v1/m", "/v1/é/x"])


BOMBS = (gzip.compress(b" " * 40_000_000), gzip.compress(b'{"batch":[' + b"[" * 20_000_000))
_CHANGES: tuple[_Change, ...] = (
    _flip, _cut, _doubled, _raw_number, _double_key, _other_encoding, _packed, _wrongly_packed, _bomb, _deep, _key,
    _on_the_way,
)  # fmt: skip
