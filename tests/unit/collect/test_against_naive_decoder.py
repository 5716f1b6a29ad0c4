"""Random messages: the decoder tells what the naive one tells."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.engine import Decoded
from tests.unit.collect.decoding import NOW, decoded
from tests.unit.collect.naive_decoder import decode

keys = st.one_of(st.sampled_from(["a", "b", "A", "price", "email", "x y", "é", "", '"', "$"]), st.text(max_size=4))
keys = keys.filter(lambda key: "." not in key)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-1000, 1000, places=7).map(float),
    st.text(max_size=6),
    st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{1,7})?", fullmatch=True),
)
objects = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: st.one_of(st.dictionaries(keys, inner, max_size=3), st.lists(inner, max_size=3)),
        max_leaves=8,
    ),
    max_size=5,
)
trait_objects = st.dictionaries(
    keys, st.recursive(scalars, lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=5), max_size=4
)
ids = st.one_of(
    st.none(), st.integers(0, 99), st.sampled_from([7.0, "", " ", " u ", "u1", "a{", "[x", "ü"]), st.booleans()
)
ids = ids.filter(lambda item: not (isinstance(item, str) and item[:1] in "{[" and item))
stamps = st.one_of(
    st.none(),
    st.datetimes(
        min_value=NOW.replace(tzinfo=None).replace(year=1990), max_value=NOW.replace(tzinfo=None).replace(year=2025)
    ).map(lambda at: at.isoformat() + "Z"),
    st.sampled_from(["2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00-05:30", "2024-05-01 10:00:00", "2024-05-01"]),
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "ip": st.just("10.0.0.1"),
        "traits": trait_objects,
        "externalIds": st.lists(
            st.fixed_dictionaries({"type": st.sampled_from(["loyalty", "user_id", "email"]), "id": ids}), max_size=2
        ),
    },
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "identify", "track", "page"])},
    optional={
        "event": st.sampled_from(["Order Completed", " Padded ", "", "é"]),
        "messageId": st.uuids().map(str),
        "userId": ids,
        "anonymousId": ids,
        "timestamp": stamps,
        "properties": objects,
        "traits": trait_objects,
        "context": contexts,
    },
)


def told(found: Decoded, row: int) -> dict[str, Any]:
    """What the tables say of one row."""
    event = found.events.slice(row, 1).to_pylist()[0]
    elements = []
    for entry in found.elements.to_pylist():
        if entry["row"] == row:
            elements.append((entry["array"], entry["ordinal"], _pairs(entry)))
    return {
        "event": event["event"],
        "ts": event["ts"],
        "who": {(i["kind"], i["value"], i["priority"]) for i in found.identifiers.to_pylist() if i["row"] == row},
        "values": _pairs(found.properties.slice(row, 1).to_pylist()[0]),
        "elements": elements,
        "traits": {t["trait"]: (t["s"], t["n"]) for t in found.traits.to_pylist() if t["row"] == row},
    }


def _pairs(entry: dict[str, Any]) -> dict[str, tuple[str | None, int | None]]:
    found: dict[str, tuple[str | None, int | None]] = {}
    for name, item in entry.items():
        if item is not None and name[:2] in ("s:", "n:"):
            s, n = found.get(name[2:], (None, None))
            found[name[2:]] = (item, n) if name[0] == "s" else (s, item)
    return found


@given(st.lists(messages, min_size=1, max_size=8))
@settings(max_examples=60)
def test_both_decoders_tell_the_same(batch: list[dict[str, Any]]) -> None:
    lines = [json.dumps(message) for message in batch]
    expected = [decode(line, NOW) for line in lines]
    found = decoded(*lines)
    good = [one for one in expected if not isinstance(one, str)]
    assert found.events.num_rows == len(good)
    for row, one in enumerate(good):
        mine = told(found, row)
        assert sorted(mine.pop("elements"), key=repr) == sorted(one.pop("elements"), key=repr)
        assert mine == one
    bad = {(place + 1, one) for place, one in enumerate(expected) if isinstance(one, str)}
    problems = {(p["line"], p["code"]) for p in found.problems.to_pylist() if p["severity"] == "error"}
    assert problems == bad
