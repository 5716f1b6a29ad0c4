"""What bodies tell, as every store keeps it: on both stores the same."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretell import app, collect, definitions
from foretell.clock import FixedClock
from foretell.collect.storable import without_escapes
from foretell.engine import Engine, open_engine
from tests.support.pairs import open_pair
from tests.unit.collect.decoding import NOW, track
from tests.unit.collect.workspace import catalog

TILL = """\
format: csv
history: true
mappings:
- name: sales
  track: Order Completed
  timestamp: at
  identifiers: {user_id: who}
  properties: {note: note}
"""
SOURCES = {"site": "format: jsonl\nhistory: true", "till": TILL}
LONG = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789äß日本", k=6_000))
"""Of random letters, so that no store makes it short by packing."""


@pytest.fixture(params=["sqlite+duckdb", "postgresql+duckdb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    settings = definitions.WorkspaceSettings()
    with open_pair(request.param) as pair:
        where = pair.settings(tmp_path / "data")
        stages = app.stages(settings, where=where)
        decoders = collect.decoders(collect.FrameReader())
        with open_engine(where, app.ROOMS, stages, decoders, FixedClock(NOW)) as opened:
            yield opened


def load(engine: Engine, root: Path, name: str, body: str) -> collect.FileReport:
    path = root / name
    path.write_bytes(body.encode())
    source = "till" if name.endswith("csv") else "site"
    (report,) = collect.import_files(engine, catalog(root, SOURCES), [path], source, now=NOW)
    return report


def lines(*events: dict[str, Any] | bytes) -> str:
    return "".join(f"{event.decode() if isinstance(event, bytes) else json.dumps(event)}\n" for event in events)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (rb'{"a": "x\u0000y"}', rb'{"a": "x\ufffdy"}'),
        (rb'"\u0000\u0000"', rb'"\ufffd\ufffd"'),
        (rb'"\\u0000"', rb'"\\u0000"'),
        (rb'"\\\u0000"', rb'"\\\ufffd"'),
        (b'"plain"', b'"plain"'),
    ],
)
def test_escapes_of_nul_are_replaced_where_they_are_escapes(body: bytes, wanted: bytes) -> None:
    assert without_escapes(body) == wanted


def test_nul_is_the_replacement_character_on_every_store(engine: Engine, tmp_path: Path) -> None:
    event = track(messageId="m\0", userId="u\0", event="E\0", properties={"k\0": "v\0", "list": ["\0"]})
    event |= {"context": {"userAgent": "agent\0", "traits": {"email": "\0@shop.example"}}}
    identify = {"type": "identify", "messageId": "i", "userId": "u\0", "timestamp": "2025-01-05T09:00:00Z",
                "traits": {"t\0": "w\0"}}  # fmt: skip
    assert load(engine, tmp_path, "a.jsonl", lines(event, identify) + '{"raw": "\0"}\n').quarantined == 1
    assert load(engine, tmp_path, "b.csv", "who,at,note\nx\0,2025-01-05,n\0\n").events == 1
    kept = engine.analytics.query("SELECT event, message_id, properties, context FROM events").to_pylist()
    for table in ("identifiers", "node_traits", "property_columns", "quarantine"):
        kept += engine.ops.query(f"SELECT * FROM {table}")
    text = repr(kept)
    assert "\\x00" not in text
    assert "u0000" not in text
    for word in ("m�", "u�", "E�", "k�", "v�", "t�", "w�", "x�", "n�", "agent�"):
        assert word in text, word
    assert engine.ops.query("SELECT count(*) FROM identifiers WHERE value = ?", ("u\ufffd",)) == [(1,)]


def test_no_length_of_what_is_told_stops_a_batch(engine: Engine, tmp_path: Path) -> None:
    def event(name: str = "Seen", **more: Any) -> dict[str, Any]:
        message = f"m{len(more)}{name[:9]}{[key[:9] for key in more]}"
        own = {"messageId": message, "userId": "u", "timestamp": "2025-01-05T09:00:00Z"}
        return {"type": "track", "event": name, **own, **more}

    product = {"product_id": LONG, "sku": LONG, "name": LONG, "price": 3}
    order = {"order_id": LONG, "revenue": 3, "currency": "EUR", "coupon": LONG, "products": [product]}
    told = [
        event(messageId=LONG),
        event(messageId=LONG),
        event(messageId=LONG[:-1]),
        event(userId=LONG),
        event(userId=LONG[:400], anonymousId=LONG[400:800]),
        event(LONG),
        event(context={"externalIds": [{"id": "e", "type": LONG, "collection": "users", "encoding": "none"}]}),
        event(type="identify", traits={LONG: "x", "said": LONG}),
        event(properties={LONG: "x", "said": LONG, "products": [product]}),
        event("Product Viewed", properties=product),
        event("Order Completed", properties=order),
        event(type="group", groupId=LONG, traits={"name": LONG}),
        event(type="alias", previousId=LONG),
        event("Consent Given", properties={"channel": LONG, "purpose": LONG, "state": "granted", "wording": LONG}),
        event("Unsubscribed", properties={"channel": LONG}),
        event(properties={"session_id": LONG}, context={"page": {"url": LONG}, "userAgent": LONG, "ip": LONG}),
        {"type": "track", "event": 3, "messageId": LONG, "timestamp": LONG},
    ]
    report = load(engine, tmp_path, "a.jsonl", lines(*told))
    assert (report.events, report.duplicates, report.quarantined) == (15, 1, 1)
    ids = [row["message_id"] for row in engine.analytics.query("SELECT message_id FROM events").to_pylist()]
    shortened = sorted(name for name in ids if "~" in name)
    assert len({*shortened}) == len(shortened) == 2
    assert max(map(len, ids)) < 200
    assert engine.ops.query("SELECT count(*) FROM catalogue") == [(0,)]
    assert engine.ops.query("SELECT count(*) FROM node_traits WHERE trait = 'said' AND s = ?", (LONG,)) == [(1,)]
